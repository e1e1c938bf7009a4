"""Old cases leave the database once the archive has been seen to hold them, and come back as they were."""

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.archive import open_archive
from infra.database import transaction
from infra.objects import Objects
from infra.settings import Settings
from infra.store import retired as retired_store
from infra.store.attachments import count_unnamed
from infra.store.retired import latest_runs
from models.errors import ArchiveAltered, NoSuchCase
from models.ids import new_id
from models.jobs.history import Verification
from models.jobs.retirement import Obstacle, RetirementRun
from models.tables import metadata
from models.wire_names import heavy_queue
from rules.history.proof import parse_proof
from services.archive import retire
from services.archive.bring_back import bring_back
from services.archive.facts import archive_facts
from services.archive.rebuild_database import rebuild_database
from services.archive.reference import copy_reference
from services.archive.retire import BUNDLED_FOR, retire_cases
from services.archive.retired_figures import retired_figures
from services.archive.verify_retired import check_proof_anywhere, verify_archive
from services.attachments.store import attachments_of
from services.attachments.sweep import sweep_files
from services.cases.proof import proof_code
from services.history.anchors import make_anchors
from services.history.export import export_history
from services.history.verify import verify_store
from services.history.verify_export import verify_export
from tests.builders import GRID, OTHER_PARK, person_id, put_photo, small_park
from tests.old_cases import put_old_cases
from tests.town import running_town, town_settings
from workflows.retirement import RetirementWorkflow

PHOTO = "b" * 64
NOW = datetime.now(UTC)
LATER = NOW + BUNDLED_FOR + timedelta(minutes=1)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), data_dir=tmp_path)


@pytest.fixture
def archive(settings: Settings) -> Objects:
    return open_archive(settings)


@pytest.fixture
async def numbers(engine: AsyncEngine) -> list[str]:
    """Four old cases; the first has a photo."""
    await small_park(engine)
    await put_photo(engine, PHOTO)
    return await put_old_cases(engine, [{"attachments": [PHOTO]}, {}, {}, {}])


async def run(engine: AsyncEngine, archive: Objects, now: datetime = NOW, **more: Any) -> RetirementRun:
    return await retire_cases(engine, archive, 2, now, pause=timedelta(0), **more)


async def run_twice(engine: AsyncEngine, archive: Objects) -> RetirementRun:
    """Write the bundle, and retire a week later."""
    await run(engine, archive)
    return await run(engine, archive, LATER)


async def in_database(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.scalars(text("SELECT case_no FROM cases")))


async def dump(engine: AsyncEngine, tables: Iterable[str]) -> dict[str, list[str]]:
    async with engine.connect() as connection:
        return {
            name: sorted(await connection.scalars(text(f'SELECT to_jsonb(t)::text FROM "{name}" t'))) for name in tables
        }


async def report_of(engine: AsyncEngine, number: str) -> UUID:
    async with engine.connect() as connection:
        found = await connection.scalar(text("SELECT report_id FROM cases WHERE case_no = :no"), {"no": number})
    assert isinstance(found, UUID)
    return found


def bundle_of(settings: Settings) -> Path:
    (path,) = (settings.data_dir / "archive" / "retired").rglob("*.gz")
    return path


def faults(result: Verification) -> list[tuple[str, str | None]]:
    return [(finding.fault.value, finding.number) for finding in result.findings]


#: What a case has rows in.
OF_CASES = (
    "cases",
    "case_words",
    "facts",
    "fact_hashes",
    "tasks",
    "notices",
    "archived",
    "inspections",
    "unmask_looks",
)


