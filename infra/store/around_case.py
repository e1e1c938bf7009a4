"""What a decision about a case must know besides the units above it: its claimant, who may review it, another case."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.conflicts import described, without_conflict
from models.case import Case
from models.commands import Abort, Command, Complete, FailReview, Recuse, Relocate, SelfClose
from models.context import Claimant, Lead, NamedEnterprise, Reviewer
from models.enums import Stage

_IN_FORCE = "g.since <= :today AND (g.until IS NULL OR g.until >= :today)"

_CASE = {
    "enterprise": "CAST(:enterprise AS text)", "departments": "CAST(:departments AS text[])",
    "units": "CAST(:path AS text[])", "recused": "CAST(:recused AS uuid[])", "day": ":today",
}  # fmt: skip

_CLAIMANT = text(f"""
    SELECT json_build_object(
        'person', json_build_object('id', p.id, 'username', p.username, 'active', p.active, 'grants', coalesce((
            SELECT json_agg(json_build_object('role', g.role, 'grid', g.grid, 'department', g.department,
                'since', g.since, 'until', g.until)) FROM grants g WHERE g.person = p.id), '[]'::json),
            'interests', coalesce((SELECT json_agg(json_build_object('kind', i.kind, 'target', i.target,
                'since', i.since, 'until', i.until)) FROM interests i WHERE i.person = p.id), '[]'::json)),
        'absent', EXISTS (SELECT 1 FROM absences a WHERE a.person = p.id AND :today BETWEEN a.since AND a.until),
        'deputy', (SELECT a.deputy FROM absences a JOIN people q ON q.id = a.deputy AND q.active
            WHERE a.person = p.id AND :today BETWEEN a.since AND a.until
            AND NOT EXISTS (SELECT 1 FROM absences b WHERE b.person = a.deputy AND :today BETWEEN b.since AND b.until)
            AND {without_conflict("a.deputy", **_CASE)} LIMIT 1))
    FROM people p WHERE p.id = :person
""")  # noqa: S608 only names of our own code are put in, values are parameters

_REVIEWERS = text(f"""
    SELECT g.grid AS unit, p.id AS person, coalesce((SELECT array_agg(DISTINCT d.department) FROM grants d
        WHERE d.person = p.id AND d.department IS NOT NULL AND d.since <= :today
        AND (d.until IS NULL OR d.until >= :today)), ARRAY[]::text[]) AS departments
    FROM grants g
    LEFT JOIN absences a ON a.person = g.person AND :today BETWEEN a.since AND a.until
    JOIN people p ON p.id = CASE WHEN a.id IS NULL THEN g.person ELSE a.deputy END AND p.active
    WHERE g.role = 'reviewer' AND {_IN_FORCE}
        AND g.grid = ANY (
            SELECT unnest(string_to_array(ltree2text(u.path), '.')) FROM grid_units u WHERE u.code = :grid)
        AND {without_conflict("p.id", **_CASE)}
    ORDER BY length(g.grid) DESC, p.id
""")  # noqa: S608 only names of our own code are put in, values are parameters

_REACHES = text(f"""
    SELECT EXISTS (SELECT 1 FROM grants g JOIN people p ON p.id = g.person AND p.active
        WHERE g.department = :department AND g.role IN ('handler', 'department_head', 'helper') AND {_IN_FORCE}
        AND (g.grid IS NULL OR g.grid = ANY (
            SELECT unnest(string_to_array(ltree2text(u.path), '.')) FROM grid_units u WHERE u.code = :grid)))
""")  # noqa: S608 only names of our own code are put in, values are parameters

_LEAD = text("""
    SELECT case_no, report_id, closed_at IS NULL AS is_open, received_at, whole_due_at, enterprise
    FROM cases WHERE case_no = :no
""")

_ENTERPRISE = text("""
    SELECT code, ltree2text(subpath(grid_path, 0, 1)) AS park, ended_at IS NULL AS active
    FROM matters WHERE kind = 'enterprise' AND code = :code
""")

_LOCKED = text("SELECT report_id FROM cases WHERE report_id = :report OR case_no = :no ORDER BY report_id FOR UPDATE")

_ANSWER = text("""
    SELECT body->>'answer' FROM facts WHERE report_id = :report AND kind IN ('completed', 'aborted', 'self_closed')
    ORDER BY seq DESC LIMIT 1
""")


async def read_claimant(connection: AsyncConnection, case: Case | None, today: date) -> Claimant | None:
    """Return who has claimed the case, with their roles, whether they are away, and who stands in for them."""
    if case is None or case.claimed_by is None or case.stage is not Stage.HANDLE:
        return None
    values = {"person": case.claimed_by, "today": today, "path": list(case.grid_path), **described(case)}
    found = await connection.scalar(_CLAIMANT, values)
    return None if found is None else Claimant.model_validate(found)


async def read_review_and_reach(
    connection: AsyncConnection, command: Command, case: Case, today: date
) -> dict[str, Any]:
    """Return who may review (`reviewers`) and whether the host acts at the place (`host_reaches`), where the command
    asks for it."""
    found: dict[str, Any] = {}
    grid = command.grid if isinstance(command, Relocate) else case.grid
    if isinstance(command, Complete | Abort | SelfClose | Relocate | Recuse):
        found["reviewers"] = await read_reviewers(connection, grid, today, case)
    if isinstance(command, FailReview | Relocate) and case.host is not None:
        values = {"department": case.host, "grid": grid, "today": today}
        found["host_reaches"] = bool(await connection.scalar(_REACHES, values))
    return found


async def read_reviewers(
    connection: AsyncConnection, grid: str, today: date, case: Case | None = None
) -> tuple[Reviewer, ...]:
    """Return who may review at the place, from its own unit up; of a case without those who must step aside from it."""
    path = [] if case is None else list(case.grid_path)
    rows = await connection.execute(_REVIEWERS, {"grid": grid, "today": today, "path": path, **described(case)})
    return tuple(Reviewer(unit=row.unit, person=row.person, departments=tuple(row.departments)) for row in rows)


async def lock_both(connection: AsyncConnection, report_id: UUID, case_no: str) -> None:
    """Lock the rows of two cases until the transaction ends, always in the same order: two merges that name each other
    wait for one another instead of both counting."""
    await connection.execute(_LOCKED, {"report": report_id, "no": case_no})


async def read_lead(connection: AsyncConnection, case_no: str) -> Lead | None:
    """Return what a merge must know of the other case; None when there is none."""
    row = (await connection.execute(_LEAD, {"no": case_no})).one_or_none()
    return None if row is None else Lead.model_validate(dict(row._mapping))


async def read_enterprise(connection: AsyncConnection, code: str | None) -> NamedEnterprise | None:
    """Return the enterprise with that credit code; None when the code is None or not registered."""
    if code is None:
        return None
    row = (await connection.execute(_ENTERPRISE, {"code": code})).one_or_none()
    return None if row is None else NamedEnterprise.model_validate(dict(row._mapping))


async def read_answer(connection: AsyncConnection, report_id: UUID) -> str:
    """Return the answer that the last completion wrote for the reporter; empty when there is none, or when handling was
    aborted or settled on the spot since."""
    return await connection.scalar(_ANSWER, {"report": report_id}) or ""
