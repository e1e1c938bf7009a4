"""What stations read for their decisions, and the table by which their readings are taken."""

from collections.abc import Sequence

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row, run
from infra.store.machine_accounts import ensure_account
from models.enums import Stage
from models.matters.base import MatterCommand, MatterFact
from models.matters.context import MatterContext
from models.matters.station import HeardUntil, Station, StationAround
from models.wire_names import STATIONS

#: The row is locked: a batch of readings is either seen here, or sees what is recorded here.
_HEARD = "SELECT heard_at FROM stations WHERE matter_id = %(id)s FOR UPDATE"
#: The cases that are open, each by the number that the station knows; a merged one stands for its lead.
_OPEN = """
    SELECT c.case_no, coalesce(l.case_no, c.case_no) FROM cases c
    LEFT JOIN cases l ON l.case_no = c.state ->> 'merged_into'
    WHERE c.case_no = ANY (%(numbers)s) AND coalesce(l.stage, c.stage) <> %(closed)s
"""
_KEEP = """
    INSERT INTO stations AS s (matter_id, code, key_digest, silence_minutes, metrics, silent)
    VALUES (%(id)s, %(code)s, %(digest)s, %(silence)s, %(metrics)s, %(silent)s)
    ON CONFLICT (matter_id) DO UPDATE SET key_digest = excluded.key_digest, metrics = excluded.metrics,
        silence_minutes = excluded.silence_minutes, silent = excluded.silent
"""
#: Another key is an action of an administrator, which the table writes down by itself.
_ACTING = """
    SELECT set_config('gridloop.actor', %(actor)s, true), set_config('gridloop.action', %(action)s, true)
"""
_FORGET_WATCHES = "DELETE FROM station_watches WHERE station = %(id)s AND metric <> ALL (%(metrics)s)"
_FORGET_READINGS = "DELETE FROM readings WHERE station = %(id)s AND metric = ANY (%(metrics)s) AND at < %(before)s"


async def read_extra(
    connection: AsyncConnection, station: Station | None, command: MatterCommand, ctx: MatterContext
) -> StationAround:
    """Return when the station was last heard, and which of its cases are open."""
    if station is None:
        return StationAround()
    heard = await first_row(connection, _HEARD, {"id": station.id})
    numbers = [case.case_no for case in station.cases if case.case_no is not None]
    values = {"numbers": numbers, "closed": Stage.CLOSED}
    rows = await all_rows(connection, _OPEN, values) if numbers else []
    return StationAround(heard_at=heard and heard[0], open_cases={known: now for known, now in rows})


async def project(
    connection: AsyncConnection, before: Station | None, after: Station, facts: Sequence[MatterFact]
) -> None:
    """Write the row that readings need, as the station is now; remove readings that are kept no longer."""
    if before is None:
        await ensure_account(connection, STATIONS, "stations", "环境监测站")
    metrics = [metric.code for metric in after.metrics]
    if before is not None and before.key_digest != after.key_digest:
        by = {"actor": str(facts[-1].actor.person or ""), "action": facts[-1].command}
        await run(connection, _ACTING, by)
    await run(
        connection,
        _KEEP,
        {
            "id": after.id,
            "code": after.code,
            "digest": after.key_digest,
            "silence": after.silence_minutes,
            "metrics": to_json(after.metrics).decode(),
            "silent": after.silent_since is not None,
        },
    )
    if before is not None and before.metrics != after.metrics:
        await run(connection, _FORGET_WATCHES, {"id": after.id, "metrics": metrics})
    for fact in facts:
        if isinstance(fact.body, HeardUntil):
            values = {"id": after.id, "metrics": metrics, "before": fact.body.forget_before}
            await run(connection, _FORGET_READINGS, values)
