"""The mailbox of one person: one durable workflow that decides what they are told outside the pages, and when.

It is woken by signal-with-start, looks into the mailbox by one activity, and waits until the moment that the activity
names or until it is woken again. What waits is in PostgreSQL; a run holds only the next moment. With nothing to wait
for it ends, and the next item starts it anew.
"""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from models.mailbox import (
        DECIDE_MAIL_ACTIVITY,
        MAILBOX_WORKFLOW,
        WAKE_SIGNAL,
        MailboxStart,
        MailDecided,
        MailStep,
    )

#: How long a wake-up that is not urgent waits for others: of thousands of items come some looks (our choice).
COALESCE = timedelta(seconds=5)
#: A look is repeated until it succeeds: a store that is away comes back.
RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=10))


@workflow.defn(name=MAILBOX_WORKFLOW)
class MailboxWorkflow:
    """The mailbox of one person."""

    @workflow.init
    def __init__(self, start: MailboxStart) -> None:
        self._wake_at: datetime | None = start.wake_at

    @workflow.signal(name=WAKE_SIGNAL)
    def wake(self, urgent: bool) -> None:
        """Something has come. What is urgent is looked at at once."""
        moment = workflow.now() + (timedelta() if urgent else COALESCE)
        self._wake_at = moment if self._wake_at is None else min(self._wake_at, moment)

    @workflow.run
    async def run(self, start: MailboxStart) -> None:
        """Look whenever it is time, until nothing waits."""
        while self._wake_at is not None:
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(start.model_copy(update={"wake_at": self._wake_at}))
            await self._wait()
            self._wake_at = None
            decided = await self._look(start)
            if decided.wake_at is not None:
                # A signal that came during the look may ask for an earlier moment.
                self._wake_at = decided.wake_at if self._wake_at is None else min(self._wake_at, decided.wake_at)

    async def _wait(self) -> None:
        """Wait for the moment, which a signal may bring forward."""
        while (moment := self._wake_at) is not None and moment > workflow.now():
            try:
                await workflow.wait_condition(
                    lambda moment=moment: self._wake_at != moment,  # type: ignore[misc]
                    timeout=moment - workflow.now(),
                    timeout_summary="next look into the mailbox",
                )
            except TimeoutError:
                return

    async def _look(self, start: MailboxStart) -> MailDecided:
        decided: MailDecided = await workflow.execute_activity(
            DECIDE_MAIL_ACTIVITY,
            MailStep(person=start.person, at=workflow.now()),
            result_type=MailDecided,
            start_to_close_timeout=timedelta(minutes=2),
            retry_policy=RETRY,
        )
        return decided
