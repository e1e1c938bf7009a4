"""Simulation: hand-counted clocks, and the same outcome as a case that lives through the rules themselves."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from models.case import Owner
from models.commands import (
    Accept,
    Acknowledge,
    Claim,
    Complete,
    Dispatch,
    GrantExtension,
    GrantSuspension,
    PassReview,
    Recategorise,
    ReportProgress,
    RequestExtension,
    RequestInfo,
    RequestSuspension,
    SupplyInfo,
    WakeUp,
)
from models.context import Holder
from models.enums import EscalationMode, Level, OwnerKind, Role, Severity, Stage
from models.errors.base import DomainError
from models.facts import Overdue, Reached, StepFired, Urged, Vacancy
from models.policy.document import Policy
from rules.escalation.wake_ups import next_wake_up
from rules.simulation.recorded import recorded_clocks
from rules.simulation.replay import replay_clock
from rules.simulation.tallies import Simulation, quantile
from rules.simulation.world import NOBODY, NotCovered, RecordedClock, ReplayedClock, Roster, World
from tests.builders import COMMUNITY, FALLBACK, FIRE, GRID, MICRO, PEOPLE, person_id, unit_path
from tests.rules.calendars import at
from tests.rules.world import Life
from tests.timed import a_timed_policy

PATH = unit_path(MICRO)
#: A Friday with a make-up Saturday after it: 2026-02-14 is worked, then the spring festival to the 23rd.
FRIDAY = at("2026-02-13T16:00")
NOW = at("2026-06-01T12:00")
MONDAY = at("2026-03-02T09:00")
DEPARTMENT = Owner(kind=OwnerKind.DEPARTMENT, id=FIRE)


def roster(*, without: frozenset[str] = frozenset()) -> Roster:
    """The tiny world's people, some of them gone."""
    people = [h for h in PEOPLE if h.username not in without]
    units = {h.grid for h in people if h.grid is not None}
    return Roster(
        holders={
            unit: tuple(Holder(role=h.role, person=person_id(h.username)) for h in people if h.grid == unit)
            for unit in units
        },
        departments={h.department: (person_id(h.username),) for h in people if h.department},
        people={h.username: person_id(h.username) for h in people},
    )


def handled(start: datetime, end: datetime | None, **more: Any) -> RecordedClock:
    """An ordinary fire case in handling: 8 work hours, the ladder `climb`."""
    known: dict[str, Any] = {
        "case": "1", "category": "0103", "severity": Severity.ORDINARY, "grid_path": PATH,
        "started_at": start, "ended_at": end,
    }  # fmt: skip
    return RecordedClock(**{**known, **more})


def outcome(clock: RecordedClock, policy: Policy | None = None, who: Roster | None = None) -> ReplayedClock:
    found = replay_clock(World(policy or a_timed_policy(), who or roster()), clock, NOW)
    assert found is not None
    return found


# --- counted by hand ------------------------------------------------------------------------------------------------


def test_the_make_up_saturday_counts() -> None:
    """2 h on Friday, 6 on the make-up Saturday: 08:30–12:00 and 13:30–16:00."""
    due = at("2026-02-14T16:00")
    kept = outcome(handled(FRIDAY, due - timedelta(minutes=1)))
    assert (kept.due_at, kept.missed_at, kept.late) == (due, None, None)
    missed = outcome(handled(FRIDAY, due + timedelta(hours=30)))
    assert (missed.missed_at, missed.late) == (due, timedelta(hours=30))


def test_a_case_that_ends_with_its_deadline_has_missed_it_as_by_the_rules() -> None:
    assert outcome(handled(FRIDAY, at("2026-02-14T16:00"))).missed_at == at("2026-02-14T16:00")


def test_steps_fire_up_to_the_end_and_no_further() -> None:
    """Half the limit of 8 h from 09:00 is three hours till noon and one after."""
    fired = outcome(handled(MONDAY, at("2026-03-02T14:30"))).fired
    assert [(step.step, step.at) for step in fired] == [(1, at("2026-03-02T14:30"))]
    assert fired[0].reached == (Reached(mode=EscalationMode.INFORM, department=FIRE),)
    assert outcome(handled(MONDAY, at("2026-03-02T14:29"))).fired == ()


