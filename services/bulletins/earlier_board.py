"""The board of a unit as its latest daily bulletin kept it, to compare today's numbers with."""

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
    """The board as a daily bulletin kept it."""

    id: UUID
    made_at: Instant
    board: Board


async def earlier_board(connection: AsyncConnection, look: Viewpoint, grid: str | None) -> Earlier | None:
    """The latest daily bulletin of that very unit, with whose numbers today's are compared; None without one.

    The bulletin counts everything in the unit: somebody who sees only part of it has nothing to compare with.
    """
    if grid is None or look.own_departments is not None:
        return None
    row = (
        await connection.execute(
            select(BULLETINS.c.id, BULLETINS.c.made_at, BULLETINS.c.content)
            .where(BULLETINS.c.kind == BulletinKind.BOARD, BULLETINS.c.grid == grid, BULLETINS.c.made_at < look.now)
            .order_by(BULLETINS.c.made_at.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return None
    return Earlier(id=row.id, made_at=row.made_at, board=BoardContent.model_validate(row.content).board)
