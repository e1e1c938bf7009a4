"""Measure how long the board, the overdue list and the ranking take over very many cases, in a database filled by SQL.

Closed cases are spread back in time at a steady rate, as years of work leave them; open ones are scattered among the
newest.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import SecretStr
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import open_database
from infra.database_url import with_database
from infra.migrate import upgrade
from infra.settings import Settings
from models.base import Frozen
from models.case import Case, Clock, Interval, Owner
from models.context import Grant, Person
from models.enums import Level, OwnerKind, Role, Severity, Source, Stage, UnitType
from models.ids import new_id
from models.plan import Plan
from models.policy.limits import Limit
from models.tables import DepartmentRow, GridUnitRow, PersonRow, PolicyRow
from services.figures.viewpoint import Viewpoint, read_viewpoint
from services.files.shipped import POLICY
from services.policies.files import read_policy
from services.supervision.board import read_board
from services.supervision.overdue import OverdueFilter, overdue_page
from services.supervision.ranking import RankingFilter, read_ranking

PARK = "990000001"
COMMUNITIES, GRIDS, MICRO_GRIDS = 7, 12, 7
#: The rate at which closed cases are spread: a million in three years.
CASES_PER_DAY = 913
#: Indexes that are not needed here, and slow to build over a million rows.
SKIPPED_INDEXES = ("cases_attachments",)


@dataclass(frozen=True)
class Speed:
    """Milliseconds at the 50th and 95th percentile, with that many closed, open and overdue cases."""

    closed: int
    open: int
    overdue: int
    board_p50: float
    board_p95: float
    overdue_p50: float
    overdue_p95: float
    ranking_p50: float


@asynccontextmanager
async def benchmark_database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """A migrated database beside that of `settings`, with a park, a policy and no case; dropped at the end."""
    name = f"gridloop_bench_{uuid4().hex[:12]}"
    beside = at_database(settings, name)
    admin_engine = open_database(settings.as_owner())
    try:
        await _run_outside_transaction(admin_engine, f"CREATE DATABASE {name}")
        try:
            await asyncio.to_thread(upgrade, beside.database)
            engine = open_database(beside)
            try:
                async with engine.begin() as connection:
                    await _insert_reference_data(connection)
                yield engine
            finally:
                await engine.dispose()
        finally:
            await _run_outside_transaction(admin_engine, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await admin_engine.dispose()


def at_database(settings: Settings, name: str) -> Settings:
    """Return the settings of the owner of another database on the same server."""
    owner = settings.as_owner()
    address = SecretStr(with_database(owner.database_url.get_secret_value(), name))
    return owner.model_copy(update={"database_url": address})


async def _run_outside_transaction(engine: AsyncEngine, statement: str) -> None:
    """Run a statement that can't run in a transaction."""
    async with engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text(statement))


# --- measuring --------------------------------------------------------------------------------------------------------


