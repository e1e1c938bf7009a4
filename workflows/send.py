"""The send workflow: tries the channels of one message in their order, each with patience, until one has taken it.

It ends with a receipt. What an attempt is, and whether it is repeated, is decided in the activity, from the channel as
it is set at that moment.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.sends import (
        ATTEMPT_SEND_ACTIVITY,
        FINISH_SEND_ACTIVITY,
        RECORD_SEND_ACTIVITY,
        SEND_WORKFLOW,
        Attempted,
        AttemptOrder,
        FinishOrder,
        Outcome,
        SendReceipt,
        SendResumed,
        SendRun,
        SendStatus,
        Urgency,
    )

#: While the database is away, an activity is tried again without end.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
#: How long one attempt may take; then its worker is taken for dead.
ATTEMPT_TIMEOUT = timedelta(seconds=90)


@workflow.defn(name=SEND_WORKFLOW)
class SendWorkflow:
    """One send, from its record to its receipt."""

    @workflow.init
    def __init__(self, run: SendRun) -> None:
        self._run = run
        self._number = 0
        self._unclear = False

    @workflow.run
    async def run(self, run: SendRun) -> SendReceipt:
        """Record the send, try its routes, and store the receipt."""
        resumed: SendResumed = await workflow.execute_activity(
            RECORD_SEND_ACTIVITY,
            run,
            result_type=SendResumed,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RETRY,
        )
        if resumed.over is not None:
            return resumed.over
        self._number, self._unclear = resumed.attempts, resumed.unclear
        receipt = await self._try_routes(resumed)
        await workflow.execute_activity(
            FINISH_SEND_ACTIVITY,
            FinishOrder(receipt=receipt, round=run.round),
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RETRY,
        )
        return receipt

    async def _try_routes(self, resumed: SendResumed) -> SendReceipt:
        tried = resumed.tried
        for route in range(resumed.route, len(self._run.send.routes)):
            attempted = await self._try_route(route, tried)
            tried = 0
            if attempted is None:  # too late for this message
                break
            if attempted.outcome is Outcome.DELIVERED:
                return self._receipt(SendStatus.DELIVERED, attempted)
            if attempted.outcome is Outcome.UNCLEAR and self._run.send.message.urgency is not Urgency.URGENT:
                break
        return self._receipt(SendStatus.UNCLEAR if self._unclear else SendStatus.FAILED, None)

    async def _try_route(self, route: int, tried: int) -> Attempted | None:
        """Try one route until it has taken the message, or is not tried any more; None once the message is too old."""
        waited = 0.0
        while not self._too_late():
            self._number += 1
            attempted: Attempted = await workflow.execute_activity(
                ATTEMPT_SEND_ACTIVITY,
                AttemptOrder(
                    send=self._run.send,
                    round=self._run.round,
                    number=self._number,
                    route=route,
                    tried=tried,
                    waited=waited,
                ),
                result_type=Attempted,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                retry_policy=RETRY,
                summary=f"attempt {self._number} by {self._run.send.routes[route].channel}",
            )
            self._unclear = self._unclear or attempted.outcome is Outcome.UNCLEAR
            if attempted.again_in is None:
                return attempted
            if attempted.outcome is Outcome.LIMITED:
                waited += attempted.again_in
            else:
                tried += 1
            await workflow.sleep(attempted.again_in)
        return None

    def _too_late(self) -> bool:
        end = self._run.send.not_after
        return end is not None and workflow.now() >= end

    def _receipt(self, status: SendStatus, attempted: Attempted | None) -> SendReceipt:
        return SendReceipt(
            key=self._run.send.key,
            status=status,
            channel=None if attempted is None else attempted.channel,
            far_id=None if attempted is None else attempted.far_id,
            attempts=self._number,
            at=workflow.now(),
        )
