"""`bench --queue`: the queue page as the server makes it, tab by tab, over very many cases."""

from datetime import UTC, datetime

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.bench.time import Row
from cli.labels import localize
from doors.dependencies import Services
from doors.session import COOKIE
from models.context import Person
from services.accounts.sessions import Origin, SessionKind
from services.accounts.sign_in import sign_in_trusted
from services.desk.tabs import DeskTab
from services.measure.queue import TabSpeed, format_percentiles, measure_queue, queue_database
from services.measure.supervision import at_database
from services.runtime.resources import Resources
from web.app import create_app

#: The sessions of the measurement.
ORIGIN = Origin(SessionKind.API, "", "bench")


async def queue_rows(resources: Resources, cases: int, rounds: int = 40) -> list[Row]:
    """Measure milliseconds per tab over `cases` cases, a tenth of them open, in a database of its own."""
    async with queue_database(resources.settings, cases) as engine:
        speeds = await measure_pages(resources, engine, rounds)
    what = localize(f"队列页毫秒 p50 / p95,{cases} 件", f"queue page, ms p50 / p95, {cases} cases")
    worst = max(speeds, key=lambda speed: speed.p95)
    all_waits = sorted(wait for speed in speeds for wait in speed.waits)
    return [
        *((f"{what}: {speed.role} {speed.tab}", speed.percentiles) for speed in speeds),
        (localize("其中最慢的标签页 p95", "the slowest tab of these, p95"), f"{worst.p95:.0f} ({worst.tab})"),
        (localize("所有标签页合计 p50 / p95", "all tabs together, p50 / p95"), format_percentiles(all_waits)),
    ]


async def measure_pages(resources: Resources, engine: AsyncEngine, rounds: int) -> list[TabSpeed]:
    """Measure the queue of each person in `services.measure.queue`, in an application within this process."""
    settings = at_database(resources.settings, str(engine.url.database))
    app = create_app()
    app.state.services = Services(Resources(settings, engine, resources.temporal))
    tokens: dict[str, str] = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as client:

        async def request_page(person: Person, tab: DeskTab) -> None:
            if person.username not in tokens:
                found = await sign_in_trusted(engine, settings, person.id, person.username, ORIGIN, datetime.now(UTC))
                tokens[person.username] = found.access_token
            token = tokens[person.username]
            response = await client.get("/queue", params={"tab": tab}, headers={"Cookie": f"{COOKIE}={token}"})
            response.raise_for_status()

        return await measure_queue(request_page, rounds)
