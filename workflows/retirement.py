"""The nightly retirement: cases that are old enough leave the database for the archive."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.jobs.retirement import RETIREMENT_ACTIVITY, RETIREMENT_WORKFLOW, RetirementRun

#: Few attempts: what a failure leaves undone, the next night does.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=30), maximum_interval=timedelta(minutes=10), maximum_attempts=5)


@workflow.defn(name=RETIREMENT_WORKFLOW)
class RetirementWorkflow:
    """One night's run."""

    @workflow.run
    async def run(self) -> RetirementRun | None:
        """Retire what is due, and return the counts; None where cases stay for ever."""
        done: RetirementRun | None = await workflow.execute_activity(
            RETIREMENT_ACTIVITY,
            result_type=RetirementRun | None,  # type: ignore[arg-type]
            start_to_close_timeout=timedelta(hours=6),
            heartbeat_timeout=timedelta(minutes=5),
            retry_policy=RETRY,
        )
        return done
