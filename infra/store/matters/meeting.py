"""What meetings read for their decisions: what is open in the unit and belongs on the agenda."""

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from models.matters.base import MatterCommand
from models.matters.context import MatterContext
from models.matters.meeting import MOST_ITEMS, AgendaItem, CallMeeting, Meeting, RefreshAgenda

#: Topics that were sent to a meeting; cases on the consultation list; overdue undertakings and items of the claim
#: board. The oldest first within each.
_OPEN = """
    SELECT 1 AS place, 'topic' AS of, m.code, m.id, m.name AS title, m.created_at AS since FROM matters m
        WHERE m.kind = 'topic' AND m.status = 'agenda' AND m.ended_at IS NULL AND m.grid_path <@ {root}
    UNION ALL
    SELECT 2, 'case', c.case_no, c.report_id, c.title, c.consultation_at FROM cases c
        WHERE c.consultation_at IS NOT NULL AND c.closed_at IS NULL AND c.grid_path <@ {root}
    UNION ALL
    SELECT 3, m.kind, m.code, m.id, m.name, m.overdue_at FROM matters m
        WHERE m.kind IN ('undertaking', 'claim') AND m.overdue_at IS NOT NULL AND m.ended_at IS NULL
        AND m.grid_path <@ {root}
    ORDER BY place, since LIMIT %(most)s
""".format(root="(SELECT path FROM grid_units WHERE code = %(grid)s)")  # noqa: S608 only names of our own code are put in, values are parameters


async def read_extra(
    connection: AsyncConnection, matter: Meeting | None, command: MatterCommand, ctx: MatterContext
) -> tuple[AgendaItem, ...]:
    """Return what belongs on the agenda now."""
    if not isinstance(command, CallMeeting | RefreshAgenda):
        return ()
    grid = command.grid if isinstance(command, CallMeeting) else (matter.grid if matter else "")
    rows = await all_rows(connection, _OPEN, {"grid": grid, "most": MOST_ITEMS})
    return tuple(
        AgendaItem(key="", of=row[1], reference=row[2], reference_id=row[3], title=str(row[4])[:120]) for row in rows
    )
