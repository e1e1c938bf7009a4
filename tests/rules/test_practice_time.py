"""Deadlines after pauses, extensions and changes: each test is named after the fault that it keeps out."""

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from models.case import Clock
from models.commands import (
    GrantExtension,
    GrantSuspension,
    Recategorise,
    Recompute,
    RequestExtension,
    RequestInfo,
    RequestSuspension,
    Resume,
    SupplyInfo,
    WakeUp,
)
from models.enums import LimitUnit, Role
from models.facts import Retimed
from models.policy.limits import Limit
from models.policy.standard import Ladder, Rung, Target
from rules.deadlines.clocks import recompute_clock, recompute_clocks, terms_of
from rules.deadlines.counting import calendar_of
from rules.deadlines.explain_clock import explain_clock
from rules.deadlines.standards import standard_of
from rules.escalation.wake_ups import next_wake_up
from services.policies.china_calendars import china_year
from tests.builders import FIRE, LABOUR
from tests.rules.lives import (
    SHANGHAI,
    at,
    clock,
    demo_policy,
    dispatched,
    due,
    handled,
    local,
    wait,
    whole,
    whole_due,
)
from tests.rules.world import Life, context
from tests.timed import CALL, EVERYDAY, a_timed_policy, limit, office

STANDARDS = a_timed_policy().standards
DAY, LEGAL = LimitUnit.NATURAL_DAY, LimitUnit.LEGAL_WORK_DAY


def timed_by(handle: Limit, since: str, **more: object) -> Life:
    """A case dispatched then, its handling timed by `handle`."""
    known = {s.code: s for s in STANDARDS}
    known["everyday"] = EVERYDAY.model_copy(update={"handle": handle})
    standards = [s.model_dump() for s in known.values()]
    policy = a_timed_policy(**{"standards": standards, "suspensions": 9, **more})
    return dispatched(policy, since, "0103", FIRE)


def pause(life: Life, since: str, until: str) -> None:
    """The case is suspended from then until then."""
    wait(life, since)
    life.do("fire_head", RequestSuspension(until=at(until) + timedelta(days=1), reason="停产"))
    life.do("supervisor", GrantSuspension())
    wait(life, until)
    life.do("fire_head", Resume())


def extend(life: Life, until: str, head: str = "fire_head") -> None:
    """An extension to that moment is asked for and granted."""
    life.do(head, RequestExtension(until=at(until), reason="取证"))
    life.do("duty", GrantExtension())


def told(life: Life) -> list[str]:
    """The arithmetic of the stage's clock, in English."""
    ctx = context(None, life.now, life.case.grid, life.policy)
    running = clock(life)
    return [line.en for line in explain_clock(running, calendar_of(terms_of(running), ctx))]


def day(moment: datetime) -> str:
    """The date of a deadline."""
    return moment.strftime("%m-%d")


# --- A1: another unit -----------------------------------------------------------------------------------------------


def test_a1_an_extension_keeps_its_moment_when_the_unit_changes() -> None:
    """Thirty natural days stay thirty days: never ninety workdays, nor past the law's ceiling."""
    life = dispatched(demo_policy(), "2026-03-02T10:00", "0204", LABOUR)
    assert day(due(life)) == "03-17"
    extend(life, "2026-04-16T12:00", "labour_head")
    granted = due(life)
    life.do("duty", Recategorise(category="0201", reason="实为欠薪"))
    assert due(life) == granted
    ceiling = whole(life).plan.ceiling_at  # type: ignore[union-attr]
    assert ceiling is not None
    assert due(life) <= local(ceiling)


def test_a1_the_other_way_round_nothing_of_the_grant_is_lost() -> None:
    life = dispatched(demo_policy(), "2026-03-02T10:00", "0201", LABOUR)
    extend(life, "2026-04-07T18:00", "labour_head")
    life.do("duty", Recategorise(category="0204", reason="实为工伤"))
    assert due(life) == local(at("2026-04-07T18:00"))


def test_a1_a_change_never_takes_the_deadline_past_the_new_ceiling() -> None:
    short = limit(5, LEGAL, source="law: 一", ceiling=limit(10, LEGAL))
    strict = {"at-once": short, "everyday": limit(30, DAY)}
    standards = [s.model_dump() | ({"handle": strict[s.code]} if s.code in strict else {}) for s in STANDARDS]
    life = handled("2026-03-02T10:00", standards=standards)
    extend(life, "2026-04-20T12:00")
    life.do("duty", Recategorise(category="0103", condition="blocked", reason="里面有人"))
    assert due(life) == local(at("2026-03-16T18:00"))
    assert "no later than the statutory ceiling" in told(life)[-1]


