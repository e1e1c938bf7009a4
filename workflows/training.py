"""The scheduled training of the suggestions at intake."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.jobs.suggestions import TRAINING_ACTIVITY, TRAINING_WORKFLOW, TrainingDone

#: Few attempts: after a failure the next run comes soon enough.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=30), maximum_interval=timedelta(minutes=5), maximum_attempts=3)


@workflow.defn(name=TRAINING_WORKFLOW)
class TrainingWorkflow:
    """One run of the training."""

    @workflow.run
    async def run(self) -> TrainingDone:
        """Make the models that are due, and return which."""
        done: TrainingDone = await workflow.execute_activity(
            TRAINING_ACTIVITY,
            result_type=TrainingDone,
            start_to_close_timeout=timedelta(hours=2),
            heartbeat_timeout=timedelta(minutes=2),
            retry_policy=RETRY,
        )
        return done
