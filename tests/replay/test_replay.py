"""Histories of all workflows that began under earlier code replay under today's: no open one would be wedged by it.

Here the workflow's own file runs within the sandbox, as it does not in a worker: what it may not ask for is refused.
"""

import base64
import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest
import temporalio.workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

import workflows
from infra.temporal import make_converter
from models.commands import HUMAN_COMMAND_MODELS
from models.sends import Outcome, SendStatus
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
    """Each that there is runs in a worker, and is guarded. Those of the measurements never run there."""
    begun = [_events(file)[0]["workflowExecutionStartedEventAttributes"] for file in FILES]
    run = {temporalio.workflow._Definition.must_from_class(one).name for one in WORKFLOWS}
    assert {one["workflowType"]["name"] for one in begun} >= run
    modules = [name for _, name, _ in pkgutil.iter_modules(workflows.__path__) if name != "benchmark"]
    defined = {
        definition.name
        for module in modules
        for one in vars(importlib.import_module(f"workflows.{module}")).values()
        if isinstance(one, type) and (definition := temporalio.workflow._Definition.from_class(one)) is not None
    }
    assert defined == run


def test_the_histories_hold_every_way_of_a_send_and_of_a_hand_over() -> None:
    """Every outcome of an attempt and every end of a send; hand-overs that wait, are told to look, and end."""
    sends = [one for file in FILES if "-send-" in file.stem for one in _results(file)]
    assert {one["outcome"] for one in sends if "outcome" in one} == {one.value for one in Outcome}
    assert {one["status"] for one in sends if "status" in one} == {one.value for one in SendStatus} - {"waiting"}
    for file in (file for file in FILES if "-handover-" in file.stem):
        kinds = {event["eventType"] for event in _events(file)}
        assert {"EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED", "EVENT_TYPE_TIMER_STARTED"} <= kinds, file.stem
        steps = [one for one in _results(file) if "over" in one]
        assert [one["over"] for one in steps] == [False] * (len(steps) - 1) + [True], file.stem


def _events(file: Path) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads(file.read_text())["events"]
    return events


def _results(file: Path) -> list[dict[str, Any]]:
    """What activities and the workflow itself returned, as far as they returned objects."""
    found = []
    for event in _events(file):
        for name in ("activityTaskCompletedEventAttributes", "workflowExecutionCompletedEventAttributes"):
            for payload in event.get(name, {}).get("result", {}).get("payloads", ()):
                value = json.loads(base64.b64decode(payload.get("data", "")) or "null")
                found += [value] if isinstance(value, dict) else []
    return found


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
