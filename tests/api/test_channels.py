"""Channels, web hooks and the delivery log through the API, with the worker, Temporal and far sides behind it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from activities.auditing.auditor import Auditor
from infra.send_client import begin_send
from infra.store.old_sends import delete_old_sends
from models.ids import new_id
from models.jobs.audit import Drift
from models.sends import Message, Route, Send
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, MICRO, OTHER_PARK
from tests.fakes.far_side import FarSide, Reply, running_far_side, script
from tests.fakes.push_service import Browser
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "a-secret-that-signs"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDLOOP_OUTGOING_PRIVATE", "127.0.0.0/8")
        patch.setenv("GRIDLOOP_PUBLIC_URL", "https://grid.example")
        async with open_harness(servers, tmp_path_factory.mktemp("channels")) as opened:
            yield opened


async def put(harness: ApiHarness, id_: str, config: dict[str, Any], username: str = "admin", **more: Any) -> Any:
    """The answer to saving a channel."""
    body = {"id": id_, "name": id_, "config": config, **more}
    return await harness.http.put(f"/admin/channels/{id_}", json=body, headers=harness.signed_in(username))


async def hook(harness: ApiHarness, side: FarSide, id_: str = "hook", **more: Any) -> None:
    """Save a web hook that leads to `side`."""
    config = {"kind": "webhook", "url": side.url("/in"), "first_wait": 0.1, **more}
    answer = await put(harness, id_, config, secrets={"secret": SECRET})
    assert answer.status_code == 200, answer.text


async def log_of(harness: ApiHarness, until: str = "delivered", **wanted: str) -> list[Any]:
    """The delivery log, once everything in it has that status."""
    async with asyncio.timeout(60):
        while True:
            items = (await harness.get("admin", "/admin/deliveries", None, **wanted))["items"]
            if items and all(one["status"] == until for one in items):
                return list(items)
            await asyncio.sleep(0.05)


async def test_a_hook_is_told_of_the_facts_it_subscribed_to_below_its_unit(harness: ApiHarness) -> None:
    async with running_far_side(script([Reply(500, b"no"), Reply(500, b"no")])) as side:
        await hook(harness, side)
        await hook(harness, side, "elsewhere")
        for channel, grid in (("hook", COMMUNITY), ("elsewhere", OTHER_PARK)):
            body = {"channel": channel, "kinds": ["accepted", "escalated"], "grid": grid}
            assert (await harness.send("admin", "/admin/hooks", body)).status_code == 201
        case = await harness.report(grid=MICRO)
        number = case["case_no"]
        await harness.do("duty", number, "accept")
        (line,) = await log_of(harness, about=number)
        await side.wait_for(3)
        assert (line["channel"], line["attempts"], line["purpose"]) == ("hook", 3, "event")
        bodies = [json.loads(received.body) for received in side.received]
        assert {body["id"] for body in bodies} == {line["key"]}
        for received in side.received:
            parts = dict(part.split("=", 1) for part in received.headers["x-gridloop-signature"].split(","))
            signed = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + received.body, hashlib.sha256)
            assert parts["v1"] == signed.hexdigest()
        (fact,) = [one for one in await harness.get("admin", f"/cases/{number}/facts") if one["kind"] == "accepted"]
        assert set(bodies[0]) == {"type", "id", "kind", "case_no", "at", "link"}, "nothing of people"
        assert (bodies[0]["kind"], bodies[0]["case_no"]) == ("accepted", number)
        assert bodies[0]["at"][:19] == fact["at"][:19]
        assert bodies[0]["link"] == f"https://grid.example/cases/{number}"
        detail = await harness.get("admin", f"/admin/deliveries/{line['key']}")
        assert [(one["outcome"], one["status"], one["answer"]) for one in detail["attempts"]] == [
            ("failed", 500, "no"), ("failed", 500, "no"), ("delivered", 200, "{}"),
        ]  # fmt: skip
        again = await harness.send("admin", f"/admin/deliveries/{line['key']}/replay")
        assert again.status_code == 202, again.text
        await side.wait_for(4)
        (replayed,) = await log_of(harness, about=number)
        assert (replayed["key"], replayed["round"], replayed["attempts"]) == (line["key"], 1, 4)
        assert json.loads(side.received[3].body)["id"] == line["key"]
        assert [one.headers.get("x-gridloop-replay") for one in side.received] == [None, None, None, "1"]
        for one in (await harness.get("admin", "/admin/hooks"))["items"]:
            answer = await harness.http.delete(f"/admin/hooks/{one['id']}", headers=harness.signed_in("admin"))
            assert answer.status_code == 204
        await harness.do("duty", number, "dispatch", host="labour")
        assert len((await harness.get("admin", "/admin/deliveries", about=number))["items"]) == 1


async def test_a_test_message_shows_what_the_far_side_answered(harness: ApiHarness) -> None:
    async with running_far_side(script([Reply(403, b"who are you? " + SECRET.encode()), Reply(200, b"fine")])) as side:
        await hook(harness, side)
        for status, answer in (("failed", "who are you? ***"), ("delivered", "fine")):
            told = (await harness.send("admin", "/admin/channels/hook/test")).json()
            assert told["delivery"]["status"] == status, told
            assert [one["answer"] for one in told["attempts"]] == [answer]
        assert json.loads(side.received[0].body)["title"] == "网格管理:测试消息"
    told = (await harness.send("admin", "/admin/channels/hook/test")).json()
    assert [one["code"] for one in told["attempts"]] == ["unreachable"]


async def test_secrets_are_sealed_and_never_shown(harness: ApiHarness) -> None:
    config = {"kind": "dingtalk"}
    saved = await put(harness, "ding", config, secrets={"access_token": "tok-1234567", "sign_secret": "SECabcdefg"})
    assert saved.status_code == 200
    assert (await put(harness, "ding", {**config, "attempts": 5})).status_code == 200, "secrets that are left out stay"
    listed = await harness.get("admin", "/admin/channels")
    (shown,) = [one for one in listed["items"] if one["id"] == "ding"]
    assert (shown["has_secrets"], shown["config"]["attempts"]) == (True, 5)
    actions = await harness.get("admin", "/admin/actions", kind="channels", about="ding")
    assert [one["action"] for one in actions["items"]] == ["channels", "channels"]
    async with harness.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT to_jsonb(c)::text FROM channels c"))).scalars().all()
        kept = (await connection.execute(text("SELECT sealed FROM channels WHERE id = 'ding'"))).scalar_one()
    everything = "\n".join((saved.text, json.dumps(listed), json.dumps(actions), *rows)) + repr(bytes(kept))
    assert "tok-1234567" not in everything
    assert "SECabcdefg" not in everything


@pytest.mark.parametrize(("id_", "config", "secrets", "status", "code"), [
    ("x", {"kind": "pigeon"}, {}, 422, "invalid"),
    ("x", {"kind": "wecom"}, {}, 422, "secret_missing"),
    ("x", {"kind": "wecom"}, {"key": "k", "other": "o"}, 422, "secret_unknown"),
    ("x", {"kind": "webhook", "url": "https://a.example/"}, {"secret": "short"}, 422, "secret_too_short"),
    ("x", {"kind": "webhook", "url": "ftp://a.example/"}, {"secret": SECRET}, 422, "invalid"),
    ("x", {"kind": "webhook", "url": "https://u:p@a.example/"}, {"secret": SECRET}, 422, "address_refused"),
    ("x", {"kind": "webhook", "url": "https://a.example/", "typo": 1}, {"secret": SECRET}, 422, "invalid"),
    ("x", {"kind": "sms", "url": "https://a.example/", "on_lost": "query"}, {}, 422, "invalid"),
    ("x", {"kind": "mail", "host": "h", "sender": "no address"}, {}, 422, "invalid"),
    ("x", {"kind": "push", "contact": "me"}, {}, 422, "invalid"),
    ("ding", {"kind": "wecom"}, {"key": "k"}, 422, "channel_kind_stays"),
    ("UPPER", {"kind": "wecom"}, {"key": "k"}, 422, "invalid"),
])  # fmt: skip
async def test_what_is_no_channel_is_refused(
    harness: ApiHarness, id_: str, config: dict[str, Any], secrets: dict[str, str], status: int, code: str
) -> None:
    await put(harness, "ding", {"kind": "dingtalk"}, secrets={"access_token": "tok-1234567"})
    answer = await put(harness, id_, config, secrets=secrets)
    assert answer.status_code == status, answer.text
    assert code in ("invalid", answer.json()["code"])


async def test_only_administrators_of_everything_have_them(harness: ApiHarness) -> None:
    for username in ("duty", "supervisor", "auditor", "worker", "keeper"):
        for path in ("/admin/channels", "/admin/hooks", "/admin/deliveries"):
            assert (await harness.ask(username, path)).status_code == 403
        assert (await put(harness, "mine", {"kind": "wecom"}, username, secrets={"key": "k"})).status_code == 403
        assert (await harness.send(username, "/admin/channels/ding/test")).status_code == 403
        assert (await harness.send(username, "/admin/deliveries/x/replay")).status_code == 403
    assert (await harness.ask("admin", "/admin/deliveries/nothing")).status_code == 404
    assert (await harness.send("admin", "/admin/channels/nothing/test")).status_code == 404


async def test_a_send_whose_workflow_is_missing_is_found_and_begun_again(harness: ApiHarness) -> None:
    held = asyncio.Event()
    async with running_far_side(script([Reply(wait=held)])) as side:
        await hook(harness, side)
        send = Send(key=f"lost:{new_id()}", message=Message(title="t"), routes=(Route(channel="hook"),), about="lost")
        await begin_send(harness.temporal, send, queue=harness.settings.case_queue)
        await side.wait_for(1)
        await harness.temporal.get_workflow_handle(f"send-{send.key}").terminate("lost")
        held.set()
        again = await harness.send("admin", f"/admin/deliveries/{send.key}/replay")
        assert (again.status_code, again.json()["code"]) == (409, "send_under_way")
        queue = harness.settings.case_queue
        async with harness.engine.begin() as connection:
            await connection.execute(
                text("UPDATE sends SET created_at = created_at - interval '10 minutes' WHERE key = :key"),
                {"key": send.key},
            )
        auditor = Auditor(harness.engine, harness.temporal, queue)
        found = [one for one in (await auditor.audit()).findings if one.kind is Drift.SEND_LOST]
        assert [send.key in one.en for one in found] == [True]
        assert (await auditor.audit(fix=True)).counts[Drift.SEND_LOST] == 0
        (line,) = await log_of(harness, about="lost")
        assert (line["key"], line["attempts"]) == (send.key, 2)


async def test_old_sends_are_deleted_and_their_content_before(harness: ApiHarness) -> None:
    async with running_far_side(lambda _: Reply()) as side:
        await hook(harness, side)
        told = (await harness.send("admin", "/admin/channels/hook/test")).json()
        key = told["delivery"]["key"]
    async with harness.engine.begin() as connection:
        await connection.execute(
            text("UPDATE sends SET created_at = now() - interval '20 days', finished_at = now() - interval '20 days'"
                 " WHERE key = :key"), {"key": key},
        )  # fmt: skip
        now = (await connection.execute(text("SELECT now()"))).scalar_one()
    await delete_old_sends(harness.engine, now, days=30)
    assert not (await harness.get("admin", f"/admin/deliveries/{key}"))["delivery"]["kept"]
    again = await harness.send("admin", f"/admin/deliveries/{key}/replay")
    assert (again.status_code, again.json()["code"]) == (410, "not_replayable")
    await delete_old_sends(harness.engine, now, days=10)
    assert (await harness.ask("admin", f"/admin/deliveries/{key}")).status_code == 404


async def test_a_browser_subscribes_for_its_person(harness: ApiHarness) -> None:
    assert (await harness.get("worker", "/me/push"))["public_key"] is None
    assert (await put(harness, "push", {"kind": "push", "contact": "mailto:a@b.example"})).status_code == 200
    public = (await harness.get("worker", "/me/push"))["public_key"]
    assert (await put(harness, "push", {"kind": "push", "contact": "mailto:c@d.example"})).status_code == 200
    assert (await harness.get("worker", "/me/push"))["public_key"] == public, "the keys stay"
    browser = Browser()
    async with running_far_side(lambda _: Reply(201)) as side:
        keys = browser.keys(side.url("/me")).model_dump()
        for username in ("worker", "admin", "admin"):
            assert (await harness.send(username, "/me/push", keys)).status_code == 204
        told = (await harness.send("admin", "/admin/channels/push/test")).json()
        assert told["delivery"]["status"] == "delivered", told
        assert browser.read(side.received[0])["title"] == "网格管理:测试消息"
        body = json.dumps({"endpoint": keys["endpoint"]})
        for username, left in (("worker", 1), ("admin", 0)):
            headers = {**harness.signed_in(username), "Content-Type": "application/json"}
            answer = await harness.http.request("DELETE", "/me/push", content=body, headers=headers)
            assert answer.status_code == 204
            async with harness.engine.connect() as connection:
                assert await connection.scalar(text("SELECT count(*) FROM push_subscriptions")) == left
    for bad in (
        {},
        {**keys, "endpoint": "ftp://x"},
        {**keys, "more": 1},
        {**keys, "endpoint": "https://u:p@x.example/"},
    ):
        assert (await harness.send("worker", "/me/push", bad)).status_code == 422


async def test_a_channel_is_removed_once_nothing_needs_it_and_its_log_stays(harness: ApiHarness) -> None:
    async with running_far_side(script([Reply(200)])) as side:
        await hook(harness, side, "leaving")
        assert (await harness.send("admin", "/admin/channels/leaving/test")).status_code == 200
        body = {"channel": "leaving", "kinds": ["accepted"], "grid": COMMUNITY}
        made = (await harness.send("admin", "/admin/hooks", body)).json()["id"]

        async def removed(username: str = "admin") -> Any:
            return await harness.http.delete("/admin/channels/leaving", headers=harness.signed_in(username))

        assert (await removed("supervisor")).status_code == 403
        enabled = await removed()
        assert (enabled.status_code, enabled.json()["code"]) == (409, "channel_in_use")
        config = {"kind": "webhook", "url": side.url("/in"), "first_wait": 0.1}
        assert (await put(harness, "leaving", config, enabled=False)).status_code == 200
        assert "1 个事件订阅" in (await removed()).json()["detail"]
        gone = await harness.http.delete(f"/admin/hooks/{made}", headers=harness.signed_in("admin"))
        assert gone.status_code == 204
        waiting = text("""
            INSERT INTO sends (key, purpose, status, created_at, attempts, round)
            VALUES ('waits-for-it', 'event', :status, now(), 0, 0)
            ON CONFLICT (key) DO UPDATE SET status = excluded.status
        """)
        for status, code in (("waiting", 409), ("failed", 204)):
            async with harness.engine.begin() as connection:
                await connection.execute(waiting, {"status": status})
            assert (await removed()).status_code == code
        assert (await removed()).status_code == 404
        assert "leaving" not in {one["id"] for one in (await harness.get("admin", "/admin/channels"))["items"]}
        assert (await harness.get("admin", "/admin/deliveries", channel="leaving"))["items"]
