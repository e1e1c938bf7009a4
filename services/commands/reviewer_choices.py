"""Who may be assigned to review a case: reviewers and supervisors of the place without a part or an interest in it."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.conflicts import described, without_conflict
from models.case import Case
from services.commands.transfer_targets import Named

#: The longest list offered.
MAX_CHOICES = 100
_ASIDE = without_conflict(
    "p.id", enterprise="CAST(:enterprise AS text)", departments="CAST(:hosts AS text[])", units="CAST(:path AS text[])",
    recused="CAST(:recused AS uuid[])", day=":day",
)  # fmt: skip
_CHOICES = text(f"""
    SELECT p.username, p.name FROM people p
    WHERE p.active AND p.id <> ALL (CAST(:handled AS uuid[]))
        AND p.id IS DISTINCT FROM CAST(:reviewer AS uuid)
        AND EXISTS (SELECT 1 FROM grants g WHERE g.person = p.id AND g.role IN ('reviewer', 'supervisor')
            AND (g.grid IS NULL OR g.grid = ANY (:path)) AND g.since <= :day AND (g.until IS NULL OR g.until >= :day))
        AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.person = p.id AND g.department = ANY (:departments)
            AND g.since <= :day AND (g.until IS NULL OR g.until >= :day))
        AND {_ASIDE}
    ORDER BY p.username LIMIT :most
""")  # noqa: S608 only names of our own code are put in, values are parameters


async def reviewer_choices(connection: AsyncConnection, case: Case, day: date) -> tuple[Named, ...]:
    """Return those who may be assigned to review the case on `day`, except whoever is assigned already.

    The rule itself is in `rules.deciders.review`; here it only shortens the list.
    """
    involved = {case.host, *(helper.department for helper in case.co_handlers)} - {None}
    parameters = {
        "handled": [str(person) for person in case.handled_by],
        "reviewer": None if case.reviewer is None else str(case.reviewer),
        "path": list(case.grid_path),
        "departments": sorted(involved, key=str),
        "day": day,
        "most": MAX_CHOICES,
        **{name: value for name, value in described(case).items() if name != "departments"},
        "hosts": list(case.departments),
    }
    rows = await connection.execute(_CHOICES, parameters)
    return tuple(Named(username=row.username, name=row.name) for row in rows)
