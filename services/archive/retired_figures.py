"""Figures of retired cases, counted from the rows that stay: what lists and boards do not count any more."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen

_COUNT = text("""
    SELECT extract(year FROM closed_at AT TIME ZONE :zone)::int AS year, grid_path[1] AS park, category, outcome,
        host, count(*) AS cases, count(*) FILTER (WHERE late) AS late
    FROM retired_cases WHERE CAST(:grid AS text) IS NULL OR :grid = ANY (grid_path)
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
""")


class RetiredFigure(Frozen):
    """How many retired cases were closed in a year of the park's calendar, and how many had missed a deadline."""

    year: int
    park: str
    category: str
    outcome: str | None
    host: str | None
    cases: int
    late: int


async def retired_figures(connection: AsyncConnection, zone: str, grid: str | None = None) -> tuple[RetiredFigure, ...]:
    """Return the figures of all retired cases, or of those in the subtree of a unit."""
    rows = await connection.execute(_COUNT, {"zone": zone, "grid": grid})
    return tuple(RetiredFigure.model_validate(dict(row._mapping)) for row in rows)
