"""Submit a report (上报): check it, store the reporter's data apart, and acknowledge it once it is durable."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.case_client import NO_ANSWER_ERRORS, is_started, no_answer, open_case
from infra.database import is_away, reason, transaction
from infra.keys.access import keys_of
from infra.objects import ObjectsAway
from infra.outages import DATABASE
from infra.store.context import local_day, read_context
from infra.store.place import is_elsewhere
from infra.store.reporters import delete_reporter
from infra.store.retired import find_retired_report
from models.commands import ExternalReference, Location, Report
from models.context import Context, Person
from models.enums import Role, Source
from models.errors import (
    DomainError,
    GridMissing,
    PlaceOutsidePark,
    ReportIdReused,
    StoreAway,
    WorkflowsElsewhere,
)
from models.facts import Actor
from models.ids import new_id
from models.messages import CaseStart, Receipt, Step
from models.policy.document import Policy
from rules.decide import decide
from rules.questions import check_answers, private_codes
from rules.scope import in_force
from services.organisation.locate import check_place, find_unit_at
from services.reports.report_input import ReportInput
from services.reports.reporter_records import (
    SealedReporter,
    is_same,
    keep_key,
    keep_missing_key,
    seal_answers,
    seal_reporter,
)
from services.runtime.resources import Resources

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Submitted:
    """The result of a submission. `receipt` None: not recorded yet. `created` False: the case existed already."""

    report_id: UUID
    receipt: Receipt | None
    created: bool


async def submit(
    resources: Resources,
    person: Person,
    report_input: ReportInput,
    now: datetime,
    external: ExternalReference | None = None,
) -> Submitted:
    """Turn a report into a case.

    With `Submitted.receipt` None the report is durable in Temporal, and recorded as soon as PostgreSQL is back. Raises
    the DomainError that says what is wrong with it, ReportIdReused, or StoreAway: it may not be stored then;
    sending it again counts once.
    """
    try:
        async with transaction(resources.engine) as connection:
            receipt = await _earlier_receipt(connection, person, report_input)
            if receipt is None:
                reporter = await seal_reporter(connection, report_input, now)
                start, policy = await _checked_start(connection, person, report_input, now, external, reporter)
                start, reporter = await seal_answers(connection, report_input, start, policy, reporter, now)
        if receipt is not None:
            await keep_missing_key(resources, report_input, receipt)
            return Submitted(report_input.report_id, receipt, created=False)
    except DomainError:
        raise
    except Exception as error:
        if not is_away(error):
            raise
        start, reporter = _start_from_cache(resources, person, report_input, now, external, error), None
    if reporter is None:
        return await _start_case(resources, start)
    keeping = asyncio.create_task(keep_key(keys_of(resources.engine).vault, reporter.sealed.id, reporter.wrapped))
    try:
        return await _start_case(resources, start, keeping)
    finally:
        await keeping  # before anything is acknowledged


async def check(
    resources: Resources,
    person: Person,
    report_input: ReportInput,
    now: datetime,
    external: ExternalReference | None = None,
) -> Report | None:
    """Return the report as `submit` would send it, and store nothing; None when it is a case already.

    Raises the DomainError with which `submit` would refuse it.
    """
    async with resources.engine.connect() as connection:
        if await _earlier_receipt(connection, person, report_input) is not None:
            return None
        start, _ = await _checked_start(connection, person, report_input, now, external, None)
        return start.report


async def refresh_reference(resources: Resources, now: datetime) -> None:
    """Refresh the reference cache if it is stale; while PostgreSQL is away the old snapshot stays."""
    if not resources.reference.is_stale(now):
        return
    try:
        await resources.reference.refresh(resources.engine, now)
    except Exception as error:
        if not is_away(error):
            raise
        DATABASE.note_away(reason(error), using="cached reference data to check reports")


async def _start_case(resources: Resources, start: CaseStart, keeping: "asyncio.Task[None] | None" = None) -> Submitted:
    """Open the case. `keeping` writes the key of its reporter meanwhile; a refused report leaves none behind."""
    report_id = start.report.report_id
    try:
        async with asyncio.timeout(resources.settings.answer_seconds):
            receipt = await open_case(resources.temporal, start, queue=resources.settings.case_queue)
    except NO_ANSWER_ERRORS as error:
        if await is_started(resources.temporal, report_id):
            await _refuse_elsewhere(resources)
            log.warning("report accepted, not yet recorded", report_id=str(report_id))
            return Submitted(report_id, None, created=True)
        raise no_answer(error) from error
    except DomainError:
        if keeping is not None:
            await keeping
        await _forget_reporter(resources, start)
        raise
    if receipt.content_hash != start.report.content_hash:
        raise ReportIdReused(pointer="/report_id")
    # A report sent twice at the same time is one case, created by whichever request started the workflow.
    created = receipt.attempt == start.attempt
    return Submitted(report_id, receipt.model_copy(update={"attempt": None}), created=created)


async def _refuse_elsewhere(resources: Resources) -> None:
    """Raise WorkflowsElsewhere where no worker will ever record what our Temporal has taken.

    A database that is away can't tell: its workflows are taken to be where they were.
    """
    try:
        elsewhere = await is_elsewhere(resources.engine, resources.temporal)
    except Exception as error:
        if not is_away(error) and not isinstance(error, NO_ANSWER_ERRORS):
            raise
        return
    if elsewhere:
        raise WorkflowsElsewhere()


async def _earlier_receipt(connection: AsyncConnection, person: Person, report_input: ReportInput) -> Receipt | None:
    """Return the receipt if this very report came before, also of a retired case. Raises ReportIdReused if another one
    did.
    """
    row: Any = (
        await connection.execute(
            text("SELECT case_no, seq, content_hash, reported_by, reporter_ref FROM cases WHERE report_id = :id"),
            {"id": report_input.report_id},
        )
    ).one_or_none() or await find_retired_report(connection, report_input.report_id)
    if row is None:
        return None
    if row.reported_by != person.id or not await is_same(connection, row, report_input):
        raise ReportIdReused(pointer="/report_id")
    return Receipt(case_no=row.case_no, revision=row.seq, content_hash=row.content_hash)


async def _find_grid(connection: AsyncConnection, location: Location | None) -> str:
    if location is None:
        raise GridMissing(pointer="/grid")
    grid = await find_unit_at(connection, location.lat, location.lon)
    if grid is None:
        raise PlaceOutsidePark(pointer="/location")
    return grid


async def _forget_reporter(resources: Resources, start: CaseStart) -> None:
    """Remove the reporter's data of a refused report. Raises StoreAway when the key can't be removed: sent again, the
    report is refused again, and an audit removes what is left.
    """
    if start.report.reporter_ref is None:
        return
    try:
        async with transaction(resources.engine) as connection:
            await delete_reporter(connection, start.report.reporter_ref)
    except ObjectsAway as error:
        log.error("a reporter's key can't be removed from the vault", reason=str(error))
        raise StoreAway() from error


async def _checked_start(
    connection: AsyncConnection,
    person: Person,
    report_input: ReportInput,
    now: datetime,
    external: ExternalReference | None,
    reporter: SealedReporter | None,
) -> tuple[CaseStart, Policy]:
    """Return the start of the case, with its micro-grid found and its rule run without recording; and the policy."""
    grid = report_input.grid or await _find_grid(connection, report_input.location)
    if report_input.grid is not None and report_input.location is not None:
        await check_place(connection, grid, report_input.location, mismatch_meant=report_input.mismatch_meant)
    start = _start(person, report_input, grid, now, await local_day(connection, now), external, reporter)
    return start, await _check(connection, start, now, report_input)


def _start(
    person: Person,
    report_input: ReportInput,
    grid: str,
    now: datetime,
    today: date,
    external: ExternalReference | None,
    reporter: SealedReporter | None,
) -> CaseStart:
    reported_at = report_input.reported_at or now
    report = Report(
        report_id=report_input.report_id,
        category=report_input.category,
        title=report_input.title,
        description=report_input.description,
        grid=grid,
        location=report_input.location,
        occurred_at=report_input.occurred_at or reported_at,
        reported_at=reported_at,
        severity=report_input.severity,
        source=report_input.source or _default_source(person, today),
        attachments=report_input.attachments,
        reporter_ref=None if reporter is None else reporter.sealed.id,
        sealed=None if reporter is None else reporter.sealed,
        anonymous=report_input.reporter.anonymous if report_input.reporter else False,
        external=external,
        enterprise=report_input.enterprise,
        answers=report_input.answers,
        asked=report_input.asked,
        content_hash=report_input.content_hash,
    )
    return CaseStart(report=report, actor=Actor(person=person.id), attempt=new_id())


def _default_source(person: Person, today: date) -> Source:
    roles = {grant.role for grant in in_force(person, today)}
    if roles & {Role.GRID_WORKER, Role.VOLUNTEER}:
        return Source.GRID_WORKER
    if roles & {Role.DUTY_OFFICER, Role.SUPERVISOR}:
        return Source.HOTLINE
    return Source.RESIDENT


async def _check(connection: AsyncConnection, start: CaseStart, now: datetime, report_input: ReportInput) -> Policy:
    """Run the rule of the recording step, so that a bad report starts no workflow, and return the policy."""
    step = _step(start, now)
    context = await read_context(connection, step, None)
    decide(None, step, context.model_copy(update={"case_no": "0"}))
    _check_answers(report_input, context)
    return context.policy


def _check_answers(report_input: ReportInput, context: Context) -> None:
    """Refuse answers that do not fit, of a sender who was asked these very questions (`rules.questions`). An imported
    list was asked nothing."""
    if report_input.source is Source.IMPORT:
        return
    files = report_input.attachments
    given, asked = report_input.answers, report_input.asked
    check_answers(context.policy, context.policy_version, report_input.category, given, asked, files)


def _start_from_cache(
    resources: Resources,
    person: Person,
    report_input: ReportInput,
    now: datetime,
    external: ExternalReference | None,
    error: Exception,
) -> CaseStart:
    """Check the report against the reference cache while PostgreSQL is away.

    Raises StoreAway for a report that only PostgreSQL could check or keep.
    """
    snapshot = resources.reference.snapshot
    told = report_input.reporter
    has_reporter = told is not None and (told.name or told.phone or told.mail)
    if snapshot is None or report_input.grid is None or has_reporter or report_input.enterprise is not None:
        raise StoreAway() from error
    context: Context = snapshot.context(person, report_input.grid, now)
    start = _start(person, report_input, report_input.grid, now, context.today, external, None)
    decide(None, _step(start, now), context)
    _check_answers(report_input, context)
    if private_codes(context.policy, report_input.category, report_input.answers or {}):
        raise StoreAway() from error  # their key could not be kept
    return start


def _step(start: CaseStart, now: datetime) -> Step:
    report: Any = start.report
    return Step(report_id=report.report_id, known=0, id=report.report_id, at=now, actor=start.actor, command=report)
