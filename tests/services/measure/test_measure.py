"""The measurements of `bench` measure what they claim."""

import pytest
from pydantic import SecretStr

from infra.settings import Settings
from services.measure import exports
from services.measure.exports import measure_export
from services.measure.queue import queue_database
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
