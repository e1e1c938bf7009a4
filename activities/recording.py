"""The recording step: decide one command on the case as it was read, and record the facts in one transaction.

The facts are appended only if the case is still as it was read; when another step was recorded meanwhile, the command
is decided again. Idempotent by command id. The result holds *all* facts after the last one that the workflow knows, so
a step that was recorded but never reported is neither repeated nor lost. When PostgreSQL has fewer facts than the
workflow (a restored backup), the step is refused and an error is logged: it never appends over a gap.
"""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from infra import metrics
from infra.database import autocommit_engine, is_away, reason
from infra.outages import DATABASE
from infra.store import cases
from infra.store.around_case import lock_both
from infra.store.attachments import keep_files, use_up
from infra.store.context import CaseSnapshot, read_context, read_snapshot
from infra.store.driver import transaction
from infra.store.handovers import begin_handovers, end_handovers, note_answered
from infra.store.hooks import concerns_hooks, tell_hooks
from infra.store.matters.emergency import begin_for_case
from infra.store.matters.enterprise import assess_enterprises, concerns_enterprises
from infra.store.notices import insert_notices
from infra.store.one_time_links import revoke_moved_on
from infra.store.org_alarms import raise_alarms
from infra.store.outbox import insert_effects
from infra.store.personal_data import concerns_reporters, settle_reporters
from infra.store.retired import as_retired
from infra.store.sealed_answers import in_clear, must_seal, open_answers, seal_answers, with_opened
from models.case import Case
from models.commands import AnswerQuestions, Merge, Recategorise, Report, SupplyInfo, WakeUp
from models.context import Context
from models.errors import (
    CommandIdReused,
    DomainError,
    KeysAway,
    RecordingFailed,
    StoreBehind,
)
from models.facts import Actor, Fact, InfoSupplied, Overdue, Reminded, Resumed, StepFired, SummonsMissed, UrgeOverdue
from models.ids import new_id
from models.messages import Recorded, Step
from models.wire_names import RECORD_ACTIVITY
from rules.case_number import case_number
from rules.decide import decide
from rules.evolve import fold
from rules.files_named import files_named
from rules.mailbox.intake import case_entries
from rules.matters.emergencies.beginning import plan_to_begin
from rules.parties import come, left
from rules.reporter_messages import messages_to_reporter

log = structlog.get_logger(__name__)

#: Attempts for which a unique violation is taken for two concurrent attempts of the same step.
UNIQUE_VIOLATION_TRIES = 3
#: Seconds that the warm-up may delay the start of a worker.
WARM_UP_TIMEOUT = 3.0


class Recorder:
    """The recording step, bound to a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = autocommit_engine(engine)

    @activity.defn(name=RECORD_ACTIVITY)
    async def record(self, step: Step) -> Recorded:
        """Decide `step` and record its facts; see the module.

        A refusal is a result, not an error. A database that is away is an error to retry, with a short text because
        it goes into the history.
        """
        try:
            async with self._engine.connect() as connection:
                recorded = await record_step(connection, step)
        except _Refused as refused:
            recorded = Recorded(facts=refused.missed, refusal=refused.error.as_refusal())
        except Exception as error:  # noqa: BLE001 (no error may block the case)
            if not is_away(error):
                recorded = _failure_result(step, error)
                _log_and_count(step, recorded)
                return recorded
            DATABASE.note_away(reason(error), report_id=str(step.report_id), command=step.command.kind)
            raise ApplicationError(
                "the database is away", type="DatabaseAway", category=ApplicationErrorCategory.BENIGN
            ) from None
        _log_and_count(step, recorded)
        return recorded

    async def warm_up(self, now: datetime, connections: int = 4) -> None:
        """Decide reports from a grid that does not exist, so that statements are prepared and the policy is read.

        `connections` of them run at once, on a connection each. All are refused, so nothing is recorded. Raises
        nothing: a database that is away does not prevent the start.
        """
        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(self._warm_up_connection(_warm_up_step(now)))

    async def _warm_up_connection(self, step: Step) -> None:
        try:
            async with asyncio.timeout(WARM_UP_TIMEOUT), self._engine.connect() as connection:
                await record_step(connection, step)
        except _Refused:
            pass
        except Exception as error:  # noqa: BLE001 (see above)
            log.info("warm-up skipped", error=type(error).__name__)


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
    """Return the refusal of a step that can't be recorded: retried for ever, it would block the whole case.

    Raises an error to retry in two cases: a unique violation, which two concurrent starts of a case cause; and a
    report, which may have been acknowledged already and has no case yet that it could block. A report is refused only
    when the database rejects its values.
    """
    if isinstance(error, IntegrityError) and activity.info().attempt < UNIQUE_VIOLATION_TRIES:
        raise error
    log.error("recording failed", report_id=str(step.report_id), command=step.command.kind, exc_info=error)
    if isinstance(step.command, Report) and not isinstance(error, DataError):
        raise ApplicationError("the report can't be recorded yet", type=RecordingFailed.code) from None
    return Recorded(refusal=RecordingFailed().as_refusal())


class _Refused(Exception):
    """Carries a refusal out of the transaction, so that a case number drawn for the step is rolled back."""

    def __init__(self, error: DomainError, missed: tuple[Fact, ...]) -> None:
        self.error = error
        self.missed = missed
        super().__init__(str(error))


async def record_step(connection: AsyncConnection, step: Step) -> Recorded:
    """Record the step on this connection, within the caller's transaction if there is one. Raises _Refused."""
    if isinstance(step.command, Report):
        async with transaction(connection):
            # Starting a case twice raises IntegrityError: None means that a file it names was swept just now.
            while (recorded := await _try_record(connection, step)) is None:
                log.info("file swept meanwhile, deciding again", report_id=str(step.report_id))
            return recorded
    if isinstance(step.command, Merge):
        async with transaction(connection):
            await lock_both(connection, step.report_id, step.command.into)
            recorded = await _try_record(connection, step)
            assert recorded is not None, "a locked case does not change meanwhile"
            return recorded
    while (recorded := await _try_record(connection, step)) is None:
        log.info("case changed meanwhile, deciding again", report_id=str(step.report_id), command=step.command.kind)
    return recorded


