"""Sends: tried in order and with patience, each attempt once, with a receipt; on the server whose clock jumps."""

import asyncio
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from sqlalchemy import text

from infra.send_client import begin_send
from models.sends import AttemptOrder, Message, Outcome, SendReceipt, SendRun, SendStatus, Urgency, send_workflow_id
from models.wire_names import sends_queue
from tests.fakes.far_side import FarSide, Reply, running_far_side, script
from tests.workflows.post import Post, made, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "a-secret-of-the-hook"


async def hook(post: Post, side: FarSide, id_: str = "hook", **more: Any) -> str:
    """A web hook that leads to `side`."""
    return await post.channel(id_, {"kind": "webhook", "url": side.url("/in"), **more}, {"secret": SECRET})


def verified(side: FarSide) -> list[dict[str, Any]]:
    """The events that arrived, each with a good signature over what was sent."""
    events = []
    for received in side.received:
        parts = dict(part.split("=", 1) for part in received.headers["x-gridloop-signature"].split(","))
        signed = hmac.new(SECRET.encode(), f"{parts['t']}.".encode() + received.body, hashlib.sha256).hexdigest()
        assert hmac.compare_digest(parts["v1"], signed)
        assert abs(int(parts["t"]) - datetime.now(UTC).timestamp()) < 60
        events.append(json.loads(received.body))
        assert received.headers["x-gridloop-event"] == events[-1]["id"]
    return events


async def test_two_failures_then_success_is_one_event_in_three_attempts(post: Post) -> None:
    async with running_far_side(script([Reply(500, b"one"), Reply(500, b"two")])) as side:
        send = made(await hook(post, side), message=Message(title="t", event={"kind": "closed", "case_no": "A1"}))
        receipt = await post.run(SendRun(send=send))
        events = verified(side)
        assert receipt == SendReceipt(
            key=send.key, status=SendStatus.DELIVERED, channel="hook", attempts=3, at=receipt.at
        )  # fmt: skip
        assert [(event["id"], event["kind"], event["case_no"]) for event in events] == [(send.key, "closed", "A1")] * 3
        log = await post.attempts(send.key)
        assert [(row["outcome"], row["status"], row["answer"]) for row in log] == [
            ("failed", 500, "one"), ("failed", 500, "two"), ("delivered", 200, "{}"),
        ]  # fmt: skip
        again = await post.run(SendRun(send=send, round=1))
        assert (again.status, again.attempts) == (SendStatus.DELIVERED, 4)
        assert {event["id"] for event in verified(side)} == {send.key}


async def test_it_falls_to_the_next_channel_and_the_receipt_says_which(post: Post) -> None:
    async with running_far_side(lambda _: Reply(500)) as bad, running_far_side(lambda _: Reply()) as good:
        first = await hook(post, bad, "first", attempts=3)
        receipt = await post.send("nowhere", first, await hook(post, good, "second"))
        assert (receipt.status, receipt.channel, receipt.attempts) == (SendStatus.DELIVERED, "second", 5)
        assert (len(bad.received), len(good.received)) == (3, 1)
        log = await post.attempts(receipt.key)
        assert [row["code"] for row in log] == ["channel_missing", *["http_500"] * 3, None]
        assert all(row["again_at"] for row in log[1:3])


