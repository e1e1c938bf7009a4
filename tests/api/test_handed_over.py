"""What a hand-over brings to the far side besides the case: messages to partners, photos, and how to answer."""

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from infra.handover_client import look_at_handover
from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.api.test_handovers import WAITED, dispatched, kinds, set_receiver, until_status
from tests.fakes.far_side import running_far_side
from tests.fakes.far_system import FarSystem, running_far_system
from tests.fakes.mail_server import Mailbox, mail_server
from tests.fakes.open311 import FarOpen311Server
from tests.fakes.sms_gateway import Gateway
from tests.open311.test_handover import set_receiver as set_endpoint
from tests.servers import Servers
from web.app import create_app

pytestmark = pytest.mark.asyncio(loop_scope="module")
BASE = "https://grid.example"
DOCS = Path(__file__).parents[2] / "docs" / "handover.md"
NAME, TELEPHONE = "赵举报", "13912345678"
SMS = {
    "kind": "sms", "headers": {"X-Key": "{secret}"}, "ok_path": "code", "ok_value": "OK", "id_path": "data.id",
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDLOOP_OUTGOING_PRIVATE", "127.0.0.0/8,::1/128")
        patch.setenv("GRIDLOOP_PUBLIC_URL", BASE)
        async with open_harness(servers, tmp_path_factory.mktemp("handed-over"), create_app) as opened:
            yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def far() -> AsyncIterator[FarSystem]:
    async with running_far_system() as system:
        yield system


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pages(harness: ApiHarness) -> AsyncIterator[httpx.AsyncClient]:
    """The pages, as somebody without an account calls them."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(harness.app), base_url=BASE) as client:
        yield client


async def channel(harness: ApiHarness, id_: str, config: dict[str, Any], **secrets: str) -> None:
    body = {"id": id_, "name": id_, "config": config, "secrets": secrets}
    answer = await harness.http.put(f"/admin/channels/{id_}", json=body, headers=harness.signed_in("admin"))
    assert answer.status_code == 200, answer.text


def links_in(said: str) -> list[str]:
    return re.findall(rf"{BASE}(/l/[A-Za-z0-9_-]+)", said)


@pytest.mark.parametrize("way", ["mail", "sms"])
async def test_a_partner_is_told_by_its_channel_and_answers_by_the_link(
    harness: ApiHarness, far: FarSystem, pages: httpx.AsyncClient, way: str
) -> None:
    box, gateway = Mailbox(), Gateway()
    reporter = {"name": NAME, "phone": TELEPHONE}
    async with mail_server(box) as port, running_far_side(gateway.answer) as side:
        if way == "mail":
            config = {"kind": "mail", "host": "localhost", "port": port, "sender": "grid@park.example"}
            await channel(harness, "post", {**config, "security": "none"})
            where = {"channel": "post", "address": "desk@blue-sky.example"}
        else:
            await channel(harness, "text", {**SMS, "url": side.url("/send")}, secret="gateway-secret")
            where = {"channel": "text", "address": "13800001234"}
        await set_receiver(harness, far, kind="partner", url=None, name="蓝天公司", **where)
        case_no = await dispatched(harness, description=f"电话 {TELEPHONE}", reporter=reporter)
        row = await until_status(harness, case_no, "sent")
        messages = await arrived(harness, box if way == "mail" else gateway)
    assert len(messages) == 1
    assert case_no in messages[0]
    assert NAME not in messages[0]
    assert TELEPHONE not in messages[0]
    complete, progress, back = dict.fromkeys(links_in(messages[0]))
    opened = await pages.get(complete)
    assert (opened.status_code, NAME in opened.text, TELEPHONE in opened.text) == (200, False, False)
    assert (await pages.post(progress, data={"text": "已派车"})).status_code == 200
    assert (await pages.post(complete, data={"text": "已清运"})).status_code == 200
    assert (await kinds(harness, case_no)).count("completed") == 1
    assert (await pages.post(complete, data={"text": "再说一次"})).status_code == 409
    assert (await pages.get(back)).status_code == 410
    assert (await until_status(harness, case_no, "answered")).id == row.id


async def arrived(harness: ApiHarness, far: Mailbox | Gateway) -> list[str]:
    """The one message, once the send says that it was delivered: what was sent by then is all."""
    query = text("SELECT count(*) FROM sends WHERE key LIKE 'handover-%' AND status = 'waiting'")
    while True:
        async with harness.engine.connect() as connection:
            waiting = await connection.scalar(query)
        if isinstance(far, Mailbox):
            said = [one.get_body(("plain",)).get_content() + one["subject"] for one in far.received]  # type: ignore[union-attr]
        else:
            said = [json.dumps(one, ensure_ascii=False) for one in far.sent]
        if said and not waiting:
            return said


async def test_a_partner_whose_message_did_not_arrive_is_on_the_list(harness: ApiHarness, far: FarSystem) -> None:
    gateway = Gateway(code="BALANCE")
    async with running_far_side(gateway.answer) as side:
        await channel(harness, "poor", {**SMS, "url": side.url("/send"), "attempts": 1}, secret="gateway-secret")
        await set_receiver(harness, far, kind="partner", url=None, channel="poor", address="13800001234")
        case_no = await dispatched(harness)
        row = await until_status(harness, case_no, "sent")
        async with asyncio.timeout(WAITED):
            while (await until_status(harness, case_no, "sent", "refused")).status == "sent":
                await look_at_handover(harness.temporal, row.id, queue=harness.settings.case_queue)
    assert gateway.sent == []
    listed = {one["case_no"]: one for one in (await harness.get("supervisor", "/handovers"))["items"]}
    assert (listed[case_no]["trouble"], listed[case_no]["failure"]) == ("refused", "message not delivered")


async def test_photos_are_fetched_by_the_receiver_and_by_nobody_later(
    harness: ApiHarness, far: FarSystem, pages: httpx.AsyncClient
) -> None:
    await set_receiver(harness, far, photos=True)
    photo = await harness.upload("worker", a_picture("blue"))
    case_no = await dispatched(harness, attachments=(photo,))
    row = await until_status(harness, case_no, "sent")
    (told,) = far.records[0]["body"]["photos"]  # type: ignore[index]
    assert told["sha256"] == photo
    path = told["url"].removeprefix(BASE)
    fetched = text("SELECT 1 FROM one_time_links WHERE report_id = :id AND used_at IS NOT NULL")
    assert (await pages.head(path)).status_code == 200
    async with harness.engine.connect() as connection:
        assert await connection.scalar(fetched, {"id": row.report_id}) is None, "only looked for"
    got = await pages.get(path)
    assert (got.status_code, got.headers["content-type"].partition("/")[0]) == (200, "image")
    assert hashlib.sha256(got.content).hexdigest() == photo
    assert got.headers["cache-control"] == "no-store"
    assert (await pages.get(path)).status_code == 200, "a download that was cut off"
    assert (await pages.get(path.removesuffix("/photo"))).status_code == 404
    assert (await pages.post(path.removesuffix("/photo"), data={"text": "x"})).status_code == 404
    assert all(
        one["act"] != "fetch_photo" for one in (await harness.get("labour_head", f"/cases/{case_no}/links"))["items"]
    )
    async with transaction(harness.engine) as connection:
        statement = text("UPDATE one_time_links SET used_at = now() - interval '11 minutes' WHERE report_id = :id")
        await connection.execute(statement, {"id": row.report_id})
    assert (await pages.get(path)).status_code == 410
    async with transaction(harness.engine) as connection:
        await connection.execute(
            text("UPDATE one_time_links SET used_at = NULL WHERE report_id = :id"), {"id": row.report_id}
        )
    await harness.do("duty", case_no, "redispatch", host="fire", reason="属消防")
    assert (await pages.get(path)).status_code == 410
    assert (await pages.get("/l/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/photo")).status_code == 404


async def test_a_receiver_that_is_not_allowed_gets_no_photos(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far)
    photo = await harness.upload("worker", a_picture("blue"))
    case_no = await dispatched(harness, attachments=(photo,))
    await until_status(harness, case_no, "sent")
    assert far.records[0]["body"]["photos"] == []  # type: ignore[index]


async def test_an_endpoint_is_told_of_photos_by_media_url(harness: ApiHarness, pages: httpx.AsyncClient) -> None:
    server = FarOpen311Server()
    async with running_far_side(server.answer) as side:
        code = await set_endpoint(harness, side)
        listed = (await harness.get("admin", "/admin/receivers"))["items"]
        draft = next(one["receiver"] for one in listed if one["code"] == code)
        headers = harness.signed_in("admin")
        body = {**draft, "photos": True}
        assert (await harness.http.put(f"/admin/receivers/{code}", json=body, headers=headers)).status_code == 200
        photo = await harness.upload("worker", a_picture("red"))
        await until_status(harness, await dispatched(harness, attachments=(photo,)), "sent")
    (address,) = server.media
    got = await pages.get(address.removeprefix(BASE))
    assert hashlib.sha256(got.content).hexdigest() == photo


async def test_the_example_of_the_documentation_is_a_valid_answer(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far)
    case_no = await dispatched(harness)
    row = await until_status(harness, case_no, "sent")
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {"secret": far.secret, "json": json, "time": time, "hmac": hmac, "hashlib": hashlib}
    exec(example, names)
    where = far.records[0]["body"]["answer_url"].removeprefix(f"{BASE}/api/v1")  # type: ignore[index]
    assert where == f"/handovers/{row.id}/answer"
    got = await harness.http.post(where, content=names["content"], headers=names["headers"])
    assert (got.status_code, got.json()["recorded_as"]) == (200, "fact"), got.text
    assert (await kinds(harness, case_no)).count("completed") == 1
