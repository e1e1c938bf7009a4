"""An export: one step that makes the workbook, tried until it works; then it is kept a while, and removed."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from models.jobs.export import EXPORT_ACTIVITY, EXPORT_WORKFLOW, REMOVE_EXPORT_ACTIVITY, RETENTION, ExportOrder

RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=EXPORT_WORKFLOW)
class ExportWorkflow:
    """Makes one export and removes it when its time is over, whatever became of it."""

    @workflow.run
    async def run(self, order: ExportOrder) -> None:
        """Ends when the export is gone."""
        try:
            await workflow.execute_activity(
                EXPORT_ACTIVITY,
                order,
                start_to_close_timeout=timedelta(minutes=30),
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=RETRY,
            )
        except ActivityError:
            # Its row says that it failed, until it goes as well.
            workflow.logger.error("an export could not be made")
        await workflow.sleep(RETENTION)
        await workflow.execute_activity(
            REMOVE_EXPORT_ACTIVITY, order, start_to_close_timeout=timedelta(minutes=1), retry_policy=RETRY
        )
