"""How those who are ranked stood in the periods before: rank and score, by the rules of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.figures.viewpoint import Watch
from services.figures.views import Ranking
from services.supervision.ranking import RankingFilter, ranking


@dataclass(frozen=True)
class Standing:
    """`change`: by how many ranks somebody has risen since the period before; None where either has no rank.

    `points`: the scores of the periods before and of this one, the earliest first; those without one are left out.
    """

    change: int | None
    before: int | None
    points: tuple[float, ...]


async def standings(
    connection: AsyncConnection, look: Watch, wanted: RankingFilter, now: Ranking, earlier: Sequence[tuple[date, date]]
) -> dict[str, Standing]:
    """By code, for everybody in `now`; `earlier` are the periods before it, as days, the latest first."""
    past: list[Ranking] = []
    for first, last in earlier:
        days = look.days(first, last)
        dated = wanted.model_copy(update={"from_": days.since, "to": days.until})
        past.append(await ranking(connection, look, dated))
    ranks = {row.place.code: row.rank for row in past[0].rows} if past else {}
    scores = [
        {row.place.code: row.score.points for row in one.rows if row.score is not None}
        for one in (*reversed(past), now)
    ]
    return {
        row.place.code: Standing(
            change=_risen(ranks.get(row.place.code), row.rank),
            before=ranks.get(row.place.code),
            points=tuple(known[row.place.code] for known in scores if row.place.code in known),
        )
        for row in now.rows
    }


def _risen(before: int | None, rank: int | None) -> int | None:
    return None if before is None or rank is None else before - rank
