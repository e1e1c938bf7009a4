"""How far a campaign is: counted from the cases of its places, never typed."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.enums import Outcome
from models.matters.undertaking import Undertaking
from models.tables import CASES


class Progress(Frozen):
    """`done` places of `all` are solved; `percent` is that share, or the owner's own estimate. None: not known."""

    done: int | None = None
    all: int | None = None
    percent: int | None = None


async def read_progress(connection: AsyncConnection, undertakings: Iterable[Undertaking]) -> dict[str, Progress]:
    """Return how far each undertaking is, by its code."""
    found: dict[str, Progress] = {}
    for one in undertakings:
        if not one.places:
            found[one.code] = Progress(percent=one.percent)
            continue
        reports = [place.report_id for place in one.places]
        query = (
            select(func.count())
            .select_from(CASES)
            .where(CASES.c.report_id.in_(reports), CASES.c.closed_at.is_not(None), CASES.c.outcome == Outcome.SOLVED)
        )
        done = await connection.scalar(query) or 0
        found[one.code] = Progress(done=done, all=len(reports), percent=done * 100 // len(reports))
    return found
