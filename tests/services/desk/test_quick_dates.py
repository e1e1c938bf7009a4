"""Dates at one click: working days by the calendar that counts the case, and nothing that would be refused."""

from datetime import timedelta

from models.commands import Accept, Dispatch, GrantSuspension, RequestSuspension
from rules.deciders.requests import latest_extension
from services.desk.quick_dates import quick_dates
from services.policies.china_calendars import china_year
from tests.builders import FIRE
from tests.rules.lives import at
from tests.rules.world import Life, context
from tests.timed import a_timed_policy, office

#: Wednesday before the National Day holiday of 2026 (1 to 7 October), with work on Saturday 10 October.
BEFORE_THE_HOLIDAY = at("2026-09-30T10:00")


def at_handling(**policy: object) -> Life:
    """A case that a department handles, counted by an office calendar with the year's holidays."""
    calendar = office(years=[china_year(2026), china_year(2027)]).model_dump()
    life = Life(a_timed_policy(calendars=[calendar], **policy), BEFORE_THE_HOLIDAY, category="0103")
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=FIRE))
    return life


def test_working_days_skip_the_holiday_and_count_the_saturday_of_work() -> None:
    life = at_handling()
    found = quick_dates(life.case, context(None, life.now, life.case.grid, life.policy), None)
    assert [(one.days, one.at.astimezone(BEFORE_THE_HOLIDAY.tzinfo).date().isoformat()) for one in found.after_now] == [
        (1, "2026-10-08"), (3, "2026-10-10"), (5, "2026-10-13"),
    ]  # fmt: skip
    assert found.after_due == (), "no extension can be asked for"


def test_an_extension_is_offered_no_further_than_it_may_reach() -> None:
    life = at_handling()
    ctx = context(None, life.now, life.case.grid, life.policy)
    clock = life.case.clock
    assert clock is not None
    assert clock.due_at is not None
    latest = latest_extension(life.case, ctx)
    far = quick_dates(life.case, ctx, clock.due_at + timedelta(days=60)).after_due
    assert [one.days for one in far] == [1, 3, 5]
    assert all(one.at > clock.due_at for one in far)
    offered = quick_dates(life.case, ctx, latest).after_due
    assert offered == tuple(one for one in far if one.at <= latest)
    assert quick_dates(life.case, ctx, far[0].at).after_due == far[:1]


def test_a_stopped_clock_offers_dates_from_now_only() -> None:
    life = at_handling(suspensions=1, suspension_days=30)
    life.do("fire_head", RequestSuspension(until=life.now + timedelta(days=20), reason="停产"))
    life.do("supervisor", GrantSuspension())
    found = quick_dates(life.case, context(None, life.now, life.case.grid, life.policy), None)
    assert found.after_due == ()
    assert len(found.after_now) == 3
