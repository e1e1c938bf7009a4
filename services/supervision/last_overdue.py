"""The last time a case became overdue, for a board without overdue cases."""

from datetime import timedelta

from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.tables import CASES, FACTS
from services.figures.viewpoint import Viewpoint

#: How far back the search goes (our choice), the same as for the last action on a tab of the desk.
SEARCHED_BACK = timedelta(days=30)


class LastOverdue(Frozen):
    """The case that was the last to miss a deadline, and when that was recorded."""

    at: Instant
    case_no: str


async def last_overdue(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> LastOverdue | None:
    """Return the last overdue among the cases in scope and in the subtree of `grid`; None where it is longer ago."""
    statement = (
        select(FACTS.c.at, CASES.c.case_no)
        .join(CASES, CASES.c.report_id == FACTS.c.report_id)
        .where(
            FACTS.c.kind == literal_column("'overdue'"),  # a literal, so that the partial index on these facts serves
            FACTS.c.at >= viewpoint.now - SEARCHED_BACK,
            viewpoint.cases_in(grid),
        )
        .order_by(FACTS.c.at.desc())
        .limit(1)
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else LastOverdue.model_validate(dict(row._mapping))
