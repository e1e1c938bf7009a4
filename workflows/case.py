"""The workflow of one case, from its report to the archive, and the only writer of that case.

A report starts it (the update `receipt` waits for the answer); every human command is the update `act`; due moments
are timers. Each of them becomes one recording step, and the facts that the step recorded determine the case. The
workflow ends when the case is archived, or at once when the report is refused.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.answers import SealedAnswers
    from models.case import Case, Errand
    from models.commands import Absorb, Command, SettleErrand, WakeUp
    from models.errors import AlreadyArchived, DomainError, Refusal, refusal
    from models.facts import Actor
    from models.ids import derived_id
    from models.messages import Act, CaseStart, Opening, Receipt, Step, SystemAct, Telling
    from models.wire_names import ABSORB_UPDATE, ACT_UPDATE, CASE_WORKFLOW, RECEIPT_UPDATE, STATE_QUERY, SYSTEM_UPDATE
    from rules.errands import errand_message, part_report, waiting_errands
    from rules.escalation.wake_ups import next_wake_up
    from rules.evolve import fold
    from rules.life_cycle import check_fits
    from workflows import calls

#: How many command ids are passed to a new run, so that it recognises a resent command.
REMEMBERED_COMMANDS = 200
#: The pause before a refused system step is tried again: the database may know less than the case.
REBUILD_PAUSE = timedelta(minutes=1)
#: The patch since which errands run concurrently: earlier code awaited each of them, and no timer ran meanwhile.
CONCURRENT_ERRANDS_PATCH = "errands-beside"


@workflow.defn(name=CASE_WORKFLOW)
class CaseWorkflow:
    """The life of one case: receive → dispatch → handle → review → close."""

    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        self._start = start
        self._case = start.case
        self._done = list(start.done)
        self._refusal: Refusal | None = None
        self._recording = asyncio.Lock()
        self._running_errands: dict[str, asyncio.Task[None]] = {}

    @workflow.run
    async def run(self, start: CaseStart) -> Receipt:
        """Record the report, then take every due step until the case is archived. Return the receipt."""
        if self._case is None:
            await self._receive()
        while self._current_case.archived_at is None:
            if workflow.info().is_continue_as_new_suggested():
                await self._continue_as_new()
            for errand in waiting_errands(self._current_case):
                if workflow.patched(CONCURRENT_ERRANDS_PATCH):
                    self._start_errand(errand)
                else:
                    await self._carry_out(errand)
            await self._wait_for_next_moment()
        await asyncio.gather(*self._running_errands.values())
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._receipt()

    # --- messages -------------------------------------------------------------------------------------------------

    @workflow.update(name=RECEIPT_UPDATE)
    async def receipt(self) -> Receipt:
        """Return the receipt of the report once it is recorded. Raises its refusal if it was refused."""
        await workflow.wait_condition(lambda: self._case is not None or self._refusal is not None)
        if self._refusal is not None:
            raise calls.as_failure(refusal(self._refusal))
        return self._receipt()

    @workflow.update(name=ACT_UPDATE)
    async def act(self, act: Act) -> Receipt:
        """Record a person's command. Sent twice with one id, it counts once."""
        await self._record(
            act.command, id_=act.id, actor=act.actor, if_revision=act.if_revision, sealed_answers=act.sealed_answers
        )
        return self._receipt()

    @act.validator
    def _validate_act(self, act: Act) -> None:
        """Refuse a command that does not fit the case's present state, so that it leaves no trace in the history.

        A sender who has seen more facts than this run knows (a step was recorded and its worker killed before it
        reported back) is let through: the recording step catches up and decides.
        """
        if self._case is None or act.id in self._done or act.seen > self._case.seq:
            return
        try:
            check_fits(self._case, act.command.kind)
        except DomainError as error:
            raise calls.as_failure(error) from None

    @workflow.update(name=ABSORB_UPDATE)
    async def absorb(self, telling: Telling) -> Receipt:
        """Record that another case was merged into this one."""
        await self._record(Absorb(case_no=telling.from_case), id_=telling.id, actor=Actor())
        return self._receipt()

    @workflow.update(name=SYSTEM_UPDATE)
    async def system(self, act: SystemAct) -> Receipt:
        """Record a command of the system: a calendar was published, a case was unmerged, or a wake-up is due."""
        await self._record(act.command, id_=act.id, actor=Actor())
        return self._receipt()

    @workflow.query(name=STATE_QUERY)
    def state(self) -> Case | None:
        """Return the case as this run knows it."""
        return self._case

    # --- the life cycle -------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        """Record the report. A refusal fails the run: a corrected report may be sent again with the same id."""
        report = self._start.report
        try:
            await self._record(report, id_=report.report_id, actor=self._start.actor)
        except calls.Refused as refused:
            self._refusal = refused.refusal
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise calls.as_failure(refusal(refused.refusal)) from None

    async def _wait_for_next_moment(self) -> None:
        """Wait until something falls due, or until a command gives the case other work."""
        case = self._current_case
        moment = next_wake_up(case)
        if moment is None:  # earlier code could leave a case without one; recording a wake-up gives it one
            asleep = derived_id(case.report_id, "asleep", case.seq)
            return await self._record_until_accepted(WakeUp(moment=case.updated_at), asleep)
        try:
            await workflow.wait_condition(
                lambda: self._has_new_work(case, moment),
                timeout=max(moment - workflow.now(), timedelta()),
                timeout_summary="next due moment",
            )
        except TimeoutError:
            wake = derived_id(case.report_id, "wake", self._current_case.seq, moment)
            await self._record_until_accepted(WakeUp(moment=moment), wake)

    def _has_new_work(self, before: Case, moment: datetime) -> bool:
        """Whether the case has another next moment or new errands. Called often; an unchanged case costs nothing."""
        if workflow.info().is_continue_as_new_suggested():
            return True
        case = self._current_case
        return case is not before and (
            next_wake_up(case) != moment
            or any(errand.id not in self._running_errands for errand in waiting_errands(case))
        )

    def _start_errand(self, errand: Errand) -> None:
        """Carry the errand out concurrently: one that can't be done yet must not delay a deadline."""
        if errand.id not in self._running_errands:
            self._running_errands[errand.id] = asyncio.create_task(self._carry_out(errand))

    async def _carry_out(self, errand: Errand) -> None:
        """Send a message to another case, or open one; then record that this was done or refused."""
        case = self._current_case
        id_ = derived_id(case.report_id, errand.id)
        opened: str | None = None
        if errand.part is not None:
            opening = Opening(report=part_report(case, errand, id_), actor=Actor(person=case.reported_by))
            receipt = await calls.open_case(opening)
            opened, refused = receipt.case_no or None, receipt.refused
        else:
            refused = await calls.tell_case(errand_message(case, errand, id_))
        done = derived_id(case.report_id, errand.id, "settled")
        await self._record_until_accepted(SettleErrand(errand=errand.id, case_no=opened, refused=refused), done)

    async def _continue_as_new(self) -> None:
        # A running errand is started again in the new run; its ids make it count once.
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self._recording.locked())
        start = self._start.model_copy(update={"case": self._case, "done": tuple(self._done[-REMEMBERED_COMMANDS:])})
        workflow.continue_as_new(start)

    # --- recording ------------------------------------------------------------------------------------------------

    async def _record(
        self,
        command: Command,
        *,
        id_: UUID,
        actor: Actor,
        if_revision: int | None = None,
        sealed_answers: SealedAnswers | None = None,
    ) -> None:
        """Run one recording step at a time and apply its facts to the case. Raises calls.Refused."""
        async with self._recording:
            known = 0 if self._case is None else self._case.seq
            recorded = await calls.record(
                Step(
                    report_id=self._start.report.report_id,
                    known=known,
                    id=id_,
                    at=workflow.now(),
                    actor=actor,
                    if_revision=if_revision,
                    command=command,
                    sealed_answers=sealed_answers,
                )
            )
            self._case = fold(recorded.facts, self._case)
            self._done += [fact.command_id for fact in recorded.facts if fact.command_id not in self._done]
        if recorded.refusal is not None:
            raise calls.Refused(recorded.refusal)

    async def _record_until_accepted(self, command: Command, id_: UUID) -> None:
        """Record a step of the system, again and again while it is refused (the database may wait to be rebuilt).

        A run that failed here would leave a case without timers.
        """
        while True:
            try:
                return await self._record(command, id_=id_, actor=Actor())
            except calls.Refused as refused:
                if refused.refusal.code == AlreadyArchived.code:
                    return None
                workflow.logger.error("system step refused: %s", refused.refusal.code)
                await workflow.sleep(REBUILD_PAUSE)

    @property
    def _current_case(self) -> Case:
        assert self._case is not None
        return self._case

    def _receipt(self) -> Receipt:
        return Receipt(
            case_no=self._current_case.case_no,
            revision=self._current_case.seq,
            content_hash=self._start.report.content_hash,
            attempt=self._start.attempt,
        )
