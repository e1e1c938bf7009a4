"""Laws of clocks that are paused, extended and changed, through the very commands that do so (`rules.decide`).

After a grant the deadline is the granted moment, whatever came before and comes after, and never past the ceiling;
what is told of a clock leads to its deadline; steps beyond the limit come after it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import assume, event, given, settings, strategies as st

from models.case import Clock
from models.commands import (
    Accept,
    Adopt,
    Dispatch,
    GrantExtension,
    GrantSuspension,
    Recategorise,
    Recompute,
    RequestExtension,
    RequestInfo,
    RequestSuspension,
    Resume,
    SupplyInfo,
)
from models.enums import LimitUnit
from models.errors import PastCeiling
from models.policy.calendar import Calendar
from models.policy.document import Policy
from models.policy.limits import WHOLE_DAYS, Limit
from models.policy.standard import Ladder, Rung, Target
from rules.deadlines.clocks import recompute_clock, terms_of
from rules.deadlines.counting import calendar_of
from rules.deadlines.explain_clock import explain_clock, local_text
from rules.deadlines.limits import advance, measure, round_up
from rules.deadlines.standards import standard_of
from rules.deciders.requests import latest_extension
from services.policies.china_calendars import china_year
from tests.builders import FIRE
from tests.rules.lives import at, clock
from tests.rules.world import Life, context
from tests.timed import CALL, EVERYDAY, LAWFUL, a_timed_policy, limit, office

ROUND_THE_CLOCK = dict.fromkeys(
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), ("00:00-24:00",)
)
CALENDARS = (
    office(years=[china_year(2026), china_year(2027)]),
    office(years=[china_year(2026)], closures=({"since": "2026-03-04", "until": "2026-03-06", "reason": "台风"},)),
    office(
        week=dict.fromkeys(("monday", "tuesday", "thursday"), ("09:00-10:30", "22:00-24:00")), makeup=("10:00-12:00",)
    ),
    office(week=ROUND_THE_CLOCK, makeup=("00:00-24:00",), years=[china_year(2026)]),
)
Draw = Callable[[Any], Any]
#: Steps at the deadline and beyond it only.
BEYOND = Ladder(code="climb", rungs=tuple(Rung(fraction=f, targets=(Target(host=True),)) for f in (1, 1.01, 1.2, 2)))
STARTS = st.integers(0, 40 * 24 * 60).map(lambda minutes: at("2026-01-26T00:00") + timedelta(minutes=minutes))
SPANS = st.integers(1, 12 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
AMOUNTS = {
    LimitUnit.URGENT_HOUR: st.floats(1, 200), LimitUnit.WORK_HOUR: st.floats(1, 60),
    LimitUnit.WORK_DAY_8H: st.floats(0.5, 15), LimitUnit.LEGAL_WORK_DAY: st.integers(1, 15),
    LimitUnit.NATURAL_DAY: st.integers(1, 20),
}  # fmt: skip


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    """A limit in any unit, with a ceiling of the same unit, of another, or with none; statutory or not."""
    unit = draw(st.sampled_from(list(LimitUnit)))
    amount = draw(AMOUNTS[unit])
    found = limit(amount, unit, moves_on=unit is LimitUnit.NATURAL_DAY and draw(st.booleans()))
    if draw(st.booleans()):
        return found
    ceilings = (
        limit(draw(st.integers(100, 150)), LimitUnit.NATURAL_DAY),
        limit(amount * 2, unit, moves_on=found.moves_on),
        limit(40, LimitUnit.LEGAL_WORK_DAY),
    )
    ceiling = draw(st.sampled_from(ceilings))
    source = draw(st.sampled_from(["law: 一", "our choice"]))
    return found.model_copy(update={"ceiling": ceiling, "source": source})


def a_policy(handle: Limit, other: Limit, calendar: Calendar) -> Policy:
    """A fire case by `handle`; other conditions and categories by `other`."""
    by_other = EVERYDAY.model_copy(update={"code": "at-once", "handle": other})
    standards = (EVERYDAY.model_copy(update={"handle": handle}), LAWFUL, by_other,
                 EVERYDAY.model_copy(update={"code": "small", "handle": other}))  # fmt: skip
    return a_timed_policy(
        standards=[standard.model_dump() for standard in standards],
        ladders=[BEYOND.model_dump(), CALL.model_dump()],
        calendars=[calendar.model_dump()],
        suspensions=10, suspension_days=3650, extensions=10, info_requests=20,
    )  # fmt: skip


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A case of the fire brigade, paused up to three times in whatever way there is."""
    policy = a_policy(draw(limits()), draw(limits()), draw(st.sampled_from(CALENDARS)))
    life = Life(policy, draw(STARTS), category="0103")
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=FIRE))
    for _ in range(draw(st.integers(0, 3))):
        pause(life, draw)
    return life


def pause(life: Life, draw: Draw) -> None:
    """Some time passes in which the deadline is not missed; then the clock is stopped, and goes on."""
    deadline = clock(life).due_at
    assert deadline is not None
    life.now += (deadline - life.now) * draw(st.floats(0, 0.99))
    stop = draw(SPANS)
    if draw(st.booleans()) and not terms_of(clock(life)).is_statutory:
        life.do("fire_head", RequestInfo(question="在吗?", answer_by=life.now + stop * 2))
        life.now += stop
        life.do("worker", SupplyInfo(note="在"))
        return
    try:
        life.do("fire_head", RequestSuspension(until=life.now + stop * 2, reason="停产"))
        life.do("supervisor", GrantSuspension())
    except PastCeiling:
        return
    life.now += stop
    life.do("fire_head", Resume())


