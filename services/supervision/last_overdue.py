"""When a case became overdue last, for a board on which none is."""

from datetime import timedelta

from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.tables import CASES, FACTS
from services.figures.viewpoint import Watch

#: How far back it is looked for (our choice), as for what was done last on a tab of the desk.
WITHIN = timedelta(days=30)


class LastOverdue(Frozen):
    """The case that was the last to miss a deadline, and when that was recorded."""

    at: Instant
    case_no: str


async def last_overdue(connection: AsyncConnection, look: Watch, grid: str | None) -> LastOverdue | None:
    """The last of the cases that the look counts, in the subtree of `grid`; None where that is longer ago."""
    asked = (
        select(FACTS.c.at, CASES.c.case_no)
        .join(CASES, CASES.c.report_id == FACTS.c.report_id)
        .where(
            FACTS.c.kind == literal_column("'overdue'"),  # spelled out: an index has these alone, by time
            FACTS.c.at >= look.now - WITHIN,
            look.fits(grid),
        )
        .order_by(FACTS.c.at.desc())
        .limit(1)
    )
    row = (await connection.execute(asked)).one_or_none()
    return None if row is None else LastOverdue.model_validate(dict(row._mapping))
