"""The demonstration park with a worker running, whose workflows end with the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from models.ids import matter_workflow_id, workflow_id
from models.tables import CASES, MATTERS
from services.runtime.resources import Resources
from tests.town import town_settings
from worker import running_worker


@pytest.fixture
async def resources(
    demo: AsyncEngine, demo_url: str, temporal_client: Client, tmp_path: Path
) -> AsyncIterator[Resources]:
    """The demonstration park with a worker running.

    Its cases and matters have the same ids in every test, and the Temporal server outlives the test's database: what
    went on would answer the next test, without a worker.
    """
    settings = town_settings(demo_url, data_dir=tmp_path)
    async with running_worker(temporal_client, demo, settings):
        yield Resources(settings, demo, temporal_client)
    async with demo.connect() as connection:
        matters = (await connection.execute(select(MATTERS.c.kind, MATTERS.c.id))).all()
        cases = (await connection.execute(select(CASES.c.report_id))).scalars().all()
    for id_ in [*(matter_workflow_id(*matter) for matter in matters), *map(workflow_id, cases)]:
        try:
            await temporal_client.get_workflow_handle(id_).terminate("the test has ended")
        except RPCError as error:  # completed by itself, or never begun
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
