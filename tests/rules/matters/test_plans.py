"""Plans live by the rules: when duties are due, what is missed, what is late, and what a failed item opens."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from models.errors import DomainError, DutyDoneAlready, DutyNotOpen, NotYours
from models.matters.effects import OpenCase
from models.matters.plan import DutiesIssued, DutiesMissed, DutyStatus, Every, PlantDays, Shift
from models.policy.calendar import Closure
from rules.deadlines.working_time import timetable
from rules.matters.decide import next_wake_up
from rules.matters.plan import RULES
from rules.matters.plan.occurrences import Plant
from tests.rules.calendars import at
from tests.rules.matters.plan_life import (
    COMMUNITY,
    DEMO,
    DESK,
    GRID,
    PLANT,
    STRANGER,
    WORKER,
    PlanLife,
    all_ok,
    refold,
)

PHOTO = "a" * 64
#: Check 13: a dyeing workshop with two shifts; the plant runs on holidays.
PRE_SHIFT: dict[str, Any] = {
    "kind": "make_plan",
    "name": "印染一车间班前10分钟",
    "grid": COMMUNITY,
    "work": "pre_shift",
    "places": [{"grid": PLANT, "name": "印染一车间", "enterprise": "91330600MA2D0000X1"}],
    "workers": {"role": "grid_worker"},
    "rhythm": {
        "kind": "per_shift",
        "shifts": [{"name": "早班", "begins": "07:50"}, {"name": "晚班", "begins": "19:50"}],
    },
    "plant_days": {"weekdays": [1, 2, 3, 4, 5], "on_holidays": True},
    "checklist": "pre-shift",
}
PATROL: dict[str, Any] = {
    "kind": "make_plan",
    "name": "每日巡查",
    "grid": COMMUNITY,
    "work": "patrol",
    "places": [{"grid": GRID}],
    "workers": {"role": "grid_worker"},
    "rhythm": {"kind": "every", "n": 1, "unit": "day", "at": "17:00"},
    "checklist": "patrol",
}


def begun(command: dict[str, Any], moment: str, **more: Any) -> PlanLife:
    """A plan made at that moment, its first duties given out."""
    life = PlanLife(**more)
    life.give(at(moment), command)
    life.until(at(moment))
    return life


def test_check_13_the_ten_minutes_before_a_shift() -> None:
    """Both days are due by the plant's own calendar; the failed item opens one hazard; the evening is missed once."""
    life = begun(PRE_SHIFT, "2026-02-13T20:30:00")
    days = [str(row.day) for row in life.rows.values()]
    assert days.count("2026-02-14") == 2, "a make-up Saturday: the plant runs"
    assert days.count("2026-02-15") == 0, "a Sunday"
    assert days.count("2026-02-16") == 2, "spring festival: this plant runs"
    morning = life.duty("2026-02-14", "早班")
    assert (morning.due_at, morning.opens_at) == (at("2026-02-14T08:00:00"), at("2026-02-14T06:50:00"))

    failed = {"guards": {"outcome": "failed", "note": "3号机防护罩缺失", "photos": [PHOTO]}}
    sent = all_ok(life, morning, at("2026-02-14T07:52:00"), **failed)
    before = life.state()
    (done,) = life.give(at("2026-02-14T07:53:00"), sent, by=WORKER)
    (effect,) = RULES.effects(before, done, life.plan)
    assert isinstance(effect, OpenCase)
    report = effect.report
    assert (report.category, report.grid, report.attachments) == ("0101", PLANT, (PHOTO,))
    for word in ("设备防护装置", "印染一车间", "91330600MA2D0000X1", "3号机防护罩缺失"):
        assert word in f"{report.title}\n{report.description}"
    assert not done.body.late

    assert life.kinds(life.until(at("2026-02-14T19:59:59"))) == []
    assert life.kinds(life.until(at("2026-02-14T20:00:00"))) == ["duties_missed"]
    evening = life.duty("2026-02-14", "晚班")
    assert evening.status is DutyStatus.MISSED
    assert life.state().overdue_at == at("2026-02-14T20:00:00")

    offline = all_ok(life, evening, at("2026-02-14T19:55:00"))
    (late,) = life.give(at("2026-02-14T20:30:00"), offline, by=WORKER)
    assert (late.body.late, late.body.done_at) == (True, at("2026-02-14T19:55:00"))
    assert life.duty("2026-02-14", "晚班").status is DutyStatus.LATE
    assert life.state().overdue_at is None
    assert life.kinds(life.until(at("2026-02-16T07:00:00"))) == []
    assert life.kinds().count("duties_missed") == 1

    holiday = life.duty("2026-02-16", "早班")
    life.give(at("2026-02-16T07:55:00"), all_ok(life, holiday), by=WORKER)
    assert life.kinds(life.until(at("2026-02-16T20:00:00"))) == ["duties_missed"]
    assert refold(life) == life.plan


