"""A person's command through a door: checked early, sent once however often it comes, answered when it counts."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from pydantic import TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.case_client import NO_ANSWER_ERRORS, act, is_accepted
from infra.database import is_away
from infra.store.context import local_day
from models.case import Case
from models.commands import HumanCommand
from models.context import Person
from models.errors import CommandIdReused, DomainError, NoSuchCase, StaleRevision, StoreAway, UnknownCommand
from models.facts import Actor
from models.messages import Act, Receipt, command_digest
from rules.life_cycle import HUMAN_COMMANDS, check_fits
from rules.scope import check_standing
from services.cases.queries import find_case
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)

_COMMAND: TypeAdapter[HumanCommand] = TypeAdapter(HumanCommand)


@dataclass(frozen=True)
class Sent:
    """What became of a command: its receipt, or none yet (accepted durably, recorded later)."""

    command_id: UUID
    case_no: str
    receipt: Receipt | None


def read_command(name: str, body: dict[str, Any]) -> HumanCommand:
    """The command `name` with its body.

    Raises UnknownCommand, or pydantic.ValidationError naming each field that is wrong.
    """
    if name not in HUMAN_COMMANDS:
        raise UnknownCommand(command=name)
    return _COMMAND.validate_python({**body, "kind": name})


async def send(
    resources: Resources,
    person: Person,
    case_no: str,
    command: HumanCommand,
    *,
    command_id: UUID,
    if_revision: int | None,
    now: datetime,
) -> Sent:
    """Gives `command` to the case. Sent again with the same id it answers as before and does nothing.

    Raises the DomainError with which it is refused, or StoreAway: then nothing was stored.
    """
    wanted = Act(id=command_id, actor=Actor(person=person.id), if_revision=if_revision, command=command)
    try:
        async with resources.reading.connect() as connection:
            try:
                row = await find_case(connection, person, case_no, now)
            except NoSuchCase:
                earlier = await _earlier_out_of_sight(connection, case_no, wanted)
                if earlier is None:
                    raise
                return earlier
            case = Case.model_validate(row.state)
            resources.reference.remember_case(case_no, case.report_id)
            if await _counts_already(connection, case, wanted):
                return Sent(command_id, case_no, Receipt(case_no=case_no, revision=case.seq))
            check_standing(person, case, command.kind, await local_day(connection, now))
            check_fits(case, command.kind)
            if if_revision is not None and if_revision != case.seq:
                raise StaleRevision(current=case.seq, seen=if_revision)
            report_id = case.report_id
            wanted = wanted.model_copy(update={"seen": case.seq})
    except DomainError:
        raise
    except Exception as error:
        remembered = resources.reference.case_ids.get(case_no)
        if not is_away(error) or remembered is None:
            raise
        report_id = remembered
    return await _send(resources, report_id, case_no, wanted)


async def _earlier_out_of_sight(connection: AsyncConnection, case_no: str, wanted: Act) -> Sent | None:
    """The answer to a command sent again by somebody who may see the case no more: their own command may be the
    very reason. None when they never gave it. Raises CommandIdReused if they gave another one under its id."""
    if "\x00" in case_no:
        return None
    row = (
        await connection.execute(
            text(
                "SELECT c.seq, f.digest FROM cases c JOIN facts f ON f.report_id = c.report_id"
                " WHERE c.case_no = :no AND f.command_id = :command AND f.actor = :person LIMIT 1"
            ),
            {"no": case_no, "command": wanted.id, "person": wanted.actor.person},
        )
    ).one_or_none()
    if row is None:
        return None
    if row.digest != command_digest(wanted.command):
        raise CommandIdReused()
    return Sent(wanted.id, case_no, Receipt(case_no=case_no, revision=row.seq))


async def _send(resources: Resources, report_id: UUID, case_no: str, wanted: Act) -> Sent:
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            receipt = await act(resources.temporal, report_id, wanted)
    except NO_ANSWER_ERRORS as error:
        if await is_accepted(resources.temporal, report_id, wanted):
            log.warning("command accepted, not yet recorded", case_no=case_no, command=wanted.command.kind)
            return Sent(wanted.id, case_no, None)
        raise StoreAway() from error
    return Sent(wanted.id, case_no, receipt)


async def _counts_already(connection: AsyncConnection, case: Case, wanted: Act) -> bool:
    """Whether this very command is among the facts. Raises CommandIdReused if another one has its id."""
    row = (
        await connection.execute(
            text(
                "SELECT min(digest) AS digest, bool_or(actor = :person) AS mine FROM facts"
                " WHERE report_id = :report AND command_id = :command"
            ),
            {"report": case.report_id, "command": wanted.id, "person": wanted.actor.person},
        )
    ).one()
    if row.digest is None:
        return False
    if not row.mine or row.digest != command_digest(wanted.command):
        raise CommandIdReused()
    return True
