"""The activity calls of the workflows of cases and matters: recording steps and errands, with their retries.

Activities are named, not imported: their imports must not enter the sandbox.
"""

from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError as ActivityTimedOut

with workflow.unsafe.imports_passed_through():
    from models.base import Frozen
    from models.errors import DomainError, Refusal, refusal
    from models.matters.messages import MatterRecorded, MatterStep
    from models.messages import Opening, Receipt, Recorded, Step, Telling
    from models.wire_names import (
        OPEN_CASE_ACTIVITY,
        RECORD_ACTIVITY,
        RECORD_MATTER_ACTIVITY,
        TELL_CASE_ACTIVITY,
    )

Result = TypeVar("Result")

#: How long the local attempts, inside the workflow task, may take together.
LOCAL_TIMEOUT = timedelta(seconds=6)
#: After these attempts it becomes a regular activity. Attempts are limited because the schedule-to-close timeout of a
#: local activity is not checked between attempts, and a worker could not even stop.
LOCAL_RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=150), backoff_coefficient=2, maximum_attempts=3)
#: With what a local activity fails: an error of its own unwrapped; a timeout wrapped the first time, and unwrapped in a
#: replay. A case in which one of these got away would be stuck: its replay would end otherwise than its run did.
LOCAL_FAILURES = (ActivityError, ApplicationError, ActivityTimedOut)
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
    """Run one recording step of a case. Return what it recorded."""
    return await _record_durably(RECORD_ACTIVITY, step, Recorded, f"record {step.command.kind}")


async def record_matter(step: MatterStep) -> MatterRecorded:
    """Run one recording step of a matter. Return what it recorded."""
    return await _record_durably(RECORD_MATTER_ACTIVITY, step, MatterRecorded, f"record {step.command.get('kind')}")


async def _record_durably(name: str, step: Frozen, result: type[Result], summary: str) -> Result:
    """Run a recording step: as a local activity first, so that a command costs one workflow task, and as a regular one
    when that fails.

    While PostgreSQL is away, this waits without end and without history for it to come back.
    """
    try:
        recorded: Result = await workflow.execute_local_activity(
            name,
            step,
            result_type=result,
            schedule_to_close_timeout=LOCAL_TIMEOUT,
            retry_policy=LOCAL_RETRY,
        )
    except LOCAL_FAILURES:
        recorded = await workflow.execute_activity(
            name,
            step,
            result_type=result,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=ACTIVITY_RETRY,
            summary=summary,
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