def test_a_quarter_with_spring_festival() -> None:
    """January to March: the patrol is due on every workday, make-up days too; the plant on the days that it runs."""
    patrol = begun(PATROL, "2026-01-01T08:00:00")
    plant = begun(PRE_SHIFT, "2026-01-01T06:00:00")
    for life in (patrol, plant):
        life.until(at("2026-04-01T00:00:00"))
        assert len(life.state().open) <= 2 * 10, "a bounded horizon"
        assert refold(life) == life.plan
    quarter = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]
    works = timetable(DEMO.calendars[0]).is_workday
    missed = [str(row.day) for row in patrol.rows.values() if row.status is DutyStatus.MISSED]
    assert sorted(missed) == [str(day) for day in quarter if works(day)]
    ran = sorted({str(row.day) for row in plant.rows.values() if row.status is DutyStatus.MISSED})
    assert ran == [str(day) for day in quarter if works(day) or day.weekday() < 5]
    assert patrol.kinds().count("duties_missed") == len(missed), "each is missed once"


@pytest.mark.parametrize(
    ("rhythm", "first_due", "expected"),
    [
        ({"n": 1, "unit": "week"}, "2026-02-09", ["2026-02-09", "2026-02-24", "2026-03-02"]),
        ({"n": 1, "unit": "week"}, "2026-02-16", ["2026-02-24", "2026-03-02", "2026-03-09"]),
        ({"n": 2, "unit": "week"}, "2026-02-09", ["2026-02-09", "2026-02-24", "2026-03-09"]),
        ({"n": 1, "unit": "month"}, "2026-01-31", ["2026-02-02", "2026-02-28", "2026-03-31"]),
        ({"n": 3, "unit": "day"}, "2026-02-13", ["2026-02-13", "2026-02-24", "2026-02-25"]),
    ],
    ids=["weekly over the festival", "weekly within it", "fortnightly", "month ends", "every three days"],
)
def test_a_day_that_is_not_worked_moves_on(rhythm: dict[str, Any], first_due: str, expected: list[str]) -> None:
    """Nominal days move to the next workday; two that meet there are one."""
    made = {**PATROL, "rhythm": {"kind": "every", **rhythm}, "first_due": first_due}
    life = begun(made, "2026-01-05T08:00:00")
    life.until(at("2026-05-01T00:00:00"))
    found = sorted({str(row.day) for row in life.rows.values()})
    assert [day for day in found if day >= expected[0]][:3] == expected


def test_visits_follow_the_colour() -> None:
    """A red enterprise is visited weekly, a green one quarterly; when the colour changes the next ones follow it."""
    places = [{"grid": GRID, "name": "甲厂", "enterprise": "A"}, {"grid": PLANT, "name": "乙厂", "enterprise": "B"}]
    made = {**PATROL, "name": "走访", "work": "visit", "places": places, "rhythm": {"kind": "as_rated", "at": "18:00"}}
    weekly, quarterly = Plant(visits=Every(n=1, unit="week")), Plant(visits=Every(n=3, unit="month"))
    life = begun(made, "2026-03-02T09:00:00", plants={"A": weekly, "B": quarterly})
    life.until(at("2026-04-30T12:00:00"))
    life.plants["A"], life.plants["B"] = quarterly, weekly
    life.give(at("2026-04-30T12:00:00"), {"kind": "follow_enterprise", "about": "B"}, by=None)
    life.until(at("2026-06-30T00:00:00"))
    due = [r for r in life.rows.values() if r.status in (DutyStatus.DUE, DutyStatus.MISSED)]
    assert sorted(str(r.day) for r in due if r.where.name == "乙厂")[:3] == ["2026-05-06", "2026-05-11", "2026-05-18"]
    later = sorted(str(r.day) for r in due if r.where.name == "甲厂" and str(r.day) > "2026-04-30")
    assert later == ["2026-06-02", "2026-09-02"]
    days = {name: [str(r.day) for r in life.rows.values() if r.where.name == name] for name in ("甲厂", "乙厂")}
    assert days["甲厂"][:3] == ["2026-03-09", "2026-03-16", "2026-03-23"]
    assert "2026-06-02" in days["乙厂"]
    with pytest.raises(DomainError) as refused:
        begun(made, "2026-03-02T09:00:00", plants={"A": weekly})
    assert refused.value.code == "unknown_rating"


