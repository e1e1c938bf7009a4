"""Whatever goes wrong comes back as a problem document, in the caller's language."""

import errno
from collections.abc import AsyncIterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from api.middleware import RequestMiddleware
from doors.draining import Drain
from doors.negotiation import preferred_language
from doors.problems import add_error_handlers, error_for_unexpected, problem_document
from infra.settings import Settings
from infra.store.policies import NoPolicy
from models.errors import DomainError, Internal, NotYours, StorageFull, UnknownGrid, WrongStage


class Place(BaseModel):
    lat: float = Field(ge=-90, le=90)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=5)
    at: AwareDatetime | None = None
    place: Place | None = None
    tags: tuple[str, ...] = Field((), max_length=1)


@pytest.fixture
async def client(api_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A small application in which everything goes wrong."""
    app = FastAPI()
    app.state.services, app.state.drain = SimpleNamespace(settings=api_settings), Drain()

    @app.post("/body")
    async def body(body: Body) -> datetime | None:
        return body.at

    @app.get("/items/{number}")
    async def item(number: int, limit: int = 1) -> int:
        return number * limit

    @app.get("/stage")
    async def stage() -> None:
        raise WrongStage(command="dispatch", stage="review")

    @app.get("/grid")
    async def grid() -> None:
        raise UnknownGrid(grid="x", pointer="/grid")

    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("secret: hunter2")

    @app.get("/away")
    async def away() -> None:
        raise OperationalError("select", {}, Exception("refused"))

    @app.get("/unset")
    async def unset() -> None:
        raise NoPolicy("publish one")

    add_error_handlers(app)
    app.add_middleware(RequestMiddleware)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gridloop.test") as opened:
        yield opened


async def test_a_domain_error(client: httpx.AsyncClient) -> None:
    answer = await client.get("/stage", headers={"X-Request-Id": "my-request-1"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "zh-CN"
    assert answer.headers["x-request-id"] == "my-request-1"
    assert answer.json() == {
        "type": "urn:gridloop:problem:wrong_stage",
        "title": "与当前状态冲突",
        "status": 409,
        "detail": "“派遣”不能在“核查”环节执行。",
        "instance": "urn:gridloop:request:my-request-1",
        "code": "wrong_stage",
    }


async def test_a_pointer_becomes_an_error(client: httpx.AsyncClient) -> None:
    body = (await client.get("/grid", headers={"Accept-Language": "en-GB"})).json()
    assert body["errors"] == [{"pointer": "/grid", "message": "There is no grid unit x, or it is retired."}]


@pytest.mark.parametrize("sent", ["", "short", "x" * 200, 'new"\nline-and-more', "空格空格空格空格空格"])
async def test_an_odd_request_id_is_replaced(client: httpx.AsyncClient, sent: str) -> None:
    answer = await client.get("/stage", headers={b"X-Request-Id": sent.encode()})
    assert len(answer.headers["x-request-id"]) == 36


async def test_every_fault_of_the_input_is_pointed_at(client: httpx.AsyncClient) -> None:
    wrong: dict[str, Any] = {
        "at": "2025-01-01T00:00:00", "place": {"lat": 91}, "tags": ["a", "b"], "a/b~c": 1, "title": "",
    }  # fmt: skip
    answer = await client.post("/body", json=wrong)
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_input"
    told = {error["pointer"]: error["message"] for error in answer.json()["errors"]}
    assert told == {
        "/title": "不能为空",
        "/at": "日期时间须带时区,例如 +08:00",
        "/place/lat": "须不大于 90.0",
        "/tags": "最多 1 项",
        "/a~1b~0c": "没有这个字段",
    }
    english = await client.post("/body", json={}, headers={"Accept-Language": "en"})
    assert english.json()["errors"] == [{"pointer": "/title", "message": "is required"}]
    assert english.json()["detail"] == "Bad input: title is required."


async def test_faults_outside_the_body_say_where(client: httpx.AsyncClient) -> None:
    answer = await client.get("/items/x?limit=y")
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/path/number", "/query/limit"}


async def test_broken_json_says_where(client: httpx.AsyncClient) -> None:
    answer = await client.post("/body", content=b'{"title":\n  oops}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "broken_json"
    assert "第 2 行第 3 列(字符位置 12)" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b'{"title": "\xff\xfe"}', b"[" * 100_000, b'{"title": ' + b"9" * 5000 + b"}"])
async def test_hopeless_bodies_are_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/body", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] in {"broken_json", "bad_request"}


async def test_a_lone_surrogate_is_bad_input(client: httpx.AsyncClient) -> None:
    answer = await client.post("/body", content=b'{"title": "\\ud800"}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/title", "message": "含有无效的 Unicode 字符"}]


async def test_what_the_framework_refuses_is_a_problem_too(client: httpx.AsyncClient) -> None:
    missing = await client.get("/nowhere")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    method = await client.delete("/stage")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "GET, HEAD"


async def test_an_unexpected_error_is_logged_and_not_shown(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        answer = await client.get("/boom")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert answer.headers["x-request-id"] in answer.json()["instance"]
    assert "hunter2" not in answer.text
    assert any("exc_info" in entry for entry in logs)
    line = next(entry for entry in logs if entry["event"] == "request")
    assert (line["route"], line["status"]) == ("/boom", 500)


async def test_an_absent_database_is_503(client: httpx.AsyncClient) -> None:
    answer = await client.get("/away")
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
    assert answer.headers["retry-after"] == "5"
    assert (await client.get("/unset")).json()["code"] == "not_set_up"


async def test_the_log_line_has_no_query(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/items/7?limit=13")
    line = next(entry for entry in logs if entry["event"] == "request")
    assert (line["path"], line["route"], line["status"]) == ("/items/7", "/items/{number}", 200)
    assert "13" not in str({key: value for key, value in line.items() if key != "seconds"})


async def test_large_bodies_are_refused_by_their_declared_length(client: httpx.AsyncClient) -> None:
    answer = await client.post("/body", content=b" " * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_large_bodies_are_refused_by_their_actual_length(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b" " * 65536

    answer = await client.post("/body", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert read < 20


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"), ("", "zh"), ("en", "en"), ("EN-us,zh;q=0.9", "en"), ("en;q=0.2, zh-CN;q=0.8", "zh"),
        ("fr", "zh"), ("fr, *;q=0.5", "zh"), ("zh;q=0, en;q=0.1", "en"), ("zh;q=0, *", "en"), ("en;q=x", "zh"),
        ("en;q=nan", "zh"), ("de;q=1.0, en-GB;q=0.9", "en"),
    ],
)  # fmt: skip
def test_languages(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    ("error", "zh", "en"),
    [
        (
            NotYours(command="accept", who="duty_officer / supervisor"),
            "您无权执行“受理”:需要 值班员 / 督查员。",
            "You may not do “accept”: it takes a duty officer / a supervisor.",
        ),
        (
            NotYours(command="supervision", who="supervisor / auditor"),
            "需要以下角色之一:督查员 / 审计员。",
            "This takes one of these roles: supervisor / auditor.",
        ),
        (
            WrongStage(command="dispatch", stage="receive"),
            "“派遣”不能在“受理”环节执行。",
            "“dispatch” cannot be done in stage “receive”.",
        ),
    ],
)
def test_a_refusal_names_commands_stages_and_roles_as_people_do(error: DomainError, zh: str, en: str) -> None:
    assert (problem_document(error, "zh")["detail"], problem_document(error, "en")["detail"]) == (zh, en)


@pytest.mark.parametrize(
    ("number", "answer"), [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, Internal)]
)
def test_a_full_disk_is_told_apart_from_a_fault_of_ours(number: int, answer: type[Exception]) -> None:
    assert type(error_for_unexpected(OSError(number, "it is so"))) is answer