async def _try_record(connection: AsyncConnection, step: Step) -> Recorded | None:
    """Decide and record the step once. Return None when the case changed between reading and appending."""
    snapshot = await read_snapshot(connection, step)
    case = snapshot.case
    head = case.seq if case else 0
    if head < step.known:
        return Recorded(refusal=StoreBehind(stored=head, known=step.known).as_refusal())
    missed = await cases.read_facts(connection, step.report_id, after=step.known) if head > step.known else ()
    # The snapshot does not know facts recorded after it was read: look in `missed` too.
    digest = next((fact.digest for fact in missed if fact.command_id == step.id), snapshot.digest)
    if digest is not None:
        if digest != step.digest:
            raise _Refused(CommandIdReused(), missed)
        return Recorded(facts=missed)
    context = await read_context(connection, step, case, snapshot.world)
    context = await _with_case_number(connection, step, case, context)
    try:
        facts = await _decide(connection, step, case, context)
        stored = await _store(connection, step, snapshot, facts, context)
    except DomainError as error:
        if isinstance(error, KeysAway) and isinstance(step.command, Report):
            raise  # it may have been acknowledged: it is tried again until the keys are back
        raise _Refused(error, missed) from error
    except DBAPIError as error:
        retired = as_retired(error)
        if retired is None:
            raise
        raise _Refused(retired, missed) from error
    return None if stored is None else Recorded(facts=(*missed, *stored))


async def _decide(connection: AsyncConnection, step: Step, case: Case | None, context: Context) -> tuple[Fact, ...]:
    """Return the facts of the step, decided on what its door has sealed. They have the digest of what was sent."""
    clear = await in_clear(connection, step)
    facts = decide(await _with_answers(connection, clear, case), clear, context)
    if clear is step:
        return facts
    return tuple(
        fact.model_copy(update={"digest": step.digest}) if fact.command_id == step.id else fact for fact in facts
    )


async def _store(
    connection: AsyncConnection, step: Step, snapshot: CaseSnapshot, facts: tuple[Fact, ...], context: Context
) -> tuple[Fact, ...] | None:
    """Seal the personal answers of the facts, append them, and return them as they are stored; None like `_append`."""
    if must_seal(facts):
        async with transaction(connection):
            facts = await seal_answers(connection, snapshot.case, facts)
            return facts if await _append(connection, step, snapshot, facts, context) else None
    return facts if not facts or await _append(connection, step, snapshot, facts, context) else None


async def _with_answers(connection: AsyncConnection, step: Step, case: Case | None) -> Case | None:
    """Return the case as decisions about answers need it. Others need no answer, and no key.

    A case whose keys are away goes on: without them only answers are refused. Raises KeysAway.
    """
    command = step.command
    if case is None or not isinstance(command, AnswerQuestions | SupplyInfo | Recategorise):
        return case
    try:
        return with_opened(case, await open_answers(connection, case))
    except KeysAway:
        if command.answers:
            raise
        log.warning("decided without personal answers: keys away", report_id=str(case.report_id))
        return case


