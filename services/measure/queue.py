"""Measure how long the queue takes over very many cases, tab by tab, for people at its desks, in a database filled by
SQL.

The cases are those of `services.measure.supervision`; here they get owners, tasks as `rules.tasks` would list them, and
facts by the people who handled them.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.settings import Settings
from models.context import Grant, Person
from models.enums import Role
from models.ids import new_id
from models.tables import GrantRow, PersonRow
from services.desk.tabs import DeskTab, tabs_of
from services.measure.supervision import PARK, at_percentile, benchmark_database, fill_cases

DEPARTMENTS = ("fire", "labour", "environment")
#: The number of duty officers, of handlers in each department, and of reviewers.
DUTY_OFFICERS, HANDLERS, REVIEWERS = 6, 10, 6
#: The ids of people are numbers from these on, so that SQL can generate them.
_FIRST_DUTY, _FIRST_HANDLER, _FIRST_REVIEWER, _SUPERVISOR = 1000, 2000, 3000, 4000
_SINCE = date(2024, 1, 1)

#: Shows a tab to a person, as a page would. Must raise if it fails.
ShowTab = Callable[[Person, DeskTab], Awaitable[None]]


@dataclass(frozen=True)
class TabSpeed:
    """The sorted times, in milliseconds, of a person in `role` who opened the queue at `tab`."""

    role: Role
    tab: DeskTab
    waits: tuple[float, ...]

    @property
    def percentiles(self) -> str:
        """The 50th and 95th percentile as text."""
        return format_percentiles(self.waits)

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return at_percentile(self.waits, 0.95)


def format_percentiles(waits: Sequence[float]) -> str:
    """Return the 50th and 95th percentile of sorted times as text."""
    return f"{at_percentile(waits, 0.5):.0f} / {at_percentile(waits, 0.95):.0f}"


@asynccontextmanager
async def queue_database(settings: Settings, cases: int, open_share: float = 0.1) -> AsyncIterator[AsyncEngine]:
    """A database with that many cases, that share of them open, and people at the desks; dropped at the end."""
    async with benchmark_database(settings) as engine:
        open_cases = int(cases * open_share)
        await fill_cases(engine, 0, cases - open_cases, open_cases)
        await staff_desks(engine)
        yield engine


async def measure_queue(show_tab: ShowTab, rounds: int) -> list[TabSpeed]:
    """Measure every tab of a handler, a duty officer, a reviewer and a supervisor; the first, cold call is left out."""
    speeds = []
    for person in people():
        for tab in tabs_of(person, _SINCE):
            waits = []
            for _ in range(rounds + 1):
                begun = time.perf_counter()
                await show_tab(person, tab)
                waits.append((time.perf_counter() - begun) * 1000)
            speeds.append(TabSpeed(person.grants[0].role, tab, tuple(sorted(waits[1:]))))
    return speeds


def people() -> tuple[Person, ...]:
    """Return one person of each role that works through a queue."""
    return (
        _person(_FIRST_HANDLER, Role.HANDLER, DEPARTMENTS[0]),
        _person(_FIRST_DUTY, Role.DUTY_OFFICER),
        _person(_FIRST_REVIEWER, Role.REVIEWER),
        _person(_SUPERVISOR, Role.SUPERVISOR),
    )


def _person(number: int, role: Role, department: str | None = None) -> Person:
    grant = Grant(role=role, grid=PARK, department=department, since=_SINCE)
    return Person(id=UUID(int=number), username=f"bench{number}", grants=(grant,))


# --- filling ----------------------------------------------------------------------------------------------------------

_ID = "('00000000-0000-0000-0000-' || lpad(to_hex(({})::int), 12, '0'))::uuid"
_DUTY = _ID.format(f"{_FIRST_DUTY} + n % {DUTY_OFFICERS}")
_PLACE = "(array_position(ARRAY['fire', 'labour', 'environment'], host) - 1)"
_HANDLER = _ID.format(f"{_FIRST_HANDLER} + {HANDLERS} * {_PLACE} + n % {HANDLERS}")
_REVIEWER = _ID.format(f"{_FIRST_REVIEWER} + n % {REVIEWERS}")

#: Half of the cases in handling are claimed; cases in earlier stages have no host yet.
_SET_OWNERS = f"""
UPDATE cases SET owner_kind = own.kind, owner_id = own.id, host = own.host,
    departments = CASE WHEN own.host IS NULL THEN '{{}}' ELSE departments END,
    state = state || jsonb_build_object('stage', stage, 'owner', jsonb_build_object('kind', own.kind, 'id', own.id),
        'host', own.host, 'claimed_by', CASE WHEN own.kind = 'person' THEN own.id END)
