"""Who holds a role in a unit at a moment: those on shift, else those with a grant; deputies replace the absent."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.conflicts import described, without_conflict
from models.case import Case
from models.context import Holder, Unit

_ASIDE = without_conflict(
    "p.id", enterprise="CAST(:enterprise AS text)", departments="CAST(:departments AS text[])",
    units="CAST(:path AS text[])", recused="CAST(:recused AS uuid[])", day=":today",
)  # fmt: skip
_HOLDERS = text(f"""
    WITH held AS (
        SELECT g.grid AS unit, g.role, g.person FROM grants g JOIN people p ON p.id = g.person
        WHERE g.grid = ANY (:units) AND p.active AND g.since <= :today AND (g.until IS NULL OR g.until >= :today)),
    on_shift AS (
        SELECT s.unit, s.role, s.person FROM shifts s JOIN people p ON p.id = s.person
        WHERE s.unit = ANY (:units) AND p.active AND s.starts_at <= :now AND s.ends_at > :now),
    due AS (
        SELECT * FROM on_shift
        UNION SELECT h.* FROM held h
        WHERE NOT EXISTS (SELECT 1 FROM on_shift o WHERE o.unit = h.unit AND o.role = h.role))
    SELECT DISTINCT d.unit, d.role, p.id AS person
    FROM due d
    LEFT JOIN absences a ON a.person = d.person AND :today BETWEEN a.since AND a.until
    JOIN people p ON p.id = CASE WHEN a.id IS NULL THEN d.person ELSE a.deputy END AND p.active
    WHERE (a.id IS NULL OR NOT EXISTS (
        SELECT 1 FROM absences b WHERE b.person = a.deputy AND :today BETWEEN b.since AND b.until))
        AND {_ASIDE}
    ORDER BY d.unit, d.role, p.id
""")  # noqa: S608 only names of our own code are put in, values are parameters


async def with_holders(
    connection: AsyncConnection, units: Sequence[Unit], now: datetime, today: date, case: Case | None = None
) -> tuple[Unit, ...]:
    """Return `units` with everybody who holds a role in them at `now`. A deputy who is absent too replaces nobody.

    Of a case, those who must step aside from it are left out.
    """
    found: dict[str, list[Holder]] = defaultdict(list)
    values = {"units": [unit.code for unit in units], "now": now, "today": today, **described(case)}
    values["path"] = [] if case is None else list(case.grid_path)
    for row in await connection.execute(_HOLDERS, values):
        found[row.unit].append(Holder(role=row.role, person=row.person))
    return tuple(unit.model_copy(update={"holders": tuple(found[unit.code])}) for unit in units)