async def _append(
    connection: AsyncConnection, step: Step, snapshot: CaseSnapshot, facts: tuple[Fact, ...], context: Context
) -> bool:
    """Store `facts` with their org alarms, notices and effects. Return False like `cases.append_facts`, and where
    a file that the command names was swept after the context was read.
    """
    case = snapshot.case
    after = fold(facts, case)
    assert after is not None
    informs = any(isinstance(fact.body, StepFired | SummonsMissed) for fact in facts)
    concerns = concerns_enterprises(case, facts, after)
    plan = plan_to_begin(case, facts, after, context.policy)
    files = files_named(step.command)
    personal = concerns_reporters(facts)
    moves = come(case, after) or left(case, after)
    outside = step.actor.person if context.person is not None and context.person.speaks_for is not None else None
    mail = case_entries(case, facts, after)
    told = snapshot.hooked and concerns_hooks(facts)
    messages = messages_to_reporter(facts, after)
    if not (informs or concerns or plan or files or personal or moves or outside or told or messages):
        return await cases.append_facts(connection, case, facts, after, snapshot.link, mail)
    async with transaction(connection):
        if files and not await keep_files(connection, files):
            return False
        if not await cases.append_facts(connection, case, facts, after, snapshot.link, mail):
            return False
        await use_up(connection, step.actor.person, files)
        if informs:
            await raise_alarms(connection, step.report_id, facts)
            await insert_notices(connection, step.report_id, facts)
        if concerns:
            await assess_enterprises(connection, case, facts, after)
        if personal:
            await settle_reporters(connection, step.report_id, facts, after)
        if told:
            await tell_hooks(connection, case, facts, after)
        await _hand_over(connection, case, after, outside, facts[-1].at)
        if plan is not None:
            await begin_for_case(connection, plan, facts, after)
        cause = f"reporter {facts[0].seq}"
        await insert_effects(connection, ("case", step.report_id), cause, messages, facts[-1].at)
        return True


async def _hand_over(
    connection: AsyncConnection, case: Case | None, after: Case, outside: UUID | None, at: datetime
) -> None:
    """Hand the case over to outside systems, or end that, as it comes to departments and leaves them. `outside`: the
    account of an outside body that gave the command."""
    reached, departed = come(case, after), left(case, after)
    if outside is not None:
        await note_answered(connection, after.report_id, outside, at)
    if departed:
        await end_handovers(connection, after, departed, outside, at)
        await revoke_moved_on(connection, after.report_id, departed, at)
    if reached:
        await begin_handovers(connection, after, reached, at)


async def _with_case_number(connection: AsyncConnection, step: Step, case: Case | None, context: Context) -> Context:
    """Draw the case number of a report, once its park is known: the number begins with the park's code."""
    if case is not None or not isinstance(step.command, Report) or not context.units:
        return context
    park = context.units[-1].code
    sequence = await cases.next_sequence(connection, park, context.today)
    return context.model_copy(update={"case_no": case_number(park, context.today, sequence)})


def _log_and_count(step: Step, recorded: Recorded) -> None:
    kind = step.command.kind
    if recorded.refusal is not None:
        metrics.REFUSED.labels(command=kind, code=recorded.refusal.code).inc()
        write = log.error if recorded.refusal.code == StoreBehind.code else log.info
        write("refused", report_id=str(step.report_id), command=kind, code=recorded.refusal.code)
        return
    metrics.RECORDED.labels(command=kind).inc()
    for index, fact in enumerate(recorded.facts):
        # The first fact of a wake-up is the one that the wake-up was set for.
        command = step.command if index == 0 and fact.command_id == step.id else None
        _count_clock_fact(fact, command.moment if isinstance(command, WakeUp) else None)
    log.info("recorded", report_id=str(step.report_id), command=kind, facts=[f.body.kind for f in recorded.facts])


def _count_clock_fact(fact: Fact, planned_at: datetime | None) -> None:
    """Count a fact that fell due. `planned_at`: its moment, where the fact itself does not name it."""
    match fact.body:
        case Overdue(due_at=planned) | UrgeOverdue(reply_by=planned) | SummonsMissed(meet_at=planned):
            _observe_lateness(fact, planned)
        case StepFired(planned_at=planned, vacancies=vacancies):
            _observe_lateness(fact, planned)
            for vacancy in vacancies:
                metrics.ORG_ALARMS.labels(role=vacancy.role).inc()
        case Resumed(since=planned) | InfoSupplied(since=planned):
            _observe_lateness(fact, planned if fact.actor.person is None else None)
        case _:
            _observe_lateness(fact, planned_at)
    if isinstance(fact.body, Reminded):
        metrics.REMINDED.inc()


def _observe_lateness(fact: Fact, planned: datetime | None) -> None:
    """Observe how late the step due at `planned` was recorded, an outage included. None: it was no due step."""
    if planned is not None:
        late = (datetime.now(UTC) - planned).total_seconds()
        metrics.LATENESS.labels(what=fact.body.kind).observe(max(0.0, late))
