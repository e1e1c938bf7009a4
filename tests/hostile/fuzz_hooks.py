"""Hooks of schemathesis: who asks, and links from the answer to a report or the beginning of a matter to commands."""

import atexit
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase

from tests.builders import MICRO

#: Environment variables: the token of each role, as JSON; the file for the number of requests of each.
TOKENS, COUNTS = "GRIDLOOP_FUZZ_TOKENS", "GRIDLOOP_FUZZ_COUNTS"
_turns: Counter[str] = Counter()
_asked: Counter[str] = Counter()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Let each operation be asked by one role after the other, each operation beginning with another role."""
    tokens: dict[str, str] = json.loads(os.environ[TOKENS])
    label = case.operation.label
    if label not in _turns:
        _turns[label] = len(_turns)
    role = list(tokens)[_turns[label] % len(tokens)]
    _turns[label] += 1
    _asked[role] += 1
    kwargs["auth"] = _Signed(tokens[role])


class _Signed(AuthBase):
    """Puts a token in the place of that with which the document was read."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


@atexit.register
def _tell() -> None:
    """Leave the counts where they are wanted."""
    if COUNTS in os.environ:
        Path(os.environ[COUNTS]).write_text(json.dumps(_asked))


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Add the links, and let a report name a unit and a category that exist, so that it becomes a case."""
    paths = raw_schema["paths"]
    report = raw_schema["components"]["schemas"]["ReportBody"]["properties"]
    report |= {"category": {"enum": ["0201", "0302"]}, "grid": {"enum": [MICRO]}}
    for name in ("location", "attachments", "enterprise", "occurred_at", "reported_at"):
        report.pop(name, None)
    for path, operations in paths.items():
        for operation in operations.values():
            _link(paths, path, operation)


def _link(paths: dict[str, Any], path: str, operation: dict[str, Any]) -> None:
    for name in ("case_no", "code"):
        root, found, _ = path.partition("/{" + name + "}")
        beginning = paths.get(root, {}).get("post") if found else None
        if beginning is None or "operationId" not in operation:
            continue
        # A revision made up is nearly never the right one, and would keep every command from being taken.
        operation["parameters"] = [one for one in operation.get("parameters", ()) if one["name"] != "If-Match"]
        for status in ("200", "201"):
            answer = beginning["responses"].get(status)
            if answer is not None:
                answer.setdefault("links", {})[operation["operationId"]] = {
                    "operationId": operation["operationId"],
                    "parameters": {name: f"$response.body#/{name}"},
                }
