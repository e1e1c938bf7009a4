"""When a station is looked for, and what follows when it is silent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.matters.base import MatterBody
from models.matters.context import MatterContext
from models.matters.station import FellSilent, HeardUntil, SilenceReported, Station
from rules.matters.climb import rungs_after
from rules.matters.stations.commands import around_of, open_case, watch_at


def due(station: Station, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """Look whether the station is silent; or open the case of a silence that lasts."""
    rules = ctx.policy.park.stations
    if station.silence_case_at is not None and station.silence_case_at <= moment:
        return [_silence_reported(station, ctx)]
    heard_at = max(filter(None, (around_of(ctx).heard_at, station.heard_at, station.key_since, station.created_at)))
    missed_at = watch_at(heard_at, station.silence_minutes)
    if missed_at > ctx.now:
        return [HeardUntil(heard_at=heard_at, forget_before=ctx.now - timedelta(days=rules.keep_days))]
    opens = rules.silence_category is not None
    return [
        FellSilent(
            since=heard_at,
            missed_at=missed_at,
            rungs=rungs_after(missed_at, ctx),
            case_at=missed_at + timedelta(hours=rules.silence_case_hours) if opens else None,
        )
    ]


def _silence_reported(station: Station, ctx: MatterContext) -> SilenceReported:
    category = ctx.policy.park.stations.silence_category
    assert station.silent_since is not None
    open_no = open_case(station, None, around_of(ctx))
    since = station.silent_since.astimezone(ZoneInfo(ctx.policy.zone))
    return SilenceReported(
        since=station.silent_since,
        errand=None if open_no is not None or category is None else f"silence:{station.seq + 1}",
        case_no=open_no,
        category=category or "",
        title=f"{station.name}:监测站无数据"[:120],
        description=(
            f"监测站 {station.code} {station.name}自 {since:%m-%d %H:%M} 起没有可用的数据(迟到和存疑的读数不算),"
            "请检修设备、时钟和网络。"
        ),
    )


def next_wake_up(station: Station) -> datetime | None:
    """When to look for a silence, or when the silence opens a case; None without a key: then nothing is expected."""
    if station.key_digest is None:
        return None
    return station.silence_case_at if station.silent_since is not None else station.watch_at
