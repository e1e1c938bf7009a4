"""The scheduled audit (对账) that compares both stores."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.wire_names import AUDIT_ACTIVITY, AUDIT_WORKFLOW

#: Few attempts: after a failure the next scheduled audit comes soon enough.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=1), maximum_attempts=5)


@workflow.defn(name=AUDIT_WORKFLOW)
class AuditWorkflow:
    """One audit."""

    @workflow.run
    async def run(self) -> dict[str, int]:
        """Run the audit. Return the number of findings of each kind."""
        found: dict[str, int] = await workflow.execute_activity(
            AUDIT_ACTIVITY,
            result_type=dict[str, int],
            start_to_close_timeout=timedelta(hours=1),
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=RETRY,
        )
        return found
