"""Monitoring stations: what readings come to, the one case of a breach, and silence."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from models.enums import Source
from models.errors import MatterEnded, NotYours, UnknownCategory
from models.matters.base import MatterKind
from models.matters.effects import OpenCase, TellCase
from models.matters.metrics import Change, ChangeKind, Metric, Watch
from models.matters.station import StationAround
from models.policy.park import ParkPolicy
from models.policy.stations import StationPolicy
from models.wire_names import STATIONS
from rules.matters.stations.watch import follow
from tests.builders import a_policy
from tests.rules.matters.world import MatterLife
from tests.rules.world import START

VOC = Metric(code="voc", name="挥发性有机物", unit="mg/m³", above=2.0, hysteresis=0.2, minutes=5, category="0103")
PH = Metric(code="ph", name="pH", unit="-", above=9, below=6, hysteresis=0.5, minutes=0, category="0103")
GAP, REPEAT = timedelta(minutes=30), timedelta(hours=24)
#: Check 12 of the mission: minute by minute.
CHECK_12 = [2.1] * 4 + [1.95] + [2.1] * 6 + [1.9] + [2.1] * 6 + [1.7] * 10
POLICY = a_policy().model_copy(
    update={"park": ParkPolicy(stations=StationPolicy(silence_category="0103", silence_case_hours=4))}
)


def read(
    metric: Metric, values: list[float], *, every: int = 1, watch: Watch | None = None
) -> list[tuple[int, Change]]:
    """The changes that the readings bring about, each with the number of its reading, one every so many minutes."""
    state, found = watch or Watch(), []
    for number, value in enumerate(values):
        at = START + timedelta(minutes=every * number)
        state, changes = follow(state, metric, at, value, gap=GAP, repeat=REPEAT)
        found += [(number, change) for change in changes]
    return found


def test_check_12_one_breach_a_further_run_and_its_end() -> None:
    found = read(VOC, CHECK_12)
    assert [(number, change.what) for number, change in found] == [
        (10, ChangeKind.BEGAN), (17, ChangeKind.AGAIN), (18, ChangeKind.ENDED),
    ]  # fmt: skip
    began = found[0][1]
    assert began.since == START + timedelta(minutes=5), "the run of four minutes before does not count"


@pytest.mark.parametrize(
    ("metric", "values", "every", "expected"),
    [
        (VOC, [2.0] * 10, 1, []),
        (VOC, [2.1] * 5, 1, []),
        (VOC, [2.1] * 6, 1, ["began"]),
        (VOC, [2.1] * 6 + [1.8] * 9, 1, ["began"]),
        (VOC, [2.1] * 6 + [1.79], 1, ["began", "ended"]),
        (VOC, [2.1] * 6 + [1.9, 2.1, 1.9, 2.1], 1, ["began"]),
        (VOC, [2.1, 2.1], 29, ["began"]),
        (VOC, [2.1, 2.1], 31, []),
        (VOC, [2.1] * 60, 25, ["began", "lasts"]),
        (PH, [9.1, 8.4, 5.9, 6.5, 6.51], 1, ["began", "ended", "began", "ended"]),
        (PH, [9.1, 5.9], 1, ["began", "ended", "began"]),
        (PH.model_copy(update={"above": None, "below": None}), [1e9, -1e9], 1, []),
    ],
)
def test_what_readings_come_to(metric: Metric, values: list[float], every: int, expected: list[str]) -> None:
    assert [change.what for _, change in read(metric, values, every=every)] == expected


@pytest.mark.parametrize(
    "change",
    [
        {"above": 2, "category": None},
        {"above": float("nan")},
        {"above": float("inf")},
        {"hysteresis": -1},
        {"minutes": -1},
        {"lowest": 5, "highest": 5},
        {"above": 9, "below": 8, "hysteresis": 0.5},
        {"above": 9, "highest": 9},
        {"below": 0, "lowest": 0},
        {"unit": ""},
        {"limit": 3},
    ],
)
def test_a_metric_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Metric.model_validate({**VOC.model_dump(), **change})


def a_station(**fields: Any) -> MatterLife:
    """A registered station with a key."""
    first = {
        "kind": "register", "code": "ST-01", "name": "一号站", "medium": "air", 
        "metrics": [VOC.model_dump(mode="json"), PH.model_dump(mode="json")], **fields,
    }  # fmt: skip
    station = MatterLife(MatterKind.STATION, first, policy=POLICY, extra=StationAround())
    station.do("duty", {"kind": "rotate_key", "key_digest": "0" * 64})
    return station


def observe(station: MatterLife, *whats: str, metric: str = "voc", extra: dict[str, str] | None = None) -> list[str]:
    """The system tells the station of these changes, a minute later."""
    station.now += timedelta(minutes=1)
    station.extra = StationAround(heard_at=station.now, open_cases=extra or {})
    changes = [
        Change(what=ChangeKind(w), metric=metric, since=START, at=station.now, value=2.1, side="above", limit=2, peak=3)
        for w in whats
    ]
    heard = station.now.isoformat()
    return station.do(
        None, {"kind": "observe", "heard_at": heard, "changes": [c.model_dump(mode="json") for c in changes]}
    )


def settle(station: MatterLife, case_no: str | None, refused: str | None = None) -> None:
    """The system tells the station the number of the case that it asked for last."""
    errand = station.matter.opening[-1]
    asked = next(e for e in station.effects if isinstance(e, OpenCase) and e.errand == errand)
    report_id = str(asked.report.report_id)
    command = {"kind": "settle_opening", "errand": errand, "report_id": report_id, "case_no": case_no}
    station.do(None, {**command, "refused": refused})


def told_last(station: MatterLife) -> tuple[str, str]:
    """The case that was told something last, and what."""
    last = station.effects[-1]
    assert isinstance(last, TellCase)
    return last.case_no, last.command.what


def test_one_case_is_open_and_further_breaches_join_it() -> None:
    station = a_station()
    assert observe(station, "began") == ["breach_began"]
    opened = station.effects[-1]
    assert isinstance(opened, OpenCase)
    assert (opened.report.source, opened.actor.person) == (Source.SENSOR, STATIONS)
    assert opened.report.reported_at == station.now, "no case begins in the past"
    assert station.matter.status == "breach"
    assert observe(station, "ended") == ["breach_ended"], "the case has no number yet"
    assert observe(station, "began") == ["breach_joined"]
    assert station.effects == [opened]
    settle(station, "C-1")
    told = [effect for effect in station.effects if isinstance(effect, TellCase)]
    assert [(tell.case_no, tell.command.what) for tell in told] == [("C-1", "breach_ended"), ("C-1", "breach_further")]
    assert observe(station, "again", extra={"C-1": "C-1"}) == ["breach_joined"]
    assert observe(station, "ended", "began", extra={"C-1": "C-9"}) == ["breach_ended", "breach_joined"]
    assert told_last(station) == ("C-9", "breach_further"), "the case was merged, and its lead is told"
    assert [e for e in station.effects if isinstance(e, OpenCase)] == [opened]
    assert observe(station, "ended") == ["breach_ended"]
    assert station.matter.status == "working"
    assert observe(station, "began") == ["breach_began"], "the case has closed, so a new breach opens a new one"
    assert len({e.report.report_id for e in station.effects if isinstance(e, OpenCase)}) == 2


def test_each_metric_has_a_case_of_its_own() -> None:
    station = a_station()
    assert observe(station, "began", "again") == ["breach_began", "breach_joined"]
    assert observe(station, "began", metric="ph") == ["breach_began"]
    assert observe(station, "began", metric="nothing") == []


def test_a_case_that_was_refused_is_asked_for_again_by_the_next_breach() -> None:
    station = a_station()
    observe(station, "began")
    settle(station, None, refused="category_out_of_use")
    assert station.do(None, {"kind": "wake", "moment": station.now.isoformat()}) == ["climbed"], "its owner is told"
    assert observe(station, "ended", "began") == ["breach_ended", "breach_began"]
    assert station.matter.climbs == ()


def test_a_silent_station_climbs_opens_a_case_and_is_heard_again() -> None:
    station = a_station(silence_minutes=30)
    first = START + timedelta(minutes=30)
    assert station.next_wake_up == first
    station.extra = StationAround(heard_at=START + timedelta(minutes=20))
    assert station.wake(first) == ["heard_until"]
    assert station.next_wake_up == START + timedelta(minutes=50)
    assert station.wake(START + timedelta(minutes=50)) == ["fell_silent", "climbed"]
    assert (station.matter.status, station.matter.overdue_at) == ("silent", START + timedelta(minutes=50))
    assert station.next_wake_up == START + timedelta(hours=4, minutes=50)
    assert station.wake(START + timedelta(hours=4, minutes=50)) == ["silence_reported"]
    settle(station, "C-2")
    assert station.wake(START + timedelta(hours=24, minutes=50)) == ["climbed"]
    assert observe(station, extra={"C-2": "C-2"}) == ["heard_again"]
    assert (station.matter.status, station.matter.climbs, station.matter.overdue_at) == ("working", (), None)
    assert told_last(station) == ("C-2", "station_heard")
    assert station.next_wake_up == station.now + timedelta(minutes=30)


def waits(station: MatterLife) -> bool:
    """Whether the station waits for anything."""
    return station.next_wake_up is not None


def test_without_a_key_nothing_is_missed() -> None:
    station = a_station()
    assert waits(station)
    station.do("duty", {"kind": "revoke_key", "reason": "检修"})
    assert not waits(station)
    station.do("supervisor", {"kind": "end", "reason": "拆除"})
    with pytest.raises(MatterEnded):
        station.do("duty", {"kind": "rotate_key", "key_digest": "1" * 64})


def test_who_may_register_and_what_is_refused() -> None:
    with pytest.raises(UnknownCategory) as refused:
        a_station(metrics=[VOC.model_copy(update={"category": "9999"}).model_dump(mode="json")])
    assert refused.value.pointer == "/metrics/0/category"
    with pytest.raises(ValidationError):
        a_station(metrics=[VOC.model_dump(mode="json")] * 2)
    station = a_station()
    with pytest.raises(NotYours):
        station.do("worker", {"kind": "change", "name": "别名", "note": "改名"})
    with pytest.raises(NotYours):
        station.do("duty", {"kind": "observe", "heard_at": START.isoformat()})


def test_a_metric_that_is_measured_no_more_is_in_breach_no_more() -> None:
    station = a_station()
    observe(station, "began")
    station.do("duty", {"kind": "change", "metrics": [PH.model_dump(mode="json")], "note": "停测"})
    assert station.matter.status == "working"
