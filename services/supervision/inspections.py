"""Spot checks (抽查): supervisors record a verdict on how a case was handled. It changes nothing about the case."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible
from models.base import STORED, Frozen, Instant, Text
from models.case import Case
from models.context import Person
from models.enums import Role
from models.errors import InputError, NotYours
from models.personal_numbers import mask_numbers
from models.tables import CASES, metadata
from rules.life_cycle import Who
from rules.scope import standing
from services.cases.queries import find_case

_INSPECTIONS = metadata.tables["inspections"]
_PEOPLE = metadata.tables["people"]


class Verdict(StrEnum):
    """合格 or 问题."""

    OK = "ok"
    PROBLEM = "problem"


class InspectionDraft(Frozen):
    """A verdict; `problem` requires a note. The `id` is the client's: sent again, the verdict counts once."""

    id: UUID
    verdict: Verdict
    note: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class InspectionView(Frozen):
    """A verdict as people read it."""

    case_no: str
    by: str
    at: Instant
    verdict: Verdict
    note: str


def may_inspect(person: Person, case: Case, day: date) -> bool:
    """Return whether the person supervises the case. An auditor reads everything and writes nothing."""
    return Who.SUPERVISOR in standing(person, case, day)


async def record_inspection(
    connection: AsyncConnection, person: Person, case_no: str, draft: InspectionDraft, now: datetime
) -> None:
    """Record a verdict, in the caller's transaction; the same id again does nothing.

    Raises NoSuchCase, NotYours, or InputError for a problem without a note.
    """
    row = await find_case(connection, person, case_no, now)
    day = await local_day(connection, now)
    if not may_inspect(person, Case.model_validate(row.state, context=STORED), day):
        raise NotYours(command="inspect", who=Role.SUPERVISOR)
    if draft.verdict is Verdict.PROBLEM and not draft.note:
        raise InputError(why_zh="请写明问题", why_en="say what the problem is", pointer="/note")
    existing = await connection.scalar(select(_INSPECTIONS.c.id).where(_INSPECTIONS.c.id == draft.id))
    if existing is None:
        values = {"report_id": row.report_id, "by": person.id, "at": now, **draft.model_dump(mode="json")}
        await connection.execute(insert(_INSPECTIONS).values(values | {"id": draft.id}))


async def list_inspections(
    connection: AsyncConnection, person: Person, case_nos: Sequence[str], now: datetime
) -> tuple[InspectionView, ...]:
    """Return the verdicts on those of the cases that the person may see, the newest first."""
    day = await local_day(connection, now)
    i = _INSPECTIONS.c
    rows = await connection.execute(
        select(CASES.c.case_no, _PEOPLE.c.name, i.at, i.verdict, i.note)
        .select_from(_INSPECTIONS)
        .join(CASES, CASES.c.report_id == i.report_id)
        .join(_PEOPLE, _PEOPLE.c.id == i.by)
        .where(CASES.c.case_no.in_(case_nos), visible(person, day))
        .order_by(i.at.desc())
    )
    return tuple(
        InspectionView(case_no=row.case_no, by=row.name, at=row.at, verdict=row.verdict, note=mask_numbers(row.note))
        for row in rows
    )
