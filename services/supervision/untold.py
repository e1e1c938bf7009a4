"""How many reporters could not be told what became of their report."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.figures import FigureKey
from models.tables import CASES
from services.figures.definitions import FIGURES
from services.figures.drill_down import cases_url
from services.figures.viewpoint import Viewpoint
from services.figures.views import Number


async def reporters_untold(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> Number:
    """Return the cases whose reporter was not reached and has not been spoken with since, with the list of them."""
    key = FigureKey.UNTOLD
    condition = FIGURES[key].condition(viewpoint.today)
    count = await connection.scalar(select(func.count()).select_from(CASES).where(condition, viewpoint.cases_in(grid)))
    return Number(count=count or 0, cases=cases_url(key, viewpoint.today, grid=grid))
