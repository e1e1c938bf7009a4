"""The readings of a metric over a time, reduced to what a chart can show: least and greatest of each piece of time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from models.base import Frozen, Instant
from models.matters.readings import ReadingState

#: The pieces of a chart, each two pixels wide.
PIECES = 360
#: The most readings that one request returns unreduced.
MOST_ROWS = 5_000

_PIECES = """
    SELECT floor(extract(epoch FROM at - %(since)s) / %(seconds)s)::int AS piece,
        min(value), max(value), count(*), min(at), max(at)
    FROM readings WHERE station = %(station)s AND metric = %(metric)s AND at >= %(since)s AND at < %(until)s
        AND state <> %(suspect)s
    GROUP BY piece ORDER BY piece
"""
_ROWS = """
    SELECT at, value, state, received_at FROM readings
    WHERE station = %(station)s AND metric = %(metric)s AND at >= %(since)s AND at < %(until)s
    ORDER BY at LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Piece:
    """The readings of a piece of time: how many, the least, the greatest, the first and last moment."""

    least: float
    greatest: float
    count: int
    first_at: datetime
    last_at: datetime


class ReadingView(Frozen):
    """A stored reading."""

    at: Instant
    value: float
    state: ReadingState
    received_at: Instant


async def read_pieces(
    connection: AsyncConnection, station: UUID, metric: str, since: datetime, until: datetime
) -> tuple[Piece, ...]:
    """Return the readings of that time in at most `PIECES` pieces; suspect ones are left out."""
    seconds = max((until - since) / timedelta(seconds=PIECES), 1.0)
    values = {"station": station, "metric": metric, "since": since, "until": until, "seconds": seconds}
    rows = await all_rows(connection, _PIECES, {**values, "suspect": ReadingState.SUSPECT})
    return tuple(Piece(*row[1:]) for row in rows)


async def read_readings(
    connection: AsyncConnection, station: UUID, metric: str, since: datetime, until: datetime, limit: int
) -> tuple[ReadingView, ...]:
    """Return the readings of that time, the oldest first, at most `limit`."""
    values = {"station": station, "metric": metric, "since": since, "until": until, "limit": limit}
    rows = await all_rows(connection, _ROWS, values)
    return tuple(ReadingView(at=row[0], value=row[1], state=row[2], received_at=row[3]) for row in rows)
