"""What `bench` measures is what it says."""

import pytest
from pydantic import SecretStr

from infra.settings import Settings
from services.measure import exports
from services.measure.exports import measure_export
from services.measure.queue import queue_database
from tests.servers import Servers

pytestmark = pytest.mark.asyncio


async def test_a_long_list_is_kept_whole_and_little_of_it_is_in_memory_at_once(servers: Servers) -> None:
    settings = Settings(database_url=SecretStr(servers.postgres_url), token_secret=SecretStr("0" * 64))
    async with queue_database(settings, 3_000, 0.3) as engine:
        cost = await measure_export(engine)
    assert cost.rows == 3_000
    assert cost.size > 100_000
    assert cost.processor_seconds > 0
    assert cost.added < 100 * 2**20, "as much as it may take for thirty times as many"


async def test_an_export_that_was_not_made_is_no_figure(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(database_url=SecretStr(servers.postgres_url), token_secret=SecretStr("0" * 64))

    async def nothing(*_: object) -> None:
        """Makes none."""

    monkeypatch.setattr(exports, "make_export", nothing)
    async with queue_database(settings, 10, 0.3) as engine:
        with pytest.raises(RuntimeError, match="not made"):
            await measure_export(engine)