async def test_it_waits_as_told_and_the_wait_counts_as_no_failure(post: Post) -> None:
    limited = [Reply(429, headers={"retry-after": "120"}), Reply(503, headers={"retry-after": "60"})]
    async with running_far_side(script(limited)) as side:
        receipt = await post.send(await hook(post, side, attempts=1))
        assert (receipt.status, receipt.attempts) == (SendStatus.DELIVERED, 3)
        log = await post.attempts(receipt.key)
        pauses = [round((row["again_at"] - row["finished_at"]).total_seconds()) for row in log[:2]]
        assert pauses == [120, 60]
    async with running_far_side(script([], Reply(429, headers={"retry-after": "4000"}))) as side:
        receipt = await post.send(await hook(post, side, longest_limit=3600))
        assert (receipt.status, receipt.attempts) == (SendStatus.FAILED, 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
async def test_what_is_refused_for_good_is_not_repeated(post: Post, status: int) -> None:
    async with running_far_side(lambda _: Reply(status)) as side:
        receipt = await post.send(await hook(post, side))
        assert (receipt.status, receipt.attempts, len(side.received)) == (SendStatus.FAILED, 1, 1)


async def test_begun_twice_it_is_carried_out_once(post: Post) -> None:
    async with running_far_side(lambda _: Reply()) as side:
        send = made(await hook(post, side))
        queue = sends_queue(post.queue)
        assert queue != post.queue
        async with serving(post, queue):
            begun = await asyncio.gather(*(begin_send(post.client, send, queue=post.queue) for _ in range(5)))
            assert sorted(begun) == [False] * 4 + [True]
            handle = post.client.get_workflow_handle(send_workflow_id(send.key), result_type=SendReceipt)
            first = await handle.result()
        assert first.status is SendStatus.DELIVERED
        again = await post.run(SendRun(send=send))  # Temporal may have forgotten it; the database has not
        assert again.model_copy(update={"at": first.at}) == first
        assert len(side.received) == 1


async def test_a_lost_answer_is_repeated_or_held_as_the_channel_says(post: Post) -> None:
    async with running_far_side(script([Reply(cut=True)])) as side:
        receipt = await post.send(await hook(post, side))
        assert (receipt.status, len(side.received)) == (SendStatus.DELIVERED, 2)
    async with running_far_side(script([Reply(cut=True)])) as side, running_far_side(lambda _: Reply()) as other:
        held, next_ = await hook(post, side, "held", on_lost="hold"), await hook(post, other, "next")
        receipt = await post.send(held, next_)
        assert (receipt.status, receipt.channel) == (SendStatus.UNCLEAR, None)
        assert (len(side.received), len(other.received)) == (1, 0)
        urgent = await post.send(held, next_, message=Message(title="t", urgency=Urgency.URGENT))
        assert (urgent.status, urgent.channel) == (SendStatus.DELIVERED, "held")


@pytest.mark.parametrize(
    ("status", "headers", "ends", "arrived"),
    [
        (500, {}, SendStatus.UNCLEAR, 1), (502, {}, SendStatus.UNCLEAR, 1), (504, {}, SendStatus.UNCLEAR, 1),
        (503, {}, SendStatus.DELIVERED, 2), (503, {"retry-after": "1"}, SendStatus.DELIVERED, 2),
        (408, {}, SendStatus.DELIVERED, 2),
    ],
)  # fmt: skip
async def test_a_far_side_that_fails_may_have_taken_what_is_not_to_be_sent_twice(
    post: Post, status: int, headers: dict[str, str], ends: SendStatus, arrived: int
) -> None:
    async with running_far_side(script([Reply(status, headers=headers)])) as side:
        receipt = await post.send(await hook(post, side, "held-5xx", on_lost="hold"))
        assert (receipt.status, len(side.received)) == (ends, arrived)
    async with running_far_side(script([Reply(status, headers=headers)])) as side:
        receipt = await post.send(await hook(post, side, "repeated-5xx"))
        assert (receipt.status, len(side.received)) == (SendStatus.DELIVERED, 2)


async def test_an_attempt_cut_off_by_a_dead_worker_is_not_made_twice_where_that_does_harm(post: Post) -> None:
    async with running_far_side(lambda _: Reply()) as side:
        for on_lost, outcome, arrived in (("hold", Outcome.UNCLEAR, 0), ("repeat", Outcome.DELIVERED, 1)):
            send = made(await hook(post, side, f"dead-{on_lost}", on_lost=on_lost))
            await post.activities.record_send(SendRun(send=send))
            async with post.engine.begin() as connection:
                await connection.execute(
                    text(
                        "INSERT INTO send_attempts (send, number, round, route, channel, address, begun_at)"
                        " VALUES (:key, 1, 0, 0, 'x', '', now())"
                    ),
                    {"key": send.key},
                )
            order = AttemptOrder(send=send, round=0, number=1, route=0, tried=0)
            assert (await post.activities.attempt_send(order)).outcome is outcome
            assert (await post.activities.attempt_send(order)).outcome is outcome, "its result is stored"
            assert len(side.received) == arrived
            later = await post.activities.record_send(SendRun(send=send))
            assert (later.over, later.attempts) == (None, 1)


async def test_a_send_is_as_old_as_the_database_says(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose clock is ahead must not keep the audit from missing what it has begun."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Ahead":
            return super().now(tz) + timedelta(hours=1)

    monkeypatch.setattr("activities.sending.datetime", Ahead)
    async with running_far_side(lambda _: Reply()) as side:
        send = made(await hook(post, side))
        await post.activities.record_send(SendRun(send=send))
    async with post.engine.connect() as connection:
        age = text("SELECT clock_timestamp() - created_at FROM sends WHERE key = :key")
        assert timedelta(0) <= await connection.scalar(age, {"key": send.key}) < timedelta(minutes=30)


async def test_a_workflow_begun_again_does_not_repeat_what_was_delivered(post: Post) -> None:
    async with running_far_side(lambda _: Reply()) as side:
        send = made(await hook(post, side))
        await post.activities.record_send(SendRun(send=send))
        await post.activities.attempt_send(AttemptOrder(send=send, round=0, number=1, route=0, tried=0))
        receipt = await post.run(SendRun(send=send))
        assert (receipt.status, receipt.channel, len(side.received)) == (SendStatus.DELIVERED, "hook", 1)


async def test_a_workflow_begun_again_remembers_that_an_answer_was_lost(post: Post) -> None:
    """An urgent message goes on to the next channel; when that refuses it, the first may still have it."""
    async with running_far_side(lambda _: Reply(cut=True)) as lost, running_far_side(lambda _: Reply(422)) as refusing:
        first = await hook(post, lost, "lost-first", on_lost="hold")
        message = Message(title="t", urgency=Urgency.URGENT)
        send = made(first, await hook(post, refusing, "then-refused"), message=message)
        await post.activities.record_send(SendRun(send=send))
        for number, route in ((1, 0), (2, 1)):
            order = AttemptOrder(send=send, round=0, number=number, route=route, tried=0)
            await post.activities.attempt_send(order)
        receipt = await post.run(SendRun(send=send))
        assert (receipt.status, len(lost.received)) == (SendStatus.UNCLEAR, 1)


async def test_a_send_that_the_database_has_lost_goes_on(post: Post) -> None:
    async with running_far_side(lambda _: Reply()) as side:
        send = made(await hook(post, side))
        order = AttemptOrder(send=send, round=0, number=1, route=0, tried=0)
        assert (await post.activities.attempt_send(order)).outcome is Outcome.DELIVERED
        assert [row["outcome"] for row in await post.attempts(send.key)] == ["delivered"]


async def test_a_message_that_is_too_old_is_not_tried(post: Post) -> None:
    async with running_far_side(lambda _: Reply(500)) as side:
        receipt = await post.send(await hook(post, side), not_after=datetime.now(UTC) - timedelta(days=1))
        assert (receipt.status, receipt.attempts, len(side.received)) == (SendStatus.FAILED, 0, 0)


async def test_no_secret_and_no_address_is_in_the_log_of_deliveries(post: Post) -> None:
    async with running_far_side(lambda got: Reply(500, SECRET.encode() + b" 1234")) as side:
        receipt = await post.send(await hook(post, side, attempts=1), about="20260101-0001")
        (row,) = await post.attempts(receipt.key)
        assert row["answer"] == "*** 1234"
        async with post.engine.connect() as connection:
            stored = (
                await connection.execute(text("SELECT sealed FROM sends WHERE key = :k"), {"k": receipt.key})
            ).one()
        assert "消防".encode() not in stored.sealed


async def test_a_disabled_channel_takes_nothing(post: Post) -> None:
    async with running_far_side(lambda _: Reply()) as side:
        await post.channel("off", {"kind": "webhook", "url": side.url()}, {"secret": SECRET}, enabled=False)
        receipt = await post.send("off")
        assert (receipt.status, len(side.received)) == (SendStatus.FAILED, 0)
        (row,) = await post.attempts(receipt.key)
        assert (row["code"], row["outcome"]) == ("channel_disabled", "refused")
