"""Fold readings, one metric at a time, into where it stands; only what changes there is told to the matter.

A run is a series of readings beyond one limit. After `Metric.minutes` a run is a breach. A breach ends with a reading
that is back within the limit by more than the hysteresis; a reading between is neither. A gap in the readings longer
than the station's silence limit ends a run: nobody knows what was measured meanwhile.
"""

from datetime import datetime, timedelta

from models.matters.metrics import Change, ChangeKind, Metric, Side, Watch, WatchState

#: Decimal places in which a limit and its hysteresis are subtracted: 2.0 - 0.2 is 1.8, whatever doubles make of it.
_PLACES = 9


def is_plausible(metric: Metric, value: float) -> bool:
    """Whether the value lies in the metric's plausible range, its ends included."""
    return (metric.lowest is None or value >= metric.lowest) and (metric.highest is None or value <= metric.highest)


def side_of(metric: Metric, value: float) -> Side | None:
    """The limit that the value is beyond; None: it is within both."""
    if metric.above is not None and value > metric.above:
        return Side.ABOVE
    if metric.below is not None and value < metric.below:
        return Side.BELOW
    return None


def is_back(metric: Metric, side: Side, value: float) -> bool:
    """Whether the value is back within that limit by more than the hysteresis; always so for a limit that is gone."""
    if side is Side.ABOVE:
        return metric.above is None or value < clear_at(metric, side)
    return metric.below is None or value > clear_at(metric, side)


def clear_at(metric: Metric, side: Side) -> float:
    """The value beyond which a breach of that limit ends."""
    if side is Side.ABOVE:
        assert metric.above is not None
        return round(metric.above - metric.hysteresis, _PLACES)
    assert metric.below is not None
    return round(metric.below + metric.hysteresis, _PLACES)


def follow(
    watch: Watch, metric: Metric, at: datetime, value: float, *, gap: timedelta, repeat: timedelta
) -> tuple[Watch, tuple[Change, ...]]:
    """Where the metric stands after the reading, and what the matter is to be told of it.

    The reading must be newer than `watch.newest_at`. `gap`: the longest time between two readings of one run; `repeat`:
    how often a breach that lasts is told.
    """
    changes: list[Change] = []
    if watch.state is WatchState.BREACH and watch.side is not None and is_back(metric, watch.side, value):
        changes.append(_change(ChangeKind.ENDED, watch, metric, watch.began_at or at, at, value))
        watch = Watch()
    broken = watch.newest_at is not None and at - watch.newest_at > gap
    side = side_of(metric, value)
    watch = _with_run(watch, side, at, broken=broken).model_copy(update={"newest_at": at, "newest_value": value})
    if side is None or watch.since is None:
        return watch, tuple(changes)
    peak = _worse(watch.peak, value, side)
    lasted = at - watch.since >= timedelta(minutes=metric.minutes)
    told: ChangeKind | None = None
    if watch.state is not WatchState.BREACH:
        told = ChangeKind.BEGAN if lasted else None
    elif not watch.counted:
        told = ChangeKind.AGAIN if lasted else None
    elif watch.told_at is not None and at - watch.told_at >= repeat:
        told = ChangeKind.LASTS
    since = watch.since
    watch = watch.model_copy(update={"peak": peak})
    if told is not None:
        changes.append(_change(told, watch, metric, since, at, value))
        began = since if told is ChangeKind.BEGAN else watch.began_at
        update = {"state": WatchState.BREACH, "began_at": began, "counted": True, "told_at": at}
        watch = watch.model_copy(update=update)
    return watch, tuple(changes)


def _with_run(watch: Watch, side: Side | None, at: datetime, *, broken: bool) -> Watch:
    """`watch` with the run that a reading on that side belongs to, or with none."""
    in_breach = watch.state is WatchState.BREACH
    if side is None:
        if in_breach:
            return watch.model_copy(update={"since": None})
        return Watch()
    continues = watch.since is not None and watch.side is side and not broken
    update: dict[str, object] = {"side": side}
    if not continues:
        update |= {"since": at, "counted": False}
        if not in_breach:
            update["peak"] = None
    if not in_breach:
        update["state"] = WatchState.EXCEEDING
    return watch.model_copy(update=update)


def _worse(peak: float | None, value: float, side: Side) -> float:
    if peak is None:
        return value
    return max(peak, value) if side is Side.ABOVE else min(peak, value)


def _change(what: ChangeKind, watch: Watch, metric: Metric, since: datetime, at: datetime, value: float) -> Change:
    side = watch.side
    assert side is not None
    limit = metric.above if side is Side.ABOVE else metric.below
    return Change(
        what=what,
        metric=metric.code,
        since=since,
        at=at,
        value=value,
        side=side,
        limit=value if limit is None else limit,
        peak=value if watch.peak is None else watch.peak,
    )
