"""The bulletin workflow: one activity that counts and stores, retried until it succeeds.

Schedules start it, and people who ask for a bulletin.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from models.jobs.bulletin import BULLETIN_ACTIVITY, BULLETIN_WORKFLOW, BulletinOrder, BulletinsMade

#: The time at which a schedule should have started the run, which may have been late.
SCHEDULED_FOR = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=BULLETIN_WORKFLOW)
class BulletinWorkflow:
    """Makes the bulletins of one kind and period; a second run replaces them."""

    @workflow.run
    async def run(self, order: BulletinOrder) -> BulletinsMade:
        """Make the bulletins. Return their ids."""
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