def extend(life: Life, draw: Draw) -> datetime | None:
    """An extension to any moment that the policy allows; None where a ceiling forbids it."""
    deadline = clock(life).due_at
    assert deadline is not None
    assume(deadline > life.now)
    latest = latest_extension(life.case, context(None, life.now, life.case.grid, life.policy))
    until: datetime = deadline + (latest - deadline) * draw(st.floats(0.001, 1))
    assume(until > deadline)
    try:
        life.do("fire_head", RequestExtension(until=until, reason="取证"))
        life.do("duty", GrantExtension())
    except PastCeiling:
        assert clock(life).due_at == deadline
        return None
    return until


def calendar(life: Life) -> Calendar:
    """What counts the stage's clock."""
    return calendar_of(terms_of(clock(life)), context(None, life.now, life.case.grid, life.policy))


def check(life: Life) -> None:
    """What holds of every running clock."""
    running = clock(life)
    plan, deadline = running.plan, running.due_at
    assert plan is not None
    assert deadline is not None
    assert plan.ceiling_at is None or deadline <= plan.ceiling_at
    assert plan.rungs[0] == deadline
    assert all(moment > deadline for moment in plan.rungs[1:]), "a step beyond the limit comes after the deadline"
    it_is_told(running, calendar(life))


def it_is_told(running: Clock, by: Calendar) -> None:
    """Line by line to the deadline, which the last line names, and no line before it."""
    lines = explain_clock(running, by)
    assert running.due_at is not None
    assert [line.en.endswith("→ due") for line in lines] == [False] * (len(lines) - 1) + [True]
    assert [line.zh.endswith("→ 到期") for line in lines] == [False] * (len(lines) - 1) + [True]
    if len(running.intervals) == 1 and running.extended_to is None:
        return  # told by `explain`, which tests of its own hold to the arithmetic
    named = local_text(running.due_at, by)
    assert named.en in lines[-1].en
    assert named.zh in lines[-1].zh
    left = running.limit
    for interval, line in zip(running.intervals[:-1], lines[1:], strict=False):
        assert interval.end is not None
        left -= measure(terms_of(running), by, interval.start, interval.end)
        assert local_text(interval.end, by).en in line.en
        assert line.left == round(left / timedelta(hours=1), 6)
    since = running.intervals[-1].start
    runs_out = advance(terms_of(running), by, since, max(left, timedelta()))
    assert local_text(runs_out, by).en in lines[len(running.intervals)].en, "where the rest leads to"


@settings(max_examples=100, deadline=None)
@given(life=lives(), data=st.data())
def test_after_a_grant_the_deadline_is_the_granted_moment(life: Life, data: st.DataObject) -> None:
    check(life)
    until = extend(life, data.draw)
    check(life)
    if until is None:
        return
    granted = round_up(terms_of(clock(life)), calendar(life), until)
    assert clock(life).plan is not None
    ceiling = clock(life).plan.ceiling_at  # type: ignore[union-attr]
    assert clock(life).due_at == min(filter(None, (granted, ceiling)))
    event("settled" if granted != until else "as said")


@settings(max_examples=100, deadline=None)
@given(life=lives(), data=st.data())
def test_a_grant_survives_a_change_of_unit_category_policy_and_calendar(life: Life, data: st.DataObject) -> None:
    """The limit's own deadline may lie later; the ceiling that then holds ends all of them."""
    if extend(life, data.draw) is None:
        return
    granted = clock(life).due_at
    assert granted is not None
    more: dict[str, Any] = {}
    change = data.draw(st.sampled_from(["condition", "category", "policy", "calendar"]))
    if change == "condition":
        life.do("duty", Recategorise(category="0103", condition="small", reason="改条件"))
    elif change == "category":
        life.do("duty", Recategorise(category="0302", reason="改类"))
    elif change == "policy":
        life.policy = a_policy(data.draw(limits()), data.draw(limits()), life.policy.calendars[0])
        life.do("duty", Adopt(version=2, reason="新标准"), adoptable=life.policy)
    else:
        calendars = (data.draw(st.sampled_from(CALENDARS)),)
        more = {"calendars": calendars, "calendars_version": 2}
        life.policy = life.policy.model_copy(update={"calendars": calendars})
        life.do(None, Recompute(version=2), **more)
    ctx = context(None, life.now, life.case.grid, life.policy, **more)
    plain = clock(life).model_copy(update={"extended_to": None, "extended_at": None, "extended": timedelta()})
    own = recompute_clock(plain, standard_of(life.case, ctx), ctx).due_at
    assert own is not None
    assert clock(life).plan is not None
    ceiling = clock(life).plan.ceiling_at  # type: ignore[union-attr]
    assert clock(life).due_at == min(filter(None, (max(own, granted), ceiling)))
    it_is_told(clock(life), calendar_of(terms_of(clock(life)), ctx))
    event(change)


@settings(max_examples=100, deadline=None)
@given(life=lives(), data=st.data())
def test_a_pause_after_a_grant_moves_it_on_by_what_was_left(life: Life, data: st.DataObject) -> None:
    """A whole day is given at most once for all pauses, and nothing is ever taken away."""
    if extend(life, data.draw) is None:
        return
    before, known = clock(life).due_at, len(clock(life).intervals)
    assert before is not None
    pause(life, data.draw)
    check(life)
    after = clock(life)
    assert after.due_at is not None
    if len(after.intervals) == known or after.due_at == (after.plan and after.plan.ceiling_at):
        return
    terms, by = terms_of(after), calendar(life)
    stopped, resumed_at = after.intervals[-2].end, after.intervals[-1].start
    assert stopped is not None
    rest = measure(terms, by, stopped, before)
    assert after.due_at >= before
    assert measure(terms, by, resumed_at, after.due_at) >= rest
    if terms.unit not in WHOLE_DAYS:
        assert after.due_at == max(advance(terms, by, resumed_at, rest), before)
