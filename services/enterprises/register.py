"""Enter a list of enterprises in the register: each whole or not at all, with an outcome for each line.

Sent again, it changes nothing: what is registered already is `known`.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import read_matter_context
from infra.store.matters.enterprise import read_extra
from models.base import Frozen
from models.context import Person
from models.errors import DomainError
from models.facts import Actor
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.enterprise import RegisterEnterprise
from models.matters.messages import MatterStep
from models.tables import MATTERS
from rules.matters.decide import decide
from rules.matters.enterprise import RULES
from services.enterprises.tables import RegisterRow
from services.matters.send import create
from services.runtime.resources import Resources
from services.wording.refusals import refusal_message

#: The most lines of one file (our choice): a district has some thousands of enterprises.
MOST_LINES = 5_000
#: How many are entered at once.
_CONCURRENCY = 4


class RegisterOutcome(StrEnum):
    """What became of a line. `would`: it would be registered (nothing was stored)."""

    REGISTERED = "registered"
    KNOWN = "known"
    WOULD = "would"
    REJECTED = "rejected"


class LineOutcome(Frozen):
    """The outcome of one line, with the reason in both languages where it was rejected or known."""

    line: int
    code: str
    name: str
    outcome: RegisterOutcome
    zh: str = ""
    en: str = ""


async def register_rows(
    resources: Resources, person: Person, rows: Sequence[RegisterRow], now: datetime, *, dry_run: bool = False
) -> tuple[LineOutcome, ...]:
    """Register the enterprises of the rows, or with `dry_run` only check them. Raises StoreAway when that is away."""
    limit = asyncio.Semaphore(_CONCURRENCY)

    async def one(row: RegisterRow) -> LineOutcome:
        async with limit:
            return await _register(resources, person, row, now, dry_run=dry_run)

    return tuple(await asyncio.gather(*(one(row) for row in rows)))


async def _register(
    resources: Resources, person: Person, row: RegisterRow, now: datetime, *, dry_run: bool
) -> LineOutcome:
    if row.command is None:
        assert row.fault is not None
        return _outcome(row, RegisterOutcome.REJECTED, *row.fault)
    id_ = derived_id("enterprise", row.code)
    async with resources.reading.connect() as connection:
        known = await connection.scalar(
            select(MATTERS.c.name).where(MATTERS.c.kind == MatterKind.ENTERPRISE, MATTERS.c.code == row.code)
        )
        if known is not None:
            return _outcome(row, RegisterOutcome.KNOWN, f"已登记为“{known}”,未改动", f"registered already as “{known}”")
        try:
            await check_registration(connection, person, row.command, id_, now)
        except DomainError as error:
            return _rejected(row, error)
    if dry_run:
        return _outcome(row, RegisterOutcome.WOULD)
    try:
        await create(resources, person, MatterKind.ENTERPRISE, row.command, id_=id_)
    except DomainError as error:
        if error.status >= 500:
            raise
        return _rejected(row, error)
    return _outcome(row, RegisterOutcome.REGISTERED)


async def check_registration(
    connection: AsyncConnection, person: Person, command: RegisterEnterprise, id_: UUID, now: datetime
) -> None:
    """Run the rules of the registration without recording it. Raises the DomainError with which it would be refused."""
    ctx = await read_matter_context(connection, id_, command.grid, person.id, now)
    ctx = ctx.model_copy(update={"extra": await read_extra(connection, None, command, ctx)})
    step = MatterStep(
        matter_kind=MatterKind.ENTERPRISE,
        matter_id=id_,
        known=0,
        id=id_,
        at=now,
        actor=Actor(person=person.id),
        command=command.model_dump(mode="json"),
    )
    decide(RULES, None, step, ctx)


def _rejected(row: RegisterRow, error: DomainError) -> LineOutcome:
    return _outcome(row, RegisterOutcome.REJECTED, refusal_message(error, "zh"), refusal_message(error, "en"))


def _outcome(row: RegisterRow, outcome: RegisterOutcome, zh: str = "", en: str = "") -> LineOutcome:
    return LineOutcome(line=row.line, code=row.code, name=row.name, outcome=outcome, zh=zh, en=en)
