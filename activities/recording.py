"""The recording step: one command, decided by one look at the case and recorded whole or not at all (D3).

What was decided is appended only to the case that was looked at: if somebody else has recorded meanwhile, it is
looked at again. Idempotent by command id. It answers *everything* after what the workflow knows, so a step that was
recorded but never reported is caught up, neither repeated nor lost. When PostgreSQL knows less than the workflow (a
restored backup) it refuses and raises an alarm: it never appends over a gap.
"""

import asyncio
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from infra import metrics
from infra.database import autocommit_engine, is_away
from infra.store import cases
from infra.store.context import read_context, read_snapshot
from infra.store.driver import transaction
from infra.store.notices import insert_notices
from infra.store.org_alarms import raise_alarms
from models.case import Case
from models.commands import Report, WakeUp
from models.context import Context
from models.errors import CommandIdReused, DomainError, RecordingFailed, StoreBehind
from models.facts import Actor, Fact, InfoSupplied, Overdue, Reminded, Resumed, StepFired, UrgeOverdue
from models.ids import new_id
from models.messages import Recorded, Step
from models.wire_names import RECORD_ACTIVITY
from rules.case_number import case_number
from rules.decide import decide
from rules.evolve import fold

log = structlog.get_logger(__name__)

#: How often a unique violation is put down to two tries at once.
UNIQUE_VIOLATION_TRIES = 3
#: How long a start may wait for what only makes the first case faster, in seconds.
WARM_UP_TIMEOUT = 3.0


class Recorder:
    """Records steps on one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = autocommit_engine(engine)

    @activity.defn(name=RECORD_ACTIVITY)
    async def record(self, step: Step) -> Recorded:
        """Decides `step` and records what follows; see the module.

        A database that is away is an error, said briefly (it goes into the history), to be tried again; refusals are
        answers, not errors.
        """
        try:
            async with self._engine.connect() as connection:
                recorded = await record_step(connection, step)
        except _Refused as refused:
            recorded = Recorded(facts=refused.missed, refusal=refused.error.as_refusal())
        except Exception as error:  # noqa: BLE001 (none of them may hold up the case)
            if not is_away(error):
                recorded = _failure_result(step, error)
                _log_and_count(step, recorded)
                return recorded
            log.warning("database away", report_id=str(step.report_id), command=step.command.kind)
            raise ApplicationError(
                "the database is away", type="DatabaseAway", category=ApplicationErrorCategory.BENIGN
            ) from None
        _log_and_count(step, recorded)
        return recorded

    async def warm_up(self, now: datetime, abreast: int = 4) -> None:
        """Takes reports from a place that does not exist, up to their refusal: nothing is recorded, and the first
        case finds `abreast` connections with their statements prepared, and the policy read.

        Raises nothing: whatever is away is no reason not to start.
        """
        async with asyncio.TaskGroup() as group:
            for _ in range(abreast):
                group.create_task(self._refuse(_warm_up_step(now)))

    async def _refuse(self, step: Step) -> None:
        try:
            async with asyncio.timeout(WARM_UP_TIMEOUT), self._engine.connect() as connection:
                await record_step(connection, step)
        except _Refused:
            pass
        except Exception as error:  # noqa: BLE001 (see above)
            log.info("not warmed up", error=type(error).__name__)


def _warm_up_step(now: datetime) -> Step:
    id_ = new_id()
    report = Report(
        report_id=id_,
        category=id_.hex,
        title="-",
        grid=id_.hex,
        occurred_at=now,
        reported_at=now,
        content_hash="",
    )
    return Step(report_id=id_, known=0, id=id_, at=now, actor=Actor(person=id_), command=report)


def _failure_result(step: Step, error: Exception) -> Recorded:
    """A step that can't be recorded is refused, loudly: tried for ever it would hold up the whole case.

    Two that begin the same case at once meet in a unique index: that one is raised, to be tried again. So is a report:
    it may have been acknowledged while the database was away, and there is no case yet that it could hold up. Only
    one whose very values the database refuses is refused.
    """
    if isinstance(error, IntegrityError) and activity.info().attempt < UNIQUE_VIOLATION_TRIES:
        raise error
    log.error("recording failed", report_id=str(step.report_id), command=step.command.kind, exc_info=error)
    if isinstance(step.command, Report) and not isinstance(error, DataError):
        raise ApplicationError("the report can't be recorded yet", type=RecordingFailed.code) from None
    return Recorded(refusal=RecordingFailed().as_refusal())


class _Refused(Exception):
    """Carries a refusal out, so that what was drawn for the step (a case number) is given back."""

    def __init__(self, error: DomainError, missed: tuple[Fact, ...]) -> None:
        self.error = error
        self.missed = missed
        super().__init__(str(error))


async def record_step(connection: AsyncConnection, step: Step) -> Recorded:
    """The step on this connection; in a transaction of the caller's, it counts with that one. Raises _Refused."""
    if isinstance(step.command, Report):
        async with transaction(connection):
            recorded = await _try_record(connection, step)
            assert recorded is not None, "a case that begins twice is an error, not another's turn"
            return recorded
    while (recorded := await _try_record(connection, step)) is None:
        log.info("looking again", report_id=str(step.report_id), command=step.command.kind)
    return recorded


