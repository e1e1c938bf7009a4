"""The colour of an enterprise as of any moment, explained line by line by the facts that were recorded until then."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.matters.rows import as_facts, read_stored_facts
from infra.store.policies import newest_version, policy_version
from models.base import Frozen, Instant, WrittenInstant
from models.context import Person
from models.errors import BadFilter
from models.matters.base import MatterFact, MatterKind
from models.matters.colour import Cause, Held, Line, Override
from models.matters.enterprise import ColourChanged, ColourOverridden, Enterprise, OverrideEnded
from models.policy.colours import Colour, VisitEvery
from rules.matters.decide import fold
from rules.matters.enterprise import RULES
from services.cases.queries import visible_case_nos
from services.matters.queries import find_matter
from services.wording.matters.enterprise import COLOURS, VISITS


class ColourLine(Frozen):
    """One rule of the explanation: it holds since `since`, or (`held_until`) its colour is kept after `ended_at`.

    `cases` are those counted that the reader may see, `more_cases` how many there are besides; `rounds` are checklists
    and visits. `until`: when the rule ends by itself if nothing else happens.
    """

    rule: str
    name: str
    colour: Colour
    holds: bool
    since: Instant
    until: Instant | None = None
    ended_at: Instant | None = None
    held_until: Instant | None = None
    hold_days: int
    cases: tuple[str, ...] = ()
    more_cases: int = 0
    rounds: tuple[str, ...] = ()


class OverrideView(Frozen):
    """The colour that a supervisor set by hand."""

    colour: Colour
    colour_name: str
    reason: str
    since: Instant
    until: Instant


class ColourChange(Frozen):
    """A change of colour: computed, or (`by_hand`) set or lifted by a supervisor or by its date."""

    at: Instant
    before: Colour
    after: Colour
    by_hand: bool
    reason: str = ""


class ColourView(Frozen):
    """The colour of an enterprise as of `at`. `colour` is computed, `shown` counts: it is the one set by hand, if any.

    `lines` explain the computed one; without any it is green. `changes` are those up to then, the last first.
    """

    code: str
    name: str
    at: Instant
    colour: Colour
    colour_name: str
    shown: Colour
    shown_name: str
    override: OverrideView | None
    visits: VisitEvery
    visits_name: str
    lines: tuple[ColourLine, ...]
    changes: tuple[ColourChange, ...]


async def read_colour(
    connection: AsyncConnection,
    person: Person,
    code: str,
    now: datetime,
    language: str,
    at: datetime | date | None = None,
) -> ColourView:
    """Return the colour as of `at`: a moment, or a day of the park, which means its end, or now.

    Raises NoSuchMatter, or BadFilter for a time before the enterprise was registered, or to come.
    """
    _, matter = await find_matter(connection, person, MatterKind.ENTERPRISE, code, now)
    zone = ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    moment = moment_of(at, now, zone)
    facts = as_facts(RULES, await read_stored_facts(connection, matter.id))
    until = [fact for fact in facts if fact.at <= moment]
    if not until:
        raise BadFilter(name="at", value=str(at), pointer="/query/at")
    state = fold(RULES, until)
    assert isinstance(state, Enterprise)
    counted = [*(cause.lines for cause in state.causes), *(held.lines for held in state.held)]
    named = [line.code for lines in counted for line in lines if line.of == "case"]
    seen = await visible_case_nos(connection, person, named, now) if named else frozenset()
    return _view(state, until, moment, seen, language)


_INSTANT: TypeAdapter[datetime] = TypeAdapter(WrittenInstant)


def read_at(text: str) -> datetime | date | None:
    """Return the day or moment that was given; None for an empty text. Raises BadFilter."""
    text = text.strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-11-30") else _INSTANT.validate_python(text)
    except ValueError as error:
        raise BadFilter(name="at", value=text, pointer="/query/at") from error


def moment_of(at: datetime | date | None, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment meant: the end of a day, but no later than now. Raises BadFilter for one that is to come."""
    if at is None:
        return now
    if isinstance(at, datetime):
        moment = at
    else:
        end = datetime.combine(at + timedelta(days=1), datetime.min.time(), zone) - timedelta(microseconds=1)
        moment = min(end, now) if at <= now.astimezone(zone).date() else end
    if moment > now:
        raise BadFilter(name="at", value=str(at), pointer="/query/at")
    return moment


def _view(
    state: Enterprise, facts: Sequence[MatterFact], at: datetime, seen: frozenset[str], language: str
) -> ColourView:
    holding = {cause.rule for cause in state.causes}
    lines = [_cause_line(cause, seen, language) for cause in state.causes]
    lines += [_held_line(held, seen, language) for held in state.held if held.rule not in holding]
    return ColourView(
        code=state.code,
        name=state.name,
        at=at,
        colour=state.colour,
        colour_name=word(COLOURS[state.colour], language),
        shown=state.shown_colour,
        shown_name=word(COLOURS[state.shown_colour], language),
        override=None if state.override is None else _override(state.override, language),
        visits=state.visits,
        visits_name=word(VISITS[state.visits], language),
        lines=tuple(lines),
        changes=tuple(_changes(facts))[::-1],
    )


def _cause_line(cause: Cause, seen: frozenset[str], language: str) -> ColourLine:
    return ColourLine(
        rule=cause.rule,
        name=cause.name_en if language.startswith("en") else cause.name_zh,
        colour=cause.colour,
        holds=True,
        since=cause.since,
        until=cause.until,
        hold_days=cause.hold_days,
        **_counted(cause.lines, seen),
    )


def _held_line(held: Held, seen: frozenset[str], language: str) -> ColourLine:
    return ColourLine(
        rule=held.rule,
        name=held.name_en if language.startswith("en") else held.name_zh,
        colour=held.colour,
        holds=False,
        since=held.since,
        ended_at=held.ended_at,
        held_until=held.until,
        hold_days=held.hold_days,
        **_counted(held.lines, seen),
    )


def _counted(lines: Iterable[Line], seen: frozenset[str]) -> dict[str, tuple[str, ...] | int]:
    cases = [line.code for line in lines if line.of == "case"]
    shown = tuple(code for code in cases if code in seen)
    return {
        "cases": shown,
        "more_cases": len(cases) - len(shown),
        "rounds": tuple(line.code for line in lines if line.of == "round"),
    }


def _override(override: Override, language: str) -> OverrideView:
    return OverrideView(
        colour=override.colour,
        colour_name=word(COLOURS[override.colour], language),
        reason=override.reason,
        since=override.since,
        until=override.until,
    )


def _changes(facts: Iterable[MatterFact]) -> Iterable[ColourChange]:
    for fact in facts:
        match fact.body:
            case ColourChanged(before=before, after=after):
                yield ColourChange(at=fact.at, before=before, after=after, by_hand=False)
            case ColourOverridden() as body:
                yield ColourChange(
                    at=fact.at, before=body.computed, after=body.colour, by_hand=True, reason=body.reason
                )
            case OverrideEnded() as body:
                yield ColourChange(
                    at=fact.at, before=body.colour, after=body.computed, by_hand=True, reason=body.reason
                )


def word(label: tuple[str, str], language: str) -> str:
    """The word in the reader's language."""
    return label[1] if language.startswith("en") else label[0]
