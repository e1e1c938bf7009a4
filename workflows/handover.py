"""The workflow of a hand-over: looks at how far it is, waits until the next moment or until told, and looks again.

What is sent, asked and told is decided in the activity from the row of the hand-over, which the case's own transaction
writes: the workflow only never forgets to look.
"""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.handovers import (
        ADVANCE_HANDOVER_ACTIVITY,
        HANDOVER_WORKFLOW,
        LOOK_SIGNAL,
        HandoverOrder,
        HandoverStep,
    )

#: While the database is away, an activity is tried again without end.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
#: How long one look may take, with a request to the receiver; then its worker is taken for dead.
LOOK_TIMEOUT = timedelta(seconds=60)


@workflow.defn(name=HANDOVER_WORKFLOW)
class HandoverWorkflow:
    """One hand-over, from its fact to its end."""

    @workflow.init
    def __init__(self, order: HandoverOrder) -> None:
        self._told = False

    @workflow.run
    async def run(self, order: HandoverOrder) -> None:
        """Look until it is over."""
        while True:
            self._told = False
            step: HandoverStep = await workflow.execute_activity(
                ADVANCE_HANDOVER_ACTIVITY,
                order,
                result_type=HandoverStep,
                start_to_close_timeout=LOOK_TIMEOUT,
                retry_policy=RETRY,
            )
            if step.over:
                return
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._told, timeout=timedelta(seconds=step.seconds))
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(order)

    @workflow.signal(name=LOOK_SIGNAL)
    def look(self) -> None:
        """Look now."""
        self._told = True
