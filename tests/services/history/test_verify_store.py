"""Verification of the database: what somebody with all rights on it does is found and named."""

import asyncio
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from models.jobs.history import Verification
from services.history.anchors import make_anchors
from services.history.verify import verify_store
from tests.town import Town

FACTS_OF = "(SELECT report_id FROM cases WHERE title = '{}')"
NOISE_ID, LONG_ID = FACTS_OF.format("夜间噪声扰民"), FACTS_OF.format("欠薪")


async def tamper(town: Town, *statements: str) -> None:
    """Change the database as its owner could."""
    async with town.engine.begin() as connection:
        for table in ("facts", "matter_facts", "fact_hashes", "anchors"):
            await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        await connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        for statement in statements:
            await connection.execute(text(statement))


def named(result: Verification) -> list[tuple[str, int | None]]:
    return [(finding.fault.value, finding.seq) for finding in result.findings]


async def verified(town: Town) -> Verification:
    return await verify_store(town.engine, town.resources.settings)


async def test_nothing_is_found_where_nothing_was_done(town: Town) -> None:
    result = await verified(town)
    assert result.findings == ()
    assert (result.origins, result.anchors) == (4, 1)
    assert result.key is not None
    await town.do("duty", await town.report(title="新案件"), "accept")  # facts after the anchor are no finding
    assert (await verified(town)).findings == ()


DEEDS = [
    (f"UPDATE facts SET body = jsonb_set(body, '{{title}}', '\"夜间噪声扰邻\"') WHERE report_id = {NOISE_ID}",
     [("edited", 1)]),
    (f"UPDATE facts SET actor = NULL WHERE seq = 2 AND report_id = {LONG_ID}", [("edited", 2)]),
    (f"UPDATE facts SET at = at - interval '1 hour' WHERE seq = 3 AND report_id = {LONG_ID}", [("edited", 3)]),
    (f"DELETE FROM facts WHERE seq = 7 AND report_id = {LONG_ID}", [("missing", 7)]),
    (f"INSERT INTO facts SELECT report_id, seq + 500, at, kind, version, actor, command_id, command, digest, body"
     f" FROM facts WHERE seq = 1 AND report_id = {NOISE_ID}", [("forged", 501)]),
    (f"DELETE FROM fact_hashes WHERE seq = 2 AND origin = {LONG_ID}", [("unhashed", 2)]),
    (f"UPDATE fact_hashes SET hash = sha256(hash) WHERE seq = 1 AND origin = {NOISE_ID}",
     [("edited", 1), ("rewritten", 1)]),
    ("UPDATE matter_facts SET body = body || '{\"more\": 1}' WHERE seq = 1", [("edited", 1)]),
]  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: str(deed[1]))
async def test_a_deed_is_named(anchored: Town, deed: tuple[str, list[tuple[str, int]]]) -> None:
    statement, expected = deed
    await tamper(anchored, statement)
    result = await verified(anchored)
    assert named(result) == expected
    assert all(finding.number for finding in result.findings)


async def test_facts_that_changed_places(anchored: Town) -> None:
    swap = f"UPDATE facts SET seq = {{}} WHERE seq = {{}} AND report_id = {LONG_ID}"
    await tamper(anchored, swap.format(1007, 7), swap.format(7, 8), swap.format(8, 1007))
    assert named(await verified(anchored)) == [("reordered", 7), ("reordered", 8)]


async def test_a_case_that_is_gone_is_named_also_without_its_hashes(anchored: Town) -> None:
    async with anchored.engine.connect() as connection:
        number = await connection.scalar(text("SELECT case_no FROM cases WHERE title = '夜间噪声扰民'"))
        id_ = await connection.scalar(text(f"SELECT {NOISE_ID}"))
    gone = [
        f"DELETE FROM {table} WHERE {column} = '{id_}'"
        for table, column in (
            ("fact_hashes", "origin"), ("facts", "report_id"), ("tasks", "report_id"), ("case_words", "report_id"),
            ("cases", "report_id"),
        )
    ]  # fmt: skip
    await tamper(anchored, *gone)
    result = await verified(anchored)
    assert {(finding.fault.value, finding.number) for finding in result.findings} == {("origin_missing", number)}


