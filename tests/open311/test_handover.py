"""Cases in the hands of a department's Open311 endpoint: sent once whatever is lost, its updates followed."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from infra.handover_client import look_at_handover
from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.api.test_handovers import dispatched, row_of, told, until_status
from tests.fakes.far_side import FarSide, Reply, running_far_side
from tests.fakes.open311 import KEY, REPORTER, FarOpen311Server
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDLOOP_OUTGOING_PRIVATE", "127.0.0.1")
        async with open_harness(servers, tmp_path_factory.mktemp("far-open311")) as opened:
            yield opened


@pytest.fixture
def server() -> FarOpen311Server:
    return FarOpen311Server()


@pytest_asyncio.fixture(loop_scope="module")
async def side(server: FarOpen311Server) -> AsyncIterator[FarSide]:
    async with running_far_side(server.answer) as running:
        yield running


async def set_receiver(harness: ApiHarness, side: FarSide, key: str = KEY, **endpoint: Any) -> str:
    """Make the server the only receiver of the department `labour`."""
    settings = {"service": "other", "services": {"02": "wages"}, "lists_marks": True, "poll_seconds": 30, **endpoint}
    body = {
        "name": "人社服务平台",
        "department": "labour",
        "kind": "open311",
        "url": side.url("/far/v2"),
        "open311": settings,
    }
    headers = harness.signed_in("admin")
    async with transaction(harness.engine) as connection:
        await connection.execute(text("UPDATE receivers SET enabled = false"))
    code = f"labour-{uuid4().hex[:8]}"
    answer = await harness.http.put(f"/admin/receivers/{code}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["secret"] is None
    kept = await harness.http.put(f"/admin/receivers/{code}/key", json={"key": key}, headers=headers)
    assert kept.status_code == 204, kept.text
    assert key not in (await harness.http.get("/admin/receivers", headers=headers)).text
    return code


async def look(harness: ApiHarness, case_no: str) -> None:
    """Let the hand-over be looked at now."""
    row = await row_of(harness, case_no)
    await look_at_handover(harness.temporal, row.id, queue=harness.settings.case_queue)


async def test_a_lost_answer_is_looked_for_before_anything_is_repeated(
    harness: ApiHarness, server: FarOpen311Server, side: FarSide
) -> None:
    await set_receiver(harness, side)
    server.lose = 1
    reporter = {"name": "赵举报", "phone": "13912345678"}
    case_no = await dispatched(harness, description="电话 13912345678", reporter=reporter)
    row = await until_status(harness, case_no, "sent")
    assert row.far_id == "SR-1"
    (request,) = server.requests
    assert request["service_code"] == "wages"
    assert [name for name in REPORTER if name in request] == []
    said = json.dumps(request, ensure_ascii=False)
    assert "赵举报" not in said
    assert "13912345678" not in said


async def test_what_its_lists_do_not_show_is_for_a_person(
    harness: ApiHarness, server: FarOpen311Server, side: FarSide
) -> None:
    await set_receiver(harness, side, lists_marks=False)
    server.lose, server.hidden = 1, True
    case_no = await dispatched(harness)
    await until_status(harness, case_no, "uncertain")
    assert len(server.requests) == 1


async def test_what_it_refuses_is_told_and_what_it_puts_off_is_tried_again(
    harness: ApiHarness, server: FarOpen311Server, side: FarSide
) -> None:
    await set_receiver(harness, side)
    server.refuse = [503]
    row = await until_status(harness, await dispatched(harness), "sent")
    assert (row.far_id, row.tries) == ("SR-1", 2)
    server.refuse = [400]
    refused = await dispatched(harness)
    assert (await until_status(harness, refused, "refused")).failure.startswith("http 400 not now")
    await set_receiver(harness, side, key="wrong")
    assert (await until_status(harness, await dispatched(harness), "refused")).failure.startswith("http 403")
    assert len(server.requests) == 1


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_updates_become_facts_once_and_in_order(
    harness: ApiHarness, server: FarOpen311Server, side: FarSide, form: str
) -> None:
    await set_receiver(harness, side, closing="completes", format=form)
    server.tokens = True
    case_no = await dispatched(harness)
    await until_status(harness, case_no, "sent")
    now = datetime.now(UTC)
    server.update("b", "SR-1", "CLOSED", now, "已发放工资")
    while (await row_of(harness, case_no)).far_id != "SR-1":
        await look(harness, case_no)
    # It comes late: what closes waits for one look, so that nothing said before is lost.
    server.update("a", "SR-1", "IN_PROGRESS", now - timedelta(minutes=2), "已联系企业")
    server.update("x", "SR-9", "CLOSED", now - timedelta(minutes=5), "别人的事")
    server.updates *= 2
    await look(harness, case_no)
    await harness.until_fact(case_no, "progress_reported")
    for one in server.updates:
        one["updated_datetime"] = (now - timedelta(minutes=1 if one["update_id"] == "b" else 2)).isoformat()
    await look(harness, case_no)
    completed = await harness.until_fact(case_no, "completed")
    assert completed["body"]["result"] == "已发放工资"
    kinds = await harness.kinds(case_no)
    assert (kinds.count("progress_reported"), kinds.count("completed")) == (1, 1)
    assert kinds.index("progress_reported") < kinds.index("completed")
    await until_status(harness, case_no, "answered")
    await harness.do("reviewer", case_no, "pass_review", answer="已处理")
    assert (await harness.get("duty", f"/cases/{case_no}"))["stage"] == "closed"


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_photos_of_an_update_are_kept_and_what_cannot_be_had_is_told(
    harness: ApiHarness, server: FarOpen311Server, side: FarSide, form: str
) -> None:
    files = {"/a.png": a_picture("green"), "/b.txt": b"#!/bin/sh", "/big.png": b"x" * (11 * 1024 * 1024)}
    async with running_far_side(
        lambda got: Reply(200, files.get(got.path, b"")) if got.path in files else Reply(404)
    ) as far:
        await set_receiver(harness, side, format=form, closing="completes")
        case_no = await dispatched(harness)
        await until_status(harness, case_no, "sent")
        at = datetime.now(UTC) - timedelta(minutes=5)
        server.update("good", "SR-1", "IN_PROGRESS", at, "已清理一半", far.url("/a.png"))
        names = ("http://10.0.0.1/x.png", far.url("/b.txt"), far.url("/none.png"), far.url("/a.png"))
        server.update("bad", "SR-1", "IN_PROGRESS", at + timedelta(minutes=1), "余下明天", *names)
        server.update("big", "SR-1", "IN_PROGRESS", at + timedelta(minutes=2), "太大", far.url("/big.png"))
        server.update("end", "SR-1", "CLOSED", at + timedelta(minutes=3), "完成", far.url("/a.png"), "ftp://x/y")
        await look(harness, case_no)
        completed = (await harness.until_fact(case_no, "completed"))["body"]
    facts = await harness.get("admin", f"/cases/{case_no}/facts")
    good, bad, big = (one["body"] for one in facts if one["kind"] == "progress_reported")
    assert (good["note"], len(good["attachments"])) == ("[in progress] 已清理一半", 1)
    assert bad["attachments"] == []
    for part in ("余下明天", "所附照片未能取得", "HTTP 404", "另有 1 张"):
        assert part in bad["note"]
    assert big["attachments"] == []
    assert "所附照片未能取得" in big["note"]
    assert (completed["evidence"], completed["answer"]) == (good["attachments"], "完成")
    assert completed["result"].startswith("完成\n(所附照片未能取得")
    assert [got.path for got in far.received].count("/a.png") == 2, "the fourth of an update is not fetched"


async def test_without_updates_the_state_is_polled(
    harness: ApiHarness, server: FarOpen311Server, side: FarSide
) -> None:
    await set_receiver(harness, side, updates=False)
    case_no = await dispatched(harness)
    await until_status(harness, case_no, "sent")
    server.update("-", "SR-1", "CLOSED", datetime.now(UTC) - timedelta(minutes=2), "已处理完毕")
    for _ in range(2):
        await look(harness, case_no)
    fact = await harness.until_fact(case_no, "progress_reported")
    assert fact["body"]["note"] == "[closed] 已处理完毕"
    await look(harness, case_no)
    assert (await harness.kinds(case_no)).count("progress_reported") == 1


async def test_a_case_that_moves_on_is_cancelled_there(
    harness: ApiHarness, server: FarOpen311Server, side: FarSide
) -> None:
    await set_receiver(harness, side)
    case_no = await dispatched(harness)
    await until_status(harness, case_no, "sent")
    await harness.do("duty", case_no, "recall", reason="派错部门")
    await told(harness, case_no, "handover_cancelled")
    (cancelled,) = server.said
    assert (cancelled["service_request_id"], cancelled["status"]) == ("SR-1", "CANCELLED")


async def test_an_endpoint_is_tried_out(harness: ApiHarness, server: FarOpen311Server, side: FarSide) -> None:
    code = await set_receiver(harness, side)
    refused = await harness.send("admin", f"/admin/receivers/{code}/test")
    assert refused.status_code >= 400
    assert "wages" in refused.text
    server.services = ("other", "wages")
    assert (await harness.send("admin", f"/admin/receivers/{code}/test")).status_code == 204
    assert (await harness.send("admin", f"/admin/receivers/{code}/secret")).status_code == 404