# --- A2: a grant is never lost after a pause ------------------------------------------------------------------------


@pytest.mark.parametrize("until", ["10-09", "10-12", "10-15", "10-19"])
def test_a2_after_a_pause_the_deadline_is_the_day_that_was_granted(until: str) -> None:
    ten = limit(10, DAY, moves_on=True)
    calendars = [office(years=[china_year(2026)]).model_dump()]
    life = timed_by(ten, "2026-09-18T10:00", calendars=calendars)
    pause(life, "2026-09-21T10:00", "2026-09-24T12:00")
    assert day(due(life)) == "10-08"
    extend(life, f"2026-{until}T12:00")
    assert day(due(life)) == until
    assert life.case.extensions_granted == 1


def test_a2_in_the_shipped_policy_after_a_pause_within_the_rounding() -> None:
    """0101, three legal workdays; the second pause lies in the hours that rounding had given."""
    life = dispatched(demo_policy(), "2026-03-02T10:00", "0101", FIRE)
    life.policy = life.policy.model_copy(update={"suspensions": 9})
    pause(life, "2026-03-02T14:00", "2026-03-02T14:01")
    assert day(due(life)) == "03-06"
    pause(life, "2026-03-06T17:00", "2026-03-09T09:00")
    assert day(due(life)) == "03-09"
    assert not any("-" in line.split(" left")[0].rsplit(", ", 1)[-1] for line in told(life) if " left" in line)
    extend(life, "2026-03-10T12:00")
    assert due(life) == local(at("2026-03-10T18:00"))


# --- B1: the arithmetic told ----------------------------------------------------------------------------------------


def test_b1_the_lines_lead_to_the_deadline_and_say_that_a_day_is_rounded_up() -> None:
    life = timed_by(limit(1, LEGAL), "2026-03-02T10:00")
    pause(life, "2026-03-02T14:00", "2026-03-02T14:01")
    lines = told(life)
    assert "the limit of 1 legal working days" in lines[0], "told in its own unit"
    assert "counted in whole days, so at the end of that day: 2026-03-04" in lines[-1]
    assert lines[-1].endswith("→ due")
    assert sum("→ due" in line for line in lines) == 1


# --- B2: a step beyond the limit comes after the deadline -----------------------------------------------------------


def test_b2_steps_beyond_the_limit_fire_after_the_deadline_also_after_a_pause() -> None:
    ladder = Ladder(code="climb", rungs=tuple(Rung(fraction=f, targets=(Target(host=True),)) for f in (1, 1.2, 1.5)))
    life = timed_by(limit(1, DAY), "2026-03-02T10:00", ladders=[ladder.model_dump(), CALL.model_dump()])
    pause(life, "2026-03-02T14:00", "2026-03-02T14:01")
    plan, deadline = clock(life).plan, clock(life).due_at
    assert plan is not None
    assert deadline is not None
    first, second, third = plan.rungs
    assert first == deadline < second < third


# --- B3: a missed deadline stays missed -----------------------------------------------------------------------------


def test_b3_a_stop_does_not_make_a_missed_deadline_a_new_one() -> None:
    life = handled("2026-03-02T10:00")
    missed = due(life)
    wait(life, "2026-03-20T10:00")
    life.do("fire_head", RequestInfo(question="在吗?"))
    wait(life, "2026-03-21T10:00")
    life.do("worker", SupplyInfo(note="在"))
    assert due(life) == missed
    assert clock(life).overdue_at is not None
    assert "the deadline was missed; a stop does not move it" in told(life)[-1]


def test_b3_nor_does_counting_it_anew_after_the_stop() -> None:
    life = handled("2026-03-02T10:00")
    missed = due(life)
    life.do("fire_head", RequestSuspension(until=at("2026-03-23T10:00"), reason="停产"))
    wait(life, "2026-03-20T10:00")
    life.do("supervisor", GrantSuspension())
    wait(life, "2026-03-25T10:00")
    assert due(life) == missed
    known = len(life.facts)
    life.do(None, Recompute(version=2), calendars_version=2)
    assert due(life) == missed
    assert life.kinds()[known:] == [], "the same calendars change nothing"