async def test_a_case_leaves_and_comes_back_as_it_was(
    engine: AsyncEngine, archive: Objects, settings: Settings, numbers: list[str], tmp_path: Path
) -> None:
    await make_anchors(engine, settings, today=True)
    before = await dump(engine, OF_CASES)
    first = await run(engine, archive)
    assert (first.bundled, first.retired, first.kept) == (4, 0, {})
    assert (await run(engine, archive)).retired == 0  # the bundle has not lain long enough
    assert (await run(engine, archive, LATER, dry=True)).retired == 4
    assert await in_database(engine) == set(numbers)
    done = await run(engine, archive, LATER)
    assert (done.retired, done.facts, done.kept, done.faults) == (4, 12, {}, ())
    assert not any((await dump(engine, OF_CASES)).values())
    async with engine.connect() as connection:
        (figure,) = await retired_figures(connection, "Asia/Shanghai", GRID)
        assert await retired_figures(connection, "Asia/Shanghai", OTHER_PARK) == ()
    assert (figure.cases, figure.late, figure.category, figure.outcome) == (4, 0, "0103", "rejected")

    result = await verify_store(engine, settings)
    assert (faults(result), result.retired) == ([], 4)
    assert await verify_archive(engine, archive, settings) == ()
    await make_anchors(engine, settings, today=True)
    export = tmp_path / "export.zip"
    await export_history(engine, settings, export)
    exported = verify_export(export)
    assert (faults(exported), exported.retired) == ([], 4)

    for number in numbers:
        assert (await bring_back(engine, archive, number, NOW)).facts == 3
    after = await dump(engine, OF_CASES)
    assert {name: rows for name, rows in after.items() if name != "archived"} == {
        name: rows for name, rows in before.items() if name != "archived"
    }
    assert faults(await verify_store(engine, settings)) == []
    with pytest.raises(NoSuchCase):
        await bring_back(engine, archive, numbers[0], NOW)
    async with engine.connect() as connection:
        runs = await latest_runs(connection)
    assert {one.brought_back for one in runs if one.brought_back} == set(numbers)
    assert sum(one.retired for one in runs) == 4


KEPT = {
    Obstacle.HELD: "UPDATE cases SET state = state || '{\"data_held\": true}' WHERE case_no = :no",
    Obstacle.REPORTER: "UPDATE cases SET reporter_ref = :id WHERE case_no = :no",
    Obstacle.UNMASKED: "INSERT INTO unmask_looks (id, report_id, seq, person, at)"
    " SELECT :id, report_id, 1, :person, now() FROM cases WHERE case_no = :no",
    Obstacle.REFERENCED: "INSERT INTO outbox (id, origin_kind, origin_id, effect, written_at, next_try_at, tries)"
    " SELECT :id, 'case', :id, jsonb_build_object('case', CAST(:no AS text)), now(), now(), 0",
    Obstacle.UNARCHIVED: "DELETE FROM archived WHERE origin = (SELECT report_id FROM cases WHERE case_no = :no)",
    Obstacle.DAMAGED: "UPDATE cases SET seq = seq - 1 WHERE case_no = :no",
}


@pytest.mark.parametrize("when", ["before the bundle", "after it"])
async def test_what_keeps_a_case(engine: AsyncEngine, archive: Objects, when: str) -> None:
    await small_park(engine)
    _, *numbers = await put_old_cases(engine, [{}] * (1 + len(KEPT)))
    if when == "after it":
        assert (await run(engine, archive)).bundled == 1 + len(KEPT)
    async with transaction(engine) as connection:
        for why, number in zip(KEPT, numbers, strict=True):
            id_ = new_id()
            if why is Obstacle.REPORTER:
                insert = "INSERT INTO reporters (id, anonymous, created_at) VALUES (:id, false, now())"
                await connection.execute(text(insert), {"id": id_})
            given = {"no": number, "id": id_, "person": person_id("keeper")}
            statement = text(KEPT[why])
            await connection.execute(statement, {name: given[name] for name in statement.compile().params})
    if when == "before the bundle":
        assert (await run(engine, archive)).bundled == 1
    done = await run(engine, archive, LATER)
    assert (done.retired, done.kept) == (1, dict.fromkeys(KEPT, 1))
    assert done.faults == (numbers[list(KEPT).index(Obstacle.DAMAGED)],)
    assert await in_database(engine) == set(numbers)


