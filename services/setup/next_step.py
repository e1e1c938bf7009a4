"""What a new park still lacks, in the order in which one thing needs the other."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.accounts.first_admin import find_admins
from services.directory.people import local_today

_COUNTS = text("""
    SELECT EXISTS (SELECT FROM grid_units) AS grids,
        EXISTS (SELECT FROM people p JOIN grants g ON g.person = p.id WHERE p.active AND g.grid IS NOT NULL) AS people,
        EXISTS (SELECT FROM policies) AS policy
""")


@dataclass(frozen=True)
class NextStep:
    """What comes next: the command, and what it is for."""

    command: str
    zh: str
    en: str


GRIDS = NextStep("gridloop grids load grids.csv", "装入网格", "load the grids")
PEOPLE = NextStep("gridloop people load departments.yaml people.yaml", "装入部门与人员", "load departments and people")
POLICY = NextStep("gridloop policy publish policy.yaml", "发布策略", "publish the policy")
ADMIN = NextStep("gridloop people add-admin USERNAME NAME", "添加首个管理员", "add the first administrator")


async def next_step(engine: AsyncEngine) -> NextStep | None:
    """Return what comes next; None for a park that is complete."""
    async with engine.connect() as connection:
        there = (await connection.execute(_COUNTS)).one()
        for has, step in ((there.grids, GRIDS), (there.people, PEOPLE), (there.policy, POLICY)):
            if not has:
                return step
        admins = await find_admins(connection, await local_today(connection, datetime.now(UTC)))
    return None if admins else ADMIN
