"""One place has the workflows of a database: who runs them in another one records nothing, however late it wakes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.recording import Recorder
from infra.database import is_away, open_database, open_recording_engine, reason
from infra.settings import Settings
from infra.store.cases import read_facts
from infra.store.place import CannotMove, Elsewhere, Place, held_by, move, release, take
from models.facts import Actor
from models.ids import new_id
from models.messages import Step
from tests.builders import MICRO, person_id, small_park

OLD, NEW = Place("old-id", "gridloop", "old:7233"), Place("new-id", "gridloop", "new:7233")
_OUTBOX = text("DELETE FROM outbox")


def settings(url: str) -> Settings:
    return Settings(database_url=SecretStr(url), token_secret=SecretStr("0" * 64), database_pool=2)


@asynccontextmanager
async def of(url: str, place: Place) -> AsyncIterator[AsyncEngine]:
    """An engine as a worker of that place has it."""
    engine = open_recording_engine(settings(url), place.session)
    try:
        yield engine
    finally:
        await engine.dispose()


def a_report() -> Step:
    id_, now = new_id(), datetime.now(UTC)
    command = {
        "kind": "report", "report_id": id_, "category": "0103", "title": "消防通道被堵", "grid": MICRO,
        "occurred_at": now, "reported_at": now, "content_hash": "x",
    }  # fmt: skip
    return Step.model_validate(
        {"report_id": id_, "known": 0, "id": id_, "at": now, "actor": Actor(person=person_id("worker")),
         "command": command}
    )  # fmt: skip


async def test_the_first_takes_it_and_another_is_told_where_it_is(engine: AsyncEngine) -> None:
    both = await asyncio.gather(take(engine, OLD), take(engine, NEW), return_exceptions=True)
    (error,) = (one for one in both if one is not None)
    assert isinstance(error, Elsewhere)
    held, other = (OLD, NEW) if error.held == OLD else (NEW, OLD)
    for _ in range(2):
        await take(engine, held)
        with pytest.raises(
            Elsewhere, match=rf"namespace gridloop of the Temporal at {held.address}.*--move-here"
        ) as told:
            await take(engine, other)
    assert "gridloop setup --move-here" in told.value.zh
    moved = Place(held.id, held.namespace, "elsewhere:7233")
    await take(engine, moved)  # the same namespace under another address
    async with engine.connect() as connection:
        assert await held_by(connection) == moved


async def test_after_a_move_the_old_recorder_records_nothing_and_refuses_nothing(
    engine: AsyncEngine, database_url: str
) -> None:
    await small_park(engine)
    await take(engine, OLD)
    async with of(database_url, OLD) as old, of(database_url, NEW) as new:
        run = ActivityEnvironment().run
        first = a_report()
        assert (await run(Recorder(old).record, first)).facts
        with pytest.raises(ApplicationError, match="away"):
            await run(Recorder(new).record, a_report())

        assert await move(engine, NEW)
        assert not await move(engine, NEW)
        late = a_report()
        with pytest.raises(ApplicationError, match="away") as told:
            await run(Recorder(old).record, late)
        assert told.value.type == "DatabaseAway"
        async with engine.connect() as connection:
            assert await read_facts(connection, late.report_id) == ()
        recorded = await run(Recorder(new).record, late)
        assert [fact.seq for fact in recorded.facts] == [1, 2][: len(recorded.facts)]
        with pytest.raises(DBAPIError) as refused:
            async with old.connect() as connection:
                await connection.execute(_OUTBOX)  # nor does its relay take effects
        assert is_away(refused.value)
        assert reason(refused.value) == (
            "the workflows of this database are in the namespace gridloop of the Temporal at new:7233"
        )


async def _write(connection: AsyncConnection) -> None:
    await connection.execute(text("INSERT INTO facts SELECT * FROM facts WHERE false"))


async def test_a_move_waits_for_what_is_being_recorded_and_a_frozen_process_is_named(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(engine, OLD)
    old = open_database(settings(database_url), session=OLD.session)
    try:
        async with old.connect() as frozen:
            await _write(frozen)
            monkeypatch.setattr("infra.store.place._WAIT", "100ms")
            with pytest.raises(CannotMove, match="still holds a transaction"):
                await move(engine, NEW)
            monkeypatch.setattr("infra.store.place._WAIT", "30s")
            moving = asyncio.create_task(move(engine, NEW))
            await _until_waiting(engine)
            await frozen.commit()
            assert await moving
            with pytest.raises(DBAPIError, match="are in the namespace"):
                await _write(frozen)
    finally:
        await old.dispose()


async def test_who_waits_for_a_move_sees_what_came_of_it(engine: AsyncEngine, database_url: str) -> None:
    """Their statement began before the move was committed."""
    await take(engine, OLD)
    async with of(database_url, OLD) as old, engine.connect() as mover, old.connect() as writer:
        await mover.execute(text("SELECT pg_advisory_xact_lock(hashtext('gridloop place'))"))
        writing = asyncio.create_task(_write(writer))
        await _until_waiting(engine)
        await mover.execute(text("UPDATE workflow_place SET place = 'new-id'"))
        await mover.commit()
        with pytest.raises(DBAPIError, match="are in the namespace"):
            await writing


async def _until_waiting(engine: AsyncEngine) -> None:
    """Wait until somebody waits for the lock of the place."""
    query = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND"
        " database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with asyncio.timeout(20), engine.connect() as connection:
        while not await connection.scalar(query):
            await connection.rollback()
            await asyncio.sleep(0.01)


async def test_nobody_moves_it_while_a_worker_of_another_place_lives(engine: AsyncEngine) -> None:
    await take(engine, OLD)
    worker = text(
        "INSERT INTO workers (id, place, host, pid, started_at, seen_at)"
        " VALUES (gen_random_uuid(), 'old-id', 'there', 7, now(), now() - CAST(:ago AS interval))"
    )
    async with engine.begin() as connection:
        await connection.execute(worker, {"ago": datetime.now(UTC) - datetime.now(UTC)})
    with pytest.raises(CannotMove, match=r"alive: there \(7\)"):
        await move(engine, NEW)
    async with engine.begin() as connection:
        assert await held_by(connection) == OLD
        await connection.execute(text("UPDATE workers SET seen_at = now() - interval '1 minute'"))
    assert await move(engine, NEW)


async def test_sessions_that_run_no_workflows_are_not_asked(engine: AsyncEngine) -> None:
    await take(engine, OLD)
    async with engine.begin() as connection:
        await _write(connection)
    await release(engine, NEW)
    with pytest.raises(Elsewhere):
        await take(engine, NEW)
    await release(engine, OLD)
    await take(engine, NEW)