async def measure_supervision(engine: AsyncEngine, rounds: int) -> Speed:
    """Measure both pages as the park's supervisor opens them, including the JSON; the first, cold call is left out."""
    day = date.today() - timedelta(days=400)  # noqa: DTZ011 (any day long enough ago)
    grant = Grant(role=Role.SUPERVISOR, grid=PARK, since=day)
    person = Person(id=new_id(), username="supervisor", grants=(grant,))

    async def timed(page: Callable[[AsyncConnection, Viewpoint], Awaitable[Frozen]], times: int) -> list[float]:
        waits = []
        for _ in range(times + 1):
            begun = time.perf_counter()
            async with engine.connect() as connection:
                viewpoint = await read_viewpoint(connection, person, datetime.now(UTC), "zh")
                (await page(connection, viewpoint)).model_dump_json()
            waits.append((time.perf_counter() - begun) * 1000)
        return sorted(waits[1:])

    boards = await timed(lambda connection, viewpoint: read_board(connection, viewpoint, None), rounds)
    overdue_lists = await timed(
        lambda connection, viewpoint: overdue_page(connection, viewpoint, OverdueFilter()), rounds
    )
    ranks = await timed(
        lambda connection, viewpoint: read_ranking(connection, viewpoint, RankingFilter()), max(rounds // 6, 3)
    )
    async with engine.connect() as connection:
        viewpoint = await read_viewpoint(connection, person, datetime.now(UTC), "zh")
        overdue = (await overdue_page(connection, viewpoint, OverdueFilter(limit=1))).total
        closed, still_open = (
            await connection.execute(
                text("SELECT count(*) FILTER (WHERE closed_at IS NOT NULL), count(*) FILTER (WHERE closed_at IS NULL)"
                     " FROM cases")
            )
        ).one()  # fmt: skip
    return Speed(
        closed=closed,
        open=still_open,
        overdue=overdue,
        board_p50=at_percentile(boards, 0.5),
        board_p95=at_percentile(boards, 0.95),
        overdue_p50=at_percentile(overdue_lists, 0.5),
        overdue_p95=at_percentile(overdue_lists, 0.95),
        ranking_p50=at_percentile(ranks, 0.5),
    )


def at_percentile(waits: Sequence[float], part: float) -> float:
    """Return the value that this part (0 to 1) of the sorted `waits` does not exceed."""
    return waits[min(len(waits) - 1, int(len(waits) * part))]


# --- filling ----------------------------------------------------------------------------------------------------------

_PERSON = UUID(int=1)

_INSERT_CASES = """
INSERT INTO cases (
    report_id, case_no, seq, state, stage, round, outcome, category, severity, source, title, description, grid,
    grid_path, lat, lon, level, owner_kind, owner_id, host, departments, reported_by, anonymous, content_hash,
    occurred_at, reported_at, received_at, updated_at, due_at, yellow_at, red_at, overdue_at, wake_at, closed_at,
    archived_at, policy_version, provisional, accepted_at, dispatched_at, handle_due_at, handled_at, close_due_at,
    late_stages, failed_reviews, returns, extended, exempt, consultation_at)
SELECT id, no, 12,
    CAST(:state AS jsonb) || jsonb_build_object('report_id', id, 'case_no', no, 'grid', grid,
        'grid_path', string_to_array(path::text, '.')),
    CASE WHEN NOT is_open THEN 'closed'
         ELSE (ARRAY['receive', 'dispatch', 'handle', 'handle', 'review'])[1 + i % 5] END,
    1, CASE WHEN is_open THEN NULL ELSE 'solved' END,
    (ARRAY['0103', '0201', '0302', '0501'])[1 + i % 4], 'ordinary', 'grid_worker', 'A measured case ' || i,
    repeat('what was seen there, in some words. ', 4), grid, path, 38.0, 117.0, 4,
    CASE WHEN is_open THEN 'department' END, CASE WHEN is_open THEN dept END, dept, ARRAY[dept], :person, false, 'x',
    at, at, at, at + interval '1 day',
    CASE WHEN is_open AND NOT stopped THEN due END,
    CASE WHEN is_open AND NOT stopped THEN due - interval '18 hours' END,
    CASE WHEN is_open AND NOT stopped THEN due END,
    CASE WHEN is_open AND NOT stopped AND due < now() THEN due END,
    at + interval '30 days', CASE WHEN NOT is_open THEN at + interval '2 days' END,
    CASE WHEN NOT is_open AND at < now() - interval '32 days' THEN at + interval '32 days' END,
    1, false, at + interval '1 hour', at + interval '2 hours', due,
    CASE WHEN NOT is_open THEN at + interval '40 hours' END, due + interval '1 day',
    CASE WHEN i % 9 = 0 THEN ARRAY['handle'] ELSE '{}' END, (i % 31 = 0)::int, 0, i % 17 = 0, false,
    CASE WHEN is_open AND i % 40 = 0 THEN at END
FROM (
    SELECT s.i, s.is_open,
        CASE WHEN s.is_open THEN 'O' ELSE 'C' END || s.i AS no, s.i % 25 = 0 AS stopped,
        CASE WHEN s.is_open THEN now() - (power(random(), 2) * interval '20 days')
             ELSE now() - interval '2 days' - s.i * interval '1 day' / :a_day END AS at,
        (ARRAY['fire', 'labour', 'environment'])[1 + s.i % 3] AS dept, u.code AS grid, u.path AS path,
        now() + (random() - 0.5) * interval '12 days' AS open_due
    FROM (SELECT i, false AS is_open FROM generate_series(CAST(:first AS int), CAST(:last AS int)) i
          UNION ALL SELECT i, true FROM generate_series(1, CAST(:open AS int)) i) s
    JOIN (SELECT code, path, row_number() OVER (ORDER BY code) - 1 AS n FROM grid_units WHERE level = 4) u
      ON u.n = (s.i * 7919::bigint) % :units
) made, LATERAL (SELECT CASE WHEN is_open THEN open_due ELSE at + interval '3 days' END AS due) deadline,
    LATERAL (SELECT uuidv7(at - now()) AS id) as_made_then
ORDER BY at + random() * interval '10 days'
"""

_INSERT_TASKS = """
INSERT INTO tasks (report_id, key, kind, assignee_kind, assignee_id, due_at)
SELECT report_id, kind, kind, 'department', host, due_at FROM cases,
LATERAL (SELECT 'handle' AS kind UNION ALL SELECT 'answer_urge' WHERE hashtext(case_no) % 33 = 0) k
WHERE closed_at IS NULL ON CONFLICT DO NOTHING
"""

_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
WHERE indrelid = 'cases'::regclass AND NOT indisunique
"""


async def fill_cases(engine: AsyncEngine, first: int, last: int, open_cases: int) -> None:
    """Add the closed cases from the `first` to the `last`, counted back in time, and `open_cases` open ones.

    The indexes are rebuilt afterwards: much faster, and as compact as an operator would have them.
    """
    state = make_case().model_dump_json()
    async with engine.begin() as connection:
        indexes = (await connection.execute(text(_INDEXES))).all()
        for index in indexes:
            await connection.execute(text(f"DROP INDEX {index.name}"))
        parameters = {
            "state": state, "person": _PERSON, "a_day": CASES_PER_DAY, "units": COMMUNITIES * GRIDS * MICRO_GRIDS,
            "first": first + 1, "last": last, "open": open_cases,
        }  # fmt: skip
        await connection.execute(text(_INSERT_CASES), parameters)
        await connection.execute(text(_INSERT_TASKS))
        for index in indexes:
            if index.name not in SKIPPED_INDEXES:
                await connection.execute(text(index.definition))
    await _run_outside_transaction(engine, "VACUUM ANALYZE cases")
    await _run_outside_transaction(engine, "VACUUM ANALYZE tasks")


def make_case() -> Case:
    """Return a case with the clocks and deadlines of one in handling, of realistic size."""
    now = datetime.now(UTC)
    hours = Limit.of_hours
    plan = Plan(calendars=1, yellow_at=now, red_at=now, rungs=(now, now, now), provisional=False)

    def clock(stage: Stage, *, ended: bool) -> Clock:
        return Clock(
            stage=stage,
            round=1,
            limit=timedelta(hours=8),
            source="our choice: a day's work",
            intervals=(Interval(start=now, end=now if ended else None),),
            due_at=now,
            terms=hours(8),
            plan=None if ended else plan,
            ended_at=now if ended else None,
        )

    return Case(
        report_id=new_id(),
        case_no="0",
        seq=12,
        stage=Stage.HANDLE,
        category="0201",
        severity=Severity.ORDINARY,
        source=Source.GRID_WORKER,
        title="A measured case",
        grid=PARK,
        grid_path=(PARK,),
        level=Level.MICRO_GRID,
        policy_version=1,
        reported_by=_PERSON,
        occurred_at=now,
        reported_at=now,
        received_at=now,
        updated_at=now,
        accepted_at=now,
        owner=Owner(kind=OwnerKind.DEPARTMENT, id="labour"),
        desk=Owner(kind=OwnerKind.UNIT, id=PARK),
        suggested_host="labour",
        host="labour",
        departments=("labour",),
        clock=clock(Stage.HANDLE, ended=False),
        past_clocks=(clock(Stage.RECEIVE, ended=True), clock(Stage.DISPATCH, ended=True)),
    )


async def _insert_reference_data(connection: AsyncConnection) -> None:
    units = [_unit(PARK, ())]
    for c in range(1, COMMUNITIES + 1):
        community = f"{PARK}{c:03}"
        units.append(_unit(community, (PARK,)))
        for g in range(1, GRIDS + 1):
            grid = f"{community}{g:03}"
            units.append(_unit(grid, (PARK, community)))
            units += [_unit(f"{grid}{m:03}", (PARK, community, grid)) for m in range(1, MICRO_GRIDS + 1)]
    await connection.execute(insert(GridUnitRow), units)
    departments = ("fire", "labour", "environment")
    await connection.execute(
        insert(DepartmentRow), [{"id": d, "name_zh": d, "name_en": d, "active": True} for d in departments]
    )
    person = {"id": _PERSON, "username": "bench", "name": "bench", "active": True, "password_hash": None}
    await connection.execute(insert(PersonRow), [person])
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    policy = {
        "version": 1, "published_at": begun, "effective_from": begun, "digest": "bench",
        "content": read_policy(POLICY).model_dump(mode="json"),
    }  # fmt: skip
    await connection.execute(insert(PolicyRow), [policy])


def _unit(code: str, path: tuple[str, ...]) -> dict[str, object]:
    return {
        "code": code, "name": code, "level": len(path) + 1, "parent": path[-1] if path else None,
        "path": ".".join((*path, code)), "type": UnitType.TERRITORIAL, "households": None, "enterprise": None,
        "retired_on": None, "geometry": None, "west": None, "south": None, "east": None, "north": None,
    }  # fmt: skip
