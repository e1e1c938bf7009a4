"""Histories of all workflows that began under earlier code replay under today's: no open one would be wedged by it.

Here the workflow's own file runs within the sandbox, as it does not in a worker: what it may not ask for is refused.
"""

import base64
import json
from pathlib import Path

import pytest
import temporalio.workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from infra.temporal import make_converter
from models.commands import HUMAN_COMMAND_MODELS
from tests.replay.record import HISTORIES
from worker import WORKFLOWS
from workflows.sandbox import PURE_MODULES

FILES = sorted(HISTORIES.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_recorded_history_replays(file: Path, key_file: Path) -> None:
    replayer = Replayer(
        workflows=WORKFLOWS,
        data_converter=make_converter(key_file),
        workflow_runner=SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules(*PURE_MODULES)
        ),
    )
    await replayer.replay_workflow(WorkflowHistory.from_json(f"case-{file.stem}", file.read_text()))


def test_the_histories_hold_every_command() -> None:
    """Only what was recorded is guarded."""
    seen = "".join(file.read_text() for file in FILES)
    kept = {kind for kind in HUMAN_COMMAND_MODELS if _is_in(seen, kind)}
    assert kept == set(HUMAN_COMMAND_MODELS)


def test_the_histories_hold_every_workflow() -> None:
    """Each that a worker runs is guarded."""
    begun = [json.loads(file.read_text())["events"][0]["workflowExecutionStartedEventAttributes"] for file in FILES]
    run = {temporalio.workflow._Definition.must_from_class(one).name for one in WORKFLOWS}
    assert {one["workflowType"]["name"] for one in begun} >= run


def _is_in(histories: str, kind: str) -> bool:
    """Payloads are base64 in the file: look for the command's kind at each of the three places it can start."""
    needle = f'"kind":"{kind}"'.encode()
    spellings = set()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + needle).decode()
        spellings.add(text[(4 if shift else 0) : len(text) // 4 * 4 - 4])
    return any(spelling in histories for spelling in spellings)


def test_the_files_are_histories() -> None:
    assert FILES, "record some: python -m tests.replay.record VERSION"
    for file in FILES:
        assert json.loads(file.read_text())["events"]
