"""A case continues in a new run when its history grows long, without visible effect."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.case_client import act
from infra.embedded.ports import free_ports
from infra.embedded.supervisor import Supervisor
from infra.embedded.temporal_server import NAMESPACE, EmbeddedTemporal
from infra.temporal import make_converter
from models.case import Case
from models.commands import Accept
from models.facts import Actor
from models.ids import new_id, workflow_id
from models.messages import Act
from models.wire_names import STATE_QUERY
from tests.builders import person_id
from tests.servers import temporary_directory
from tests.town import Town, running_town, town_settings


@pytest.fixture
async def impatient_town(engine: AsyncEngine, database_url: str, key_file: Path) -> AsyncIterator[Town]:
    """The tiny park on a Temporal server that suggests a new run after 40 events."""
    with temporary_directory() as place:
        port, ui_port = free_ports(2)
        temporal = EmbeddedTemporal(
            directory=place / "temporal",
            port=port,
            ui_port=ui_port,
            dynamic_config={"limit.historyCount.suggestContinueAsNew": "40"},
        )
        supervisor = Supervisor(place / "logs", lambda _: None)
        try:
            await supervisor.start(temporal.child())
            client = await Client.connect(
                temporal.address, namespace=NAMESPACE, data_converter=make_converter(key_file)
            )
            async with running_town(engine, client, town_settings(database_url)) as running:
                yield running
        finally:
            await supervisor.stop()


async def test_commands_count_once_across_runs(impatient_town: Town) -> None:
    town = impatient_town
    no, id_ = await town.report(), new_id()
    view = await town.do("duty", no, "accept", id_=id_)
    handle = town.resources.temporal.get_workflow_handle(workflow_id(view.report_id))
    first_run = (await handle.describe()).run_id
    for n in range(12):
        await town.do("duty", no, "comment", note=f"第 {n} 次询问")
    assert (await handle.describe()).run_id != first_run, "it has gone on in a new run"
    await town.do("duty", no, "accept", id_=id_)
    kinds = await town.kinds(no)
    assert kinds == ["received", "accepted", *["commented"] * 12]
    assert await handle.query(STATE_QUERY, result_type=Case) == await town.case(no)
    await town.do("duty", no, "dispatch", host="labour")


async def test_the_new_run_knows_a_resent_command_by_itself(impatient_town: Town) -> None:
    """Sent straight to the workflow: the service would find it in the database."""
    town = impatient_town
    no = await town.report()
    report_id = (await town.look("duty", no)).report_id
    accept = Act(id=new_id(), actor=Actor(person=person_id("duty")), command=Accept())
    await act(town.resources.temporal, report_id, accept)
    for n in range(12):
        await town.do("duty", no, "comment", note=f"第 {n} 次询问")
    receipt = await act(town.resources.temporal, report_id, accept)
    assert receipt.case_no == no
    assert (await town.kinds(no)).count("accepted") == 1
