"""What `bench` measures of the queue: the whole page as the server makes it, tab by tab, over very many cases."""

from datetime import UTC, datetime

import httpx
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.bench.time import Row
from cli.labels import localize
from doors.dependencies import Services
from doors.session import COOKIE
from models.context import Person
from services.accounts.sign_in import issue_token
from services.desk.tabs import DeskTab
from services.measure.queue import TabSpeed, measure_queue, queue_database, told
from services.runtime.resources import Resources
from web.app import create_app


async def queue_rows(resources: Resources, cases: int, rounds: int = 40) -> list[Row]:
    """Milliseconds a tab over so many cases, a tenth of them open, in a database of its own."""
    async with queue_database(resources.settings, cases) as engine:
        found = await measure_pages(resources, engine, rounds)
    what = localize(f"队列页毫秒 p50 / p95,{cases} 件", f"queue page, ms p50 / p95, {cases} cases")
    worst = max(found, key=lambda speed: speed.p95)
    every = sorted(wait for speed in found for wait in speed.waits)
    return [
        *((f"{what}: {speed.role} {speed.tab}", speed.told) for speed in found),
        (localize("其中最慢的标签页 p95", "the slowest tab of these, p95"), f"{worst.p95:.0f} ({worst.tab})"),
        (localize("所有标签页合计 p50 / p95", "all tabs together, p50 / p95"), told(every)),
    ]


async def measure_pages(resources: Resources, engine: AsyncEngine, rounds: int) -> list[TabSpeed]:
    """The queue of everybody in `services.measure.queue`, asked of the application within this process."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = resources.settings.model_copy(update={"database_url": SecretStr(url)})
    app = create_app()
    app.state.services = Services(Resources(settings, engine, resources.temporal))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client:

        async def look(person: Person, tab: DeskTab) -> None:
            token = issue_token(settings, person.id, person.username, datetime.now(UTC)).access_token
            answer = await client.get("/queue", params={"tab": tab}, headers={"Cookie": f"{COOKIE}={token}"})
            answer.raise_for_status()

        return await measure_queue(look, rounds)