async def test_younger_cases_stay(engine: AsyncEngine, archive: Objects, numbers: list[str]) -> None:
    young = [number for years in (0.1, 1.99) for number in await put_old_cases(engine, [{}], years=years)]
    await run_twice(engine, archive)
    assert await in_database(engine) == set(young)


@pytest.mark.parametrize("how", ["gone", "changed", "of other facts"])
async def test_a_bundle_that_does_not_read_back_keeps_its_cases_and_is_told(
    engine: AsyncEngine, archive: Objects, settings: Settings, numbers: list[str], how: str
) -> None:
    await run(engine, archive)
    path = bundle_of(settings)
    content = path.read_bytes()
    path.chmod(0o600)
    if how == "gone":
        path.unlink()
    elif how == "changed":
        path.write_bytes(content[:-1] + b"x")
    else:
        ids = [await report_of(engine, number) for number in numbers]
        (other,) = await put_old_cases(engine, [{}])
        await run(engine, archive)  # which writes a bundle of its own
        given = {"other": await report_of(engine, other), "ids": ids}
        async with transaction(engine) as connection:
            bundle = await connection.scalar(text("SELECT bundle FROM archived WHERE origin = :other"), given)
            exchange = "UPDATE archived SET bundle = :bundle WHERE origin = ANY (:ids)"
            await connection.execute(text(exchange), {**given, "bundle": bundle})
    done = await run(engine, archive, LATER)
    assert done.kept == {Obstacle.ALTERED: 4}
    assert set(done.faults) == set(numbers)
    assert set(numbers) <= await in_database(engine)
    # Written anew by the next night, and retired once that has lain long enough.
    if how == "changed":
        path.unlink()
    assert (await run(engine, archive, LATER)).bundled == 4
    assert (await run(engine, archive, LATER + BUNDLED_FOR)).retired == 4


