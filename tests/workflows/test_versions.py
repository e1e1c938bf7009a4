"""Two versions of the workers: an open case goes on with the current one, forward and back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from infra.settings import Settings
from infra.temporal import make_converter
from models.ids import workflow_id
from services.runtime.resources import Resources
from tests.builders import small_park
from tests.servers import Servers
from tests.town import Town, town_settings
from worker import running_worker


class Fleet:
    """Workers of several versions on one park, each with a client of its own, as in a process of its own."""

    def __init__(self, stack: AsyncExitStack, servers: Servers, settings: Settings, town: Town, key_file: Path) -> None:
        self._stack = stack
        self._servers = servers
        self._key_file = key_file
        self.settings = settings
        self.town = town

    async def start(self, build: str | None) -> AsyncExitStack:
        """Start a worker of that build; None: one without a version. Closing what is returned stops it."""
        client = await Client.connect(
            self._servers.temporal_address, namespace=self._servers.temporal_namespace, tls=False,
            data_converter=make_converter(self._key_file),
        )  # fmt: skip
        name = self.settings.case_queue if build else None
        settings = self.settings.model_copy(update={"worker_deployment": name, "worker_build": build})
        running = AsyncExitStack()
        await self._stack.enter_async_context(running)
        await running.enter_async_context(running_worker(client, self.town.engine, settings))
        return running

    async def make_current(self, build: str) -> None:
        """What `temporal worker deployment set-current-version` does, once the server has heard of the build."""
        client = self.town.resources.temporal
        service, name = client.workflow_service, self.settings.case_queue
        async with asyncio.timeout(60):
            while True:
                try:
                    known = await service.describe_worker_deployment(
                        DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=name)
                    )
                    if build in {
                        one.deployment_version.build_id for one in known.worker_deployment_info.version_summaries
                    }:
                        await service.set_worker_deployment_current_version(
                            SetWorkerDeploymentCurrentVersionRequest(
                                namespace=client.namespace, deployment_name=name, build_id=build
                            )
                        )
                        return
                except RPCError:  # not known yet
                    pass
                await asyncio.sleep(0.1)

    async def moved_to(self, build: str, case_no: str) -> None:
        """Make a build the current one, and send commands until it runs the case: the queues hear of it in a moment.

        Every command is answered meanwhile.
        """
        await self.make_current(build)
        async with asyncio.timeout(60):
            while (await self.versions(case_no))[-1] != build:
                await self.town.do("worker", case_no, "comment", note=build)

    async def versions(self, case_no: str) -> list[str]:
        """The builds that ran the tasks of the case, in order, each once in a row; "" for none."""
        case = await self.town.case(case_no)
        handle = self.town.resources.temporal.get_workflow_handle(workflow_id(case.report_id))
        found: list[str] = []
        async for event in handle.fetch_history_events():
            if event.HasField("workflow_task_completed_event_attributes"):
                build = event.workflow_task_completed_event_attributes.deployment_version.build_id
                if found[-1:] != [build]:
                    found.append(build)
        return found


@pytest.fixture
async def fleet(
    servers: Servers, database_url: str, engine: AsyncEngine, temporal_client: Client, key_file: Path
) -> AsyncIterator[Fleet]:
    settings = town_settings(database_url, answer_seconds=40)
    await small_park(engine)
    town = Town(Resources(settings=settings, engine=engine, temporal=temporal_client))
    async with AsyncExitStack() as stack:
        yield Fleet(stack, servers, settings, town, key_file)


async def test_open_cases_go_forward_and_back_with_the_current_version(fleet: Fleet) -> None:
    town = fleet.town
    before = await fleet.start(None)
    no = await town.report()
    first = await fleet.start("1.0")
    await town.do("worker", no, "comment", note="甲")
    assert await fleet.versions(no) == [""], "a version that is not current gets nothing"
    await fleet.moved_to("1.0", no)
    await before.aclose()
    await town.do("duty", no, "accept")
    await fleet.start("1.1")
    await town.do("worker", no, "comment", note="乙")
    assert await fleet.versions(no) == ["", "1.0"]
    await fleet.moved_to("1.1", no)
    await fleet.moved_to("1.0", no)
    await fleet.moved_to("1.1", no)
    await first.aclose()
    await town.do("worker", no, "comment", note="丙")
    assert await fleet.versions(no) == ["", "1.0", "1.1", "1.0", "1.1"]
