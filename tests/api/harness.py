"""Test harness: the API over HTTP, with the tiny park, PostgreSQL, Temporal and a worker behind it."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.recording import record_step
from api.app import create_app
from doors.dependencies import Services
from infra.database import open_database, transaction
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.temporal import make_converter
from models.commands import Command, Report
from models.enums import Source
from models.facts import Actor
from models.messages import Step
from models.policy.document import Category
from models.policy.limits import Limit
from models.policy.standard import Limits
from services.runtime.resources import Resources
from tests.builders import GRID, MICRO, a_policy, person_id, publish, small_park, token_for
from tests.servers import Servers
from worker import running_worker

#: Default fields of a report: no evidence is required, labour is the host.
WAGES = {"category": "0201", "title": "欠薪三个月", "grid": MICRO}
#: A category whose handling is due at once: its cases are overdue as soon as they are dispatched.
RUSHED = "0390"
WAITED = 30.0


class ApiHarness:
    """Requests to the API on behalf of people, by user name."""

    def __init__(self, app: FastAPI, settings: Settings, engine: AsyncEngine, temporal: Client) -> None:
        self.app = app
        self.settings = settings
        self.engine = engine
        self.temporal = temporal
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://gridloop.test/api/v1", timeout=60
        )

    # --- requests -------------------------------------------------------------------------------------------------

    def signed_in(self, username: str) -> dict[str, str]:
        """The headers of a signed-in person."""
        return {"Authorization": f"Bearer {token_for(self.settings, username)}"}

    async def get(self, username: str, path: str, headers: dict[str, str] | None = None, **params: Any) -> Any:
        """The JSON of a successful GET."""
        answer = await self.ask(username, path, headers, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(
        self, username: str, path: str, headers: dict[str, str] | None = None, **params: Any
    ) -> httpx.Response:
        """The response to a GET."""
        told = {**self.signed_in(username), **(headers or {})}
        return await self.http.get(path, params=params, headers=told)

    async def send(
        self, username: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """The response to a POST of JSON."""
        told = {**self.signed_in(username), **(headers or {})}
        return await self.http.post(path, json={} if body is None else body, headers=told)

    async def enterprise(self, code: str = "91350100M000100Y43", username: str = "duty", **fields: Any) -> str:
        """Register an enterprise in the first grid; return its credit code."""
        known = {"code": code, "name": "东方印染有限公司", "grid": GRID, **fields}
        answer = await self.send(username, "/enterprises", known)
        assert answer.status_code == 201, answer.text
        return code

    async def report(self, username: str = "worker", **fields: Any) -> Any:
        """Send a report and return the view of the new case."""
        answer = await self.send(username, "/cases", {"report_id": str(uuid4()), **WAGES, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def command(
        self, username: str, case_no: str, name: str, headers: dict[str, str] | None = None, /, **body: Any
    ) -> httpx.Response:
        """The response to a command."""
        return await self.send(username, f"/cases/{case_no}/commands/{name}", body, headers)

    async def do(self, username: str, case_no: str, name: str, /, **body: Any) -> Any:
        """Send a command that must succeed, and return the view."""
        answer = await self.command(username, case_no, name, **body)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        return answer.json()

    async def refused(self, username: str, case_no: str, name: str, /, **body: Any) -> tuple[int, str]:
        """Send a command that must be refused, and return status and code."""
        answer = await self.command(username, case_no, name, **body)
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        assert problem["status"] == answer.status_code
        return answer.status_code, problem["code"]

    async def upload(self, username: str, content: bytes | None = None) -> str:
        """Upload a picture and return its hash."""
        file = ("photo.png", a_picture() if content is None else content, "image/png")
        answer = await self.http.post("/attachments", files={"file": file}, headers=self.signed_in(username))
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["sha256"])

    # --- reading the database -----------------------------------------------------------------------------------

    async def kinds(self, case_no: str, after: int = 0) -> list[str]:
        """The kinds of the case's facts, from the one that follows `after`."""
        return [fact["kind"] for fact in await self.get("admin", f"/cases/{case_no}/facts") if fact["seq"] > after]

    async def until_fact(self, case_no: str, kind: str, nth: int = 1) -> Any:
        """Wait until the nth fact of that kind is recorded, and return it."""
        deadline = asyncio.get_running_loop().time() + WAITED
        while True:
            facts = await self.get("admin", f"/cases/{case_no}/facts")
            found = [fact for fact in facts if fact["kind"] == kind]
            if len(found) >= nth:
                return found[nth - 1]
            assert asyncio.get_running_loop().time() < deadline, f"no {kind} among {[f['kind'] for f in facts]}"
            await asyncio.sleep(0.05)

    async def stored(self) -> dict[str, int]:
        """The number of rows in each table that a request can write to."""
        tables = ("cases", "facts", "tasks", "reporters", "attachments", "case_counters")
        counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in tables)
        async with self.engine.connect() as connection:
            row = (await connection.execute(text(f"SELECT {counts}"))).one()
        return dict(row._mapping)

    # --- recording without a workflow -----------------------------------------------------------------------------

    async def record(self, username: str, command: Command, report_id: UUID, at: datetime) -> None:
        """Record one step at any time, as the worker does; for cases of the past and for many of them."""
        async with transaction(self.engine) as connection:
            known = await connection.scalar(text("SELECT seq FROM cases WHERE report_id = :r"), {"r": report_id})
            step = Step(
                report_id=report_id,
                known=known or 0,
                id=uuid4(),
                at=at,
                actor=Actor(person=person_id(username)),
                command=command,
            )
            await record_step(connection, step)

    async def past(self, at: datetime, *commands: tuple[str, Command], by: str = "worker", **fields: Any) -> str:
        """Record a case reported at `at` and its `commands`, a minute apart, and return its number."""
        report_id = uuid4()
        known = {**WAGES, "report_id": report_id, "occurred_at": at, "reported_at": at, "content_hash": "x"}
        await self.record(by, Report.model_validate({**known, **fields}), report_id, at)
        for place, (username, command) in enumerate(commands, 1):
            await self.record(username, command, report_id, at + timedelta(minutes=place))
        async with self.engine.connect() as connection:
            found = await connection.scalar(text("SELECT case_no FROM cases WHERE report_id = :r"), {"r": report_id})
        return str(found)


