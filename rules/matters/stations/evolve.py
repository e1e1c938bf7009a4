"""The station after each of its facts."""

from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any

from models.matters.base import Matter, MatterBody, MatterFact
from models.matters.common import OpeningSettled
from models.matters.station import (
    BreachBegan,
    BreachEnded,
    BreachJoined,
    FellSilent,
    HeardAgain,
    HeardUntil,
    KeyRevoked,
    KeyRotated,
    SilenceReported,
    Station,
    StationCase,
    StationChanged,
    StationEnded,
    StationRegistered,
    ToldLater,
)
from rules.matters.climb import end_climb, start_climb
from rules.matters.stations.commands import watch_at
from rules.matters.stations.effects import words_of

#: What climbs the ladder when a station is silent.
SILENCE = "silence"
#: What climbs it when the case of a breach was refused, followed by the metric.
NO_CASE = "no_case"
Changes = dict[str, Any]


def evolve(station: Station | None, fact: MatterFact) -> Matter:
    """The station after the fact."""
    if isinstance(fact.body, StationRegistered):
        return _begin(fact, fact.body)
    assert station is not None
    after = station.model_copy(update=_change(fact.body, station, fact))
    overdue_at = None if after.silent_since is None else watch_at(after.silent_since, after.silence_minutes)
    return after.model_copy(update={"status": _status(after), "overdue_at": overdue_at})


def _begin(fact: MatterFact, body: StationRegistered) -> Station:
    return Station(
        id=fact.command_id,
        seq=fact.seq,
        status="working",
        created_at=fact.at,
        created_by=fact.actor.person,
        updated_at=fact.at,
        **{name: getattr(body, name) for name in type(body).model_fields if name != "kind"},
    )


@singledispatch
def _change(body: MatterBody, station: Station, fact: MatterFact) -> Changes:
    return {}


@_change.register
def _(body: StationChanged, station: Station, fact: MatterFact) -> Changes:
    given = {name: getattr(body, name) for name in type(body).model_fields if name not in ("kind", "note")}
    changes = {name: value for name, value in given.items() if value is not None}
    if body.silence_minutes is not None and station.watch_at is not None:  # a new limit moves the next look
        heard_at = station.watch_at - timedelta(minutes=station.silence_minutes)
        changes["watch_at"] = watch_at(heard_at, body.silence_minutes)
    if body.metrics is not None:  # what is measured no more is in breach no more
        kept = {None, *(metric.code for metric in body.metrics)}
        over = {"breach": False}
        changes["cases"] = tuple(c if c.metric in kept else c.model_copy(update=over) for c in station.cases)
    return changes


@_change.register
def _(body: KeyRotated, station: Station, fact: MatterFact) -> Changes:
    base = {"watch_at": body.watch_at} if station.silent_since is None else {}
    return {**base, "key_digest": body.key_digest, "key_since": fact.at}


@_change.register
def _(body: KeyRevoked, station: Station, fact: MatterFact) -> Changes:
    return {**_heard(station, station.heard_at), "key_digest": None, "watch_at": None}


@_change.register
def _(body: StationEnded, station: Station, fact: MatterFact) -> Changes:
    return {**_heard(station, station.heard_at), "key_digest": None, "watch_at": None, "ended_at": fact.at}


@_change.register
def _(body: BreachBegan, station: Station, fact: MatterFact) -> Changes:
    case = StationCase(metric=body.change.metric, errand=body.errand, breach=True, rungs=body.rungs)
    climbs = end_climb(station.climbs, f"{NO_CASE}:{body.change.metric}")
    return {"cases": _with_case(station, case), "opening": (*station.opening, body.errand), "climbs": climbs}


@_change.register
def _(body: BreachJoined, station: Station, fact: MatterFact) -> Changes:
    return _told(station, body)


@_change.register
def _(body: BreachEnded, station: Station, fact: MatterFact) -> Changes:
    return _told(station, body)


@_change.register
def _(body: OpeningSettled, station: Station, fact: MatterFact) -> Changes:
    cases = tuple(_settled(case, body) for case in station.cases)
    asked = next((case for case in cases if case.errand == body.errand), None)
    if body.case_no is not None or asked is None or not asked.breach:
        return {"cases": cases}
    return {"cases": cases, "climbs": start_climb(station.climbs, f"{NO_CASE}:{asked.metric}", fact.at, asked.rungs)}


@_change.register
def _(body: HeardUntil, station: Station, fact: MatterFact) -> Changes:
    return {"heard_at": body.heard_at, "watch_at": watch_at(body.heard_at, station.silence_minutes)}


@_change.register
def _(body: FellSilent, station: Station, fact: MatterFact) -> Changes:
    return {
        "silent_since": body.since,
        "watch_at": None,
        "silence_case_at": body.case_at,
        "climbs": start_climb(station.climbs, SILENCE, body.missed_at, body.rungs),
    }


@_change.register
def _(body: SilenceReported, station: Station, fact: MatterFact) -> Changes:
    if body.errand is None:
        return {"silence_case_at": None}
    case = StationCase(metric=None, errand=body.errand)
    opening = (*station.opening, body.errand)
    return {"silence_case_at": None, "cases": _with_case(station, case), "opening": opening}


@_change.register
def _(body: HeardAgain, station: Station, fact: MatterFact) -> Changes:
    return _heard(station, body.heard_at)


def _heard(station: Station, at: datetime | None) -> Changes:
    return {
        "heard_at": at,
        "silent_since": None,
        "silence_case_at": None,
        "watch_at": None if at is None else watch_at(at, station.silence_minutes),
        "climbs": end_climb(station.climbs, SILENCE),
    }


def _with_case(station: Station, new: StationCase) -> tuple[StationCase, ...]:
    return (*(case for case in station.cases if case.metric != new.metric), new)


def _told(station: Station, body: BreachJoined | BreachEnded) -> Changes:
    """The case of the metric after a further run or the end of the breach; what can't be told yet is kept."""
    known = station.case_of(body.change.metric)
    if known is None:
        return {}
    update: Changes = {"breach": isinstance(body, BreachJoined)}
    climbs = station.climbs
    if isinstance(body, BreachEnded):
        climbs = end_climb(climbs, f"{NO_CASE}:{body.change.metric}")
    if known.errand in station.opening:
        what, values = words_of(body)
        update["untold"] = (*known.untold, ToldLater(what=what, values=values))
    return {"cases": _with_case(station, known.model_copy(update=update)), "climbs": climbs}


def _settled(case: StationCase, body: OpeningSettled) -> StationCase:
    if case.errand != body.errand:
        return case
    return case.model_copy(update={"case_no": body.case_no, "untold": ()})


def _status(station: Station) -> str:
    if station.ended_at is not None:
        return "ended"
    if station.silent_since is not None:
        return "silent"
    return "breach" if any(case.breach for case in station.cases) else "working"
