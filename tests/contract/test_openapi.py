"""The description of the API says what the contract says: every path, its parameters, bodies, answers and refusals."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.app import create_app
from api.routes.commands import ONE_BY_ONE
from models.commands import HUMAN_COMMAND_MODELS
from rules.life_cycle import HUMAN_COMMANDS

V1 = "/api/v1"
PATHS = {
    ("post", f"{V1}/auth/token"),
    ("get", f"{V1}/me"),
    ("post", f"{V1}/cases"),
    ("get", f"{V1}/cases"),
    ("get", f"{V1}/cases/{{case_no}}"),
    ("get", f"{V1}/cases/duplicates"),
    ("get", f"{V1}/cases/{{case_no}}/facts"),
    ("get", f"{V1}/reports/{{report_id}}"),
    ("post", f"{V1}/attachments"),
    ("get", f"{V1}/attachments/{{sha256}}"),
    ("get", f"{V1}/inbox"),
    ("get", f"{V1}/grids"),
    ("get", f"{V1}/grids/{{code}}"),
    ("get", f"{V1}/grids.geojson"),
    ("get", f"{V1}/categories"),
    ("get", f"{V1}/departments"),
    ("get", f"{V1}/people"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}
FILTERS = {
    "answer",
    "stage", "light", "overdue", "grid", "category", "department", "owner", "q", "reported_from", "reported_to", "sort",
    "due", "limit", "cursor", "host", "level", "handled_by", "handler", "led", "figure", "without", "from", "to",
    "enterprise", "zone",
}  # fmt: skip
REPORT = {
    "report_id", "category", "title", "description", "grid", "location", "occurred_at", "severity", "attachments",
    "reporter",
}  # fmt: skip
VIEW = {
    "case_no", "report_id", "title", "description", "category", "severity", "source", "grid", "location", "stage",
    "light", "due_at", "provisional", "clocks", "owner", "level", "tasks", "round", "revision", "reported_at",
    "received_at", "closed_at", "allowed_commands",
}  # fmt: skip
#: Open to everybody: signing in itself, and what machines ask.
OPEN = {f"{V1}/auth/token", f"{V1}/auth/session", f"{V1}/auth/methods"}


@pytest.fixture(scope="module")
def schema() -> Any:
    return create_app().openapi()


def operations(schema: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def resolved(schema: Any, node: Any) -> Any:
    """The schema that a reference stands for."""
    if "allOf" in node and len(node["allOf"]) == 1:
        node = node["allOf"][0]
    while "$ref" in node:
        node = schema["components"]["schemas"][node["$ref"].rpartition("/")[2]]
    return node


def body_of(schema: Any, operation: Any) -> Any:
    return resolved(schema, operation["requestBody"]["content"]["application/json"]["schema"])


def test_it_is_openapi_3_1(schema: Any) -> None:
    assert schema["openapi"].startswith("3.1")


def test_every_path_of_the_contract_is_there(schema: Any) -> None:
    found = {(method, path) for method, path, _ in operations(schema)}
    assert found >= PATHS


def test_every_command_has_a_route_and_a_bulk_route(schema: Any) -> None:
    routes = set(schema["paths"])
    assert len(HUMAN_COMMANDS) == 67
    assert {p.rpartition("/")[2] for p in routes if "/cases/{case_no}/commands/" in p} == set(HUMAN_COMMANDS)
    assert {p.rpartition("/")[2] for p in routes if "/bulk/" in p} == set(HUMAN_COMMANDS) - ONE_BY_ONE


@pytest.mark.parametrize("name", HUMAN_COMMANDS)
def test_every_command_says_what_its_body_is(schema: Any, name: str) -> None:
    operation = schema["paths"][f"{V1}/cases/{{case_no}}/commands/{name}"]["post"]
    model = HUMAN_COMMAND_MODELS[name]
    body = body_of(schema, operation)
    assert set(body["properties"]) == set(model.model_fields)
    required = {field for field, info in model.model_fields.items() if info.is_required()}
    assert set(body.get("required", [])) == required
    assert operation["requestBody"].get("required", False) == bool(required)
    assert body["additionalProperties"] is False
    headers = {p["name"] for p in operation["parameters"] if p["in"] == "header"}
    assert {"If-Match", "Idempotency-Key"} <= headers
    view = resolved(schema, operation["responses"]["200"]["content"]["application/json"]["schema"])
    assert set(view["properties"]) >= VIEW


@pytest.mark.parametrize("name", [name for name in HUMAN_COMMANDS if name not in ONE_BY_ONE])
def test_a_bulk_body_holds_the_cases_and_the_command(schema: Any, name: str) -> None:
    body = body_of(schema, schema["paths"][f"{V1}/bulk/{name}"]["post"])
    assert set(body["properties"]) == {"cases", "command"}
    command = resolved(schema, body["properties"]["command"])
    assert set(command["properties"]) == set(HUMAN_COMMAND_MODELS[name].model_fields)


def test_a_report_is_described(schema: Any) -> None:
    operation = schema["paths"][f"{V1}/cases"]["post"]
    body = body_of(schema, operation)
    assert set(body["properties"]) >= REPORT
    assert set(body["required"]) == {"category"}
    assert set(operation["responses"]) >= {"200", "201", "202", "4XX", "5XX"}
    assert "Idempotency-Key" in {p["name"] for p in operation["parameters"]}
    for status in ("200", "201"):
        answer = operation["responses"][status]["content"]["application/json"]["schema"]
        view = resolved(schema, answer.get("anyOf", [answer])[0])  # else: what is left of a retired case
        assert set(view["properties"]) >= VIEW


def test_the_filters_of_a_list_are_described(schema: Any) -> None:
    parameters = schema["paths"][f"{V1}/cases"]["get"]["parameters"]
    asked = {p["name"]: p for p in parameters if p["in"] == "query"}
    assert set(asked) == FILTERS
    assert asked["limit"]["schema"]["maximum"] == 200
    page = resolved(
        schema, schema["paths"][f"{V1}/cases"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    )
    assert set(page["properties"]) == {"items", "next_cursor", "total", "total_is_minimum", "retired"}


def test_every_operation_tells_its_refusals(schema: Any) -> None:
    for method, path, operation in operations(schema):
        if not path.startswith(V1):
            continue
        for status in ("4XX", "5XX"):
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], (method, path)
            problem = resolved(schema, content["application/problem+json"]["schema"])
            assert {"type", "title", "status", "detail", "errors"} <= set(problem["properties"])
        assert "422" not in operation["responses"], "the framework's own error shape is nowhere used"


def test_every_operation_says_who_may_call_it(schema: Any) -> None:
    for method, path, operation in operations(schema):
        if (method, path) == ("post", f"{V1}/stations/{{code}}/readings"):
            assert operation.get("security") == [{"station-key": []}], "a station has a key of its own"
        elif (method, path) == ("post", f"{V1}/handovers/{{id}}/answer"):
            assert not operation.get("security"), "the body is signed"
        elif (path.startswith((V1, "/codec/")) and path not in OPEN) or (method, path) == (
            "delete",
            f"{V1}/auth/session",
        ):
            assert operation.get("security") == [{"bearer": []}], (method, path)
        else:
            assert not operation.get("security"), (method, path)


def test_every_operation_has_a_name_of_its_own_and_words(schema: Any) -> None:
    named = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(named) == len(set(named))
    assert all(operation.get("summary") for _, _, operation in operations(schema))