async def test_a_history_that_was_computed_anew_does_not_fit_its_anchor(anchored: Town) -> None:
    """Somebody edits a fact and all hashes after it."""
    await tamper(
        anchored,
        f"UPDATE facts SET body = jsonb_set(body, '{{title}}', '\"别的\"') WHERE report_id = {NOISE_ID}",
        f"DELETE FROM fact_hashes WHERE origin = {NOISE_ID}",
    )
    await make_anchors(anchored.engine, anchored.resources.settings, today=True)  # gives the facts their hashes anew
    result = await verified(anchored)
    assert named(result) == [("rewritten", 1)]


@pytest.mark.parametrize(
    ("change", "fault"),
    [("remove", "anchor_missing"), ("edit", "anchor_forged"), ("edit_heads", "anchor_forged"),
     ("remove_heads", "anchor_forged"), ("rename", "anchor_forged")],
)  # fmt: skip
async def test_an_anchor_that_was_touched_is_named(anchored: Town, change: str, fault: str) -> None:
    folder = anchored.resources.settings.anchors_dir
    await make_anchors(anchored.engine, anchored.resources.settings, today=True)
    (path,) = folder.glob("000002-*.json")
    if change == "remove":
        path.unlink()
    elif change == "edit":
        path.write_text(path.read_text().replace('"heads": 4', '"heads": 3').replace('"heads":4', '"heads":3'))
    elif change == "edit_heads":
        path.with_suffix(".heads").write_text("")
        (first,) = folder.glob("000001-*.heads")
        first.write_text(first.read_text().replace("1", "2"))
    elif change == "remove_heads":
        path.with_suffix(".heads").unlink()
    else:
        path.rename(path.with_name(path.name.replace("000002", "000003")))
    result = await verified(anchored)
    assert fault in {finding.fault.value for finding in result.findings}
    assert all(finding.anchor or finding.fault != "anchor_missing" for finding in result.findings)


async def test_a_day_without_anchor_is_named_and_made_good(anchored: Town) -> None:
    """Days on which nothing ran get their anchors with the next run."""
    settings = anchored.resources.settings
    folder = settings.anchors_dir
    for path in folder.iterdir():
        path.unlink()
    await tamper(anchored, "DELETE FROM anchors")
    made = await make_anchors(anchored.engine, settings)
    (yesterday,) = made.days
    assert (await make_anchors(anchored.engine, settings)).days == ()

    # In the morning: a day's anchor is not missed in the first hours of the next.
    later = datetime.combine(yesterday + timedelta(days=4), time(6), ZoneInfo("Asia/Shanghai"))
    missing = [finding.day for finding in (await verify_store(anchored.engine, settings, now=later)).findings]
    assert missing == [yesterday + timedelta(days=number) for number in (1, 2, 3)]
    assert list((await make_anchors(anchored.engine, settings, now=later)).days) == missing
    assert (await verify_store(anchored.engine, settings, now=later)).findings == ()


async def test_anchors_made_at_the_same_time_follow_each_other(anchored: Town) -> None:
    settings = anchored.resources.settings
    await asyncio.gather(*(make_anchors(anchored.engine, settings, today=True) for _ in range(4)))
    result = await verified(anchored)
    assert result.findings == ()
    assert result.anchors == 5


async def test_the_files_are_for_our_account_alone(anchored: Town) -> None:
    settings = anchored.resources.settings
    files = [settings.anchor_key, *settings.anchors_dir.iterdir()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}
    folders: list[Path] = [settings.anchors_dir, settings.anchor_key.parent]
    assert {oct(path.stat().st_mode & 0o777) for path in folders} == {"0o700"}
