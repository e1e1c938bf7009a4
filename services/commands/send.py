"""Send a person's command to a case: checked early, applied once however often it is sent, answered once recorded."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from pydantic import TypeAdapter
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.case_client import NO_ANSWER_ERRORS, act, is_accepted, no_answer
from infra.database import is_away
from infra.store.context import local_day
from models.base import STORED
from models.case import Case
from models.commands import HumanCommand, Location, Relocate
from models.context import Person
from models.errors import CommandIdReused, DomainError, NoSuchCase, StaleRevision, StoreAway, UnknownCommand
from models.facts import Actor
from models.messages import Act, Receipt
from models.text import clean_code, find_control
from rules.life_cycle import HUMAN_COMMANDS, check_fits
from rules.scope import check_standing
from services.cases.queries import find_case
from services.commands.sealing import given_answers, is_same, private_answers, seal_message
from services.organisation.locate import check_place
from services.runtime.resources import Resources
from services.suggestions.uses import Use, uses_of, without_suggestion, write_uses

log = structlog.get_logger(__name__)

_COMMAND: TypeAdapter[HumanCommand] = TypeAdapter(HumanCommand)


@dataclass(frozen=True)
class Sent:
    """The result of a command. `receipt` None: accepted durably, recorded later."""

    command_id: UUID
    case_no: str
    receipt: Receipt | None


def read_command(name: str, body: dict[str, Any]) -> HumanCommand:
    """Return the command `name` with its body.

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
    """Send `command` to the case. Sent again with the same id, it gets the same answer and does nothing.

    What was suggested for the command is noted here, and does not go to the case. Raises the DomainError of the
    refusal, or StoreAway: it may not be recorded then; sending it again counts once.
    """
    case_no = clean_code(case_no)
    given, command = command, without_suggestion(command)
    uses: Sequence[Use] = ()
    message = Act(id=command_id, actor=Actor(person=person.id), if_revision=if_revision, command=command)
    try:
        async with resources.reading.connect() as connection:
            try:
                row = await find_case(connection, person, case_no, now)
            except NoSuchCase:
                earlier = await _earlier_answer(connection, case_no, message)
                if earlier is None:
                    raise
                return earlier
            case = Case.model_validate(row.state, context=STORED)
            resources.reference.remember_case(case_no, case.report_id)
            private = await private_answers(connection, case, command)
            if await _is_recorded(connection, case, message, private):
                return Sent(command_id, case_no, Receipt(case_no=case_no, revision=case.seq))
            check_standing(person, case, command.kind, await local_day(connection, now))
            check_fits(case, command.kind)
            if if_revision is not None and if_revision != case.seq:
                raise StaleRevision(current=case.seq, seen=if_revision)
            if isinstance(command, Relocate):
                await _check_new_place(connection, row, command)
            uses = await uses_of(connection, resources.settings, row, case, given)
            report_id = case.report_id
            message = message.model_copy(update={"seen": case.seq})
        message = await seal_message(resources, case, message, private, now)
    except DomainError:
        raise
    except Exception as error:
        if not is_away(error):
            raise
        report_id = _known_id(resources, case_no, command, error)
    await write_uses(resources.engine, uses, command_id, now)
    return await _send(resources, report_id, case_no, message)


def _known_id(resources: Resources, case_no: str, command: HumanCommand, error: Exception) -> UUID:
    """Return the case of a command that is taken while PostgreSQL is away. Raises `error` for an unknown case, and
    StoreAway for answers, because only PostgreSQL could tell which of them are personal.
    """
    known = resources.reference.case_ids.get(case_no)
    if known is None:
        raise error
    if given_answers(command):
        raise StoreAway() from error
    return known


async def _check_new_place(connection: AsyncConnection, row: Row[Any], command: Relocate) -> None:
    """Compare the unit with the location given, else with the one that the case keeps."""
    location = command.location
    if location is None and row.lat is not None and command.grid != row.grid:
        location = Location(lat=row.lat, lon=row.lon)
    if location is not None:
        is_new = command.location is not None
        await check_place(connection, command.grid, location, mismatch_meant=command.mismatch_meant, is_new=is_new)


async def _earlier_answer(connection: AsyncConnection, case_no: str, message: Act) -> Sent | None:
    """Return the answer to a command sent again by a person who no longer sees the case.

    Their own command may be what took the case out of their sight. None when they never sent it. Raises CommandIdReused
    if they sent another command under its id.
    """
    if find_control(case_no):
        return None
    row = (
        await connection.execute(
            text(
                "SELECT c.seq, c.state, f.digest FROM cases c JOIN facts f ON f.report_id = c.report_id"
                " WHERE c.case_no = :no AND f.command_id = :command AND f.actor = :person LIMIT 1"
            ),
            {"no": case_no, "command": message.id, "person": message.actor.person},
        )
    ).one_or_none()
    if row is None:
        return None
    case = Case.model_validate(row.state, context=STORED)
    private = await private_answers(connection, case, message.command)
    if not await is_same(connection, case, message, private, row.digest):
        raise CommandIdReused()
    return Sent(message.id, case_no, Receipt(case_no=case_no, revision=row.seq))


async def _send(resources: Resources, report_id: UUID, case_no: str, message: Act) -> Sent:
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            receipt = await act(resources.temporal, report_id, message)
    except NO_ANSWER_ERRORS as error:
        if await is_accepted(resources.temporal, report_id, message):
            log.warning("command accepted, not yet recorded", case_no=case_no, command=message.command.kind)
            return Sent(message.id, case_no, None)
        raise no_answer(error) from error
    return Sent(message.id, case_no, receipt)


async def _is_recorded(connection: AsyncConnection, case: Case, message: Act, private: Collection[str]) -> bool:
    """Return whether this very command is among the facts. Raises CommandIdReused if another one has its id."""
    row = (
        await connection.execute(
            text(
                "SELECT min(digest) AS digest, bool_or(actor = :person) AS mine FROM facts"
                " WHERE report_id = :report AND command_id = :command"
            ),
            {"report": case.report_id, "command": message.id, "person": message.actor.person},
        )
    ).one()
    if row.digest is None:
        return False
    if not row.mine or not await is_same(connection, case, message, private, row.digest):
        raise CommandIdReused()
    return True