def test_the_ladder_falls_through_where_nobody_holds_the_role() -> None:
    """Nobody is a supervisor of the grid: the third step reaches the community's, and says whom it missed."""
    fired = outcome(handled(MONDAY, None)).fired
    third = next(step for step in fired if step.step == 3 and not step.urge)
    assert third.vacancies == (Vacancy(role=Role.SUPERVISOR, unit=GRID),)
    (reached,) = third.reached
    assert (reached.unit, reached.people) == (COMMUNITY, (person_id("community_supervisor"),))
    assert third.level is Level.COMMUNITY
    last = fired[-1]
    assert last.level is Level.PARK


def test_a_clock_that_still_runs_counts_up_to_now() -> None:
    lived = outcome(handled(MONDAY, None))  # 7.5 h on Monday, and half an hour of Tuesday
    assert lived.missed_at == at("2026-03-03T09:00")
    assert lived.late == NOW - at("2026-03-03T09:00")
    assert lived.urged_at is not None, "overdue at the top, the system gives an order"


def test_a_policy_that_does_not_know_the_category_covers_it_not() -> None:
    with pytest.raises(NotCovered):
        outcome(handled(MONDAY, None, category="0999"))


def test_without_anybody_only_the_fallback_owner_is_left_or_nobody() -> None:
    nobody = Roster(people={FALLBACK: person_id(FALLBACK)})
    acting = [
        r for step in outcome(handled(MONDAY, None), who=nobody).fired for r in step.reached if r.department is None
    ]
    assert {reached.people for reached in acting} == {(person_id(FALLBACK),)}
    assert World(a_timed_policy(), Roster()).fallback == NOBODY


# --- the same as a case that lives through the rules ----------------------------------------------------------------


Action = Callable[[Life], None]


def wait(life: Life, until: datetime) -> None:
    """Nobody acts: each due step is taken in its own moment."""
    while (moment := next_wake_up(life.case)) is not None and moment <= until:
        life.now = moment
        life.do(None, WakeUp(moment=moment))
    life.now = until


def told(life: Life, stage: Stage, round_: int = 1) -> tuple[list[Any], list[datetime], list[datetime]]:
    """What the facts say of a stage: its steps, its missed deadlines, its urge orders of the system."""
    within = [f for f in life.facts if f.at >= _entered(life, stage)]
    steps = [
        (b.step, f.at, b.reached, b.vacancies, b.level, b.urge is not None)
        for f in within
        if isinstance(b := f.body, StepFired) and b.stage is stage
    ]
    missed = [b.due_at for f in within if isinstance(b := f.body, Overdue) and b.stage is stage]
    return steps, missed, [f.at for f in within if isinstance(f.body, Urged)]


def _entered(life: Life, stage: Stage) -> datetime:
    return next(c.intervals[0].start for c in (*life.case.past_clocks, life.case.clock) if c and c.stage is stage)


def simulated(life: Life, stage: Stage, policy: Policy) -> tuple[list[Any], list[datetime], list[datetime]]:
    """What the simulation makes of the same stage, from the recorded facts."""
    clock = next(found for found in recorded_clocks(life.facts) if found.stage is stage)
    lived = replay_clock(World(policy, roster()), clock, life.now)
    assert lived is not None
    steps = [(s.step, s.at, s.reached, s.vacancies, s.level, s.urge) for s in lived.fired]
    missed = [lived.missed_at] if lived.missed_at is not None else []
    return steps, missed, [lived.urged_at] if lived.urged_at is not None else []


def in_handling(start: datetime, severity: Severity = Severity.ORDINARY) -> Life:
    life = Life(a_timed_policy(), at=start, severity=severity)
    life.do("community_duty", Accept())
    life.do("community_duty", Dispatch(host=FIRE))
    return life


starts = st.integers(0, 60 * 24 * 20).map(lambda minutes: at("2026-02-09T00:00") + timedelta(minutes=minutes))
severities = st.sampled_from([Severity.ORDINARY, Severity.URGENT])