def a_picture(colour: str = "white") -> bytes:
    """A small PNG."""
    target = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(target, "PNG")
    return target.getvalue()


#: A whole PDF with one page, a title, and metadata of its author.
PDF = (
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
    b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>\nendobj\n"
    b"4 0 obj\n<</Title(Secret title)/Author(Secret author)>>\nendobj\n"
    b"xref\n0 5\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n0000000105 00000 n \n"
    b"0000000168 00000 n \ntrailer\n<</Size 5/Root 1 0 R/Info 4 0 R>>\nstartxref\n230\n%%EOF\n"
)


def harness_settings(database_url: str, data_dir: Path, **changed: Any) -> Settings:
    """Settings of one harness: only the servers are shared with others."""
    return Settings(
        database_url=SecretStr(database_url),
        token_secret=SecretStr("2" * 64),
        case_queue=f"test-{uuid4().hex}",
        answer_seconds=40,  # a busy machine must not look like an outage
        data_dir=data_dir,
        **changed,
    )


@asynccontextmanager
async def open_harness(
    servers: Servers, data_dir: Path, make: Callable[[], FastAPI] = create_app, **changed: Any
) -> AsyncIterator[ApiHarness]:
    """Open a harness on a database of its own, with a worker running. `make` creates the application; `changed` are
    further settings."""
    name = f"test_{uuid4().hex}"
    settings = harness_settings(await asyncio.to_thread(servers.create_database, name), data_dir, **changed)
    if not settings.key_ring.exists():
        create_ring(settings.key_ring)
    engine = open_database(settings)
    temporal = await Client.connect(
        servers.temporal_address,
        namespace=servers.temporal_namespace,
        data_converter=make_converter(settings.key_ring),
        tls=False,
    )
    try:
        await small_park(engine)
        async with transaction(engine) as connection:
            await publish(connection, policy_with_a_rush(), version=2)
        app = make()
        app.state.services = Services(Resources(settings, engine, temporal))
        async with running_worker(temporal, engine, settings):
            harness = ApiHarness(app, settings, engine, temporal)
            async with harness.http:
                yield harness
    finally:
        await engine.dispose()
        await asyncio.to_thread(servers.drop_database, name)


def policy_with_a_rush() -> Any:
    """The policy of the tiny park with one more category, which is due as soon as it is dispatched; enterprises that
    report are answered."""
    day = Limit.of_hours(24)
    at_once = Limits(accept=day, dispatch=day, handle=Limit.of_hours(0.0001), review=day)
    rushed = Category(code=RUSHED, name_zh="立等", name_en="At once", group="03", limits=at_once)
    return a_policy(categories=(*a_policy().categories, rushed), answers_required=(Source.ENTERPRISE,))
