"""The rank and score of ranked places in earlier periods, by the rules of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from services.figures.viewpoint import Viewpoint
from services.figures.views import Ranking
from services.supervision.ranking import RankingFilter, read_ranking


@dataclass(frozen=True)
class Standing:
    """`change`: by how many ranks a place has risen since the period before; None where either has no rank.

    `points`: the scores of the earlier periods and of this one, the earliest first; periods without a score are left
    out.
    """

    change: int | None
    before: int | None
    points: tuple[float, ...]


async def compare_standings(
    connection: AsyncConnection,
    viewpoint: Viewpoint,
    ranking_filter: RankingFilter,
    now: Ranking,
    earlier: Sequence[tuple[date, date]],
) -> dict[str, Standing]:
    """Return the standing of every place in `now`, by code; `earlier` are the periods before it, as days, the latest
    first.
    """
    past: list[Ranking] = []
    for first, last in earlier:
        days = viewpoint.days(first, last)
        past_filter = ranking_filter.model_copy(update={"from_": days.since, "to": days.until})
        past.append(await read_ranking(connection, viewpoint, past_filter))
    ranks = {row.place.code: row.rank for row in past[0].rows} if past else {}
    scores = [
        {row.place.code: row.score.points for row in past_ranking.rows if row.score is not None}
        for past_ranking in (*reversed(past), now)
    ]
    return {
        row.place.code: Standing(
            change=_ranks_risen(ranks.get(row.place.code), row.rank),
            before=ranks.get(row.place.code),
            points=tuple(by_code[row.place.code] for by_code in scores if row.place.code in by_code),
        )
        for row in now.rows
    }


def _ranks_risen(before: int | None, rank: int | None) -> int | None:
    return None if before is None or rank is None else before - rank
