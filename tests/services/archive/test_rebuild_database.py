"""A lost database comes back from archive and histories: every table as it was, however much of it was lost."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.archive import open_archive
from infra.database import open_database
from infra.keys.ring import create_ring
from infra.objects import Objects
from infra.store.cases import read_case, read_report_id
from infra.store.sealed_answers import Unreadable, open_answers
from models.ids import new_id
from models.jobs.rebuild import DatabaseRebuilt
from models.tables import metadata
from services.archive import readings
from services.archive.facts import archive_facts
from services.archive.lines import ArchivedFact
from services.archive.rebuild_database import rebuild_database
from services.archive.reference import KEPT, ForeignArchive, copy_reference
from services.archive.run import archive_all
from services.archive.staging import count_staged, create_staging, stage
from services.archive.tables import PASSING
from services.history.anchors import make_anchors
from services.history.verify import verify_store
from tests.scenarios import ALL
from tests.servers import Servers
from tests.services.matters.hall import Hall
from tests.services.matters.test_stations import a_station, send
from tests.town import Town, running_town, town_settings

#: What a rebuilt database holds otherwise than before, and may.
#: Effects that were carried out already wait again; their ids make them count once.
OTHERWISE = PASSING | {"archive_files", "archived", "outbox"}


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client, tmp_path: Path) -> AsyncIterator[Town]:
    """The tiny park; archive, vault and keys lie in a folder of the test."""
    settings = town_settings(database_url).model_copy(update={"data_dir": tmp_path})
    create_ring(settings.key_ring)
    own = open_database(settings)
    try:
        async with running_town(own, temporal_client, settings) as running:
            yield running
    finally:
        await own.dispose()


@pytest.fixture
async def empty(servers: Servers, town: Town) -> AsyncIterator[AsyncEngine]:
    """An engine on a fresh database with the tables and nothing in them."""
    name = f"rebuilt_{town.resources.settings.case_queue.rpartition('-')[2][:20]}".replace("-", "_")
    url = servers.create_database(name)
    settings = town.resources.settings.model_copy(
        update={"database_url": type(town.resources.settings.database_url)(url)}
    )
    engine = open_database(settings)
    try:
        yield engine
    finally:
        await engine.dispose()
        servers.drop_database(name)


async def dump(engine: AsyncEngine) -> dict[str, list[Any]]:
    """The rows of all tables."""
    found: dict[str, list[Any]] = {}
    async with engine.connect() as connection:
        for name in metadata.tables:
            rows = await connection.scalars(text(f'SELECT to_jsonb(t)::text FROM "{name}" t'))
            found[name] = sorted(rows)
    return {name: [json.loads(row) for row in rows] for name, rows in found.items()}


async def live(town: Town) -> None:
    for name in ("hard", "passed-on", "put-right", "short", "entangled"):
        await ALL[name](town)


async def rebuild(engine: AsyncEngine, town: Town, archive: Objects) -> DatabaseRebuilt:
    return await rebuild_database(engine, archive, town.resources.temporal, town.resources.settings)


def differences(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, Any]:
    """The tables that differ, with rows of one and not of the other."""
    found = {}
    for name in before.keys() - OTHERWISE:
        gone = [row for row in before[name] if row not in after[name]]
        new = [row for row in after[name] if row not in before[name]]
        if gone or new:
            found[name] = {"gone": gone[:2], "new": new[:2]}
    return found


async def test_an_empty_database_comes_back_from_archive_and_histories(town: Town, empty: AsyncEngine) -> None:
    archive = open_archive(town.resources.settings)
    await ALL["plain"](town)
    await archive_facts(town.engine, archive)
    await live(town)
    await town.report("reporter", title="有联系方式", reporter={"name": "王五", "phone": "13912345678"})
    await copy_reference(town.engine, archive)
    await make_anchors(town.engine, town.resources.settings, today=True)
    before = await dump(town.engine)
    rebuilt = await rebuild(empty, town, archive)
    assert (rebuilt.drift, rebuilt.faults) == (0, ())
    assert rebuilt.new == rebuilt.origins > 5
    found = differences(before, await dump(empty))
    assert set(found) == set(), found
    assert (await verify_store(empty, town.resources.settings)).findings == ()
    again = await rebuild(empty, town, archive)
    assert (again.new, again.extended, again.replaced, again.corrected, again.reference) == (0, 0, 0, 0, 0)
    assert (again.whole, again.drift, again.faults) == (rebuilt.origins, 0, ())


async def test_a_connection_that_was_used_for_it_before_begins_anew(engine: AsyncEngine) -> None:
    fact = ArchivedFact("case", {"origin": str(new_id()), "seq": 1})
    async with engine.connect() as connection:
        for _ in range(2):
            await create_staging(connection)
            assert await count_staged(connection) == (0, 0)
            await stage(connection, [fact])
            await connection.commit()


async def test_personal_answers_come_back_with_their_keys_and_erased_ones_do_not(
    town: Town, empty: AsyncEngine
) -> None:
    """Sealed with the report or by a command, with a contact or without one; after the last copy was made."""
    archive = open_archive(town.resources.settings)
    await copy_reference(town.engine, archive)
    asked = {"category": "0301", "title": "有异味"}
    contact = {"name": "王五", "phone": "13912345678"}
    given = await town.report(**asked, answers={"smell": "sour", "who": "甲"})
    named = await town.report(**asked, answers={"smell": "sour", "who": "乙"}, reporter=contact)
    later = await town.report(**asked, answers={"smell": "sour"})
    gone = await town.report(**asked, answers={"smell": "sour", "who": "丁"})
    await town.do("duty", later, "answer_questions", answers={"who": "丙"})
    await town.do("keeper", gone, "erase_reporter", reason="本人依法要求删除")
    rebuilt = await rebuild(empty, town, archive)
    assert (rebuilt.drift, rebuilt.faults, rebuilt.reporters) == (0, (), 3)
    said = {}
    async with empty.connect() as connection:
        for no in (given, named, later, gone):
            case = await read_case(connection, await read_report_id(connection, no))  # type: ignore[arg-type]
            assert case is not None
            opened = await open_answers(connection, case)
            said[no] = [opened.open(one).values for one in case.answers if one.question == "who"], opened.why_not
    assert said == {
        given: ([("甲",)], None), named: ([("乙",)], None), later: ([("丙",)], None), gone: ([()], Unreadable.ERASED),
    }  # fmt: skip


async def tamper(engine: AsyncEngine, *statements: str) -> None:
    """Change a database as a disk fault, or its owner, could."""
    async with engine.begin() as connection:
        for table in ("facts", "matter_facts", "fact_hashes", "unmask_looks"):
            await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        for statement in statements:
            await connection.execute(text(statement))
        for table in ("facts", "matter_facts", "fact_hashes", "unmask_looks"):
            await connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


DAMAGE = {
    "a fact edited": "UPDATE facts SET body = jsonb_set(body, '{title}', '\"别的\"') WHERE seq = 1",
    "facts in between gone": "DELETE FROM facts WHERE seq = 3",
    "the last facts gone": "DELETE FROM facts f WHERE seq = (SELECT max(seq) FROM facts WHERE report_id = f.report_id)",
    "rows of another time": "UPDATE cases SET stage = 'receive', state = jsonb_set(state, '{stage}', '\"receive\"')",
    "columns that differ from the state": "UPDATE cases SET owner_id = 'x', due_at = now()",
    "tasks gone": "DELETE FROM tasks",
    "hashes of facts gone wrong": "UPDATE fact_hashes SET hash = sha256(hash) WHERE seq = 2",
    "facts of a matter edited": 'UPDATE matter_facts SET body = body || \'{"note": "x"}\' WHERE seq = 1',
    "everything gone": "TRUNCATE cases, facts, matters, matter_facts, fact_hashes, tasks, archived CASCADE",
}


async def test_a_damaged_database_is_brought_forward(town: Town) -> None:
    """Whatever the damage, all is as it was: the next damage is done to what was brought forward from the last."""
    archive = open_archive(town.resources.settings)
    for name in ("plain", "hard"):
        await ALL[name](town)
    await town.enterprise()
    await archive_facts(town.engine, archive)
    await copy_reference(town.engine, archive)
    before = await dump(town.engine)
    for damage, statement in DAMAGE.items():
        await tamper(town.engine, statement)
        rebuilt = await rebuild(town.engine, town, archive)
        assert (rebuilt.drift, rebuilt.faults) == (0, ()), damage
        assert rebuilt.new + rebuilt.extended + rebuilt.replaced + rebuilt.corrected > 0, damage
        assert differences(before, await dump(town.engine)) == {}, damage
        assert (await verify_store(town.engine, town.resources.settings)).findings == (), damage


async def test_an_older_copy_of_the_database_is_brought_forward(town: Town, servers: Servers) -> None:
    """As after a backup was put back, while workers go on with what they know."""
    archive = open_archive(town.resources.settings)
    no = await town.report()
    await copy_reference(town.engine, archive)
    await town.do("duty", no, "accept")
    await archive_facts(town.engine, archive)
    await town.do("duty", no, "dispatch", host="labour")
    later = await town.report(title="备份之后")
    before = await dump(town.engine)
    row = await town.case(no)
    gone = (await town.case(later)).report_id
    await tamper(
        town.engine,
        f"DELETE FROM facts WHERE seq > 1 OR report_id = '{gone}'",
        f"DELETE FROM fact_hashes WHERE seq > 1 OR origin = '{gone}'",
        "DELETE FROM tasks", f"DELETE FROM cases WHERE report_id = '{gone}'", "DELETE FROM case_counters",
    )  # fmt: skip
    rebuilt = await rebuild(town.engine, town, archive)
    assert (rebuilt.new, rebuilt.extended, rebuilt.drift, rebuilt.faults) == (1, 1, 0, ())
    assert differences(before, await dump(town.engine)) == {}
    view = await town.do("labour_handler", no, "claim")  # and it goes on
    assert view.revision == row.seq + 1
    fresh = await town.report(title="再报")
    assert fresh not in {no, later}


async def test_a_file_that_was_changed_is_named_and_not_believed(town: Town, empty: AsyncEngine) -> None:
    archive = open_archive(town.resources.settings)
    await town.report()
    await archive_facts(town.engine, archive)
    await copy_reference(town.engine, archive)
    folder = town.resources.settings.data_dir / "archive" / "facts"
    (path,) = folder.rglob("*.gz")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    rebuilt = await rebuild(empty, town, archive)
    (fault,) = rebuilt.faults
    assert path.name in fault.en
    assert (rebuilt.new, rebuilt.drift) == (1, 0)  # Temporal's history has it as well


async def test_somebody_of_whom_no_copy_tells_does_not_cost_a_case(town: Town, empty: AsyncEngine) -> None:
    archive = open_archive(town.resources.settings)
    await town.report()
    await copy_reference(town.engine, archive)
    names = [one.name async for one in archive.list("reference/tables/people/")]
    for name in names:
        await archive.delete(name)
    rebuilt = await rebuild(empty, town, archive)
    assert rebuilt.new == 0 or rebuilt.drift == 0
    assert any("people" in fault.en for fault in rebuilt.faults)


async def test_without_histories_the_archive_alone_is_enough(town: Town, empty: AsyncEngine) -> None:
    archive = open_archive(town.resources.settings)
    await ALL["plain"](town)
    await archive_facts(town.engine, archive)
    await copy_reference(town.engine, archive)
    before = await dump(town.engine)
    rebuilt = await rebuild_database(empty, archive, None, town.resources.settings)
    assert (rebuilt.runs, rebuilt.drift, rebuilt.faults) == (0, 0, ())
    assert differences(before, await dump(empty)) == {}


async def test_archiving_twice_at_once_writes_everything_once(town: Town) -> None:
    archive = open_archive(town.resources.settings)
    for number in range(3):
        await town.report(title=f"第 {number} 件")
    done = await asyncio.gather(*(archive_facts(town.engine, archive) for _ in range(3)))
    assert sorted(one.facts for one in done) == [0, 0, 3]
    assert (await archive_facts(town.engine, archive)).facts == 0


async def test_an_empty_database_does_not_push_out_the_copies_of_the_lost_one(town: Town, empty: AsyncEngine) -> None:
    archive = open_archive(town.resources.settings)
    await town.report()
    await archive_all(town.engine, town.resources.settings)
    before = await dump(town.engine)
    for _ in range(KEPT + 1):  # as its worker does every ten minutes
        await archive_all(empty, town.resources.settings)
    with pytest.raises(ForeignArchive):
        await copy_reference(empty, archive)
    assert (await rebuild(empty, town, archive)).faults == ()
    assert differences(before, await dump(empty)) == {}
    await copy_reference(empty, archive)
    with pytest.raises(ForeignArchive):  # now the archive is the rebuilt one's
        await copy_reference(town.engine, archive)


async def test_old_copies_go_and_what_did_not_change_is_not_written_again(town: Town) -> None:
    archive = open_archive(town.resources.settings)
    for _ in range(KEPT + 2):
        await copy_reference(town.engine, archive)
    copies = [one.name async for one in archive.list("reference/") if one.name.endswith(".json")]
    people = [one.name async for one in archive.list("reference/tables/people/")]
    assert (len(copies), len(people)) == (KEPT, 1)


async def test_readings_come_back_with_their_station(
    town: Town, empty: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "SETTLED", timedelta())
    monkeypatch.setattr(readings, "FILE_ROWS", 2)
    hall = Hall(town)
    key = await a_station(hall)
    began = datetime.now(UTC) - timedelta(minutes=9)
    for number in range(5):
        await send(hall, key, (began + timedelta(minutes=number), 1.5 + number / 10))
    await archive_all(town.engine, town.resources.settings)
    await send(hall, key, (began + timedelta(minutes=7), 1.25))
    await archive_all(town.engine, town.resources.settings)
    archive = open_archive(town.resources.settings)
    files = [one.name async for one in archive.list("readings/")]
    assert len(files) == 4
    assert await readings.archive_readings(town.engine, archive) == 0
    before = await dump(town.engine)
    assert len(before["readings"]) == 6
    assert (await rebuild(empty, town, archive)).faults == ()
    after = await dump(empty)
    assert after["readings"] == before["readings"]
    found = differences(before, after)
    assert set(found) == set(), found
    assert await readings.archive_readings(empty, archive) == 0
