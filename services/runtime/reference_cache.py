"""What a door remembers of the world while PostgreSQL is away: the places, and the newest policy.

With it a report can still be checked as it always is, accepted durably by Temporal, and recorded later.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.store.policies import newest_version, policy_version
from models.context import Context, Person, Unit
from models.enums import Level
from models.policy.document import Policy

#: How old the memory may grow before it is refreshed.
FRESH = timedelta(minutes=5)


@dataclass(frozen=True)
class World:
    """Places and policy as they were at `read_at`."""

    read_at: datetime
    paths: dict[str, tuple[str, ...]]
    policy: Policy
    version: int
    fallback: UUID

    def context(self, person: Person, grid: str, now: datetime) -> Context:
        """A context good enough to check a report; who is on duty is left to the recording step."""
        path = self.paths.get(grid, ())
        units = tuple(Unit(code=code, level=Level(len(path) - i)) for i, code in enumerate(reversed(path)))
        return Context(
            now=now,
            today=now.astimezone(ZoneInfo(self.policy.zone)).date(),
            policy=self.policy,
            policy_version=self.version,
            person=person,
            units=units,
            departments=(),
            fallback=self.fallback,
            case_no="0",
        )


class Known:
    """The memory of one process. Call `refresh` whenever the database answers."""

    def __init__(self) -> None:
        self.world: World | None = None
        self.case_ids: dict[str, UUID] = {}

    def stale(self, now: datetime) -> bool:
        """Whether it is time to look again."""
        return self.world is None or now - self.world.read_at > FRESH

    async def refresh(self, engine: AsyncEngine, now: datetime) -> None:
        """Reads the places and the newest policy. Raises when the database is away; the old memory stays."""
        async with engine.connect() as connection:
            version = await newest_version(connection)
            policy = await policy_version(connection, version)
            rows = await connection.execute(
                text("SELECT code, path::text AS path FROM grid_units WHERE retired_on IS NULL OR retired_on > now()")
            )
            paths = {row.code: tuple(row.path.split(".")) for row in rows}
            fallback = await connection.scalar(
                text("SELECT id FROM people WHERE username = :name"), {"name": policy.fallback_owner}
            )
        if fallback is not None:
            self.world = World(now, paths, policy, version, fallback)

    def remember_case(self, case_no: str, report_id: UUID, most: int = 50_000) -> None:
        """Which case a number means: never changes, so it can be acted on while the database is away."""
        if len(self.case_ids) >= most:
            self.case_ids.pop(next(iter(self.case_ids)))
        self.case_ids[case_no] = report_id
