"""The scheduled archiving: new facts, and a copy of what they refer to, go to the archive."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.jobs.history import ARCHIVE_ACTIVITY, ARCHIVE_WORKFLOW, ArchiveMade

#: Few attempts: after a failure the next run comes soon enough.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=1), maximum_attempts=5)


@workflow.defn(name=ARCHIVE_WORKFLOW)
class ArchiveWorkflow:
    """One run of archiving."""

    @workflow.run
    async def run(self) -> ArchiveMade:
        """Archive what is not archived yet, and return how much that was."""
        made: ArchiveMade = await workflow.execute_activity(
            ARCHIVE_ACTIVITY,
            result_type=ArchiveMade,
            start_to_close_timeout=timedelta(hours=2),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=RETRY,
        )
        return made
