"""The hub of changes, without a browser: the history of changes, and the end of a stream."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infra.store.cases import CHANGED_CHANNEL
from models.context import Person
from services.desk.viewers import VIEWED_CHANNEL
from web import live
from web.live import Hub


class Anybody:
    """Lets everybody in. The test that uses it is about the end of a stream; nothing changes in it."""

    async def person(self, _claims: Any, *, at_once: bool) -> Person:
        return Person(id=uuid4(), username="anybody")


async def test_a_stream_ends_so_that_roles_are_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "STREAM_SECONDS", 0.05)
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.01)
    readers: Any = Anybody()
    claims: Any = None
    async with asyncio.timeout(5):
        events = [event async for event in Hub(str).stream(readers, claims, None)]
    assert events[0] == b": open\n\n"
    assert set(events[1:]) == {b": still here\n\n"}


def test_a_reconnecting_page_gets_the_missed_changes_or_a_resync() -> None:
    hub = Hub(str)
    hub._publish("A", 1)
    seen = hub.event_id(1)
    hub._publish("B", 4)
    missed = hub.changes_since(seen)
    assert missed is not None
    assert [(change.case_no, change.revision) for change in missed] == [("B", 4)]
    assert hub.changes_since(None) == ()
    assert hub.changes_since("another-1") is None
    hub._reset()
    assert hub.changes_since(seen) is None


async def test_changes_during_the_pause_are_received_together(database_url: str) -> None:
    """The first change is sent at once; those within the pause after it are received together, and none is lost."""
    hub = Hub(lambda: database_url)
    async with (
        asyncio.timeout(20),
        hub.listening(),
        hub.subscribe() as queue,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other,
    ):

        async def notify(number: int) -> None:
            await other.execute("SELECT pg_notify(%s, %s)", (CHANGED_CHANNEL, f"A{number} {number}"))

        while queue.empty():  # until the hub listens, changes are lost
            await notify(0)
            await asyncio.sleep(0.01)
        for number in range(1, 6):
            await notify(number)
        received: list[str] = []
        while "A5" not in received:
            change = await queue.get()
            assert change is not None, "no change is missed"
            received.append(change.case_no)
        viewer = uuid4()
        await other.execute("SELECT pg_notify(%s, %s)", (VIEWED_CHANNEL, f"A1 {viewer}"))
        await notify(6)
        assert (await queue.get()).case_no == "A6"  # type: ignore[union-attr]  # not missed, as above
        assert hub.presence.others("A1", uuid4(), datetime.now(UTC)) == (viewer,), "a viewer is received as well"
    assert [name for name in received if name != "A0"] == ["A1", "A2", "A3", "A4", "A5"]