def test_the_shifts_of_the_enterprise() -> None:
    """Without shifts of its own a plan takes those of each enterprise; a place whose enterprise has none is refused."""
    made = {**PRE_SHIFT, "rhythm": {"kind": "per_shift"}}
    made.pop("plant_days")
    plant = Plant((Shift(name="白班", begins=480),), days=PlantDays(weekdays=(1, 2, 3, 4, 5, 6, 7), on_holidays=True))
    life = begun(made, "2026-03-01T07:00:00", plants={"91330600MA2D0000X1": plant})
    assert life.duty("2026-03-01", "白班").due_at == at("2026-03-01T08:00:00"), "a Sunday: the plant runs"
    with pytest.raises(DomainError) as refused:
        begun(made, "2026-03-02T07:00:00")
    assert refused.value.code == "unknown_shift"


def test_sent_twice_counts_once() -> None:
    """The same list again, under another id, changes nothing; another content is refused, and says who did it."""
    life = begun(PRE_SHIFT, "2026-03-02T07:00:00")
    duty = life.duty("2026-03-02", "早班")
    sent = all_ok(life, duty, at("2026-03-02T07:51:00"))
    life.give(at("2026-03-02T07:52:00"), sent, by=WORKER)
    again = {**sent, "done_at": at("2026-03-02T07:51:01").isoformat()}
    assert life.give(at("2026-03-02T07:53:00"), again, by=WORKER) == ()
    other = all_ok(life, duty, guards={"outcome": "not_applicable"})
    with pytest.raises(DutyDoneAlready) as refused:
        life.give(at("2026-03-02T07:54:00"), other, by=WORKER)
    assert "某某" in refused.value.message("zh")
    with pytest.raises(DutyDoneAlready):
        life.give(at("2026-03-02T07:54:00"), sent, by=DESK)


def test_whose_duty_it_is() -> None:
    """Whoever holds the role at the place, and those above who stand in; nobody else, and not before it opens."""
    life = begun(PRE_SHIFT, "2026-03-02T04:00:00")
    duty = life.duty("2026-03-02", "早班")
    with pytest.raises(NotYours):
        life.give(at("2026-03-02T07:52:00"), all_ok(life, duty), by=STRANGER)
    with pytest.raises(DutyNotOpen):
        life.give(at("2026-03-02T06:00:00"), all_ok(life, duty), by=WORKER)
    with pytest.raises(DutyNotOpen):
        life.give(at("2026-03-02T07:52:00"), all_ok(life, duty, at("2026-03-01T07:52:00")), by=WORKER)
    assert life.kinds(list(life.give(at("2026-03-02T07:52:00"), all_ok(life, duty), by=DESK))) == ["duty_done"]


def test_what_is_missed_climbs() -> None:
    """Those who owe it are told at once, the community's supervisor after a day, the park's after three."""
    life = begun(PATROL, "2026-03-06T08:00:00")
    life.until(at("2026-03-06T17:00:00"))
    (missed,) = life.bodies(DutiesMissed)
    assert missed.reached[0].people == (WORKER,)
    steps = [(f.body.kind, f.at) for f in life.until(at("2026-03-09T17:00:00")) if f.body.kind == "climbed"]
    assert steps == [("climbed", at("2026-03-07T17:00:00")), ("climbed", at("2026-03-09T17:00:00"))]
    assert [climb.about for climb in life.state().climbs if climb.fired < 3] == ["duties:20260309"]


