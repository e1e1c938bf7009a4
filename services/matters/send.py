"""Begin matters and give them commands: checked early, applied once however often they are sent."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.case_client import NO_ANSWER_ERRORS, no_answer
from infra.matter_client import act_on_matter, begin_matter
from infra.store.context import local_day
from infra.store.matters.rows import matter_goes_on
from models.context import Person
from models.errors import (
    CommandIdReused,
    MatterEnded,
    MatterExists,
    NoSuchPage,
    PlaceOutsidePark,
    StaleRevision,
    StoreAway,
    UnknownMatterCommand,
)
from models.facts import Actor
from models.matters.base import CreateMatter, Matter, MatterCommand, MatterKind
from models.matters.messages import MatterAct, MatterReceipt, MatterStart, content_digest
from models.tables import MATTERS
from rules.matters.decide import read_command
from rules.matters.given import places_in
from rules.matters.kind import MatterRules
from rules.matters.registry import RULES
from rules.matters.standing import check_part
from services.matters.queries import find_matter
from services.matters.views import parts_of
from services.organisation.locate import check_place
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class MatterSent:
    """The result of a command; `created`: it began the matter, and was not sent before."""

    command_id: UUID
    receipt: MatterReceipt
    created: bool = False


def read_matter_command(kind: MatterKind, name: str, body: dict[str, Any]) -> MatterCommand:
    """Return the command `name` of people with its body.

    Raises UnknownMatterCommand, or pydantic.ValidationError naming each field that is wrong.
    """
    rules = RULES[kind]
    if name not in rules.who and name != "comment":
        raise UnknownMatterCommand(command=name)
    return read_command(rules, {**body, "kind": name})


async def create(
    resources: Resources, person: Person, kind: MatterKind, command: CreateMatter, *, id_: UUID
) -> MatterSent:
    """Begin a matter. `id_` becomes its id: sent again with the same content, it is there once.

    Raises the DomainError of the refusal (CommandIdReused for other content under the same id, MatterExists for a code
    that is registered), or StoreAway: it may not be stored then; sending it again counts once.
    """
    content = command.model_dump(mode="json")
    async with resources.reading.connect() as connection:
        earlier = await earlier_answer(connection, kind, id_, id_, content, person)
        if earlier is not None:
            return MatterSent(id_, earlier)
        await _check_places(connection, command, command.grid)
    first = MatterAct(id=id_, actor=Actor(person=person.id), command=content)
    start = MatterStart(matter_kind=kind, matter_id=id_, first=first)
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            receipt = await begin_matter(resources.temporal, start, queue=resources.settings.case_queue)
    except NO_ANSWER_ERRORS as error:
        raise no_answer(error) from error
    return MatterSent(id_, receipt, created=True)


async def act(
    resources: Resources,
    person: Person,
    kind: MatterKind,
    code: str,
    command: MatterCommand,
    *,
    command_id: UUID,
    if_revision: int | None = None,
    now: datetime,
) -> MatterSent:
    """Give `command` to the matter. Sent again with the same id, it gets the same answer and does nothing.

    Raises the DomainError of the refusal, or StoreAway: whether it was taken is then not known; send it again.
    """
    content = command.model_dump(mode="json")
    async with resources.reading.connect() as connection:
        rules, matter = await find_matter(connection, person, kind, code, now)
        earlier = await earlier_answer(connection, kind, matter.id, command_id, content, person)
        if earlier is not None:
            return MatterSent(command_id, earlier)
        _check_early(rules, matter, command, parts_of(person, rules, matter, await local_day(connection, now)))
        if if_revision is not None and if_revision != matter.seq:
            raise StaleRevision(current=matter.seq, seen=if_revision)
        await _check_places(connection, command, matter.grid)
    sent = MatterAct(id=command_id, actor=Actor(person=person.id), if_revision=if_revision, command=content)
    return await send_act(resources, rules, matter, sent)


async def send_act(resources: Resources, rules: MatterRules, matter: Matter, sent: MatterAct) -> MatterSent:
    """Send a command that was checked already to the workflow of `matter`. Raises like `act`."""
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            receipt = await act_on_matter(resources.temporal, rules.kind, matter.id, sent)
    except NO_ANSWER_ERRORS as error:
        raise no_answer(error) from error
    except MatterEnded as error:
        async with resources.reading.connect() as connection:
            if await matter_goes_on(connection, matter.id):  # the audit will start its workflow again
                raise StoreAway() from error
        raise MatterEnded(name=matter.name) from error
    return MatterSent(sent.id, receipt)


def _check_early(rules: MatterRules, matter: Matter, command: MatterCommand, found: frozenset[Any]) -> None:
    """Refuse without a trace in the history what the recording step would refuse anyway."""
    if isinstance(command, CreateMatter):
        raise MatterExists(code=matter.code, name=matter.name)
    check_part(found, rules, command.kind)
    if matter.ended_at is not None and command.kind not in rules.lasting:
        raise MatterEnded(name=matter.name)


async def _check_places(connection: AsyncConnection, command: MatterCommand, grid: str) -> None:
    """Raises PlaceOutsidePark for a place given in the command that no micro-grid of the park contains."""
    for pointer, place in places_in(command):
        try:
            await check_place(connection, grid, place, mismatch_meant=True)
        except PlaceOutsidePark:
            raise PlaceOutsidePark(pointer=pointer) from None


async def earlier_answer(
    connection: AsyncConnection, kind: MatterKind, id_: UUID, command_id: UUID, content: dict[str, Any], person: Person
) -> MatterReceipt | None:
    """Return the answer to a command that was recorded before.

    Raises CommandIdReused if its content was another, or if somebody else gave it.
    """
    query = text("SELECT digest, actor FROM matter_facts WHERE matter_id = :id AND command_id = :command LIMIT 1")
    earlier = (await connection.execute(query, {"id": id_, "command": command_id})).one_or_none()
    if earlier is None:
        return None
    if earlier.digest != content_digest(content) or earlier.actor != person.id:
        raise CommandIdReused()
    row = (
        await connection.execute(select(MATTERS.c.code, MATTERS.c.seq, MATTERS.c.kind).where(MATTERS.c.id == id_))
    ).one()
    if row.kind != kind:
        raise NoSuchPage(what=f"{kind} {id_}")
    return MatterReceipt(code=row.code, revision=row.seq)
