"""上报 through a door: checked, its reporter put apart, and acknowledged only once it would survive a power cut."""

import asyncio
import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from pydantic import StringConstraints
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.case_client import NO_ANSWER_ERRORS, is_started, open_case
from infra.database import is_away, transaction
from infra.store.context import local_day, read_context
from infra.store.reporters import delete_reporter
from models.base import PHONE, Code, Description, Frozen, SaidInstant, Text, Title
from models.commands import Attachments, ExternalReference, Location, Report
from models.context import Context, Person
from models.enums import Role, Severity, Source
from models.errors import DomainError, GridMissing, PlaceOutsidePark, ReportIdReused, StoreAway
from models.facts import Actor
from models.ids import derived_id, new_id
from models.messages import CaseStart, Receipt, Step
from rules.decide import decide
from rules.scope import in_force
from services.reports.locate import unit_at
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)


class ReporterInput(Frozen):
    """Who reported, if somebody else than the caller. Kept apart from everything else, shown to nobody."""

    name: Annotated[Text, StringConstraints(max_length=80)] | None = None
    phone: Annotated[Text, StringConstraints(pattern=PHONE)] | None = None
    anonymous: bool = False


class ReportInput(Frozen):
    """A report as a door takes it. Give `grid`, `location`, or both; the micro-grid is found from the place."""

    report_id: UUID
    category: Code
    title: Title
    description: Description = ""
    grid: Code | None = None
    location: Location | None = None
    occurred_at: SaidInstant | None = None
    reported_at: SaidInstant | None = None
    severity: Severity | None = None
    source: Source | None = None
    attachments: Attachments = ()
    reporter: ReporterInput | None = None

    @property
    def content_hash(self) -> str:
        """What tells a report sent again from another report under its id. The reporter's data is left out."""
        content = self.model_dump(mode="json", exclude={"reporter", "report_id"}, exclude_unset=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Submitted:
    """What became of a report: its receipt, or none yet; `created` False when it was there already."""

    report_id: UUID
    receipt: Receipt | None
    created: bool


async def submit(
    resources: Resources,
    person: Person,
    wanted: ReportInput,
    now: datetime,
    external: ExternalReference | None = None,
) -> Submitted:
    """Turns a report into a case.

    `Submitted.receipt` None: it is durable in Temporal, and recorded as soon as PostgreSQL is back.
    Raises the DomainError that says what is wrong with it, ReportIdReused, or StoreAway: then nothing was stored.
    """
    try:
        async with transaction(resources.engine) as connection:
            known = await _earlier(connection, person, wanted)
            if known is not None:
                return Submitted(wanted.report_id, known, created=False)
            grid = wanted.grid or await _place(connection, wanted.location)
            reference = await _reporter_ref(connection, wanted, now)
            start = _start(person, wanted, grid, now, await local_day(connection, now), external, reference)
            await _check(connection, start, now)
    except DomainError:
        raise
    except Exception as error:
        if not is_away(error):
            raise
        start = _checked_from_memory(resources, person, wanted, now, external, error)
    return await _start_case(resources, start)


async def refresh_memory(resources: Resources, now: datetime) -> None:
    """Looks at the world again if the last look is old; while PostgreSQL is away the old one stays."""
    if not resources.reference.is_stale(now):
        return
    try:
        await resources.reference.refresh(resources.engine, now)
    except Exception as error:
        if not is_away(error):
            raise
        log.warning("database away; reports are checked from memory", error=type(error).__name__)


async def _start_case(resources: Resources, start: CaseStart) -> Submitted:
    report_id = start.report.report_id
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            receipt = await open_case(resources.temporal, start, queue=resources.settings.case_queue)
    except NO_ANSWER_ERRORS as error:
        if await is_started(resources.temporal, report_id):
            log.warning("report accepted, not yet recorded", report_id=str(report_id))
            return Submitted(report_id, None, created=True)
        raise StoreAway() from error
    except DomainError:
        await _forget_reporter(resources, start)
        raise
    if receipt.content_hash != start.report.content_hash:
        raise ReportIdReused(pointer="/report_id")
    # Sent twice at one instant, it is one case: created by whichever of the two began it.
    created = receipt.attempt == start.attempt
    return Submitted(report_id, receipt.model_copy(update={"attempt": None}), created=created)


async def _earlier(connection: AsyncConnection, person: Person, wanted: ReportInput) -> Receipt | None:
    """The receipt of this very report, if it came before. Raises ReportIdReused if another did."""
    row = (
        await connection.execute(
            text("SELECT case_no, seq, content_hash, reported_by FROM cases WHERE report_id = :id"),
            {"id": wanted.report_id},
        )
    ).one_or_none()
    if row is None:
        return None
    if row.content_hash != wanted.content_hash or row.reported_by != person.id:
        raise ReportIdReused(pointer="/report_id")
    return Receipt(case_no=row.case_no, revision=row.seq, content_hash=row.content_hash)


async def _place(connection: AsyncConnection, location: Location | None) -> str:
    if location is None:
        raise GridMissing(pointer="/grid")
    grid = await unit_at(connection, location.lat, location.lon)
    if grid is None:
        raise PlaceOutsidePark(pointer="/location")
    return grid


async def _reporter_ref(connection: AsyncConnection, wanted: ReportInput, now: datetime) -> UUID | None:
    """Puts the reporter's data where nothing else is, and answers the reference to it."""
    reporter = wanted.reporter
    if reporter is None or (reporter.name is None and reporter.phone is None):
        return None
    reference = derived_id(wanted.report_id, "reporter")
    await connection.execute(
        text(
            "INSERT INTO reporters (id, name, phone, anonymous, created_at)"
            " VALUES (:id, :name, :phone, :anonymous, :now) ON CONFLICT (id) DO NOTHING"
        ),
        {"id": reference, **reporter.model_dump(), "now": now},
    )
    return reference


async def _forget_reporter(resources: Resources, start: CaseStart) -> None:
    """A refused report leaves nothing behind."""
    if start.report.reporter_ref is None:
        return
    async with transaction(resources.engine) as connection:
        await delete_reporter(connection, start.report.reporter_ref)


def _start(
    person: Person,
    wanted: ReportInput,
    grid: str,
    now: datetime,
    today: date,
    external: ExternalReference | None,
    reporter_ref: UUID | None,
) -> CaseStart:
    reported_at = wanted.reported_at or now
    report = Report(
        report_id=wanted.report_id,
        category=wanted.category,
        title=wanted.title,
        description=wanted.description,
        grid=grid,
        location=wanted.location,
        occurred_at=wanted.occurred_at or reported_at,
        reported_at=reported_at,
        severity=wanted.severity,
        source=wanted.source or _usual_source(person, today),
        attachments=wanted.attachments,
        reporter_ref=reporter_ref,
        anonymous=wanted.reporter.anonymous if wanted.reporter else False,
        external=external,
        content_hash=wanted.content_hash,
    )
    return CaseStart(report=report, actor=Actor(person=person.id), attempt=new_id())


def _usual_source(person: Person, today: date) -> Source:
    roles = {grant.role for grant in in_force(person, today)}
    if roles & {Role.GRID_WORKER, Role.VOLUNTEER}:
        return Source.GRID_WORKER
    if roles & {Role.DUTY_OFFICER, Role.SUPERVISOR}:
        return Source.HOTLINE
    return Source.RESIDENT


async def _check(connection: AsyncConnection, start: CaseStart, now: datetime) -> None:
    """The recording step's own rule, run without recording: a bad report starts nothing."""
    step = _step(start, now)
    context = await read_context(connection, step, None)
    decide(None, step, context.model_copy(update={"case_no": "0"}))


def _checked_from_memory(
    resources: Resources,
    person: Person,
    wanted: ReportInput,
    now: datetime,
    external: ExternalReference | None,
    error: Exception,
) -> CaseStart:
    """The same check while PostgreSQL is away. Raises StoreAway for what only PostgreSQL could tell or keep."""
    world = resources.reference.snapshot
    named = wanted.reporter is not None and (wanted.reporter.name or wanted.reporter.phone)
    if world is None or wanted.grid is None or named:
        raise StoreAway() from error
    context: Context = world.context(person, wanted.grid, now)
    start = _start(person, wanted, wanted.grid, now, context.today, external, None)
    decide(None, _step(start, now), context)
    return start


def _step(start: CaseStart, now: datetime) -> Step:
    report: Any = start.report
    return Step(report_id=report.report_id, known=0, id=report.report_id, at=now, actor=start.actor, command=report)