def test_a_done_place_ends_only_its_own() -> None:
    """Of two places of one moment the one that is done is not missed; the ladder ends with the last one done late."""
    life = begun({**PATROL, "places": [{"grid": GRID}, {"grid": PLANT}]}, "2026-03-02T08:00:00")
    life.give(at("2026-03-02T09:00:00"), all_ok(life, life.duty("2026-03-02", place=0)), by=WORKER)
    life.until(at("2026-03-02T17:00:00"))
    (missed,) = life.bodies(DutiesMissed)
    assert missed.places == ("p2",)
    assert life.state().climbs
    life.give(at("2026-03-02T18:00:00"), all_ok(life, life.duty("2026-03-02", place=1)), by=WORKER)
    assert not life.state().climbs
    assert not life.state().missed


def test_a_rest_and_a_change() -> None:
    """A plan that rests gives out nothing and misses nothing; after it, and after a change, it goes on."""
    life = begun(PATROL, "2026-03-02T08:00:00")
    life.give(at("2026-03-02T09:00:00"), all_ok(life, life.duty("2026-03-02")), by=WORKER)
    life.give(at("2026-03-02T10:00:00"), {"kind": "pause_plan", "reason": "停电检修", "until": "2026-03-04"})
    facts = life.until(at("2026-03-05T00:00:00"))
    assert life.kinds(facts) == ["plan_resumed", "duties_issued"]
    assert life.duty("2026-03-05").due_at == at("2026-03-05T17:00:00")
    life.give(at("2026-03-05T09:00:00"), {"kind": "amend_plan", "rhythm": {**PATROL["rhythm"], "at": "16:00"}})
    life.until(at("2026-03-05T16:00:00"))
    assert life.kinds(life.facts[-1:]) == ["duties_missed"]
    life.give(at("2026-03-06T09:00:00"), {"kind": "end_plan", "reason": "并入另一计划"})
    assert next_wake_up(RULES, life.state()) is None
    late = life.give(at("2026-03-06T10:00:00"), all_ok(life, life.duty("2026-03-05")), by=WORKER)
    assert late[0].body.late
    assert refold(life) == life.plan


def test_a_plan_ends_after_its_last_day() -> None:
    """After the day `until` nothing falls due, and the plan ends by itself."""
    life = begun({**PATROL, "until": "2026-03-06"}, "2026-03-02T08:00:00")
    life.until(at("2026-03-31T00:00:00"))
    assert life.state().status == "ended"
    assert max(row.day for row in life.rows.values()) == date(2026, 3, 6)


def test_after_a_standstill_nobody_missed_what_nobody_was_given() -> None:
    """Duties whose time passed before they could be given out are told of, and are not missed."""
    life = begun(PATROL, "2026-03-02T08:00:00")
    life.give(at("2026-04-01T08:00:00"), {"kind": "wake", "moment": "2026-03-02T17:00:00+08:00"}, by=None)
    skipped = [batch.day for body in life.bodies(DutiesIssued) for batch in body.skipped]
    missed = [body.day for body in life.bodies(DutiesMissed)]
    assert max(missed) < min(skipped)
    assert max(skipped) == date(2026, 3, 31)


def test_a_role_that_falls_vacant_is_told() -> None:
    """A plan is not stopped when its people leave: the desk is told with each giving out."""
    life = begun(PATROL, "2026-03-02T08:00:00")
    life.holders = ()
    known = len(life.bodies(DutiesIssued))
    life.until(at("2026-03-10T00:00:00"))
    issued = life.bodies(DutiesIssued)[known:]
    assert issued
    assert all(body.vacancies and body.reached[0].people == (DESK,) for body in issued)


BAD_PLANS: list[tuple[str, dict[str, Any], str]] = [
    ("nobody holds the role", {}, "nobody_for_place"),
    ("no working day", {"plant_days": None, "calendar": "nope"}, "unknown_calendar"),
    ("ends before it begins", {"until": "2026-01-01"}, "plan_never_due"),
    ("only on a day that is not worked", {"first_due": "2026-03-07", "until": "2026-03-08"}, "plan_never_due"),
    ("a checklist that is not there", {"checklist": "nope"}, "unknown_checklist"),
    ("a place twice", {"places": [{"grid": GRID}, {"grid": GRID}]}, "place_twice"),
    ("an unknown place", {"places": [{"grid": "999"}]}, "unknown_grid"),
    ("a place outside", {"grid": COMMUNITY, "places": [{"grid": "2"}]}, "unknown_grid"),
    ("an unknown person", {"workers": {"person": "nobody"}}, "unknown_person"),
    ("an unknown department", {"workers": {"department": "nope"}}, "unknown_department"),
]


