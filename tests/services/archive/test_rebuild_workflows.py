"""A lost Temporal gets its workflows back: for every case and matter, with the timers that the database says."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from infra.store.workers import GONE_AFTER, place_of
from services.archive.rebuild_workflows import OtherNamespace, rebuild_workflows
from services.auditing.audit import audit
from services.runtime.resources import Resources
from tests.scenarios import ALL
from tests.town import Town, running_town, town_settings

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def other_namespace(temporal_client: Client) -> Client:
    """A client of a namespace that has no workflow: as after the server was lost."""
    name = f"fresh-{uuid4().hex[:12]}"
    service = temporal_client.workflow_service
    retention = Duration(seconds=86_400)
    await service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=retention)
    )
    async with asyncio.timeout(60):
        while True:
            try:
                await service.describe_namespace(DescribeNamespaceRequest(namespace=name))
                client = await Client.connect(
                    temporal_client.service_client.config.target_host,
                    namespace=name,
                    data_converter=temporal_client.data_converter,
                )
                async for _ in client.list_workflows("WorkflowType = 'Case'"):
                    pass
                return client
            except RPCError:  # the server takes a moment to know its new namespace
                await asyncio.sleep(0.2)


async def live(town: Town) -> list[str]:
    numbers = [no for name in ("plain", "hard", "short") for no in await ALL[name](town)]
    numbers += [await town.report(title=f"第 {number} 件") for number in range(5)]
    await town.enterprise()
    return numbers


async def wake_ups(engine: AsyncEngine) -> dict[str, datetime]:
    query = text(
        "SELECT case_no AS number, wake_at FROM cases WHERE archived_at IS NULL"
        " UNION ALL SELECT code, wake_at FROM matters WHERE ended_at IS NULL"
    )
    async with engine.connect() as connection:
        return {row.number: row.wake_at for row in await connection.execute(query)}


@pytest.fixture
async def lost(
    engine: AsyncEngine, database_url: str, temporal_client: Client, other_namespace: Client, tmp_path: Path
) -> Resources:
    """The town after its Temporal was lost: cases in the database, no workflow and no worker."""
    settings = town_settings(database_url).model_copy(update={"data_dir": tmp_path})
    async with running_town(engine, temporal_client, settings) as town:
        await live(town)
    return Resources(settings=settings, engine=engine, temporal=other_namespace)


async def test_every_case_and_matter_gets_its_workflow_once(lost: Resources) -> None:
    before = await wake_ups(lost.engine)
    done: list[tuple[int, int]] = []
    several = await asyncio.gather(
        rebuild_workflows(lost, lambda number, total: done.append((number, total))), rebuild_workflows(lost)
    )
    assert sum(one.started for one in several) == len(before) == several[0].cases + several[0].matters
    assert all(one.faults == () for one in several)
    assert done[-1] == (len(before), len(before))
    again = await rebuild_workflows(lost)
    assert (again.started, again.running) == (0, len(before))
    async with running_town(lost.engine, lost.temporal, lost.settings, fill=False) as town:
        report = await audit(town.resources)
        assert report.findings == ()
        assert report.looked_into == again.cases
        assert await wake_ups(lost.engine) == before
        async with lost.engine.connect() as connection:
            no = str(await connection.scalar(text("SELECT case_no FROM cases WHERE stage = 'receive' LIMIT 1")))
        await town.do("duty", no, "comment", note="流程已恢复")
        assert (await town.kinds(no))[-1] == "commented"


async def test_refused_while_another_namespace_has_a_worker(lost: Resources, temporal_client: Client) -> None:
    async def note_worker(place: str, seen_at: datetime) -> None:
        async with lost.engine.begin() as connection:
            await connection.execute(text("DELETE FROM workers"))
            values = {"id": uuid4(), "place": place, "at": seen_at}
            await connection.execute(text("INSERT INTO workers VALUES (:id, :place, 'elsewhere', 7, :at, :at)"), values)

    now = datetime.now(UTC)
    await note_worker(await place_of(temporal_client), now)
    with pytest.raises(OtherNamespace, match=r"elsewhere \(7\)"):
        await rebuild_workflows(lost)
    await note_worker(await place_of(temporal_client), now - GONE_AFTER - timedelta(seconds=5))
    assert (await rebuild_workflows(lost)).started > 0
    await note_worker(await place_of(lost.temporal), datetime.now(UTC))
    assert (await rebuild_workflows(lost)).started == 0


async def test_a_worker_says_where_it_works(
    engine: AsyncEngine, database_url: str, temporal_client: Client, tmp_path: Path
) -> None:
    settings = town_settings(database_url).model_copy(update={"data_dir": tmp_path})
    places = text("SELECT place FROM workers")

    async def seen() -> list[str]:
        async with engine.connect() as connection:
            return list(await connection.scalars(places))

    async with running_town(engine, temporal_client, settings):
        async with asyncio.timeout(20):
            while not await seen():
                await asyncio.sleep(0.05)
        assert await seen() == [await place_of(temporal_client)]
    assert await seen() == []
