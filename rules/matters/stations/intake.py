"""What becomes of a batch of readings: pure, given what is stored already. `services.stations.intake` stores it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.errors import DomainError, ReadingConflict, ReadingInFuture, ReadingTooOld, UnknownMetric
from models.matters.metrics import Change, Watch
from models.matters.readings import Outcome, Reading, ReadingState, StationConfig, StoredReading
from models.policy.stations import StationPolicy
from rules.matters.stations.watch import follow, is_plausible

#: A metric and a moment: there is one reading of each.
Key = tuple[str, datetime]


@dataclass(frozen=True)
class Judged:
    """What became of one reading; `error` says why it was refused."""

    outcome: Outcome
    error: DomainError | None = None


@dataclass
class Intake:
    """What a batch comes to: an outcome for each reading, what is to be stored, and what the matter is to be told."""

    judged: list[Judged] = field(default_factory=list)
    stored: list[StoredReading] = field(default_factory=list)
    watches: dict[str, Watch] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


def take(
    station: StationConfig,
    readings: Sequence[Reading],
    known: Mapping[Key, float],
    now: datetime,
    rules: StationPolicy,
) -> Intake:
    """Judge each reading, and fold those that are evaluated, in the order of their moments.

    `known`: the values stored already at the moments of the batch. A reading sent twice counts once; another value at
    the same moment is refused. A reading not newer than the newest evaluated one of its metric, or too old on arrival,
    is late: it is stored and changes nothing.
    """
    found = Intake(watches=dict(station.watches))
    seen = dict(known)
    fresh: list[StoredReading] = []
    for reading in readings:
        judged = _judge(station, reading, seen, now, rules)
        found.judged.append(judged)
        if judged.outcome in (Outcome.DUPLICATE, Outcome.REFUSED):
            continue
        seen[reading.metric, reading.at] = reading.value
        state = {Outcome.LATE: ReadingState.LATE, Outcome.SUSPECT: ReadingState.SUSPECT}.get(
            judged.outcome, ReadingState.EVALUATED
        )
        fresh.append(StoredReading(metric=reading.metric, at=reading.at, value=reading.value, state=state))
    found.stored = sorted(fresh, key=lambda one: one.at)
    _evaluate(station, found, rules)
    return found


def _judge(
    station: StationConfig, reading: Reading, seen: Mapping[Key, float], now: datetime, rules: StationPolicy
) -> Judged:
    metric = station.metric(reading.metric)
    if metric is None:
        known = ", ".join(metric.code for metric in station.metrics)
        return Judged(Outcome.REFUSED, UnknownMetric(metric=reading.metric, known=known))
    moment = reading.at.isoformat()
    if reading.at > now + timedelta(minutes=rules.skew_minutes):
        return Judged(Outcome.REFUSED, ReadingInFuture(moment=moment, minutes=rules.skew_minutes))
    if reading.at < now - timedelta(days=rules.keep_days):
        return Judged(Outcome.REFUSED, ReadingTooOld(moment=moment, days=rules.keep_days))
    stored = seen.get((reading.metric, reading.at))
    if stored is not None:
        if stored == reading.value:
            return Judged(Outcome.DUPLICATE)
        values = {"stored": f"{stored:g}", "sent": f"{reading.value:g}"}
        return Judged(Outcome.REFUSED, ReadingConflict(metric=reading.metric, moment=moment, **values))
    if not is_plausible(metric, reading.value):
        return Judged(Outcome.SUSPECT)
    newest = station.watches.get(reading.metric, Watch()).newest_at
    late = reading.at < now - timedelta(minutes=rules.late_after_minutes)
    return Judged(Outcome.LATE if late or (newest is not None and reading.at <= newest) else Outcome.STORED)


def _evaluate(station: StationConfig, found: Intake, rules: StationPolicy) -> None:
    gap, repeat = timedelta(minutes=station.silence_minutes), timedelta(hours=rules.repeat_hours)
    for one in found.stored:
        metric = station.metric(one.metric)
        if one.state is not ReadingState.EVALUATED or metric is None:
            continue
        watch = found.watches.get(one.metric, Watch())
        found.watches[one.metric], changes = follow(watch, metric, one.at, one.value, gap=gap, repeat=repeat)
        found.changes += changes
