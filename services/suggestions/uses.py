"""What people made of suggestions: written before the command that decides is sent, counted once it is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import is_away, transaction
from infra.settings import Settings
from models.case import Case
from models.commands import Accept, Dispatch, HumanCommand, Recategorise
from models.errors import NoSuchSuggestion
from models.suggestions import Target
from models.tables import SUGGESTION_USES
from models.views import CaseView
from services.suggestions.store import is_kept, model_by_id
from services.suggestions.suggest import Incoming, TypedWords, suggest

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Use:
    """A suggestion that was shown, and what was chosen."""

    report_id: UUID
    model: UUID
    target: Target
    suggested: str
    chosen: str
    certainty: float


def suggestion_of(command: HumanCommand) -> UUID | None:
    """Return the suggestion that a command was given under; None without one."""
    return command.suggestion if isinstance(command, Accept | Dispatch | Recategorise) else None


def without_suggestion(command: HumanCommand) -> HumanCommand:
    """Return the command as the case gets it: what was suggested is no part of what was decided."""
    return command if suggestion_of(command) is None else command.model_copy(update={"suggestion": None})


async def uses_of(
    connection: AsyncConnection, settings: Settings, row: Row[Any], case: Case, command: HumanCommand
) -> Sequence[Use]:
    """Return what was suggested when `command` was chosen, and what it chooses. Suggestions are computed anew, so that
    nobody can have others counted. Raises NoSuchSuggestion for an id that names no model of the case's park.
    """
    id_ = suggestion_of(command)
    if id_ is None:
        return ()
    model = await model_by_id(connection, id_)
    if model is None or model.park != case.park:
        raise NoSuchSuggestion(suggestion=str(id_), pointer="/suggestion")
    chosen = _chosen(case, command)
    incoming = Incoming(
        case.park, row.title, row.description, case.grid, case.category, case.severity, case.suggested_host
    )
    shown = await suggest(connection, settings, model, incoming, chosen, "zh")
    return [
        Use(case.report_id, model.id, one.target, one.value, chosen[one.target], one.certainty) for one in shown.items
    ]


def _chosen(case: Case, command: HumanCommand) -> dict[Target, str]:
    if isinstance(command, Dispatch):
        return {Target.HOST: command.host}
    if isinstance(command, Recategorise):
        return {Target.CATEGORY: command.category, Target.SEVERITY: command.severity or case.severity}
    return {Target.CATEGORY: case.category, Target.SEVERITY: case.severity}


async def write_uses(engine: AsyncEngine, uses: Sequence[Use], command_id: UUID, now: datetime) -> None:
    """Store them under the command. A database that is away loses them, and never the command."""
    if not uses:
        return
    rows = [{**vars(one), "command_id": command_id, "at": now} for one in uses]
    try:
        async with transaction(engine) as connection:
            await connection.execute(insert(SUGGESTION_USES).values(rows).on_conflict_do_nothing())
    except Exception as error:
        if not is_away(error):
            raise
        log.warning("what became of a suggestion is not counted: the database is away")


async def count_reported(
    engine: AsyncEngine,
    settings: Settings,
    id_: UUID,
    words: TypedWords,
    category: str,
    recorded: CaseView,
    now: datetime,
) -> None:
    """Count what was suggested while a new report was typed, and under which category it was sent.

    The report is recorded: nothing here refuses it, and what fails here is logged, so that the report is not sent
    again. An id that names no model of the park, or one whose bytes are gone (a report may wait on a phone for days),
    counts nothing; nor does a store that is away.
    """
    try:
        async with engine.connect() as connection:
            model = await model_by_id(connection, id_)
            if model is None or model.park != recorded.grid.path[0] or not await is_kept(connection, model):
                return
            incoming = Incoming(model.park, words.title, words.description, recorded.grid.code)
            shown = await suggest(connection, settings, model, incoming, {Target.CATEGORY}, "zh")
        report_id = recorded.report_id
        uses = [Use(report_id, model.id, one.target, one.value, category, one.certainty) for one in shown.items]
        await write_uses(engine, uses, report_id, now)
    except Exception as error:
        if is_away(error):
            log.warning("what became of a suggestion is not counted: the database is away")
        else:
            log.exception("what became of a suggestion is not counted", report_id=str(recorded.report_id))