@settings(max_examples=25, deadline=None)
@given(start=starts, severity=severities, hours=st.integers(0, 24 * 25))
def test_when_nobody_acts_it_is_as_by_the_rules(start: datetime, severity: Severity, hours: int) -> None:
    policy = a_timed_policy()
    life = in_handling(start, severity)
    wait(life, start + timedelta(hours=hours))
    assert simulated(life, Stage.HANDLE, policy) == told(life, Stage.HANDLE)


@settings(max_examples=15, deadline=None)
@given(start=starts, hours=st.integers(0, 24 * 10))
def test_so_is_a_report_that_nobody_accepts(start: datetime, hours: int) -> None:
    policy = a_timed_policy()
    life = Life(policy, at=start)
    wait(life, start + timedelta(hours=hours))
    assert simulated(life, Stage.RECEIVE, policy) == told(life, Stage.RECEIVE)
    # And so it is when the simulation itself says whose it was.
    clock = replace(recorded_clocks(life.facts)[0], owner=None)
    lived = replay_clock(World(policy, roster()), clock, life.now)
    assert lived is not None
    assert lived.owner == life.case.desk


@settings(max_examples=15, deadline=None)
@given(start=starts, paused=st.integers(1, 30), away=st.integers(25, 24 * 9), rest=st.integers(0, 24 * 12))
def test_pauses_are_kept(start: datetime, paused: int, away: int, rest: int) -> None:
    life = in_handling(start)
    wait(life, start + timedelta(hours=paused))
    life.do("fire_handler", Claim())
    if life.case.clock is not None and life.case.clock.overdue_at is None:
        life.do("fire_handler", RequestSuspension(until=life.now + timedelta(hours=away), reason="等配件"))
        life.do("supervisor", GrantSuspension())
    wait(life, life.now + timedelta(hours=away + rest))
    assert simulated(life, Stage.HANDLE, a_timed_policy()) == told(life, Stage.HANDLE)


@settings(max_examples=10, deadline=None)
@given(start=starts, held=st.integers(0, 40), rest=st.integers(0, 24 * 12))
def test_an_acknowledgement_holds_the_ladder_and_lapses(start: datetime, held: int, rest: int) -> None:
    life = in_handling(start)
    wait(life, start + timedelta(hours=held))
    life.do("fire_handler", Claim())
    if life.case.owner is not None and life.case.owner.kind is OwnerKind.PERSON:
        life.do("fire_handler", Acknowledge())
        life.do("fire_handler", ReportProgress(note="去现场"))
    wait(life, life.now + timedelta(hours=rest))
    assert simulated(life, Stage.HANDLE, a_timed_policy()) == told(life, Stage.HANDLE)


@settings(max_examples=15, deadline=None)
@given(start=starts, asked=st.integers(0, 5), more=st.integers(1, 24 * 8), rest=st.integers(0, 24 * 12))
def test_extensions_are_kept_in_measure(start: datetime, asked: int, more: int, rest: int) -> None:
    life = in_handling(start)
    wait(life, start + timedelta(hours=asked))
    life.do("fire_handler", Claim())
    clock = life.case.clock
    assert clock is not None
    if clock.due_at is not None:
        with suppress(DomainError):  # a night later is no later in work hours, and the ceiling is near
            life.do("fire_handler", RequestExtension(until=clock.due_at + timedelta(hours=more), reason="难"))
            life.do("community_duty", GrantExtension())
    wait(life, life.now + timedelta(hours=rest))
    assert simulated(life, Stage.HANDLE, a_timed_policy()) == told(life, Stage.HANDLE)


@settings(max_examples=10, deadline=None)
@given(start=starts, after=st.integers(0, 5), rest=st.integers(0, 24 * 8))
def test_a_change_of_severity_is_counted_anew_from_the_start(start: datetime, after: int, rest: int) -> None:
    life = in_handling(start)
    wait(life, start + timedelta(hours=after))
    life.do("community_duty", Recategorise(category="0103", severity=Severity.URGENT, reason="有人"))
    wait(life, life.now + timedelta(hours=rest))
    assert simulated(life, Stage.HANDLE, a_timed_policy()) == told(life, Stage.HANDLE)


