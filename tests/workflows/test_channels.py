"""Each channel against a far side that checks what the real one checks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from activities.channels.push import new_keys
from infra.embedded.temporal_tls import CA, make_certificates
from infra.keys.access import keys_of
from infra.keys.ring import FileRing, add_key
from infra.outgoing import Outgoing
from infra.store.boxes import count_boxes, wrap_boxes_anew
from infra.store.push_subscriptions import store_subscription
from models.ids import new_id
from models.sends import Message, Route, SendRun, SendStatus, Urgency
from tests.fakes import robots
from tests.fakes.far_side import Reply, running_far_side, script
from tests.fakes.mail_server import Mailbox, mail_server
from tests.fakes.push_service import Browser, push_service
from tests.fakes.sms_gateway import Gateway
from tests.workflows.post import LOCAL, Post, made

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRETS = {
    "wecom": {"key": "wecom-key-7f3a"},
    "dingtalk": {"access_token": "ding-token-91", "sign_secret": "SECding-secret"},
    "feishu": {"token": "feishu-token-5", "sign_secret": "feishu-secret-x"},
}
FAKES: dict[str, Any] = {
    "wecom": lambda first=None: robots.wecom("wecom-key-7f3a", first),
    "dingtalk": lambda first=None: robots.dingtalk("ding-token-91", "SECding-secret", first),
    "feishu": lambda first=None: robots.feishu("feishu-token-5", "feishu-secret-x", first),
}
PATHS = {"wecom": "/cgi-bin/webhook/send", "dingtalk": "/robot/send", "feishu": "/open-apis/bot/v2/hook/"}
KINDS = tuple(FAKES)
#: What each service answers, always with 200, when it is asked too often.
TOO_OFTEN = {
    "wecom": b'{"errcode": 45009, "errmsg": "api freq out of limit"}',
    "dingtalk": b'{"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}',
    "feishu": b'{"code": 11232, "msg": "frequency limited"}',
}


async def robot(post: Post, side: Any, kind: str, id_: str | None = None, **more: Any) -> str:
    """A robot of that kind that leads to `side`."""
    config = {"kind": kind, "url": side.url(PATHS[kind]), **more}
    return await post.channel(id_ or kind, config, SECRETS[kind])


# --- robots -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_a_robot_takes_what_is_signed_as_it_asks(post: Post, kind: str) -> None:
    long = Message(title="超期", lines=("网" * 1500,), link="https://grid.example/cases/A1")
    async with running_far_side(FAKES[kind]()) as side:
        for message in (Message(title="超期"), long):
            receipt = await post.send(await robot(post, side, kind), message=message)
            assert receipt.status is SendStatus.DELIVERED, await post.attempts(receipt.key)
        assert b"https://grid.example/cases/A1" in side.received[-1].body


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_of_200_with_a_code_is_a_failure(post: Post, kind: str) -> None:
    async with running_far_side(FAKES[kind]()) as side, running_far_side(FAKES["wecom"]()) as next_:
        wrong = await post.channel(f"wrong-{kind}", {"kind": kind, "url": side.url(PATHS[kind])}, {
            name: f"{value}-wrong" for name, value in SECRETS[kind].items()
        })  # fmt: skip
        receipt = await post.send(wrong, await robot(post, next_, "wecom", "next"))
        assert (receipt.status, receipt.channel) == (SendStatus.DELIVERED, "next")
        first = (await post.attempts(receipt.key))[0]
        assert (first["outcome"], first["status"]) == ("refused", 200)
        assert first["code"].startswith("code_")
        assert len(side.received) == 1, "a wrong secret is not repeated"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_robot_that_is_asked_too_often_is_waited_for(post: Post, kind: str) -> None:
    first = [Reply(200, TOO_OFTEN[kind]), Reply(429, headers={"retry-after": "7"})]
    async with running_far_side(FAKES[kind](first)) as side:
        receipt = await post.send(await robot(post, side, kind, attempts=1))
        assert (receipt.status, receipt.attempts) == (SendStatus.DELIVERED, 3)
        log = await post.attempts(receipt.key)
        pauses = [round((row["again_at"] - row["finished_at"]).total_seconds()) for row in log[:2]]
        assert pauses == [600 if kind == "dingtalk" else 60, 7]


@pytest.mark.parametrize("kind", KINDS)
async def test_three_times_500_falls_to_the_next_channel_and_the_receipt_says_which(post: Post, kind: str) -> None:
    async with running_far_side(lambda _: Reply(500)) as bad, running_far_side(FAKES["feishu"]()) as good:
        receipt = await post.send(
            await robot(post, bad, kind, f"bad-{kind}"), await robot(post, good, "feishu", "good")
        )
        assert (receipt.status, receipt.channel, receipt.attempts) == (SendStatus.DELIVERED, "good", 4)
        assert (len(bad.received), len(good.received)) == (3, 1)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"ok": true}', b'{"errcode": null}', b'{"errcode": false}'])
async def test_an_answer_that_says_nothing_is_not_taken_for_success(post: Post, body: bytes) -> None:
    async with running_far_side(lambda _: Reply(200, body)) as side:
        receipt = await post.send(await robot(post, side, "wecom", on_lost="hold"))
        assert (receipt.status, len(side.received)) == (SendStatus.UNCLEAR, 1)


async def test_an_answer_after_a_minute_is_too_late(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.sending.ATTEMPT_SECONDS", 0.3)
    never = asyncio.Event()
    async with running_far_side(lambda _: Reply(wait=never)) as side:
        receipt = await post.send(await robot(post, side, "wecom", on_lost="hold"))
        never.set()
        assert receipt.status is SendStatus.UNCLEAR
        assert [row["code"] for row in await post.attempts(receipt.key)] == ["too_slow"]


# --- SMS --------------------------------------------------------------------------------------------------------------

_SMS = {
    "kind": "sms", "headers": {"X-Key": "{secret}"}, "ok_path": "code", "ok_value": "OK", "id_path": "data.id",
    "limited_values": ["FLOW"],
}  # fmt: skip


async def test_an_sms_gateway_is_used_by_its_template(post: Post) -> None:
    gateway = Gateway()
    async with running_far_side(gateway.answer) as side:
        id_ = await post.channel("sms", {**_SMS, "url": side.url("/send?to={phone}")}, {"secret": "gateway-secret"})
        said = Message(title='引"号"', lines=("反\\斜杠", "第二行"), link="https://grid.example/x?a=1&b=2")
        receipt = await post.send(Route(channel=id_, address="13800001234"), message=said)
        assert (receipt.status, receipt.far_id) == (SendStatus.DELIVERED, "sms-1")
        (sent,) = gateway.sent
        assert sent == {
            "phone": "13800001234", "id": receipt.key,
            "text": '引"号"\n反\\斜杠\n第二行\nhttps://grid.example/x?a=1&b=2',
        }  # fmt: skip
        assert side.received[0].query == {"to": "13800001234"}
        (row,) = await post.attempts(receipt.key)
        assert row["address"] == "138****1234"


async def test_an_sms_whose_answer_was_lost_is_never_sent_twice(post: Post) -> None:
    gateway = Gateway()
    async with running_far_side(gateway.answer) as side:
        asked = {"on_lost": "query", "query_url": side.url("/state?id={key}"), "query_path": "state",
                 "query_value": "known"}  # fmt: skip
        for more, status in (({}, SendStatus.UNCLEAR), (asked, SendStatus.DELIVERED)):
            gateway.lose = 1
            id_ = await post.channel("sms", {**_SMS, "url": side.url("/send"), **more}, {"secret": "gateway-secret"})
            receipt = await post.send(Route(channel=id_, address="13800001234"))
            assert receipt.status is status
            assert [one["id"] for one in gateway.sent].count(receipt.key) == 1


async def test_success_of_another_kind_than_the_template_names_is_not_sent_again(post: Post) -> None:
    async with running_far_side(lambda _: Reply(202, b'{"code": "OK"}')) as side:
        id_ = await post.channel("sms", {**_SMS, "url": side.url("/send")}, {"secret": "gateway-secret"})
        receipt = await post.send(Route(channel=id_, address="13800001234"))
        assert (receipt.status, len(side.received)) == (SendStatus.UNCLEAR, 1)


async def test_a_gateway_that_refuses_with_200_is_a_failure(post: Post) -> None:
    gateway = Gateway(code="BALANCE")
    async with running_far_side(gateway.answer) as side:
        id_ = await post.channel("sms", {**_SMS, "url": side.url("/send")}, {"secret": "gateway-secret"})
        receipt = await post.send(Route(channel=id_, address="13800001234"))
        assert (receipt.status, receipt.attempts, gateway.sent) == (SendStatus.FAILED, 3, [])
        assert {row["code"] for row in await post.attempts(receipt.key)} == {"code_BALANCE"}


# --- e-mail -----------------------------------------------------------------------------------------------------------


async def mail(post: Post, port: int, **more: Any) -> Route:
    """A channel of e-mail to that server, with a receiver."""
    config = {"kind": "mail", "host": "localhost", "port": port, "sender": "grid@park.example", "sender_name": "网格",
              "security": "none", "unsubscribe": "mailto:leave@park.example", **more}  # fmt: skip
    id_ = await post.channel("mail", config, {"password": "mail-password"})
    return Route(channel=id_, address="reader@example.org")


async def test_a_mail_arrives_in_plain_text_and_html_over_tls(post: Post, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    box = Mailbox()
    guard = post.activities._outgoing
    post.activities._outgoing = Outgoing(LOCAL, tmp_path / CA)
    said = Message(title="案件 A1\n已超期", lines=("<b>消防</b> 通道",), link="https://grid.example/c?a=1&b=2")
    for security in ("starttls", "tls"):
        async with mail_server(box, tmp_path, implicit=security == "tls") as port:
            route = await mail(post, port, security=security, username="clerk")
            receipt = await post.send(route, message=said)
            assert receipt.status is SendStatus.DELIVERED, await post.attempts(receipt.key)
            assert receipt.far_id == "queued as 4711"
    post.activities._outgoing = guard
    async with mail_server(box, tmp_path) as port:  # an authority that we do not trust
        receipt = await post.send(await mail(post, port, security="starttls", attempts=1))
        assert receipt.status is SendStatus.FAILED
        assert (await post.attempts(receipt.key))[0]["code"] == "certificate_refused"
    assert len(box.received) == 2
    arrived = box.received[0]
    assert (arrived["subject"], arrived["to"]) == ("案件 A1 已超期", "reader@example.org")
    assert str(arrived["from"]) == "网格 <grid@park.example>"
    assert (arrived["auto-submitted"], arrived["list-id"]) == ("auto-generated", "<notices.park.example>")
    assert arrived["list-unsubscribe"] == "<mailto:leave@park.example>"
    plain, rich = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert "<b>消防</b> 通道" in plain.get_content()
    assert "&lt;b&gt;消防&lt;/b&gt; 通道" in rich.get_content()
    assert 'href="https://grid.example/c?a=1&amp;b=2"' in rich.get_content()


async def test_a_mail_whose_answer_was_lost_is_repeated_under_the_same_id(post: Post) -> None:
    box = Mailbox()
    box.cut = 1
    async with mail_server(box) as port:
        receipt = await post.send(await mail(post, port))
        assert (receipt.status, receipt.attempts) == (SendStatus.DELIVERED, 2)
        assert len(box.received) == 2
        assert len({message["message-id"] for message in box.received}) == 1


@pytest.mark.parametrize(("rcpt", "data", "attempts", "status", "outcome"), [
    (["450 greylisted"], [], 2, SendStatus.DELIVERED, "failed"),
    (["550 no such mailbox"], [], 1, SendStatus.FAILED, "gone"),
    (["550 5.1.1 no such mailbox"], [], 1, SendStatus.FAILED, "gone"),
    (["550 5.7.1 you may not relay"], [], 1, SendStatus.FAILED, "refused"),
    ([], ["451 later"], 2, SendStatus.DELIVERED, "failed"),
    ([], ["554 spam"], 1, SendStatus.FAILED, "refused"),
])  # fmt: skip
async def test_what_a_mail_server_refuses(
    post: Post, rcpt: list[str], data: list[str], attempts: int, status: SendStatus, outcome: str
) -> None:
    box = Mailbox()
    box.rcpt, box.data = list(rcpt), list(data)
    async with mail_server(box) as port:
        receipt = await post.send(await mail(post, port))
        assert (receipt.status, receipt.attempts) == (status, attempts)
        assert (await post.attempts(receipt.key))[0]["outcome"] == outcome


async def test_a_mail_that_cannot_be_sent_as_set_is_not_sent_otherwise(post: Post) -> None:
    box = Mailbox()
    async with mail_server(box) as port:
        for more, address, code in (
            ({"security": "starttls"}, "reader@example.org", "no_tls"),
            ({"username": "stranger"}, "reader@example.org", "smtp_login"),
            ({"security": "tls"}, "reader@example.org", "tls_failed"),
            ({}, "not an address", "address_refused"),
        ):
            route = (await mail(post, port, attempts=1, **more)).model_copy(update={"address": address})
            receipt = await post.send(route)
            assert [row["code"] for row in await post.attempts(receipt.key)] == [code]
    assert box.received == []


# --- pushes -----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def browsers(post: Post, statuses: dict[str, list[int]]) -> AsyncIterator[tuple[Any, Browser, Route]]:
    """A person with two browsers at one push service, and a channel."""
    private, public = new_keys()
    origin: list[str] = [""]
    browser, person = Browser(), new_id()
    async with running_far_side(push_service(public, origin, statuses)) as side:
        origin[0] = side.url("").rstrip("/")
        async with post.engine.begin() as connection:
            await connection.execute(
                text("INSERT INTO people (id, username, name, active) VALUES (:id, :name, '甲', true)"),
                {"id": person, "name": str(person)},
            )
            for path in ("/one", "/two"):
                keys = browser.keys(side.url(path))
                ring = keys_of(post.engine).ring
                await store_subscription(connection, ring, new_id(), person, keys, "Chromium", datetime.now(UTC))
        id_ = await post.channel("push", {"kind": "push", "contact": "mailto:a@b.example", "public_key": public}, {
            "private_key": private,
        })  # fmt: skip
        yield side, browser, Route(channel=id_, address=str(person))


async def test_a_push_is_sealed_for_each_browser_and_signed(post: Post) -> None:
    said = Message(title="超期", lines=("第一行", "长" * 2000), link="/field", urgency=Urgency.URGENT)
    async with browsers(post, {}) as (side, browser, route):
        receipt = await post.send(route, message=said)
        assert receipt.status is SendStatus.DELIVERED, await post.attempts(receipt.key)
        assert [received.path for received in side.received] == ["/one", "/two"]
        read = browser.read(side.received[0])
        assert (read["title"], read["body"], read["link"]) == ("超期", "第一行", "/field")
        assert read["tag"] == side.received[1].headers["topic"]
        assert side.received[0].headers["urgency"] == "high"
        assert "超期".encode() not in side.received[0].body


async def test_a_browser_that_is_gone_is_forgotten(post: Post) -> None:
    async with browsers(post, {"/one": [410], "/two": [201, 404]}) as (side, _, route):
        assert (await post.send(route)).status is SendStatus.DELIVERED
        assert (await post.send(route)).status is SendStatus.FAILED
        receipt = await post.send(route)
        assert [row["code"] for row in await post.attempts(receipt.key)] == ["no_subscription"]
        assert [received.path for received in side.received] == ["/one", "/two", "/two"]


# --- secrets ----------------------------------------------------------------------------------------------------------


async def test_no_secret_is_in_any_log(
    post: Post, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every kind of failure, with the loudest logs that there are."""
    caplog.set_level(logging.DEBUG)
    logged: list[str] = []
    with structlog.testing.capture_logs() as entries:
        for reply in (Reply(500, b"no"), Reply(cut=True), Reply(302), Reply(200, b'{"errcode": 1, "code": 1}')):
            async with running_far_side(script([], reply)) as side:
                for kind in KINDS:
                    await post.send(await robot(post, side, kind, attempts=1))
                gateway = await post.channel(
                    "sms", {**_SMS, "url": side.url("/send?k={secret}")}, {"secret": "gateway-secret"}
                )
                await post.send(Route(channel=gateway, address="13800001234"))
        box = Mailbox()
        async with mail_server(box) as port:
            await post.send(await mail(post, port, username="clerk", attempts=1))
            await post.send(await mail(post, port, username="stranger", attempts=1))
        logged += [str(entry) for entry in entries]
    async with post.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT to_jsonb(a)::text FROM send_attempts a"))).scalars().all()
    ours = [record for record in caplog.records if not record.name.startswith(("mail.", "httpcore", "asyncio"))]
    everything = "\n".join((*logged, *rows, *(record.getMessage() for record in ours), *capfd.readouterr()))
    assert "attempt failed" in everything
    secrets = [secret for named in SECRETS.values() for secret in named.values()]
    for secret in (*secrets, "gateway-secret", "mail-password", "13800001234", "reader@example.org"):
        assert secret not in everything, secret


async def test_replaying_keeps_the_key(post: Post) -> None:
    async with running_far_side(FAKES["wecom"]()) as side:
        send = made(await robot(post, side, "wecom"))
        for round_ in (0, 1, 2):
            assert (await post.run(SendRun(send=send, round=round_))).attempts == round_ + 1
        assert len(side.received) == 3


async def test_secrets_are_wrapped_by_a_new_master_key(post: Post) -> None:
    ring = keys_of(post.engine).ring
    assert isinstance(ring, FileRing)
    async with running_far_side(FAKES["wecom"]()) as side:
        send = made(await robot(post, side, "wecom"))
        await post.run(SendRun(send=send))
        old, new = ring.current_id(), add_key(ring.path)
        async with post.engine.connect() as connection:
            assert set(await count_boxes(connection)) == {old}
        assert await wrap_boxes_anew(post.engine, ring) > 1
        assert await wrap_boxes_anew(post.engine, ring) == 0
        async with post.engine.connect() as connection:
            assert set(await count_boxes(connection)) == {new}
        assert (await post.run(SendRun(send=send, round=1))).status is SendStatus.DELIVERED
