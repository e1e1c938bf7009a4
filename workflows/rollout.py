"""The rollout of a policy version: open cases whose deadlines its calendars change recompute them, with a fact."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.messages import Rollout, RolloutPage
    from models.wire_names import ROLLOUT_ACTIVITY, ROLLOUT_WORKFLOW

#: How often the cases that could not be reached are tried again, and after which pause. Then the audit reports them.
ROUNDS, PAUSE = 12, timedelta(minutes=5)
#: A page is retried until it succeeds: telling a case twice has no further effect.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=ROLLOUT_WORKFLOW)
class RolloutWorkflow:
    """Goes through the open cases page by page; continues as new now and then to keep its history short."""

    @workflow.run
    async def run(self, rollout: Rollout) -> Rollout:
        """Tell all open cases. Return the rollout with the number of cases told."""
        while True:
            page: RolloutPage = await workflow.execute_activity(
                ROLLOUT_ACTIVITY,
                rollout,
                result_type=RolloutPage,
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=timedelta(seconds=30),
                retry_policy=RETRY,
            )
            missed = rollout.missed + page.missed
            rollout = rollout.model_copy(
                update={"after": page.after, "told": rollout.told + page.told, "missed": missed}
            )
            if page.after is None:
                if not missed or rollout.rounds >= ROUNDS:
                    return rollout
                await workflow.sleep(PAUSE)
                rollout = rollout.model_copy(update={"missed": 0, "rounds": rollout.rounds + 1})
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(rollout)