async def test_a_run_that_is_cut_off_is_gone_on_with(
    engine: AsyncEngine, archive: Objects, settings: Settings, numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(engine, archive)
    monkeypatch.setattr(retire, "BATCH", 2)
    real, calls = retired_store.retire, 0

    async def cut(*args: Any) -> int:
        nonlocal calls
        calls += 1
        gone = await real(*args)
        if calls == 2:
            raise ConnectionError("killed before the transaction ended")
        return gone

    monkeypatch.setattr(retire, "retire", cut)
    with pytest.raises(ConnectionError):
        await run(engine, archive, LATER)
    assert len(await in_database(engine)) == 2
    assert faults(await verify_store(engine, settings)) == []
    assert (await run(engine, archive, LATER)).retired == 2
    assert await verify_archive(engine, archive, settings) == ()


async def test_two_runs_at_once_share_the_work(
    engine: AsyncEngine, archive: Objects, settings: Settings, numbers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retire, "BATCH", 1)
    await run(engine, archive)
    one, other = await asyncio.gather(run(engine, archive, LATER), run(engine, archive, LATER))
    assert one.retired + other.retired == 4
    assert one.faults == other.faults == ()
    assert await in_database(engine) == set()
    assert await verify_archive(engine, archive, settings) == ()


async def test_what_is_done_to_a_retired_case_is_found(
    engine: AsyncEngine, archive: Objects, settings: Settings, numbers: list[str]
) -> None:
    await make_anchors(engine, settings, today=True)
    report = await report_of(engine, numbers[0])
    async with engine.connect() as connection:
        head = await connection.scalar(
            text("SELECT hash FROM fact_hashes WHERE origin = :o AND seq = 3"), {"o": report}
        )
    proof = parse_proof(proof_code(report, 3, head) or "")
    await run_twice(engine, archive)
    assert (await check_proof_anywhere(engine, archive, proof)).findings == ()
    path = bundle_of(settings)
    kept = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(kept[:-1] + b"x")
    assert {finding.number for finding in await verify_archive(engine, archive, settings)} == set(numbers)
    assert (await check_proof_anywhere(engine, archive, proof)).findings
    with pytest.raises(ArchiveAltered):
        await bring_back(engine, archive, numbers[0], NOW)
    path.write_bytes(kept)
    assert (await bring_back(engine, archive, numbers[0], NOW)).facts == 3
    async with transaction(engine) as connection:
        await connection.execute(text("ALTER TABLE retired_cases DISABLE TRIGGER USER"))
        await connection.execute(text("DELETE FROM retired_cases WHERE case_no = :no"), {"no": numbers[1]})
        wrong = text("UPDATE retired_cases SET head = sha256(head) WHERE case_no = :no")
        await connection.execute(wrong, {"no": numbers[2]})
        await connection.execute(text("ALTER TABLE retired_cases ENABLE TRIGGER USER"))
    assert set(faults(await verify_store(engine, settings))) == {
        ("origin_missing", numbers[1]), ("rewritten", numbers[2]),
    }  # fmt: skip


async def test_files_of_retired_cases_are_not_swept(
    engine: AsyncEngine, archive: Objects, settings: Settings, numbers: list[str]
) -> None:
    await run_twice(engine, archive)
    # The upload still stands as one that nothing has named.
    long_after = NOW + timedelta(days=100)
    async with engine.connect() as connection:
        assert await count_unnamed(connection, long_after) == 0
    assert await sweep_files(engine, attachments_of(settings), long_after) == 0


async def test_rebuilding_leaves_retired_cases_where_they_are(
    engine: AsyncEngine, archive: Objects, settings: Settings, numbers: list[str]
) -> None:
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM archived"))
    await archive_facts(engine, archive)
    await run_twice(engine, archive)
    await copy_reference(engine, archive)
    rebuilt = await rebuild_database(engine, archive, None, settings)
    assert (rebuilt.retired, rebuilt.new, rebuilt.drift, rebuilt.faults) == (4, 0, 0, ())
    await engine.dispose()
    async with transaction(engine) as connection:  # the whole database is lost
        names = ", ".join(f'"{name}"' for name in metadata.tables)
        for table in (
            "facts",
            "matter_facts",
            "fact_hashes",
            "anchors",
            "unmask_looks",
            "retired_cases",
            "admin_actions",
        ):
            await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        await connection.execute(text(f"TRUNCATE {names}"))
    rebuilt = await rebuild_database(engine, archive, None, settings)
    assert (rebuilt.retired, rebuilt.new, rebuilt.drift, rebuilt.faults) == (4, 0, 0, ())
    assert await in_database(engine) == set()
    assert await verify_archive(engine, archive, settings) == ()


async def test_a_retired_number_and_report_open_no_second_case(
    engine: AsyncEngine, archive: Objects, numbers: list[str]
) -> None:
    report = await report_of(engine, numbers[0])
    query = text("SELECT to_jsonb(c) FROM cases c WHERE report_id = :id")
    async with engine.connect() as connection:
        row = await connection.scalar(query, {"id": report})
    await run_twice(engine, archive)
    insert = text("INSERT INTO cases SELECT * FROM jsonb_populate_record(NULL::cases, CAST(:row AS jsonb))")
    for changed in ({"report_id": str(uuid4())}, {"case_no": "1" * 20}):
        async with engine.connect() as connection:
            with pytest.raises(DBAPIError) as refused:
                await connection.execute(insert, {"row": json.dumps({**row, **changed})})
        error = retired_store.as_retired(refused.value)
        assert error is not None
        assert error.params["case_no"] == numbers[0]


@pytest.mark.parametrize("years", [None, 2])
async def test_the_nightly_run(
    engine: AsyncEngine,
    database_url: str,
    temporal_client: Client,
    tmp_path: Path,
    numbers: list[str],
    years: int | None,
) -> None:
    settings = town_settings(database_url, case_years=years).model_copy(update={"data_dir": tmp_path})
    async with running_town(engine, temporal_client, settings, fill=False):
        queue = heavy_queue(settings.case_queue)
        done = await temporal_client.execute_workflow(
            RetirementWorkflow.run, id=f"retirement-{settings.case_queue}", task_queue=queue
        )
    assert (done and done.bundled) == (years and len(numbers))
