"""The work of the demonstration park: made once, alive, and agreed upon by both stores."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.auditing.matters import audit_matters
from infra.store.context import read_person
from models.matters.paths import PATHS
from services.demo.work.all import MARK, make_work
from services.matters.filter import FILTERS, MatterFilter
from services.matters.queries import list_matters
from services.plans.duties import list_duties
from services.plans.filter import DutyFilter
from services.runtime.resources import Resources
from services.work.figures import read_work
from tests.services.matters.hall import eventually


async def test_it_is_made_once_and_both_stores_agree(resources: Resources, demo: AsyncEngine, tmp_path: Path) -> None:
    await make_work(resources, tmp_path)

    async def is_carried_out() -> bool:
        async with demo.connect() as connection:
            return not await connection.scalar(text("SELECT count(*) FROM outbox"))

    await eventually(is_carried_out, timedelta(seconds=60))
    counts = await _counts(demo)
    begun = json.loads((tmp_path / MARK).read_text())
    (tmp_path / MARK).write_text(json.dumps({**begun, "made": False}))  # as if it had been stopped on the way
    await make_work(resources, tmp_path)
    assert await _counts(demo) == counts
    audit = await audit_matters(
        demo, resources.temporal, resources.settings.case_queue, tolerance=timedelta(minutes=2), query=True
    )
    for username in ("supervisor", "community01", "grid01", "environment1"):
        await _check_figures(demo, username)
    assert audit.findings == ()
    assert all(
        counts.get(kind)
        for kind in ("undertaking", "topic", "claim", "meeting", "station", "emergency", "referral_desk")
    )
    assert await _count(demo, "SELECT count(*) FROM cases WHERE source = 'sensor'") == 1
    assert await _count(demo, "SELECT count(*) FROM matter_facts WHERE kind = 'step_confirmed'") == 2
    assert await _count(demo, "SELECT count(*) FROM readings") > 100_000


async def _check_figures(engine: AsyncEngine, username: str) -> None:
    """Every figure of the board is the total of the list that it opens."""
    now = datetime.now(UTC)
    async with engine.connect() as connection:
        id_ = await connection.scalar(text("SELECT id FROM people WHERE username = :name"), {"name": username})
        person = await read_person(connection, id_)
        assert person is not None
        work = await read_work(connection, person, now, "zh")
        for section in work.sections:
            for figure in section.figures:
                address = urlsplit(figure.href)
                path = address.path.removeprefix("/api/v1/")
                wanted = {name: values[0] for name, values in parse_qs(address.query).items()}
                if path == "duties":
                    duties = DutyFilter.model_validate({**wanted, "status": (wanted["status"],)})
                    total = (await list_duties(connection, person, duties, now, "zh")).total
                else:
                    kind = next(kind for kind, word in PATHS.items() if word == path)
                    matters = FILTERS.get(kind, MatterFilter).model_validate(wanted)
                    total = (await list_matters(connection, person, kind, matters, now, "zh")).total
                assert total == figure.value, (username, figure)


async def _counts(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT kind, count(*) AS n FROM matters GROUP BY kind"))
        return {row.kind: row.n for row in rows}


async def _count(engine: AsyncEngine, query: str) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text(query)) or 0)
