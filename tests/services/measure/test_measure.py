"""The measurements of `bench` measure what they claim."""

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from infra.settings import Settings
from models.tables import CASES
from services.measure import exports
from services.measure.exports import measure_export
from services.measure.http_cases import http_cases_a_second
from services.measure.queue import queue_database
from services.measure.search import measure_search, search_database
from tests.api.harness import open_harness
from tests.builders import MICRO, token_for
from tests.servers import Servers

pytestmark = pytest.mark.asyncio


async def test_a_long_list_is_exported_whole_with_little_in_memory(servers: Servers) -> None:
    settings = Settings(database_url=SecretStr(servers.postgres_url), token_secret=SecretStr("0" * 64))
    async with queue_database(settings, 3_000, 0.3) as engine:
        cost = await measure_export(engine)
    assert cost.rows == 3_000
    assert cost.size > 100_000
    assert cost.processor_seconds > 0
    assert cost.added < 100 * 2**20, "as much as it may take for thirty times as many"


async def test_a_failed_export_is_not_measured(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(database_url=SecretStr(servers.postgres_url), token_secret=SecretStr("0" * 64))

    async def make_nothing(*_: object) -> None:
        """Make no export."""

    monkeypatch.setattr(exports, "make_export", make_nothing)
    async with queue_database(settings, 10, 0.3) as engine:
        with pytest.raises(RuntimeError, match="the export failed"):
            await measure_export(engine)


async def test_the_search_is_measured_by_what_it_finds(servers: Servers) -> None:
    settings = Settings(database_url=SecretStr(servers.postgres_url), token_secret=SecretStr("0" * 64))
    async with search_database(settings, 2_000) as engine:
        speeds = {speed.query: speed for speed in await measure_search(engine, rounds=1)}
    found = {query: speed.found for query, speed in speeds.items()}
    assert (found["井盖"], found["积水"], found["没有"], found["井盖 积水"]) == (100, 20, 0, 20)
    assert all(speed.p95 > 0 for speed in speeds.values())


async def test_whole_cases_over_http_are_closed(servers: Servers, tmp_path: Path) -> None:
    async with open_harness(servers, tmp_path) as harness:
        names = {"worker": "worker", "duty": "duty", "handler": "labour_handler", "reviewer": "reviewer"}
        tokens = {part: token_for(harness.settings, name) for part, name in names.items()}
        report = {"category": "0201", "title": "测量用上报", "grid": MICRO}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(harness.app), base_url="http://test") as http:
            rate = await http_cases_a_second([http, http], tokens, report, cases=3, concurrency=2)
        async with harness.engine.connect() as connection:
            closed = await connection.scalar(select(func.count()).where(CASES.c.outcome == "solved"))
    assert rate > 0
    assert closed == 3