async def _try_record(connection: AsyncConnection, step: Step) -> Recorded | None:
    """None when somebody else has recorded since the look."""
    found = await read_snapshot(connection, step)
    case = found.case
    head = case.seq if case else 0
    if head < step.known:
        return Recorded(refusal=StoreBehind(stored=head, known=step.known).as_refusal())
    missed = await cases.read_facts(connection, step.report_id, after=step.known) if head > step.known else ()
    # What was recorded since the look is not in the look's answer: ask `missed` too.
    digest = next((fact.digest for fact in missed if fact.command_id == step.id), found.digest)
    if digest is not None:
        if digest != step.digest:
            raise _Refused(CommandIdReused(), missed)
        return Recorded(facts=missed)
    context = await read_context(connection, step, case, found.world)
    context = await _with_number(connection, step, case, context)
    try:
        facts = decide(case, step, context)
    except DomainError as error:
        raise _Refused(error, missed) from error
    if facts and not await _append(connection, step, case, facts):
        return None
    return Recorded(facts=(*missed, *facts))


async def _append(connection: AsyncConnection, step: Step, case: Case | None, facts: tuple[Fact, ...]) -> bool:
    """Stores `facts` and everything that follows from them, at once; False as `cases.append`."""
    after = fold(facts, case)
    assert after is not None
    if not any(isinstance(fact.body, StepFired) for fact in facts):
        return await cases.append_facts(connection, case, facts, after)
    async with transaction(connection):
        if not await cases.append_facts(connection, case, facts, after):
            return False
        await raise_alarms(connection, step.report_id, facts)
        await insert_notices(connection, step.report_id, facts)
        return True


async def _with_number(connection: AsyncConnection, step: Step, case: Case | None, context: Context) -> Context:
    """Draws the case number for a report; only once the place is known, since the park's code leads it."""
    if case is not None or not isinstance(step.command, Report) or not context.units:
        return context
    park = context.units[-1].code
    sequence = await cases.next_sequence(connection, park, context.today)
    return context.model_copy(update={"case_no": case_number(park, context.today, sequence)})


def _log_and_count(step: Step, recorded: Recorded) -> None:
    kind = step.command.kind
    if recorded.refusal is not None:
        metrics.REFUSED.labels(command=kind, code=recorded.refusal.code).inc()
        say = log.error if recorded.refusal.code == StoreBehind.code else log.info
        say("refused", report_id=str(step.report_id), command=kind, code=recorded.refusal.code)
        return
    metrics.RECORDED.labels(command=kind).inc()
    for place, fact in enumerate(recorded.facts):
        # What a wake-up leads to first is what it had been set for.
        first = step.command if place == 0 and fact.command_id == step.id else None
        _count_clock_fact(fact, first.moment if isinstance(first, WakeUp) else None)
    log.info("recorded", report_id=str(step.report_id), command=kind, facts=[f.body.kind for f in recorded.facts])


def _count_clock_fact(fact: Fact, awaited: datetime | None) -> None:
    """Counts what the clock did; `awaited` is the moment it was awaited for, where the fact does not say itself."""
    match fact.body:
        case Overdue(due_at=planned) | UrgeOverdue(reply_by=planned):
            _observe_lateness(fact, planned)
        case StepFired(planned_at=planned, vacancies=vacancies):
            _observe_lateness(fact, planned)
            for vacancy in vacancies:
                metrics.ORG_ALARMS.labels(role=vacancy.role).inc()
        case Resumed(since=planned) | InfoSupplied(since=planned):
            _observe_lateness(fact, planned if fact.actor.person is None else None)
        case _:
            _observe_lateness(fact, awaited)
    if isinstance(fact.body, Reminded):
        metrics.REMINDED.inc()


def _observe_lateness(fact: Fact, planned: datetime | None) -> None:
    """How late the step that fell due at `planned` is on record, database away included; None: it was no due step."""
    if planned is not None:
        late = (datetime.now(UTC) - planned).total_seconds()
        metrics.LATENESS.labels(what=fact.body.kind).observe(max(0.0, late))
