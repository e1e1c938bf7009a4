"""Only known modules enter the workflow sandbox: any other import costs every open case memory and time."""

from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import (
    RestrictedWorkflowAccessError,
    SandboxedWorkflowRunner,
    SandboxRestrictions,
)
from temporalio.workflow import SandboxImportNotificationPolicy

from tests.workflows.careless import CarelessWorkflow, ClockWorkflow
from worker import workflow_runner
from workflows.case import CaseWorkflow
from workflows.sandbox import PASSTHROUGH_MODULES, PURE_MODULES

POLICY = (
    SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
    | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
)


def strict_runner(*passed: str) -> SandboxedWorkflowRunner:
    """A runner that refuses a workflow which imports a module that is not passed through."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*passed)
    return SandboxedWorkflowRunner(restrictions=restrictions.with_import_notification_policy(POLICY))


async def test_the_case_workflow_imports_only_passed_through_modules(temporal_client: Client) -> None:
    runner = strict_runner(*PURE_MODULES)
    Worker(temporal_client, task_queue="sandbox-strict", workflows=[CaseWorkflow], workflow_runner=runner)


async def test_an_import_that_is_not_passed_through_is_refused(temporal_client: Client) -> None:
    """The check above does fail."""
    with pytest.raises(RuntimeError) as refused:
        Worker(
            temporal_client,
            task_queue="sandbox-careless",
            workflows=[CarelessWorkflow],
            workflow_runner=strict_runner(),
        )
    assert "models" in repr(refused.value.__cause__)


def test_no_module_with_io_is_passed_through() -> None:
    assert not {"infra", "services", "activities", "api", "cli", "sqlalchemy", "httpx"} & set(PASSTHROUGH_MODULES)


async def test_a_call_that_a_replay_would_not_repeat_is_refused(temporal_client: Client) -> None:
    async with Worker(
        temporal_client,
        task_queue=f"sandbox-{uuid4()}",
        workflows=[ClockWorkflow],
        workflow_runner=workflow_runner(sandbox=True),
        workflow_failure_exception_types=[RestrictedWorkflowAccessError],
    ) as worker:
        with pytest.raises(WorkflowFailureError) as failed:
            await temporal_client.execute_workflow(
                ClockWorkflow.run, id=f"clock-{uuid4()}", task_queue=worker.task_queue
            )
    assert "time.time" in str(failed.value.cause)
