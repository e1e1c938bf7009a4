"""The export workflow: one activity makes the workbook, retried until it succeeds; later another removes it."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from models.jobs.export import EXPORT_ACTIVITY, EXPORT_WORKFLOW, REMOVE_EXPORT_ACTIVITY, RETENTION, ExportOrder

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=EXPORT_WORKFLOW)
class ExportWorkflow:
    """Makes one export and removes it after its retention time, even when it failed."""

    @workflow.run
    async def run(self, order: ExportOrder) -> None:
        """Make the export, wait, and remove it."""
        try:
            await workflow.execute_activity(
                EXPORT_ACTIVITY,
                order,
                start_to_close_timeout=timedelta(minutes=30),
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=RETRY,
            )
        except ActivityError:
            # Its row says that it failed, until it is removed too.
            workflow.logger.error("export failed")
        await workflow.sleep(RETENTION)
        await workflow.execute_activity(
            REMOVE_EXPORT_ACTIVITY, order, start_to_close_timeout=timedelta(minutes=1), retry_policy=RETRY
        )
