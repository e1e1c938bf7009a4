"""The workflow of one matter (事项), and the only writer of it: an enterprise, a plan, a station, an undertaking.

It is the same for every kind: commands are updates, due moments are one timer, and each becomes one recording step.
The rules of the kind run in that step; the workflow knows only how many facts there are and what it waits for, and its
history holds every fact. It ends when the matter has ended.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from models.errors import Refusal, refusal
    from models.facts import Actor
    from models.ids import derived_id
    from models.matters.base import Content
    from models.matters.messages import (
        MatterAct,
        MatterReceipt,
        MatterStanding,
        MatterStart,
        MatterStep,
    )
    from models.wire_names import ACT_UPDATE, MATTER_WORKFLOW, RECEIPT_UPDATE, STATE_QUERY
    from workflows import calls

#: The pause before a refused step of the clock is tried again: the database may know less than the matter.
REBUILD_PAUSE = timedelta(minutes=1)


@workflow.defn(name=MATTER_WORKFLOW)
class MatterWorkflow:
    """The life of one matter, from the command that begins it to its end."""

    @workflow.init
    def __init__(self, start: MatterStart) -> None:
        self._start = start
        self._known = start.known
        self._wake_at = start.wake_at
        self._code: str | None = None
        self._ended = False
        self._refusal: Refusal | None = None
        self._recording = asyncio.Lock()

    @workflow.run
    async def run(self, start: MatterStart) -> None:
        """Record the first command, then every due moment, until the matter has ended."""
        if start.first is not None:
            await self._begin(start.first)
        while not self._ended:
            if workflow.info().is_continue_as_new_suggested():
                await self._continue_as_new()
            await self._wait_for_next_moment()
        await workflow.wait_condition(workflow.all_handlers_finished)

    # --- messages -------------------------------------------------------------------------------------------------

    @workflow.update(name=RECEIPT_UPDATE)
    async def receipt(self) -> MatterReceipt:
        """Return code and revision once the first command is recorded. Raises its refusal if it was refused."""
        await workflow.wait_condition(lambda: self._code is not None or self._refusal is not None)
        if self._refusal is not None:
            raise calls.as_failure(refusal(self._refusal))
        return self._receipt()

    @workflow.update(name=ACT_UPDATE)
    async def act(self, act: MatterAct) -> MatterReceipt:
        """Record a command of a person, or of the system. Sent twice with one id, it counts once."""
        await self._record(act.command, id_=act.id, actor=act.actor, if_revision=act.if_revision)
        return self._receipt()

    @workflow.query(name=STATE_QUERY)
    def state(self) -> MatterStanding:
        """Return how far this run is."""
        return MatterStanding(known=self._known, wake_at=self._wake_at)

    # --- its life -------------------------------------------------------------------------------------------------

    async def _begin(self, first: MatterAct) -> None:
        """Record the first command. A refusal fails the run: it may be sent again, corrected, with the same id."""
        try:
            await self._record(first.command, id_=first.id, actor=first.actor)
        except calls.Refused as refused:
            self._refusal = refused.refusal
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise calls.as_failure(refusal(refused.refusal)) from None

    async def _wait_for_next_moment(self) -> None:
        """Wait until the next moment comes, or until a command changes what the matter waits for."""
        moment = self._wake_at

        def is_over() -> bool:
            return self._ended or self._wake_at != moment or workflow.info().is_continue_as_new_suggested()

        if moment is None:
            return await workflow.wait_condition(is_over)
        try:
            await workflow.wait_condition(
                is_over, timeout=max(moment - workflow.now(), timedelta()), timeout_summary="next due moment"
            )
        except TimeoutError:
            id_ = derived_id(self._start.matter_id, "wake", self._known, moment)
            await self._record_until_accepted({"kind": "wake", "moment": moment.isoformat()}, id_)

    async def _continue_as_new(self) -> None:
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self._recording.locked())
        workflow.continue_as_new(
            self._start.model_copy(update={"first": None, "known": self._known, "wake_at": self._wake_at})
        )

    # --- recording ------------------------------------------------------------------------------------------------

    async def _record(self, command: Content, *, id_: UUID, actor: Actor, if_revision: int | None = None) -> None:
        """Run one recording step at a time. Raises calls.Refused."""
        async with self._recording:
            recorded = await calls.record_matter(
                MatterStep(
                    matter_kind=self._start.matter_kind,
                    matter_id=self._start.matter_id,
                    known=self._known,
                    id=id_,
                    at=workflow.now(),
                    actor=actor,
                    if_revision=if_revision,
                    command=command,
                )
            )
            if recorded.code is not None:
                self._code, self._known = recorded.code, recorded.seq
                self._wake_at, self._ended = recorded.wake_at, recorded.ended
        if recorded.refusal is not None:
            raise calls.Refused(recorded.refusal)

    async def _record_until_accepted(self, command: Content, id_: UUID) -> None:
        """Record a step of the clock, again and again while it is refused: a failed run would leave no timer."""
        while True:
            try:
                return await self._record(command, id_=id_, actor=Actor())
            except calls.Refused as refused:
                workflow.logger.error("step of the clock refused: %s", refused.refusal.code)
                await workflow.sleep(REBUILD_PAUSE)

    def _receipt(self) -> MatterReceipt:
        return MatterReceipt(code=self._code or "", revision=self._known)