def test_every_stage_of_a_life_is_one_clock_and_the_whole_another() -> None:
    life = Life(a_timed_policy(), at=MONDAY, category="0201", severity=Severity.ORDINARY)
    life.do("community_duty", RequestInfo(question="?", answer_by=life.now + timedelta(hours=20)))
    wait(life, MONDAY + timedelta(hours=3))
    life.do("worker", SupplyInfo(note="三号楼"))
    life.do("community_duty", Accept())
    life.do("community_duty", Dispatch(host="labour"))
    wait(life, MONDAY + timedelta(days=2))
    life.do("labour_handler", Claim())
    life.do("labour_handler", Complete(result="已付清"))
    wait(life, MONDAY + timedelta(days=9))
    life.do("reviewer", PassReview())
    clocks = recorded_clocks(life.facts)
    assert [clock.stage for clock in clocks] == [Stage.RECEIVE, Stage.DISPATCH, Stage.HANDLE, Stage.REVIEW, None]
    assert all(clock.ended_at is not None for clock in clocks)
    assert [type(change.body).__name__ for change in clocks[0].changes] == ["InfoRequested", "InfoSupplied"]
    world = World(a_timed_policy(), roster())
    lived = [replay_clock(world, clock, life.now) for clock in clocks]
    assert [found.missed_at is not None for found in lived if found is not None] == [False, False, False, True, False]
    assert lived[4] is not None
    assert lived[4].due_at == life.case.whole.due_at if life.case.whole else False


# --- side by side ---------------------------------------------------------------------------------------------------


def halved() -> Policy:
    """The same policy with 4 work hours for handling."""
    policy = a_timed_policy().model_dump()
    for standard in policy["standards"]:
        if standard["code"] == "everyday":
            standard["handle"]["amount"] = 4
    return Policy.model_validate(policy)


def test_what_changes_between_two_policies_is_counted_and_shown() -> None:
    both = Simulation([World(a_timed_policy(), roster()), World(halved(), roster())])
    ends: Sequence[datetime | None] = (at("2026-03-02T14:00"), at("2026-03-02T15:00"), at("2026-03-03T08:45"), None)
    for number, end in enumerate(ends):
        both.add(handled(MONDAY, end, case=str(number)), NOW)
    both.add(handled(MONDAY, None, case="x", category="0999"), NOW)
    both.finish()
    first, second = both.tallies
    assert (first.total.clocks, first.total.missed) == (4, 1)
    assert (second.total.clocks, second.total.missed) == (4, 3)
    assert first.not_covered == {"0999": 1}
    (comparison,) = both.comparisons
    assert (comparison.both, comparison.only_first, comparison.only_second) == (1, 0, 2)
    assert [example.clock.case for example in comparison.only_second_examples] == ["2", "1"], "the latest first"
    assert second.late[:2] == [0.5, 18.25]


def test_escalations_and_load_are_counted_where_the_step_ended() -> None:
    one = Simulation([World(a_timed_policy(), roster())])
    one.add(handled(MONDAY, at("2026-03-03T16:00")), NOW)  # steps 1 to 3; the fourth would be at 16:30
    (tally,) = one.tallies
    assert tally.escalations == {(Level.GRID, EscalationMode.ACT): 1, (Level.COMMUNITY, EscalationMode.ACT): 1}
    assert tally.hosts_told == 2
    assert tally.vacancies == {(Role.SUPERVISOR, GRID): 1}
    assert tally.load[FIRE].given == 1
    assert tally.load[FIRE].told == 2
    assert tally.load[person_id("worker")].to_act == 1
    assert tally.load[person_id("community_supervisor")].to_act == 1
    assert not tally.left_to_fallback


def test_a_host_without_anybody_in_it_is_a_vacancy() -> None:
    one = Simulation([World(a_timed_policy(), Roster(people={FALLBACK: person_id(FALLBACK)}))])
    one.add(handled(MONDAY, None), NOW)
    assert one.tallies[0].vacancies[Role.HANDLER, FIRE] == 1
    assert list(one.tallies[0].left_to_fallback) == ["1"]


def test_quantiles_are_nearest_ranks() -> None:
    assert quantile([], 0.5) is None
    assert quantile([3.0], 0.9) == 3.0
    assert [quantile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], part) for part in (0.5, 0.9)] == [5.0, 9.0]