FROM (
    SELECT report_id,
        CASE WHEN stage <> 'handle' THEN 'unit' WHEN n % 2 = 0 THEN 'person' ELSE 'department' END AS kind,
        CASE WHEN stage <> 'handle' THEN CASE WHEN n % 3 = 0 THEN :park ELSE subpath(grid_path, 1, 1)::text END
             WHEN n % 2 = 0 THEN {_HANDLER}::text ELSE host END AS id,
        CASE WHEN stage NOT IN ('receive', 'dispatch') THEN host END AS host
    FROM (SELECT *, abs(hashtext(case_no)) AS n FROM cases) numbered
    WHERE closed_at IS NULL
) own WHERE own.report_id = cases.report_id
"""  # noqa: S608 only names of our own code are put in, values are parameters
_INSERT_TASKS = """
INSERT INTO tasks (report_id, key, kind, assignee_kind, assignee_id, due_at)
SELECT c.report_id, t.kind, t.kind, t.to_kind, t.to_id, c.due_at
FROM (SELECT *, abs(hashtext(case_no)) AS n FROM cases) c, LATERAL (VALUES
    ('accept', stage = 'receive', owner_kind, owner_id),
    ('dispatch', stage = 'dispatch', owner_kind, owner_id),
    ('handle', stage = 'handle', owner_kind, owner_id),
    ('review', stage = 'review', owner_kind, owner_id),
    ('co_handle', stage = 'handle' AND n % 10 = 3, 'department', CASE host WHEN 'fire' THEN 'labour' ELSE 'fire' END),
    ('decide_return', stage = 'handle' AND n % 40 = 7, 'unit', :park),
    ('decide_extension', stage = 'handle' AND n % 25 = 4, 'unit', :park),
    ('oversee', stage = 'handle' AND overdue_at IS NOT NULL AND n % 3 = 0, 'unit', :park),
    ('answer_urge', n % 33 = 0, owner_kind, owner_id)
) t(kind, holds, to_kind, to_id)
WHERE c.closed_at IS NULL AND t.holds
"""
_INSERT_FACTS = f"""
INSERT INTO facts (report_id, seq, at, kind, version, actor, command_id, command, digest, body)
SELECT c.report_id, f.seq, f.at, f.kind, 1, f.actor, gen_random_uuid(), f.kind, 'x',
    jsonb_build_object('kind', f.kind, 'note', 'what was said of it, in some words')
FROM (SELECT *, abs(hashtext(case_no)) AS n, array_position(
        ARRAY['receive', 'dispatch', 'handle', 'review', 'closed'], stage) AS far FROM cases) c, LATERAL (VALUES
    (1, 'received', c.received_at, c.reported_by, far >= 1),
    (2, 'accepted', c.accepted_at, {_DUTY}, far > 1),
    (3, 'dispatched', c.dispatched_at, {_DUTY}, far > 2),
    (4, 'claimed', c.dispatched_at + interval '1 hour', {_HANDLER}, far > 3 OR owner_kind = 'person'),
    (5, 'completed', coalesce(c.handled_at, c.updated_at), {_HANDLER}, far > 3),
    (6, 'review_passed', c.closed_at, {_REVIEWER}, far > 4),
    (7, 'closed', c.closed_at, {_REVIEWER}, far > 4)
) f(seq, kind, at, actor, holds)
WHERE f.holds
"""  # noqa: S608 only names of our own code are put in, values are parameters


async def staff_desks(engine: AsyncEngine) -> None:
    """Insert people at the desks of a filled database, share out the open cases among them, and add the facts so
    far.
    """
    async with engine.begin() as connection:
        await _insert_people(connection)
        await connection.execute(text("DELETE FROM tasks"))
        await connection.execute(text(_SET_OWNERS), {"park": PARK})
        await connection.execute(text(_INSERT_TASKS), {"park": PARK})
        await connection.execute(text(_INSERT_FACTS))
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE cases, tasks, facts, grants, people"))


async def _insert_people(connection: AsyncConnection) -> None:
    desks = [(_FIRST_DUTY + n, Role.DUTY_OFFICER, None) for n in range(DUTY_OFFICERS)]
    desks += [(_FIRST_REVIEWER + n, Role.REVIEWER, None) for n in range(REVIEWERS)]
    desks += [(_SUPERVISOR, Role.SUPERVISOR, None)]
    handlers = [
        (_FIRST_HANDLER + HANDLERS * place + n, Role.HANDLER, department)
        for place, department in enumerate(DEPARTMENTS)
        for n in range(HANDLERS)
    ]
    everybody = [_person(number, role, department) for number, role, department in (*desks, *handlers)]
    common = {"active": True, "password_hash": None}
    rows = [{"id": p.id, "username": p.username, "name": p.username, **common} for p in everybody]
    await connection.execute(insert(PersonRow), rows)
    await connection.execute(
        insert(GrantRow),
        [{"id": new_id(), "person": p.id, **dict(g)} for p in everybody for g in p.grants],
    )
