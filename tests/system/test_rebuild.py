"""Each store is really dropped under a thousand cases and comes back: nothing is lost, no timer moves."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from temporalio.client import Client

from infra.runtime import read_runtime
from tests.servers import ROOT
from tests.system.test_up import data_dir as data_dir, running

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

#: Cases of the last sixty days, and cases played live.
PAST, LIVE = 950, 50
READY = "Gridloop is ready"
#: Tables whose rows must all be there again. Rows of cases and matters go on as soon as the system runs; `reconcile`
#: compares them with their workflows, and tests/services/archive compares every table where nothing runs.
KEPT = (
    "facts", "fact_hashes", "matter_facts", "case_words", "notices", "people", "grants", "grid_units", "departments",
    "policies", "attachments",
)  # fmt: skip


def command(data_dir: Path, *words: str, seconds: float = 300) -> tuple[int, str]:
    """Run a command of the command line; return its exit code and output."""
    ours = ("GRIDLOOP_", "TEMPORAL_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    done = subprocess.run(
        [sys.executable, str(ROOT / "starter.py"), *words, "--data-dir", str(data_dir)],
        capture_output=True, text=True, timeout=seconds, env={**environment, "GRIDLOOP_LANG": "en"}, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def read(data_dir: Path, query: str) -> list[Any]:
    with psycopg.connect(read_runtime(data_dir)["GRIDLOOP_DATABASE_URL"]) as connection:
        return [row[0] for row in connection.execute(query.encode()).fetchall()]


def tables(data_dir: Path) -> dict[str, list[str]]:
    """The rows of the kept tables, without what a passing moment changes."""
    left_out = {"notices": " - 'read_at'", "people": ""}
    return {
        name: sorted(read(data_dir, f"SELECT (to_jsonb(t){left_out.get(name, '')})::text FROM {name} t"))
        for name in KEPT
    }


def quiet(data_dir: Path) -> dict[str, list[str]]:
    """The rows once nothing changes any more: live cases go on, and readings come in."""
    for _ in range(60):
        before = read(data_dir, "SELECT count(*) FROM fact_hashes")
        found = tables(data_dir)
        if read(data_dir, "SELECT count(*) FROM fact_hashes") == before:
            return found
        time.sleep(1)
    raise AssertionError("facts are recorded without end")


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """The values within JSON by their paths."""
    if isinstance(value, dict):
        return {key: one for name, below in value.items() for key, one in flat(below, f"{path}/{name}").items()}
    if isinstance(value, list):
        return {key: one for place, below in enumerate(value) for key, one in flat(below, f"{path}/{place}").items()}
    return {path: value}


def changed(before: list[str], after: list[str]) -> list[dict[str, Any]]:
    """What differs in rows that are gone from the row with the same first member."""
    rows = {next(iter(row.values())): flat(row) for row in map(json.loads, after)}
    found = []
    for row in map(json.loads, before):
        other = rows.get(next(iter(row.values())), {})
        found.append({key: (value, other.get(key)) for key, value in flat(row).items() if other.get(key) != value})
    return found


def missing(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, Any]:
    """The rows that are gone, some of each table."""
    return {
        name: changed(gone[:2], after[name]) for name in KEPT if (gone := sorted(set(before[name]) - set(after[name])))
    }


def wake_ups(data_dir: Path, least: str) -> dict[str, str]:
    """The next wake-ups of open cases, by number, which are further away than `least`."""
    query = (
        "SELECT case_no || ' ' || wake_at FROM cases WHERE archived_at IS NULL"
        f" AND wake_at > now() + interval '{least}'"
    )
    return dict(row.split(" ", 1) for row in read(data_dir, query))


async def archive_now(data_dir: Path) -> None:
    """Run the scheduled archiving and wait for its end."""
    from infra.settings import Settings
    from infra.temporal import connect

    runtime = read_runtime(data_dir)
    settings = Settings.model_validate(
        {"data_dir": data_dir, "database_url": runtime["GRIDLOOP_DATABASE_URL"],
         "token_secret": runtime["GRIDLOOP_TOKEN_SECRET"]}
    )  # fmt: skip
    client: Client = await connect(settings)
    await client.execute_workflow("Archive", id="archive-by-hand", task_queue=runtime["GRIDLOOP_CASE_QUEUE"])


def test_either_store_is_dropped_and_comes_back(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--demo-cases", str(LIVE), "--demo-past", str(PAST))
    with running(data_dir, *options) as up:
        up.wait_for(lambda: READY in up.said, READY, 400)
        assert read(data_dir, "SELECT count(*) FROM cases")[0] >= PAST + LIVE
        with monkeypatch.context() as patched:
            for name, value in read_runtime(data_dir).items():
                patched.setenv(name, value)
            asyncio.run(archive_now(data_dir))
        before = quiet(data_dir)
        assert up.press_ctrl_c() == 0

    shutil.rmtree(data_dir / "postgres")
    with running(data_dir, "--no-demo") as up:
        up.wait_for(lambda: READY in up.said, READY, 200)
        assert read(data_dir, "SELECT count(*) FROM cases") == [0]
        code, said = command(data_dir, "rebuild", "--database", "--json")
        assert code == 0, said
        rebuilt = json.loads(said[said.index("{") :])
        assert (rebuilt["drift"], rebuilt["faults"]) == (0, [])
        assert rebuilt["new"] >= PAST + LIVE
        gone = missing(before, tables(data_dir))
        assert gone == {}, json.dumps(gone, ensure_ascii=False)[:4000]
        code, said = command(data_dir, "rebuild", "--database", "--json")
        again = json.loads(said[said.index("{") :])
        assert (code, again["new"], again["replaced"], again["drift"]) == (0, 0, 0, 0)
        assert command(data_dir, "verify")[0] == 0
        code, said = command(data_dir, "reconcile")
        assert code == 0, said
        before = quiet(data_dir)
        timers = wake_ups(data_dir, "1 hour")  # none of these goes off during the test
        assert up.press_ctrl_c() == 0

    shutil.rmtree(data_dir / "temporal")
    with running(data_dir, "--no-demo") as up:
        up.wait_for(lambda: READY in up.said, READY, 200)
        code, said = command(data_dir, "rebuild", "--workflows", "--json")
        assert code == 0, said
        started = json.loads(said[said.index("{") :])
        assert (started["faults"], started["running"]) == ([], 0)
        assert started["started"] == started["cases"] + started["matters"] > 0
        code, said = command(data_dir, "rebuild", "--workflows", "--json")
        assert json.loads(said[said.index("{") :])["started"] == 0
        code, said = command(data_dir, "reconcile")
        assert code == 0, said
        now = wake_ups(data_dir, "0")
        assert {number: moment for number, moment in timers.items() if now.get(number) != moment} == {}
        assert missing(before, tables(data_dir)) == {}
        assert command(data_dir, "verify")[0] == 0