@pytest.mark.parametrize(("changes", "code"), [case[1:] for case in BAD_PLANS], ids=[case[0] for case in BAD_PLANS])
def test_bad_plans_are_refused(changes: dict[str, Any], code: str) -> None:
    """Each with a clear reason in both languages, and nothing is recorded."""
    life = PlanLife(holders=() if code == "nobody_for_place" else (WORKER,))
    with pytest.raises(DomainError) as refused:
        life.give(at("2026-03-02T08:00:00"), {**PATROL, **changes})
    assert refused.value.code == code
    assert "?" not in refused.value.message("en") + refused.value.message("zh")
    assert life.facts == []


def test_a_plan_without_a_working_day_in_a_year() -> None:
    """It is refused with the reason: the calendar is closed for longer than that."""
    closed = [{"since": f"{year}-01-01", "until": f"{year}-12-31", "reason": "停产"} for year in (2026, 2027, 2028)]
    park = DEMO.calendars[0].model_copy(update={"closures": tuple(Closure.model_validate(one) for one in closed)})
    policy = DEMO.model_copy(update={"calendars": (park, *DEMO.calendars[1:])})
    for days in (None, {"weekdays": [1, 2], "on_holidays": True}):
        with pytest.raises(DomainError) as refused:
            PlanLife(policy=policy).give(at("2026-03-02T08:00:00"), {**PATROL, "plant_days": days})
        assert refused.value.code == "plan_never_due"
        assert "没有工作日" in refused.value.message("zh")


def test_two_plans_that_say_the_same() -> None:
    """The second one is refused, and the first one named."""
    with pytest.raises(DomainError) as refused:
        PlanLife(same=("JH-7", "巡查")).give(at("2026-03-02T08:00:00"), PATROL)
    assert "JH-7" in refused.value.message("zh")


BAD_REPORTS: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown item", {"items": [{"item": "nope", "outcome": "ok"}]}, "unknown_item"),
    ("nothing answered", {"items": []}, "items_missing"),
    ("from the future", {"done_at": "2026-03-02T12:00:00+08:00"}, "time_in_future"),
    ("a duty that is not there", {"duty": str(UUID(int=7))}, "no_such_duty"),
    ("a need of no category", {"needs": [{"text": "想装路灯", "category": "nope"}]}, "unknown_category"),
]


@pytest.mark.parametrize(("changes", "code"), [case[1:] for case in BAD_REPORTS], ids=[case[0] for case in BAD_REPORTS])
def test_bad_reports_are_refused(changes: dict[str, Any], code: str) -> None:
    """Each with a clear reason, and nothing is recorded."""
    life = begun(PRE_SHIFT, "2026-03-02T07:00:00")
    known = len(life.facts)
    with pytest.raises(DomainError) as refused:
        life.give(at("2026-03-02T07:55:00"), {**all_ok(life, life.duty("2026-03-02", "早班")), **changes}, by=WORKER)
    assert refused.value.code == code
    assert len(life.facts) == known


def test_a_failed_item_needs_its_photo() -> None:
    """Where the item asks for one; an item answered twice is refused as well."""
    life = begun(PRE_SHIFT, "2026-03-02T07:00:00")
    duty = life.duty("2026-03-02", "早班")
    with pytest.raises(DomainError) as refused:
        life.give(at("2026-03-02T07:55:00"), all_ok(life, duty, guards={"outcome": "failed"}), by=WORKER)
    assert refused.value.code == "photo_missing"
    sent = all_ok(life, duty)
    with pytest.raises(DomainError):
        life.give(at("2026-03-02T07:55:00"), {**sent, "items": [*sent["items"], sent["items"][0]]}, by=WORKER)
    (done,) = life.give(at("2026-03-02T07:55:00"), all_ok(life, duty, health={"outcome": "failed"}), by=WORKER)
    assert len(done.body.failed) == 1
