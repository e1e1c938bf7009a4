"""A bulletin: one step that counts and stores, tried until it works. Schedules start it, and people who ask for it."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from models.jobs.bulletin import BULLETIN_ACTIVITY, BULLETIN_WORKFLOW, BulletinOrder, BulletinsMade

#: When a schedule meant to start the run, though it may have been late.
SCHEDULED_FOR = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=BULLETIN_WORKFLOW)
class BulletinWorkflow:
    """Makes the bulletins of one kind and period; made again, the same ones are replaced."""

    @workflow.run
    async def run(self, order: BulletinOrder) -> BulletinsMade:
        """Which bulletins were made."""
        meant = workflow.info().typed_search_attributes.get(SCHEDULED_FOR)
        dated = order.model_copy(update={"at": order.at or meant or workflow.now()})
        made: BulletinsMade = await workflow.execute_activity(
            BULLETIN_ACTIVITY,
            dated,
            result_type=BulletinsMade,
            start_to_close_timeout=timedelta(minutes=10),
            retry_policy=RETRY,
        )
        return made
