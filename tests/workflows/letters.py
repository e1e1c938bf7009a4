"""A town whose time can be skipped and whose people are told by a channel that a test can read."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.mailboxes.waker import Waker
from infra.keys.access import keys_of
from infra.keys.boxes import close_box
from infra.store.channels import about_channel
from infra.temporal import make_converter
from models.ids import derived_id
from models.policy.document import Policy
from tests.builders import person_id, publish
from tests.fakes.far_side import FarSide, Reply, running_far_side
from tests.town import Town, running_town, town_settings

ZONE = ZoneInfo("Asia/Shanghai")
PUBLIC_URL = "https://grid.example"
HOOK_SECRET = "a-secret-of-the-hook"


class Letters(Town):
    """The town, its skipped time, and what people were sent: one far side for all, a channel for each person."""

    env: WorkflowEnvironment
    side: FarSide
    waker: Waker

    async def until(self, moment: datetime) -> None:
        """Skip to a moment."""
        await self.env.sleep(moment - await self.now())

    async def give_out(self) -> None:
        """Give out what facts have left, and return once every mailbox has taken note of its wake-up."""
        await self.waker.sweep()
        async with asyncio.timeout(30):
            while await self.count("SELECT count(*) FROM mail_intake") or await self.count(
                "SELECT count(*) FROM mail_items WHERE state = 'new' AND woken_at IS NULL"
            ):
                await asyncio.sleep(0.02)

    async def step(self, **span: float) -> None:
        """Skip that much time, and give out what fell due."""
        await self.env.sleep(timedelta(**span))
        await self.give_out()

    async def count(self, query: str, **values: Any) -> int:
        """The number that a query returns."""
        async with self.engine.connect() as connection:
            return int(await connection.scalar(text(query), values) or 0)

    async def messages(self, username: str) -> list[tuple[datetime, str, list[str]]]:
        """What that person was sent: when it was decided, its title and its lines, in this order."""
        said = {}
        for received in self.side.received:
            content = json.loads(received.body)
            said[content["id"]] = (content["title"], content["lines"])
        async with self.engine.connect() as connection:
            rows = await connection.execute(
                text("SELECT id, at FROM mail_messages WHERE person = :p ORDER BY at, id"), {"p": person_id(username)}
            )
            return [(row.at, *said[f"mail:{row.id}"]) for row in rows]

    async def delivered(self, number: int) -> None:
        """Return once so many requests have come to the far side, and every send has its receipt."""
        await self.side.wait_for(number)
        async with asyncio.timeout(30):
            while await self.count("SELECT count(*) FROM sends WHERE status = 'waiting'"):
                await asyncio.sleep(0.02)

    async def told_by(self, username: str, **settings: Any) -> None:
        """Give the person a channel to the far side, and what they chose."""
        await add_channel(self.engine, "hook", self.side.url("/in"))
        async with self.engine.begin() as connection:
            await connection.execute(_ADDRESS, {"id": derived_id("a", username), "p": person_id(username)})
            quiet = settings.pop("quiet", None)
            await connection.execute(_CHOSEN, {"p": person_id(username), "c": json.dumps(settings)})
            if quiet is not None:
                content = json.dumps({"quiet": {"since": quiet[0], "until": quiet[1]}})
                await connection.execute(_QUIET, {"p": person_id(username), "c": content})


_ADDRESS = text("""
    INSERT INTO mail_addresses (id, person, channel, hint, rank, created_at, verified_at, tries)
    VALUES (:id, :p, 'hook', '', 0, now(), now(), 0)
""")
_CHOSEN = text("INSERT INTO mail_settings VALUES (:p, CAST(:c AS jsonb), now())")
_QUIET = text("INSERT INTO person_settings (person, content, updated_at) VALUES (:p, CAST(:c AS jsonb), now())")
_CHANNEL = text("""
    INSERT INTO channels (id, kind, name, config, sealed, wrapped_key, key_id, enabled, created_at, updated_at)
    VALUES (:id, 'webhook', :id, CAST(:config AS jsonb), :sealed, :wrapped, :key, true, :at, :at) ON CONFLICT DO NOTHING
""")


async def add_channel(engine: AsyncEngine, id_: str, url: str, **more: Any) -> None:
    """Store a web hook that leads to `url`."""
    box = await close_box(
        keys_of(engine).ring, about_channel(id_), json.dumps({"secret": HOOK_SECRET}).encode()
    )  # fmt: skip
    async with engine.begin() as connection:
        await connection.execute(
            _CHANNEL,
            {"id": id_, "config": json.dumps({"kind": "webhook", "url": url, **more}), "sealed": box.sealed,
             "wrapped": box.wrapped_key, "key": box.key_id, "at": datetime.now(UTC)},
        )  # fmt: skip


@asynccontextmanager
async def running_letters(
    engine: AsyncEngine, database_url: str, binary: str, key_file: Path, policy: Policy
) -> AsyncIterator[Letters]:
    """Run the town with `policy`, on the server that skips time."""
    settings = town_settings(database_url, outgoing_private="127.0.0.0/8", public_url=PUBLIC_URL)
    async with (
        running_far_side(lambda _: Reply()) as side,
        await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=binary, data_converter=make_converter(key_file)
        ) as env,
        running_town(engine, env.client, settings, env.get_current_time) as running,
    ):
        async with engine.begin() as connection:
            await publish(connection, policy, 2)
        town = Letters(running.resources, env.get_current_time)
        town.env, town.side = env, side
        town.waker = Waker(engine, env.client, settings.case_queue, lambda: settings.database)
        yield town


def next_on(weekday: int, clock: str, after: datetime) -> datetime:
    """The next such weekday (Monday is 0) at least a day after `after`, at a time of day in Shanghai."""
    day: date = (after + timedelta(days=1)).astimezone(ZONE).date()
    while day.weekday() != weekday:
        day += timedelta(days=1)
    return datetime.combine(day, time.fromisoformat(clock), ZONE)
