"""Temporal is away while people work: nothing is called accepted that was not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.case_client import is_accepted, is_started
from infra.database import open_database
from infra.temporal import connect
from models.commands import Comment
from models.errors import StoreAway
from models.facts import Actor
from models.ids import new_id
from models.messages import Act
from services.commands.send import send
from services.reports.report_input import ReportInput
from services.reports.submit import submit
from services.runtime.resources import Resources
from tests.builders import MICRO
from tests.proxy import Wire, wire
from tests.town import Town, running_town, town_settings

pytestmark = [pytest.mark.faults, pytest.mark.timeout(90)]


@pytest.fixture
async def line(temporal_address: str) -> AsyncIterator[Wire]:
    """A proxy for the connection to Temporal."""
    host, _, port = temporal_address.rpartition(":")
    async with wire(host, int(port)) as made:
        yield made


@pytest.fixture
async def door(
    line: Wire, database_url: str, temporal_client: Client, temporal_namespace: str
) -> AsyncIterator[tuple[Town, Resources]]:
    """A town whose worker reaches Temporal directly, and resources that reach it through the proxy."""
    settings = town_settings(database_url, answer_seconds=1.0)
    engine = open_database(settings)
    through = await Client.connect(
        f"127.0.0.1:{line.port}", namespace=temporal_namespace, data_converter=temporal_client.data_converter, tls=False
    )
    async with running_town(engine, temporal_client, settings) as town:
        yield town, Resources(settings=settings, engine=engine, temporal=through)
    await engine.dispose()


async def comment(resources: Resources, town: Town, case_no: str, id_: UUID) -> object:
    """Send a comment and return the outcome."""
    duty, now = await town.person("duty"), datetime.now(UTC)
    sent = await send(resources, duty, case_no, Comment(note="中"), command_id=id_, if_revision=None, now=now)
    return sent.receipt


async def test_with_temporal_away_nothing_is_called_accepted(line: Wire, door: tuple[Town, Resources]) -> None:
    town, resources = door
    no, id_ = await town.report(), new_id()
    wanted = ReportInput.model_validate({"report_id": new_id(), "category": "0201", "title": "欠薪", "grid": MICRO})
    line.stall()
    with pytest.raises(StoreAway):
        await comment(resources, town, no, id_)
    with pytest.raises(StoreAway):
        await submit(resources, await town.person("worker"), wanted, datetime.now(UTC))
    with pytest.raises(StoreAway):
        await is_started(resources.temporal, wanted.report_id)
    assert await town.kinds(no) == ["received"]
    line.flow()
    patient = replace(resources, settings=resources.settings.model_copy(update={"answer_seconds": 40}))
    assert await comment(patient, town, no, id_) is not None
    assert await town.kinds(no) == ["received", "commented"]


async def test_a_door_that_was_opened_while_temporal_was_away_says_so_and_connects_later(
    line: Wire, door: tuple[Town, Resources], temporal_namespace: str, key_file: Path
) -> None:
    town, resources = door
    no, id_ = await town.report(), new_id()
    wanted = ReportInput.model_validate({"report_id": new_id(), "category": "0201", "title": "欠薪", "grid": MICRO})
    await line.cut()
    environment = {
        "TEMPORAL_ADDRESS": f"127.0.0.1:{line.port}", "TEMPORAL_NAMESPACE": temporal_namespace, "TEMPORAL_TLS": "false",
    }  # fmt: skip
    settings = resources.settings.model_copy(update={"key_file": key_file})
    never = await connect(settings, environment=environment, lazy=True)
    resources = replace(resources, temporal=never)
    with pytest.raises(StoreAway):
        await comment(resources, town, no, id_)
    with pytest.raises(StoreAway):
        await submit(resources, await town.person("worker"), wanted, datetime.now(UTC))
    await line.mend()
    patient = replace(resources, settings=resources.settings.model_copy(update={"answer_seconds": 40}))
    assert await comment(patient, town, no, id_) is not None
    assert await town.kinds(no) == ["received", "commented"]


async def test_without_a_worker_no_command_is_called_accepted(
    database_url: str, temporal_client: Client, engine: AsyncEngine
) -> None:
    settings = town_settings(database_url, answer_seconds=1.0)
    async with running_town(engine, temporal_client, settings) as town:
        no = await town.report()
        report_id, duty = (await town.look("duty", no)).report_id, await town.person("duty")
    resources = Resources(settings=settings, engine=engine, temporal=temporal_client)
    id_ = new_id()
    with pytest.raises(StoreAway):
        await comment(resources, town, no, id_)
    given = Act(id=id_, actor=Actor(person=duty.id), if_revision=None, command=Comment(note="中"))
    assert not await is_accepted(temporal_client, report_id, given)
    assert await is_started(temporal_client, report_id)
    assert not await is_started(temporal_client, new_id())
