"""The tiny park with a real Temporal server, a worker and the services, for tests that call services directly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.auditing.running_workflows import has_worker
from infra.settings import Settings
from infra.store.cases import read_case, read_facts
from infra.store.context import read_person
from models.case import Case
from models.context import Person
from models.facts import Fact
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.enterprise import RegisterEnterprise
from models.views import CaseView
from services.cases import queries
from services.commands import send
from services.matters.send import create
from services.reports import submit
from services.reports.report_input import ReportInput
from services.runtime.resources import Resources
from tests.builders import GRID, MICRO, person_id, small_park
from worker import running_worker

Clock = Callable[[], Awaitable[datetime]]


async def _now() -> datetime:
    return datetime.now(UTC)


class Town:
    """Calls of the services on behalf of people in the tiny park, by user name."""

    def __init__(self, resources: Resources, clock: Clock | None = None) -> None:
        self.resources = resources
        self.now: Clock = clock or _now

    @property
    def engine(self) -> AsyncEngine:
        return self.resources.engine

    async def person(self, username: str) -> Person:
        """The person with their roles."""
        async with self.engine.connect() as connection:
            found = await read_person(connection, person_id(username))
        assert found is not None, username
        return found

    async def submit(self, username: str = "worker", **fields: Any) -> submit.Submitted:
        """Send a report; by default a blocked fire lane in the first micro-grid."""
        wanted = ReportInput.model_validate(
            {"report_id": new_id(), "category": "0103", "title": "消防通道被堵", "grid": MICRO, **fields}
        )
        return await submit.submit(self.resources, await self.person(username), wanted, await self.now())

    async def report(self, username: str = "worker", **fields: Any) -> str:
        """Send a report that is received, and return its case number."""
        submitted = await self.submit(username, **fields)
        assert submitted.receipt is not None
        return submitted.receipt.case_no

    async def enterprise(self, code: str = "91350100M000100Y43", **fields: Any) -> str:
        """Register an enterprise in the first grid, and return its credit code."""
        known = {"kind": "register", "code": code, "name": "东方印染有限公司", "grid": GRID, **fields}
        command = RegisterEnterprise.model_validate(known)
        person = await self.person("duty")
        sent = await create(self.resources, person, MatterKind.ENTERPRISE, command, id_=new_id())
        return sent.receipt.code

    async def do(
        self,
        username: str,
        case_no: str,
        name: str,
        /,
        *,
        id_: UUID | None = None,
        if_revision: int | None = None,
        **body: Any,
    ) -> CaseView:
        """Send a command and return the case as that person then sees it."""
        person = await self.person(username)
        now = await self.now()
        wanted = send.read_command(name, body)
        await send.send(
            self.resources, person, case_no, wanted, command_id=id_ or new_id(), if_revision=if_revision, now=now
        )
        return await self.look(username, case_no)

    async def look(self, username: str, case_no: str) -> CaseView:
        """The case as that person sees it."""
        person = await self.person(username)
        async with self.engine.connect() as connection:
            return await queries.get_case(connection, person, case_no, await self.now(), "zh")

    async def facts(self, case_no: str) -> tuple[Fact, ...]:
        """Everything recorded of the case."""
        view = await self.look("admin", case_no)
        async with self.engine.connect() as connection:
            return await read_facts(connection, view.report_id)

    async def kinds(self, case_no: str) -> list[str]:
        """The kinds of the case's facts in order."""
        return [fact.body.kind for fact in await self.facts(case_no)]

    async def case(self, case_no: str) -> Case:
        """The case as stored."""
        view = await self.look("admin", case_no)
        async with self.engine.connect() as connection:
            found = await read_case(connection, view.report_id)
        assert found is not None
        return found


def town_settings(database_url: str, **changed: Any) -> Settings:
    """Settings for one test: only the servers are shared with other tests."""
    known = {
        "database_url": SecretStr(database_url),
        "token_secret": SecretStr("0" * 64),
        "case_queue": f"test-{uuid4().hex}",
    }
    return Settings.model_validate({**known, **changed})


@asynccontextmanager
async def running_town(
    engine: AsyncEngine, client: Client, settings: Settings, clock: Clock | None = None, *, fill: bool = True
) -> AsyncIterator[Town]:
    """Run a worker for the tiny park. `clock` returns the time where it is not the machine's; without `fill` the
    park is there already."""
    if fill:
        await small_park(engine)
    async with running_worker(client, engine, settings):
        if clock is None:  # the server that skips time does not tell
            await until_polled(client, settings.case_queue)
        yield Town(Resources(settings=settings, engine=engine, temporal=client), clock)


async def until_polled(client: Client, queue: str) -> None:
    """Wait until the server knows of a worker on the queue: an audit before that would say that there is none."""
    async with asyncio.timeout(60):
        while not await has_worker(client, queue):
            await asyncio.sleep(0.02)
