"""The board of a unit in its latest daily bulletin, for comparison with today's numbers."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.jobs.bulletin import BulletinKind
from services.bulletins.store import BULLETINS
from services.bulletins.views import BoardContent
from services.figures.viewpoint import Viewpoint
from services.figures.views import Board


class Earlier(Frozen):
    """The board of an earlier daily bulletin."""

    id: UUID
    made_at: Instant
    board: Board


async def earlier_board(connection: AsyncConnection, viewpoint: Viewpoint, grid: str | None) -> Earlier | None:
    """Return the board in the latest daily bulletin of that very unit; None without one.

    The bulletin counts everything in the unit, so a person who sees only part of it gets no comparison.
    """
    if grid is None or viewpoint.own_departments is not None:
        return None
    row = (
        await connection.execute(
            select(BULLETINS.c.id, BULLETINS.c.made_at, BULLETINS.c.content)
            .where(
                BULLETINS.c.kind == BulletinKind.BOARD, BULLETINS.c.grid == grid, BULLETINS.c.made_at < viewpoint.now
            )
            .order_by(BULLETINS.c.made_at.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return None
    return Earlier(id=row.id, made_at=row.made_at, board=BoardContent.model_validate(row.content).board)
