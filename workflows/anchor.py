"""The scheduled anchoring: the hashes of a day are signed and kept outside the database."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.jobs.history import ANCHOR_ACTIVITY, ANCHOR_WORKFLOW, AnchorsMade

#: Few attempts: after a failure the next run comes soon enough.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=1), maximum_attempts=5)


@workflow.defn(name=ANCHOR_WORKFLOW)
class AnchorWorkflow:
    """One run: the anchors of the days that have ended and have none."""

    @workflow.run
    async def run(self) -> AnchorsMade:
        """Make the anchors that are due, and return their days."""
        made: AnchorsMade = await workflow.execute_activity(
            ANCHOR_ACTIVITY,
            result_type=AnchorsMade,
            start_to_close_timeout=timedelta(hours=1),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=RETRY,
        )
        return made
