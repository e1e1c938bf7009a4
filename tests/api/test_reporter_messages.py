"""Messages to reporters: once of each turn, by the channel that they chose, never of staff, until they stop it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import text

from doors.session import COOKIE
from infra.database import transaction
from models.matters.effects import TellReporter
from models.reporter_messages import ReporterEvent
from services.public.messages import compose_messages, stop_token
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import LABOUR
from tests.fakes.far_side import FarSide, Received, Reply, running_far_side
from tests.servers import Servers
from web.app import create_app

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGES = "http://gridloop.test"


class Phones:
    """The SMS gateway, and the phones behind it."""

    side: FarSide

    def __init__(self) -> None:
        self._next = 0
        self.refused: set[str] = set()

    def answer(self, received: Received) -> Reply:
        """Take a message, but for a number that it does not know."""
        return Reply(400 if json.loads(received.body)["phone"] in self.refused else 200, b"{}")

    def number(self) -> str:
        """A number that nobody has had yet."""
        self._next += 1
        return f"1391234{self._next:04d}"

    def texts(self, phone: str) -> list[str]:
        """The messages that the phone has got."""
        told = [json.loads(received.body) for received in self.side.received]
        return [one["text"] for one in told if one["phone"] == phone]

    async def wait_for(self, phone: str, count: int) -> list[str]:
        """The messages, once there are so many."""
        async with asyncio.timeout(60):
            while len(self.texts(phone)) < count:
                await asyncio.sleep(0.05)
        return self.texts(phone)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    settings: Any = {"public_url": PAGES, "outgoing_private": ("127.0.0.0/8",)}
    async with open_harness(servers, tmp_path_factory.mktemp("told"), create_app, **settings) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def phones(harness: ApiHarness) -> AsyncIterator[Phones]:
    found = Phones()
    async with running_far_side(found.answer) as found.side:
        config = {"kind": "sms", "url": found.side.url("/send")}
        async with transaction(harness.engine) as connection:
            await connection.execute(
                text(
                    "INSERT INTO channels (id, kind, name, config, enabled, created_at, updated_at)"
                    " VALUES ('sms', 'sms', '短信网关', :config, true, :at, :at)"
                ),
                {"config": json.dumps(config), "at": datetime.now(UTC)},
            )
        yield found


async def reported(harness: ApiHarness, phone: str, **reporter: Any) -> str:
    """The number of a case whose reporter chose SMS."""
    given = {"name": "欧阳秘而不宣", "phone": phone, "tell_by": "sms", **reporter}
    view = await harness.report("worker", title="东门夜间噪音", reporter=given)
    return str(view["case_no"])


async def report_id(harness: ApiHarness, no: str) -> UUID:
    async with harness.engine.connect() as connection:
        return UUID(str(await connection.scalar(text("SELECT report_id FROM cases WHERE case_no = :no"), {"no": no})))


async def until_empty(harness: ApiHarness) -> None:
    """Wait until nothing is left in the outbox and every send has ended."""
    left = text("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM sends WHERE status = 'waiting')")
    async with asyncio.timeout(60):
        while True:
            async with harness.engine.connect() as connection:
                if await connection.scalar(left) == 0:
                    return
            await asyncio.sleep(0.05)


async def until_told(harness: ApiHarness, no: str) -> list[Any]:
    """The log of the case, once something stands in it and nothing is under way."""
    async with asyncio.timeout(60):
        while True:
            log: list[Any] = await harness.get("duty", f"/cases/{no}/messages")
            if log and all(one["status"] != "waiting" for one in log):
                return log
            await asyncio.sleep(0.05)


async def test_a_reporter_is_told_once_of_each_turn(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone)
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await harness.do("duty", no, "request_info", question="是哪一栋楼?", answer_by=until)
    (asked,) = await phones.wait_for(phone, 1)
    assert "是哪一栋楼?" in asked
    assert f"尾号 {no[-6:]}" in asked
    code = re.search(r"/p\?code=([0-9A-Z-]+)", asked)
    assert code is not None
    form = {"code": code[1], "phone_tail": phone[-4:]}
    page = await harness.http.post(f"{PAGES}/p", data=form, headers={"Origin": PAGES})
    assert "是哪一栋楼?" in page.text
    await harness.http.post(f"{PAGES}/p/answer", data={**form, "note": "三号楼"}, headers={"Origin": PAGES})
    await harness.do("duty", no, "accept", note="内部备注")
    assert "已受理" in (await phones.wait_for(phone, 2))[1]
    await harness.do("duty", no, "dispatch", host=LABOUR)
    await harness.do("labour_handler", no, "complete", result="罚款二万元", answer="已责令整改。")
    await harness.do("reviewer", no, "pass_review", answer="噪音已停止。")
    told = await phones.wait_for(phone, 3)
    assert "答复:噪音已停止。" in told[2]
    await until_empty(harness)
    assert phones.texts(phone) == told
    for secret in ("内部备注", "罚款", "三号楼", "欧阳", "东门夜间噪音"):
        assert secret not in "".join(told), secret

    log = await harness.get("duty", f"/cases/{no}/messages")
    assert [(one["event"], one["status"], one["channel"]) for one in log] == [
        ("asked", "delivered", "sms"), ("accepted", "delivered", "sms"), ("closed", "delivered", "sms"),
    ]  # fmt: skip
    assert {one["channel_name"] for one in log} == {"短信网关"}, "what people call it"
    assert phone[-8:] not in json.dumps(log)
    assert await harness.get("labour_handler", f"/cases/{no}/messages") == []
    for username, shown in (("duty", True), ("labour_handler", False)):
        token = harness.signed_in(username)["Authorization"].removeprefix("Bearer ")
        page = await harness.http.get(f"{PAGES}/cases/{no}", headers={"Cookie": f"{COOKIE}={token}"})
        assert ("告知上报人" in page.text) is shown, username


async def test_the_number_stands_in_clear_nowhere(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone, mail="ouyang@park.example")
    await harness.do("duty", no, "accept")
    await phones.wait_for(phone, 1)
    async with harness.engine.connect() as connection:
        tables = (
            await connection.execute(
                text("SELECT table_name FROM information_schema.tables WHERE table_schema='public'")
            )
        ).scalars()
        for table in list(tables):
            rows = (await connection.execute(text(f'SELECT t::text FROM "{table}" t'))).scalars()
            assert not [row for row in rows if phone in row or "ouyang" in row], table


async def test_a_rejection_tells_the_reason_and_the_right_channel(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone)
    await harness.do("duty", no, "reject", reason="已进入诉讼", right_channel="区人民法院")
    (told,) = await phones.wait_for(phone, 1)
    assert "不予受理" in told
    assert "已进入诉讼" in told
    assert "区人民法院" in told


async def test_links_stay_whole_below_a_long_answer(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone)
    await harness.do("duty", no, "reject", reason="经核实" * 150, right_channel="区人民法院")
    (told,) = await phones.wait_for(phone, 1)
    assert "区人民法院" in told
    assert re.search(rf"…\n{PAGES}/p\?code=\S+\n查询码:\S+后四位。\n不再接收此类消息:{PAGES}/p/stop/[\w-]{{38}}$", told)


async def test_a_reporter_is_told_in_their_language(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone, language="en")
    await harness.do("duty", no, "accept")
    (told,) = await phones.wait_for(phone, 1)
    assert told.isascii(), told
    for link in re.findall(rf"{PAGES}\S+", told):
        assert 'lang="en"' in (await harness.http.get(link)).text, link


async def test_what_a_reopening_asked_for_comes_to_is_told(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone)
    await harness.do("duty", no, "reject", reason="已进入诉讼", right_channel="区人民法院")
    await harness.do("worker", no, "request_reopen", reason="还没有解决")
    await harness.do("duty", no, "refuse_reopen", reason="仍在诉讼中")
    assert "不再重新办理" in (told := await phones.wait_for(phone, 2))[1]
    assert "仍在诉讼中" in told[1]
    phone = phones.number()
    no = await reported(harness, phone)
    await harness.do("duty", no, "reject", reason="已进入诉讼", right_channel="区人民法院")
    await harness.do("worker", no, "request_reopen", reason="还没有解决")
    await harness.do("duty", no, "grant_reopen")
    assert "已重新办理" in (await phones.wait_for(phone, 2))[1]


async def test_a_channel_out_of_use_stands_in_the_log(harness: ApiHarness, phones: Phones) -> None:
    no = await reported(harness, phones.number(), mail="ouyang@park.example", tell_by="mail")
    await harness.do("duty", no, "accept")
    (one,) = await until_told(harness, no)
    assert (one["event"], one["status"]) == ("accepted", "failed")


async def test_an_extension_and_a_suspension_tell_until_when(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone)
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    until = datetime.now(UTC) + timedelta(days=2)
    await harness.do("labour_handler", no, "claim")
    due_at = datetime.fromisoformat((await harness.get("duty", f"/cases/{no}"))["due_at"])
    later = (due_at + timedelta(days=2)).isoformat()
    await harness.do("labour_handler", no, "request_extension", until=later, reason="等检测报告")
    await harness.do("supervisor", no, "grant_extension", note="同意")
    due_at = datetime.fromisoformat((await harness.get("duty", f"/cases/{no}"))["due_at"])
    told = (await phones.wait_for(phone, 2))[1]
    assert f"办理期限已延长至 {due_at.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M}。" in told
    assert "检测" not in told
    await harness.do("labour_handler", no, "request_suspension", until=until.isoformat(), reason="等检测报告")
    await harness.do("supervisor", no, "grant_suspension", note="同意")
    told = (await phones.wait_for(phone, 3))[2]
    assert "暂停办理" in told
    assert "检测" not in told


async def test_who_was_merged_is_told_the_end_of_the_other(harness: ApiHarness, phones: Phones) -> None:
    first, second = phones.number(), phones.number()
    lead, member = await reported(harness, first), await reported(harness, second)
    for no in (lead, member):
        await harness.do("duty", no, "accept")
    await harness.do("duty", member, "merge", into=lead, reason="同一事项")
    assert "合并" in (await phones.wait_for(second, 2))[1]
    await harness.do("duty", lead, "dispatch", host=LABOUR)
    await harness.do("labour_handler", lead, "complete", result="已办", answer="已停工。")
    await harness.do("reviewer", lead, "pass_review", answer="已停工。")
    for phone, count in ((first, 2), (second, 3)):
        assert "已停工。" in (await phones.wait_for(phone, count))[-1]


async def test_a_reporter_is_told_the_end_of_each_part(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone, anonymous=True)
    parts = [{"category": "0302", "title": "另一件"}]
    await harness.do("duty", no, "split", parts=parts, reason="两件事")
    part = None
    async with asyncio.timeout(60):
        while part is None:
            facts = await harness.get("duty", f"/cases/{no}/facts")
            settled = [fact["body"]["case_no"] for fact in facts if fact["kind"] == "errand_settled"]
            part = next(iter(settled), None)
    for one, court in ((no, "区人民法院"), (part, "市人民法院")):
        assert (await harness.get("duty", f"/cases/{one}"))["reporter"]["anonymous"] is True
        await harness.do("duty", one, "reject", reason="已进入诉讼", right_channel=court)
    told = await phones.wait_for(phone, 2)
    await until_empty(harness)
    assert len(phones.texts(phone)) == 2
    for one, court in ((no, "区人民法院"), (part, "市人民法院")):
        (end,) = (said for said in told if court in said)
        assert f"尾号 {one[-6:]}" in end
        code = re.search(r"/p\?code=([0-9A-Z-]+)", end)
        assert code is not None
        form = {"code": code[1], "phone_tail": phone[-4:]}
        page = await harness.http.post(f"{PAGES}/p", data=form, headers={"Origin": PAGES})
        assert court in page.text, "the link of each leads to its own page"


async def test_a_chain_of_merges_is_told_each_turn_once(harness: ApiHarness, phones: Phones) -> None:
    """The last lead has no reporter; the first case is merged into one that is merged in turn."""
    first, second = phones.number(), phones.number()
    lead = str((await harness.report("worker"))["case_no"])
    middle, member = await reported(harness, first), await reported(harness, second)
    await harness.do("duty", member, "merge", into=middle, reason="同一事项")
    await phones.wait_for(second, 1)
    await harness.do("duty", middle, "merge", into=lead, reason="同一事项")
    await phones.wait_for(first, 1)
    await harness.do("duty", lead, "accept")
    await harness.do("duty", lead, "dispatch", host=LABOUR)
    await harness.do("labour_handler", lead, "claim")
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    await harness.do("labour_handler", lead, "request_suspension", until=until, reason="等检测报告")
    await harness.do("supervisor", lead, "grant_suspension", note="同意")
    await harness.do("supervisor", lead, "resume")
    await harness.do("labour_handler", lead, "complete", result="已办", answer="已停工。")
    await harness.do("reviewer", lead, "pass_review", answer="已停工。")
    for phone in (first, second):
        await phones.wait_for(phone, 4)
    await until_empty(harness)
    for phone in (first, second):
        told = phones.texts(phone)
        words = ("合并办理", "已受理", "暂停办理", "已停工。")
        assert len(told) == len(words), told
        assert all(word in one for word, one in zip(words, told, strict=True)), told
        code = re.search(r"/p\?code=([0-9A-Z-]+)", told[-1])
        assert code is not None
        form = {"code": code[1], "phone_tail": phone[-4:]}
        assert "已停工。" in (await harness.http.post(f"{PAGES}/p", data=form, headers={"Origin": PAGES})).text


async def test_no_message_after_the_link_was_used(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone)
    await harness.do("duty", no, "accept")
    (told,) = await phones.wait_for(phone, 1)
    link = re.search(rf"{PAGES}/p/stop/[A-Za-z0-9_-]+", told)
    assert link is not None
    for _ in range(2):  # a program that looks at every link changes nothing
        assert "不再接收" in (await harness.http.get(link[0])).text
    await harness.do("duty", no, "dispatch", host=LABOUR)
    for _ in range(2):
        answer = await harness.http.post(link[0], headers={"Origin": PAGES})
        assert "已停止" in answer.text
    await harness.do("labour_handler", no, "complete", result="已办", answer="已办结。")
    await harness.do("reviewer", no, "pass_review", answer="已办结。")
    await until_empty(harness)
    assert phones.texts(phone) == [told]
    other_end = "Q" if link[0].endswith("A") else "A"
    for token in ("x", stop_token(harness.settings, uuid4()), link[0][-38:-1] + other_end):
        answer = await harness.http.post(f"{PAGES}/p/stop/{token}", headers={"Origin": PAGES})
        assert answer.status_code == 404, token


async def test_a_message_under_way_does_not_reach_who_was_erased(harness: ApiHarness, phones: Phones) -> None:
    phone = phones.number()
    no = await reported(harness, phone)
    await harness.do("duty", no, "accept")
    await phones.wait_for(phone, 1)
    effect = TellReporter(report_id=await report_id(harness, no), seq=2, event=ReporterEvent.ACCEPTED)
    (send,) = await compose_messages(harness.engine, harness.settings, effect)
    (again,) = await compose_messages(harness.engine, harness.settings, effect)
    assert send == again, "the same message under the same key"
    assert phone not in send.model_dump_json()
    async with transaction(harness.engine) as connection:
        await connection.execute(
            text(
                "UPDATE reporters SET wrapped_key = NULL, key_id = NULL, ciphertext = NULL, nonce = NULL,"
                " erased_at = now() WHERE id = (SELECT reporter_ref FROM cases WHERE case_no = :no)"
            ),
            {"no": no},
        )
    assert await compose_messages(harness.engine, harness.settings, effect) == []
    await harness.do("duty", no, "dispatch", host=LABOUR)
    await harness.do("labour_handler", no, "complete", result="已办", answer="已办结。")
    await harness.do("reviewer", no, "pass_review", answer="已办结。")
    await until_empty(harness)
    assert len(phones.texts(phone)) == 1


@pytest.mark.parametrize(
    ("reporter", "status"),
    [
        ({"name": "甲", "tell_by": "mail"}, 422), ({"mail": "a@b.example", "tell_by": "sms"}, 422),
        ({"phone": "010-65529988", "tell_by": "sms"}, 422), ({"tell_by": "pigeon"}, 422),
        ({"mail": "no address", "tell_by": "mail"}, 422), ({"phone": "+86 139 1234 0000", "tell_by": "sms"}, 201),
        ({"mail": "a@b.example", "tell_by": "mail", "anonymous": True}, 201), ({"mail": "a@b.example"}, 201),
    ],
)  # fmt: skip
async def test_a_channel_takes_an_address_that_it_can_use(
    harness: ApiHarness, reporter: dict[str, Any], status: int
) -> None:
    body = {"report_id": str(uuid4()), **WAGES, "reporter": reporter}
    answer = await harness.send("worker", "/cases", body)
    assert answer.status_code == status, answer.text


async def test_the_public_form_offers_what_is_set_up(harness: ApiHarness, phones: Phones) -> None:
    form = (await harness.http.get(f"{PAGES}/p/report")).text
    assert 'name="tell_by" value="sms"' in form
    assert 'name="tell_by" value="mail"' not in form
    async with transaction(harness.engine) as connection:
        await connection.execute(text("UPDATE channels SET enabled = false"))
    try:
        assert "tell_by" not in (await harness.http.get(f"{PAGES}/p/report")).text
    finally:
        async with transaction(harness.engine) as connection:
            await connection.execute(text("UPDATE channels SET enabled = true"))


async def test_the_phone_is_told_what_is_set_up(harness: ApiHarness, phones: Phones) -> None:
    """With the categories, which it keeps: they are sent again once a channel is set up or goes out of use."""
    known = await harness.ask("worker", "/categories")
    assert known.json()["tell_by"] == ["sms"]
    tag = {"If-None-Match": known.headers["etag"]}
    assert (await harness.ask("worker", "/categories", headers=tag)).status_code == 304
    async with transaction(harness.engine) as connection:
        await connection.execute(text("UPDATE channels SET enabled = false"))
    try:
        changed = await harness.ask("worker", "/categories", headers=tag)
        assert (changed.status_code, changed.json()["tell_by"]) == (200, [])
        phone = phones.number()
        body = {"report_id": str(uuid4()), **WAGES, "reporter": {"phone": phone, "tell_by": "sms"}}
        late = await harness.send("worker", "/cases", body)
        assert late.status_code == 201, "a report that waited on a phone meanwhile is taken; nobody is told"
    finally:
        async with transaction(harness.engine) as connection:
            await connection.execute(text("UPDATE channels SET enabled = true"))


async def test_whom_no_message_reached_stands_on_a_list_until_spoken_with(harness: ApiHarness, phones: Phones) -> None:
    async def listed() -> set[str]:
        found = await harness.get("supervisor", "/cases", figure="untold")
        return {str(one["case_no"]) for one in found["items"]} & {*cases}

    phones.refused = {phones.number(), phones.number()}
    cases = [await reported(harness, phone) for phone in sorted(phones.refused)]
    for no in cases:
        await harness.do("duty", no, "accept")
        (one,) = await until_told(harness, no)
        assert (one["status"], one["reason"]) == ("failed", "refused")
    assert await listed() == {*cases}
    token = harness.signed_in("duty")["Authorization"].removeprefix("Bearer ")
    page = await harness.http.get(f"{PAGES}/cases/{cases[0]}", headers={"Cookie": f"{COOKIE}={token}"})
    assert "消息没有送到上报人" in page.text
    assert "号码或邮箱被拒收" in page.text
    await harness.do("duty", cases[0], "dispatch", host=LABOUR)
    await harness.do("labour_handler", cases[0], "comment", note="已联系企业")
    assert await listed() == {*cases}, "a note of those who do not speak with reporters says nothing of it"
    await harness.do("duty", cases[0], "comment", note="已电话告知")
    assert await listed() == {cases[1]}
    await harness.do("duty", cases[1], "dispatch", host=LABOUR)
    await harness.do("duty", cases[1], "request_info", question="是哪一栋楼?")
    await harness.do("labour_handler", cases[1], "complete", result="已办", answer="已办结。")
    assert "info_supplied" in await harness.kinds(cases[1])
    assert await listed() == {cases[1]}, "a question that nobody answered is not something that the reporter said"
    phones.refused = set()
    await harness.do("reviewer", cases[1], "pass_review", answer="已办结。")
    async with asyncio.timeout(30):
        while await listed():
            await asyncio.sleep(0.1)
