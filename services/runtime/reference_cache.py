"""Keep the grid units and the newest policy in memory while PostgreSQL is away.

With them a report can still be checked by the usual rules, accepted durably by Temporal, and recorded later.
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

#: How old the snapshot may grow before it is read again.
FRESH_FOR = timedelta(minutes=5)


@dataclass(frozen=True)
class ReferenceSnapshot:
    """Grid units and policy as they were at `read_at`."""

    read_at: datetime
    paths: dict[str, tuple[str, ...]]
    policy: Policy
    version: int
    fallback: UUID

    def context(self, person: Person, grid: str, now: datetime) -> Context:
        """Return a context that is enough to check a report; who is on duty is left to the recording step."""
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


class ReferenceCache:
    """The reference data of one process. Call `refresh` whenever the database answers."""

    def __init__(self) -> None:
        self.snapshot: ReferenceSnapshot | None = None
        self.case_ids: dict[str, UUID] = {}

    def is_stale(self, now: datetime) -> bool:
        """Return whether the snapshot is missing or older than five minutes."""
        return self.snapshot is None or now - self.snapshot.read_at > FRESH_FOR

    async def refresh(self, engine: AsyncEngine, now: datetime) -> None:
        """Read the grid units and the newest policy. Raises when the database is away; the old snapshot stays."""
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
            self.snapshot = ReferenceSnapshot(now, paths, policy, version, fallback)

    def remember_case(self, case_no: str, report_id: UUID, limit: int = 50_000) -> None:
        """Keep which case a number means. That never changes, so commands can be sent while the database is away."""
        if len(self.case_ids) >= limit:
            self.case_ids.pop(next(iter(self.case_ids)))
        self.case_ids[case_no] = report_id
