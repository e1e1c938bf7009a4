"""The activity calls of the case workflow: the recording step and the errands, with their retries.

Activities are named, not imported: their imports must not enter the sandbox.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from models.errors import DomainError, Refusal, refusal
    from models.messages import Opening, Receipt, Recorded, Step, Telling
    from models.wire_names import OPEN_CASE_ACTIVITY, RECORD_ACTIVITY, TELL_CASE_ACTIVITY

#: How long the local attempts, inside the workflow task, may take together.
LOCAL_TIMEOUT = timedelta(seconds=6)
#: After these attempts it becomes a regular activity. Attempts are limited because the schedule-to-close timeout of a
#: local activity is not checked between attempts, and a worker could not even stop.
LOCAL_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=150), backoff_coefficient=2, maximum_attempts=3)
ACTIVITY_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=500),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=5),
)


class Refused(ApplicationError):
    """The recording step refused the command. An ApplicationError, so that it fails the update and not the workflow."""

    def __init__(self, value: Refusal) -> None:
        self.refusal = value
        super().__init__(
            refusal(value).message("en"), value.model_dump(mode="json"), type=value.code, non_retryable=True
        )


def as_failure(error: DomainError) -> Refused:
    """The domain error as a Temporal failure: its type is the code, its details are the parameters."""
    return Refused(error.as_refusal())


async def record(step: Step) -> Recorded:
    """Run one recording step. Return what it recorded.

    It is a local activity first, so that a command costs one workflow task, and a regular one when that fails.

    While PostgreSQL is away, this waits without end and without history for it to come back.
    """
    try:
        recorded: Recorded = await workflow.execute_local_activity(
            RECORD_ACTIVITY,
            step,
            result_type=Recorded,
            schedule_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=LOCAL_RETRY,
        )
    except (ActivityError, ApplicationError):  # a local activity raises what it failed with, unwrapped
        recorded = await workflow.execute_activity(
            RECORD_ACTIVITY,
            step,
            result_type=Recorded,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=ACTIVITY_RETRY,
            summary=f"record {step.command.kind}",
        )
    return recorded


async def tell_case(telling: Telling) -> str | None:
    """Tell another case about a merge; return the code with which it refused for good, None when it was told."""
    refused: str | None = await workflow.execute_activity(
        TELL_CASE_ACTIVITY, telling, start_to_close_timeout=timedelta(seconds=30), retry_policy=ACTIVITY_RETRY
    )
    return refused


async def open_case(opening: Opening) -> Receipt:
    """Open the case that a split-off part becomes. Return its receipt."""
    receipt: Receipt = await workflow.execute_activity(
        OPEN_CASE_ACTIVITY,
        opening,
        result_type=Receipt,
        start_to_close_timeout=timedelta(seconds=30),
        retry_policy=ACTIVITY_RETRY,
    )
    return receipt
