"""What is suggested for a case at intake, or for words that are being typed. A person decides, always."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Settings
from models.base import Code, Description, Given, Line
from models.context import Person
from models.enums import Severity, Stage
from models.errors import UnknownGrid
from models.suggestions import Band, Target
from models.tables import GRID_UNITS
from models.views import CaseView
from services.directory.people import list_categories, list_departments, local_today
from services.directory.scope import reporting_scope
from services.suggestions.closed_cases import category_names, parks, without_category
from services.suggestions.features import Read, read_text
from services.suggestions.model import Context, Model
from services.suggestions.store import LOADED, ModelRow, newest_model
from services.suggestions.views import Suggestion, Suggestions
from services.wording.vocabulary import SEVERITIES, label_of

#: What may be suggested while a command is offered.
_CHOSEN_BY = {
    "accept": (Target.CATEGORY, Target.SEVERITY, Target.HOST),
    "recategorise": (Target.CATEGORY, Target.SEVERITY),
    "dispatch": (Target.HOST,),
}
#: How many held-out suggestions a band must have before it is told how often they were right (our choice).
_LEAST_IN_BAND = 10


class TypedWords(Given):
    """Words of a report that is being written, and where: the unit, else that of whoever asks."""

    title: Annotated[Line, Field(max_length=120)] = ""
    description: Description = ""
    grid: Code | None = None


@dataclass(frozen=True)
class Incoming:
    """What a model is asked about: the words of a case, and what is known of it. `category` None: not chosen yet."""

    park: str
    title: str
    description: str
    grid: str | None = None
    category: str | None = None
    severity: str | None = None
    suggested_host: str | None = None

    def now(self, target: Target) -> str | None:
        """Return what the case has now; for the host, what the rules give."""
        return {
            Target.CATEGORY: self.category, Target.SEVERITY: self.severity, Target.HOST: self.suggested_host
        }[target]  # fmt: skip


async def suggest_for_case(
    connection: AsyncConnection, settings: Settings, case: CaseView, language: str
) -> Suggestions:
    """Return the suggestions for what the reader of this view may choose now: category and severity before the case is
    accepted, its host before it is dispatched. None without a model, and where nobody has to choose.
    """
    offered = {target for name in case.allowed_commands for target in _CHOSEN_BY.get(name, ())}
    if case.stage not in {Stage.RECEIVE, Stage.DISPATCH} or not offered:
        return Suggestions()
    row = await newest_model(connection, case.grid.path[0])
    incoming = Incoming(
        case.grid.path[0], case.title, case.description, case.grid.code, case.category, case.severity,
        case.suggested_host,
    )  # fmt: skip
    return await suggest(connection, settings, row, incoming, offered, language)


async def suggest_for_words(
    connection: AsyncConnection, settings: Settings, person: Person, words: TypedWords, now: datetime, language: str
) -> Suggestions:
    """Return the category suggested for words that `person` is typing. Raises UnknownGrid for a unit about which they
    may not report.
    """
    park = await _park(connection, person, words.grid, now)
    row = None if park is None else await newest_model(connection, park)
    if park is None or row is None:
        return Suggestions()
    incoming = Incoming(park, words.title, words.description, words.grid)
    return await suggest(connection, settings, row, incoming, {Target.CATEGORY}, language)


async def _park(connection: AsyncConnection, person: Person, grid: str | None, now: datetime) -> str | None:
    """Return the park of the unit, else the only one in which `person` reports; None when there are several."""
    scope = await reporting_scope(connection, person, await local_today(connection, now))
    if grid is not None:
        path = await connection.scalar(select(GRID_UNITS.c.path).where(GRID_UNITS.c.code == grid, scope.condition()))
        if path is None:
            raise UnknownGrid(grid=grid, pointer="/grid")
        return str(path).split(".")[0]
    known = set(await parks(connection)) if scope.everywhere else {root.split(".")[0] for root in scope.roots}
    return known.pop() if len(known) == 1 else None


async def suggest(
    connection: AsyncConnection,
    settings: Settings,
    row: ModelRow | None,
    incoming: Incoming,
    targets: Collection[Target],
    language: str,
) -> Suggestions:
    """Return what the model of `row` suggests with enough certainty; nothing where its bytes can't be had."""
    model = None if row is None else await LOADED.load(settings, row)
    if row is None or model is None:
        return Suggestions()
    names = {target: await _names(connection, target, language) for target in Target if target in targets}
    title = without_category(incoming.title, await category_names(connection))
    text = read_text(title, incoming.description)
    items = await asyncio.to_thread(_items, model, row, incoming, text, names, settings.suggestion_certainty)
    return Suggestions(id=row.id if items else None, version=row.version if items else None, items=items)


def _items(
    model: Model, row: ModelRow, incoming: Incoming, text: Read, names: dict[Target, dict[str, str]], least: float
) -> tuple[Suggestion, ...]:
    items: list[Suggestion] = []
    context = Context(incoming.category, incoming.grid)
    for target, allowed in names.items():
        figures = row.figures.of(target)
        guesses = model.guess(target, text, context, allowed) if figures is not None and figures.speaks else ()
        if figures is None or not guesses or guesses[0].certainty < least:
            continue
        best = guesses[0]
        items.append(
            Suggestion(
                target=target,
                value=best.value,
                name=allowed[best.value],
                certainty=round(best.certainty, 3),
                agrees=best.value == incoming.now(target),
                words=model.words_for(target, best.value, text),
                was_right=_band(figures.bands, best.certainty),
            )
        )
    return tuple(items)


def _band(bands: tuple[Band, ...], certainty: float) -> Band | None:
    """Return the band of this certainty, if it has enough held-out suggestions to tell of."""
    band = next((one for one in bands if one.low <= certainty <= one.high), None)
    return band if band is not None and band.shown >= _LEAST_IN_BAND else None


async def _names(connection: AsyncConnection, target: Target, language: str) -> dict[str, str]:
    """Return the values that may be suggested now, with their names: what is out of use is none of them."""
    english = language.startswith("en")
    if target is Target.CATEGORY:
        groups = (await list_categories(connection)).groups
        known = [one for group in groups for one in group.categories if one.active]
        return {one.code: one.name_en if english else one.name_zh for one in known}
    if target is Target.HOST:
        departments = (await list_departments(connection)).items
        return {one.id: one.name_en if english else one.name_zh for one in departments}
    return {one.value: label_of(SEVERITIES, one, language) for one in Severity}
