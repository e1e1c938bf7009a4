"""Links for schemathesis: the answer to a report or the beginning of a matter names what commands are given to."""

from typing import Any

import schemathesis

from tests.builders import MICRO


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
