"""The PostgreSQL side of an audit: the cases that are not archived."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.auditing.sentences import About
from infra.store.context import local_day
from infra.store.policies import NoPolicy, newest_version

#: How many cases are read together.
PAGE_SIZE = 500

_ROWS = """
    SELECT c.report_id, c.case_no, c.seq, c.updated_at, c.wake_at, c.archived_at, c.closed_at IS NULL AS is_open,
        c.owner_kind, c.owner_id, (c.state ->> 'seq')::int AS state_seq, f.count AS facts, f.last AS last_fact,
        c.state #>> '{clock,plan,calendars}' IS DISTINCT FROM CAST(CAST(:calendars AS int) AS text)
            OR c.state #>> '{whole,plan,calendars}' <> CAST(CAST(:calendars AS int) AS text) AS other_calendars,
        CASE c.owner_kind
            WHEN 'unit' THEN EXISTS (SELECT 1 FROM grid_units u
                WHERE u.code = c.owner_id AND (u.retired_on IS NULL OR u.retired_on > :today))
            WHEN 'department' THEN EXISTS (SELECT 1 FROM departments d WHERE d.id = c.owner_id AND d.active)
            WHEN 'person' THEN EXISTS (SELECT 1 FROM people p WHERE p.id::text = c.owner_id AND p.active)
            ELSE false END AS owner_active
    FROM cases c
    CROSS JOIN LATERAL (SELECT count(*) AS count, max(seq) AS last FROM facts WHERE report_id = c.report_id) f
"""
_PAGE = text(
    f"{_ROWS} WHERE c.archived_at IS NULL AND (CAST(:after AS uuid) IS NULL OR c.report_id > :after)"
    " ORDER BY c.report_id LIMIT :page"
)
_SOME = text(f"{_ROWS} WHERE c.report_id = ANY (CAST(:ids AS uuid[]))")
_COUNT = text("SELECT count(*) FROM cases WHERE archived_at IS NULL")
#: Half of them, where there are so many, of the cases that went on within the last three audits: only a new fact can
#: leave a workflow behind.
_SAMPLE = text("""
    WITH eligible AS (SELECT report_id, updated_at FROM cases WHERE archived_at IS NULL
        AND (CAST(:ids AS uuid[]) IS NULL OR report_id = ANY (CAST(:ids AS uuid[])))),
    recent AS (SELECT report_id FROM eligible WHERE updated_at > clock_timestamp() - interval '30 minutes'
        ORDER BY random() LIMIT (CAST(:most AS int) + 1) / 2)
    SELECT report_id FROM recent UNION ALL
    (SELECT report_id FROM eligible WHERE report_id NOT IN (SELECT report_id FROM recent)
        ORDER BY random() LIMIT CAST(:most AS int) - (SELECT count(*) FROM recent))
""")


@dataclass(frozen=True)
class AuditContext:
    """What rows are checked against: the park's date, and the policy version whose calendars are in force."""

    today: date
    calendars: int

    @classmethod
    async def read(cls, engine: AsyncEngine) -> "AuditContext":
        """Read it."""
        async with engine.connect() as connection:
            now = datetime.now(UTC)
            try:
                return cls(today=await local_day(connection, now), calendars=await newest_version(connection))
            except NoPolicy:  # then there is no case either
                return cls(today=now.date(), calendars=0)


@dataclass(frozen=True)
class Row:
    """One case in the database. `owner_active`: its owner exists and is in use. `other_calendars`: its deadlines were
    computed by other calendars than those in force.
    """

    about: About
    seq: int
    state_seq: int
    facts: int
    last_fact: int | None
    updated_at: datetime
    wake_at: datetime | None
    archived: bool
    is_open: bool
    owner_kind: str | None
    owner_id: str | None
    owner_active: bool
    other_calendars: bool


async def count_cases(engine: AsyncEngine) -> int:
    """Return the number of cases that are not archived."""
    async with engine.connect() as connection:
        return int(await connection.scalar(_COUNT) or 0)


async def sample_cases(engine: AsyncEngine, most: int, ids: Sequence[UUID] | None = None) -> frozenset[UUID]:
    """Return the ids of at most `most` of them, or of those of `ids`, drawn at random, those that went on lately
    before others.
    """
    async with engine.connect() as connection:
        values = {"most": most, "ids": None if ids is None else list(ids)}
        return frozenset(await connection.scalars(_SAMPLE, values))


async def read_pages(
    engine: AsyncEngine, world: AuditContext, ids: Sequence[UUID] | None = None
) -> AsyncIterator[Sequence[Row]]:
    """Yield all of them, or those of `ids`, archived ones included, page by page, each read in a transaction of its
    own.
    """
    if ids is not None:
        for start in range(0, len(ids), PAGE_SIZE):
            yield tuple((await read_rows(engine, world, ids[start : start + PAGE_SIZE])).values())
        return
    after: UUID | None = None
    while True:
        async with engine.connect() as connection:
            page = await _read_rows(connection, _PAGE, world, after=after, page=PAGE_SIZE)
        if page:
            yield page
        if len(page) < PAGE_SIZE:
            return
        after = page[-1].about.report_id


async def read_rows(engine: AsyncEngine, world: AuditContext, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return the rows of those `ids` that the database has, archived ones included."""
    async with engine.connect() as connection:
        found = await _read_rows(connection, _SOME, world, ids=list(ids))
    return {row.about.report_id: row for row in found}


async def _read_rows(connection: AsyncConnection, statement: Any, world: AuditContext, **values: Any) -> list[Row]:
    parameters = {"today": world.today, "calendars": world.calendars, **values}
    return [
        Row(
            about=About(report_id=row.report_id, case_no=row.case_no),
            seq=row.seq,
            state_seq=row.state_seq,
            facts=row.facts,
            last_fact=row.last_fact,
            updated_at=row.updated_at,
            wake_at=row.wake_at,
            archived=row.archived_at is not None,
            is_open=row.is_open,
            owner_kind=row.owner_kind,
            owner_id=row.owner_id,
            owner_active=row.owner_active,
            other_calendars=row.other_calendars,
        )
        for row in await connection.execute(statement, parameters)
    ]
