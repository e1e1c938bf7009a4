"""The hashes beside the stored facts: of every way to record, and of facts that were recorded without."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client

from infra.store.chain import add_missing_hashes
from rules.history.chain import fact_record, link_records
from tests.scenarios import hard_life, plain_life
from tests.town import Town, running_town, town_settings


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Town]:
    """The tiny park with its worker running."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        yield running


async def hashes(connection: AsyncConnection, origin: UUID) -> list[tuple[int, bytes]]:
    query = text("SELECT seq, hash FROM fact_hashes WHERE origin = :origin ORDER BY seq")
    return [(seq, bytes(digest)) for seq, digest in await connection.execute(query, {"origin": origin})]


async def computed(connection: AsyncConnection, origin: UUID) -> list[tuple[int, bytes]]:
    """The hashes of the facts as they lie in the table."""
    rows = await connection.execute(text("SELECT * FROM facts WHERE report_id = :id ORDER BY seq"), {"id": origin})
    records = [
        fact_record(
            origin=origin, seq=row.seq, at=row.at, kind=row.kind, version=row.version, actor=row.actor,
            command_id=row.command_id, command=row.command, digest=row.digest, body=row.body,
        )
        for row in rows
    ]  # fmt: skip
    return [tuple(link) for link in link_records(records, None)]  # type: ignore[misc]


async def test_every_fact_has_its_hash(town: Town) -> None:
    numbers = [*await plain_life(town), *await hard_life(town)]
    for no in numbers:
        origin = (await town.case(no)).report_id
        async with town.engine.connect() as connection:
            stored = await hashes(connection, origin)
            assert stored == await computed(connection, origin)
            assert len(stored) == (await town.case(no)).seq


async def test_facts_recorded_without_hashes_get_them_with_the_next_step(town: Town) -> None:
    """As after a worker of an earlier version has recorded some."""
    no = await town.report()
    await town.do("duty", no, "accept")
    await town.do("duty", no, "comment", note="甲")
    origin = (await town.case(no)).report_id
    await forget(town, origin, after=1)
    await town.do("duty", no, "comment", note="乙")
    async with town.engine.connect() as connection:
        assert await hashes(connection, origin) == await computed(connection, origin)
    await forget(town, origin, after=0)
    async with town.engine.begin() as connection:
        head = (await town.case(no)).seq
        assert await add_missing_hashes(connection, origin, "facts", head) == head
        assert await add_missing_hashes(connection, origin, "facts", head) == 0
        assert await hashes(connection, origin) == await computed(connection, origin)


async def forget(town: Town, origin: UUID, after: int) -> None:
    async with town.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE fact_hashes DISABLE TRIGGER fact_hashes_stay"))
        values = {"origin": origin, "after": after}
        await connection.execute(text("DELETE FROM fact_hashes WHERE origin = :origin AND seq > :after"), values)
        await connection.execute(text("ALTER TABLE fact_hashes ENABLE TRIGGER fact_hashes_stay"))


@pytest.mark.parametrize(
    "statement", ["UPDATE fact_hashes SET seq = 9", "DELETE FROM fact_hashes", "DELETE FROM anchors"]
)
async def test_hashes_can_only_be_appended(engine: AsyncEngine, statement: str) -> None:
    with pytest.raises(Exception, match="facts are appended, never changed"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))
