"""The bulletins of the demonstration's past: the latest ones of each kind, as their schedules would have made them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.store.context import local_day
from models.jobs.bulletin import BulletinKind, BulletinOrder
from rules.deadlines.periods import last_period
from services.bulletins.store import make_bulletins

#: How many periods of each kind, the last ones over. The past does not reach back a whole quarter: its commendations
#: are made for the quarter that runs.
_PERIODS = {BulletinKind.BOARD: 3, BulletinKind.VISITS: 2, BulletinKind.CONSULTATION: 1}


async def make_past_bulletins(engine: AsyncEngine, now: datetime) -> None:
    """Make the bulletins; made again, each stays one."""
    async with engine.connect() as connection:
        today = await local_day(connection, now)
    for kind, count in _PERIODS.items():
        day = today
        for _ in range(count):
            day, _ = last_period(kind, day)
            await make_bulletins(engine, BulletinOrder(kind=kind, day=day))
    await make_bulletins(engine, BulletinOrder(kind=BulletinKind.COMMENDATION, day=today))
