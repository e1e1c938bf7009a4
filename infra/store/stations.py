"""Stations and their readings: what taking a batch reads and writes, in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row, run
from models.matters.metrics import Metric, Watch
from models.matters.readings import Reading, StationConfig, StoredReading

_LOCK = """
    SELECT s.matter_id, s.code, s.metrics, s.silence_minutes, s.silent,
        coalesce((SELECT jsonb_object_agg(w.metric, w.watch)
            FROM station_watches w WHERE w.station = s.matter_id), '{}')
    FROM stations s WHERE s.key_digest = %(digest)s FOR UPDATE OF s
"""
_KNOWN = """
    SELECT r.metric, r.at, r.value FROM readings r
    JOIN unnest(%(metrics)s::text[], %(moments)s::timestamptz[]) AS sent (metric, at)
        ON r.station = %(station)s AND r.metric = sent.metric AND r.at = sent.at
"""
_STORE = """
    WITH heard AS (UPDATE stations SET heard_at = %(now)s WHERE matter_id = %(station)s AND %(heard)s),
    watched AS (INSERT INTO station_watches (station, metric, watch)
        SELECT %(station)s, w.metric, w.watch FROM jsonb_to_recordset(%(watches)s) AS w (metric text, watch jsonb)
        ON CONFLICT (station, metric) DO UPDATE SET watch = excluded.watch)
    INSERT INTO readings (station, metric, at, value, state, received_at)
    SELECT %(station)s, r.metric, r.at, r.value, r.state, %(now)s
    FROM jsonb_to_recordset(%(readings)s) AS r (metric text, at timestamptz, value float8, state text)
"""


async def lock_station(connection: AsyncConnection, key_digest: str) -> StationConfig | None:
    """Return the station with that key, and hold its row until the transaction ends; None when there is none."""
    row = await first_row(connection, _LOCK, {"digest": key_digest})
    if row is None:
        return None
    return StationConfig(
        matter_id=row[0],
        code=row[1],
        metrics=tuple(Metric.model_validate(metric) for metric in row[2]),
        silence_minutes=row[3],
        silent=row[4],
        watches={metric: Watch.model_validate(watch) for metric, watch in row[5].items()},
    )


async def known_values(
    connection: AsyncConnection, station: UUID, readings: Sequence[Reading]
) -> dict[tuple[str, datetime], float]:
    """Return the values that are stored for the moments of `readings`."""
    values = {"station": station, "metrics": [r.metric for r in readings], "moments": [r.at for r in readings]}
    return {(metric, at): value for metric, at, value in await all_rows(connection, _KNOWN, values)}


async def store_readings(
    connection: AsyncConnection,
    station: UUID,
    readings: Iterable[StoredReading],
    watches: Mapping[str, Watch],
    now: datetime,
    *,
    heard: bool,
) -> None:
    """Store new readings and the watches that changed; `heard`: the station counts as heard at `now`."""
    changed = [{"metric": metric, "watch": watch} for metric, watch in watches.items()]
    values: dict[str, Any] = {"station": station, "now": now, "heard": heard}
    values |= {"readings": to_json(list(readings)).decode(), "watches": to_json(changed).decode()}
    await run(connection, _STORE, values)