def test_b3_a_missed_deadline_of_the_whole_is_not_extended_with_its_stage() -> None:
    law = limit(2, LEGAL, source="law: 一")
    standards = [s.model_dump() | ({"whole": law} if s.code == "lawful" else {}) for s in STANDARDS]
    life = handled("2026-03-02T10:00", "0201", LABOUR, standards=standards)
    wait(life, "2026-03-09T10:00")
    missed = whole_due(life)
    assert whole(life).overdue_at is not None
    with pytest.raises(Exception, match="law: 一"):
        extend(life, "2026-03-20T12:00", "labour_head")
    assert whole_due(life) == missed


# --- B4, B5 ---------------------------------------------------------------------------------------------------------


def test_b4_a_ladder_that_goes_downwards_is_refused() -> None:
    targets = (Target(role=Role.SUPERVISOR, level=1),)
    with pytest.raises(ValidationError, match="must rise"):
        Ladder(code="down", rungs=tuple(Rung(fraction=f, targets=targets) for f in (0.75, 1, 0.2, 2)))


def test_b5_however_many_short_pauses_are_worth_one_day_at_most() -> None:
    """Our choice, once per clock: the rest is kept, not the rounding."""
    life = timed_by(limit(3, LEGAL), "2026-03-02T10:00")
    assert day(due(life)) == "03-05"
    for hour in ("14", "15", "16", "17"):
        pause(life, f"2026-03-02T{hour}:00", f"2026-03-02T{hour}:01")
        assert due(life) == datetime(2026, 3, 6, 18, tzinfo=SHANGHAI)


# --- a clock that resumed, counted anew -------------------------------------------------------------------------------


def resumed_and_overdue() -> Life:
    """A case that was suspended before the first step of its ladder, and has climbed it since: repeats follow."""
    life = dispatched(demo_policy(), "2026-03-02T10:00", "0101", FIRE)
    pause(life, "2026-03-02T14:00", "2026-03-09T09:00")
    while clock(life).last_step < 5:
        moment = next_wake_up(life.case)
        assert moment is not None
        life.now = moment
        life.do(None, WakeUp(moment=moment))
    assert clock(life).plan.rungs, "more steps follow"  # type: ignore[union-attr]
    return life


def counted_anew(life: Life, running: Clock) -> Retimed:
    """The clock counted anew by the calendars that counted it."""
    ctx = context(None, life.now, life.case.grid, life.policy)
    return recompute_clock(running, standard_of(life.case, ctx), ctx)


def test_counted_anew_the_steps_to_come_stay_where_they_are() -> None:
    life = resumed_and_overdue()
    running = clock(life)
    assert running.resumed_after_step == 0
    assert counted_anew(life, running).plan == running.plan
    ctx = context(None, life.now, life.case.grid, life.policy)
    assert recompute_clocks(life.case, standard_of(life.case, ctx), ctx) == ()


def test_a_limit_changed_while_the_clock_stands_moves_the_missed_deadline_too() -> None:
    life = timed_by(limit(8), "2026-03-02T10:00")
    wait(life, "2026-03-04T10:00")
    missed = due(life)
    life.do("fire_head", RequestInfo(question="在吗?"))
    life.do("duty", Recategorise(category="0103", condition="blocked", reason="里面有人"))
    wait(life, "2026-03-05T10:00")
    life.do("worker", SupplyInfo(note="在"))
    assert due(life) < missed
    assert counted_anew(life, clock(life)).plan == clock(life).plan


def test_a_longer_limit_given_while_the_clock_stands_begins_anew_as_while_it_runs() -> None:
    life = timed_by(limit(8), "2026-03-02T10:00")
    wait(life, "2026-03-04T10:00")
    late = clock(life).overdue_at
    life.do("fire_head", RequestInfo(question="在吗?"))
    life.do("duty", Recategorise(category="0201", reason="实为欠薪"))
    assert (clock(life).overdue_at, clock(life).missed) == (None, (late,)), "the missed one stays on record"
    wait(life, "2026-03-05T10:00")
    life.do("worker", SupplyInfo(note="在"))
    assert due(life) > life.now
    assert counted_anew(life, clock(life)).plan == clock(life).plan


def test_of_a_clock_that_an_earlier_version_resumed_the_next_step_comes_no_earlier() -> None:
    life = resumed_and_overdue()
    running = clock(life).model_copy(update={"resumed_after_step": None})
    planned, anew = running.plan, counted_anew(life, running).plan
    assert planned is not None
    assert anew is not None
    assert len(anew.rungs) == len(planned.rungs)
    assert anew.rungs[0] >= planned.rungs[0] > life.now
