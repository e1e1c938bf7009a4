"""What everybody gets wrong about time and figures in this field, one test a trap."""

from datetime import datetime, timedelta

import pytest

from models.commands import (
    Accept,
    Claim,
    Complete,
    Dispatch,
    GrantExtension,
    GrantReopen,
    GrantReturn,
    GrantSuspension,
    Merge,
    Part,
    PassReview,
    Recategorise,
    Recompute,
    RefuseReturn,
    Report,
    ReportProgress,
    RequestExtension,
    RequestInfo,
    RequestReopen,
    RequestSuspension,
    Resume,
    Return,
    Split,
    WakeUp,
)
from models.context import Lead
from models.enums import Light, LimitUnit, Outcome, Severity, Stage
from models.errors import (
    CategoryOutOfUse,
    DomainError,
    ExtensionsUsedUp,
    NoExtensionOnceOverdue,
    PastCeiling,
    ReturnSettled,
    UnknownCategory,
    UnknownGrid,
)
from models.facts import Dispatched, StepFired
from models.ids import new_id
from models.policy.standard import Standard
from rules.decide import decide
from rules.escalation.forecast import forecast
from tests.builders import FIRE, LABOUR, a_policy
from tests.rules.lives import PHOTO, SHANGHAI, at, due, handled, wait, whole_due
from tests.rules.world import Life, a_report, context, step, units_to
from tests.timed import EVERYDAY, LAWFUL, a_timed_policy, limit


def test_a_year_without_a_calendar_is_provisional_and_never_a_crash() -> None:
    life = handled("2026-12-28T09:00", "0201", LABOUR)
    assert due(life) == datetime(2027, 1, 11, 18, tzinfo=SHANGHAI)
    assert life.case.clock is not None
    assert life.case.clock.plan is not None
    assert life.case.clock.plan.provisional
    assert life.case.whole is not None
    assert life.case.whole.plan is not None
    assert life.case.whole.plan.provisional


def test_a_make_up_saturday_counts() -> None:
    life = handled("2026-02-13T16:00", standards=_with(EVERYDAY, handle=limit(4)))
    assert due(life) == datetime(2026, 2, 14, 10, 30, tzinfo=SHANGHAI)


def test_a_deadline_is_never_on_a_holiday() -> None:
    life = handled("2026-02-14T16:00", standards=_with(EVERYDAY, handle=limit(4)))
    assert due(life) == datetime(2026, 2, 24, 10, 30, tzinfo=SHANGHAI)


def test_an_eight_hour_day_is_not_a_legal_day() -> None:
    eight = _with(EVERYDAY, handle=limit(1, LimitUnit.WORK_DAY_8H))
    legal = _with(EVERYDAY, handle=limit(1, LimitUnit.LEGAL_WORK_DAY))
    assert due(handled("2026-03-02T10:00", standards=eight)) == datetime(2026, 3, 3, 10, 0, tzinfo=SHANGHAI)
    assert due(handled("2026-03-02T10:00", standards=legal)) == datetime(2026, 3, 3, 18, 0, tzinfo=SHANGHAI)


def test_the_clock_of_handling_starts_at_dispatch_and_not_at_the_claim() -> None:
    life = handled("2026-03-02T10:00")
    before = due(life)
    wait(life, "2026-03-02T15:00")
    life.do("fire_handler", Claim())
    assert due(life) == before


def test_a_pause_stops_the_clock_and_it_goes_on_where_it_stopped() -> None:
    life = handled("2026-03-02T09:00")
    assert due(life) == datetime(2026, 3, 2, 18, tzinfo=SHANGHAI) + timedelta(hours=15)
    wait(life, "2026-03-02T11:00")
    life.do("fire_handler", RequestSuspension(until=at("2026-03-09T09:00"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    assert life.case.clock is not None
    assert (life.case.clock.due_at, life.case.clock.light) == (None, Light.GREY)
    wait(life, "2026-03-05T14:30")
    life.do("fire_head", Resume())
    assert due(life) == datetime(2026, 3, 6, 11, 0, tzinfo=SHANGHAI), "two of eight hours were spent; six are left"


def test_a_suspension_ends_by_itself() -> None:
    life = handled("2026-03-02T09:00")
    life.do("fire_handler", RequestSuspension(until=at("2026-03-09T08:30"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    wait(life, "2026-03-09T08:31")
    assert "resumed" in life.kinds()
    assert due(life) == datetime(2026, 3, 9, 18, tzinfo=SHANGHAI)


def test_a_question_that_runs_out_in_a_suspension_starts_no_clock() -> None:
    life = handled("2026-03-02T09:00")
    life.do("fire_handler", RequestSuspension(until=at("2026-03-13T08:30"), reason="停产"))
    life.do("duty", RequestInfo(question="何处?", answer_by=at("2026-03-04T09:00")))
    life.do("supervisor", GrantSuspension())
    wait(life, "2026-03-05T09:00")
    assert life.case.info_request is None
    assert life.case.clock is not None
    assert life.case.clock.due_at is None, "the suspension goes on"
    wait(life, "2026-03-13T08:31")
    assert life.case.clock is not None
    assert life.case.clock.due_at is not None


def test_an_extension_adds_to_the_deadline_below_the_ceiling_only() -> None:
    life = handled("2026-03-02T09:00")
    late = at("2026-03-09T18:00")
    with pytest.raises(PastCeiling, match="a city's table"):
        life.do("fire_handler", RequestExtension(until=late, reason="晚"))
    wanted = at("2026-03-04T09:00")
    life.do("fire_handler", RequestExtension(until=wanted, reason="取证"))
    life.do("duty", GrantExtension())
    assert due(life) == wanted
    life.do("fire_handler", RequestExtension(until=at("2026-03-04T17:00"), reason="再取证"))
    life.do("duty", GrantExtension())
    with pytest.raises(ExtensionsUsedUp):
        life.do("fire_handler", RequestExtension(until=at("2026-03-05T17:00"), reason="三"))


def test_no_extension_once_overdue() -> None:
    life = handled("2026-03-02T09:00")
    wait(life, "2026-03-04T09:00")
    with pytest.raises(NoExtensionOnceOverdue):
        life.do("fire_handler", RequestExtension(until=at("2026-03-05T17:00"), reason="晚"))


def test_a_return_does_not_reset_the_clock() -> None:
    life = handled("2026-03-02T10:00")
    before = due(life)
    wait(life, "2026-03-02T16:00")
    life.do("fire_handler", Return(reason="不属本部门"))
    assert due(life) == before, "it runs on while nobody has decided"
    life.do("duty", RefuseReturn(reason="属"))
    assert due(life) == before


def test_a_granted_return_leaves_the_whole_case_running() -> None:
    life = handled("2026-03-02T10:00", "0201", LABOUR)
    whole = life.case.whole
    assert whole is not None
    life.do("labour_handler", Return(reason="不属本部门"))
    life.do("duty", GrantReturn())
    life.do("duty", Dispatch(host=FIRE))
    assert life.case.whole == whole


def test_no_second_return_after_it_was_decided() -> None:
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", Return(reason="不属本部门"))
    life.do("duty", RefuseReturn(reason="属"))
    with pytest.raises(ReturnSettled):
        life.do("fire_handler", Return(reason="真的不属"))


def test_a_late_co_handler_keeps_the_host_from_completing_and_the_one_deadline_is_the_hosts() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0103")
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=FIRE, co_handlers=(LABOUR,)))
    before = due(life)
    with pytest.raises(DomainError, match="co-handler"):
        life.do("fire_handler", Complete(result="好了", evidence=(PHOTO,)))
    wait(life, "2026-03-02T17:00")
    life.do("labour_handler", ReportProgress(note="已核实"))
    assert due(life) == before
    life.do("fire_handler", Complete(result="好了", evidence=(PHOTO,)))
    assert life.case.stage is Stage.REVIEW


def test_one_category_has_several_limits() -> None:
    policy = a_timed_policy()
    urgent = Life(policy, at("2026-03-02T10:00"), category="0103", severity=Severity.URGENT)
    plain = Life(policy, at("2026-03-02T10:00"), category="0103")
    assert (urgent.case.condition, plain.case.condition) == ("blocked", "narrowed")
    assert due(urgent) < due(plain)
    plain.do("duty", Recategorise(category="0103", condition="blocked", reason="里面有人"))
    assert due(plain) == due(urgent)
    assert plain.facts[-1].body.kind == "recategorised"


def test_a_step_of_the_ladder_fires_once() -> None:
    life = handled("2026-03-02T10:00")
    wait(life, "2026-03-20T10:00")
    fired = [f.body.step for f in life.facts if isinstance(f.body, StepFired) and f.body.urge is None]
    assert fired == list(range(1, 7)), "four steps and two repeats, each once"
    life.do(None, WakeUp(moment=life.now))
    assert [f.body.step for f in life.facts if isinstance(f.body, StepFired) and f.body.urge is None] == fired


def test_a_retired_grid_takes_no_report_and_keeps_its_old_cases() -> None:
    life = handled("2026-03-02T10:00")
    gone = tuple(unit.model_copy(update={"retired": True}) for unit in units_to(life.case.grid))
    life.do("fire_handler", Complete(result="好了", evidence=(PHOTO,)), units=gone)
    assert life.case.stage is Stage.REVIEW
    with pytest.raises(UnknownGrid):
        report(units=gone)


def report(**more: object) -> None:
    """A report into the world as given."""
    command: Report = a_report()
    decide(None, step(None, "worker", command), context("worker", **more))  # type: ignore[arg-type]


def test_merging_and_splitting_keep_every_matter_to_be_counted_once() -> None:
    """A merged case is closed as merged, never as solved; a split leaves its lead open."""
    life = handled("2026-03-02T10:00")
    life.do("duty", Split(parts=(Part(category="0201", title="欠薪"),), reason="两件事"))
    assert life.case.is_open
    lead = Lead(case_no="other", report_id=new_id(), is_open=True)
    life.do("duty", Merge(into="other", reason="同一事项"), lead=lead)
    assert life.case.outcome is Outcome.MERGED
    assert life.case.errands, "the lead is told"


def test_a_part_is_split_off_only_where_a_new_case_could_begin() -> None:
    """Otherwise nobody could ever open it: the place is retired by now, or today's policy has no such category."""
    life = handled("2026-03-02T10:00")
    part = Split(parts=(Part(category="0201", title="另一件事"),), reason="两件事")
    units = units_to(life.case.grid)
    retired = (units[0].model_copy(update={"retired": True}), *units[1:])
    with pytest.raises(UnknownGrid) as grid:
        life.do("duty", part, units=retired)
    assert grid.value.pointer == "/parts/0/grid"
    newer = a_timed_policy()
    newer = newer.model_copy(update={"categories": tuple(c for c in newer.categories if c.code != "0201")})
    with pytest.raises(UnknownCategory) as category:
        life.do("duty", part, opens_under=newer)
    assert category.value.pointer == "/parts/0/category"
    life.do("duty", part)
    assert life.kinds()[-1] == "split_off"


def test_a_category_out_of_use_takes_nothing_new_and_its_cases_go_on() -> None:
    """停用: not for a report, a part or a change of category; what is open under it is still changed and handled."""
    policy = a_timed_policy()
    retired = policy.model_copy(
        update={"categories": tuple(c.model_copy(update={"active": c.code != "0201"}) for c in policy.categories)}
    )
    assert "active" not in policy.categories[0].model_dump(), "older policies keep their digest"
    with pytest.raises(CategoryOutOfUse) as report:
        Life(retired, at("2026-03-02T10:00"), category="0201")
    assert report.value.pointer == "/category"
    life = handled("2026-03-02T10:00")
    with pytest.raises(CategoryOutOfUse) as part:
        life.do(
            "duty", Split(parts=(Part(category="0201", title="另一件事"),), reason="两件事"), opens_under=retired
        )  # fmt: skip
    assert part.value.pointer == "/parts/0/category"
    life.policy = retired
    with pytest.raises(CategoryOutOfUse):
        life.do("duty", Recategorise(category="0201", reason="实为欠薪"))
    under = handled("2026-03-02T10:00", category="0201", host=LABOUR)
    under.policy = retired
    under.do("duty", Recategorise(category="0201", severity=Severity.MAJOR, reason="更重"))
    assert under.case.severity is Severity.MAJOR


def test_names_of_checking_are_neutral_keys() -> None:
    """核查 and 核实 mean opposite things in different cities: the code says review, the label is a label."""
    assert Stage("review") in Stage
    assert [stage.value for stage in Stage] == ["receive", "dispatch", "handle", "review", "closed"]


def test_a_forecast_is_what_then_happens() -> None:
    life = handled("2026-02-13T16:00")
    ctx = context(None, life.now, life.case.grid, life.policy)
    foreseen = [(fact.at, fact.body) for fact in forecast(life.case, ctx)]
    known = len(life.facts)
    wait(life, "2026-04-20T10:00")
    lived = [(fact.at, fact.body) for fact in life.facts[known:]]
    assert foreseen == lived[: len(foreseen)]


def test_limits_in_hours_still_run_day_and_night() -> None:
    life = Life(a_policy(), at("2026-02-16T23:00"))
    assert due(life) == datetime(2026, 2, 17, 1, tzinfo=SHANGHAI)


def test_the_same_moment_is_planned_by_the_fact_that_starts_a_clock() -> None:
    life = handled("2026-03-02T10:00")
    body = next(f.body for f in life.facts if isinstance(f.body, Dispatched))
    assert body.due.plan is not None
    assert life.case.clock is not None
    assert life.case.clock.plan == body.due.plan


def _with(standard: Standard, **changed: object) -> list[dict[str, object]]:
    """The timed policy's standards, that one changed."""
    found = {s.code: s for s in a_timed_policy().standards}
    found[standard.code] = standard.model_copy(update=changed)
    return [s.model_dump() for s in found.values()]


def test_the_law_sets_the_whole_and_our_choice_the_stages() -> None:
    assert LAWFUL.whole is not None
    assert LAWFUL.whole.source.startswith("law: ")


def lawful(whole: int = 12, ceiling: int = 14) -> list[dict[str, object]]:
    """The standards, the whole of the lawful one so many working days, and never more than the ceiling."""
    day = LimitUnit.LEGAL_WORK_DAY
    short = limit(whole, day, source="law: 一", ceiling=limit(ceiling, day))
    return [s.model_dump() | ({"whole": short} if s.code == "lawful" else {}) for s in a_timed_policy().standards]


def test_an_extension_of_the_whole_survives_a_pause_and_a_calendar() -> None:
    life = handled("2026-03-02T08:30", "0201", LABOUR, standards=lawful())
    assert (due(life).day, whole_due(life).day) == (16, 18)
    life.do("labour_handler", RequestExtension(until=at("2026-03-19T18:00"), reason="取证"))
    life.do("duty", GrantExtension())
    assert whole_due(life) == due(life) == datetime(2026, 3, 19, 18, tzinfo=SHANGHAI)
    life.do(None, Recompute(version=1))
    assert life.kinds()[-1] == "extension_granted", "the same calendars change nothing"
    life.do("labour_handler", RequestSuspension(until=at("2026-03-09T09:00"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    wait(life, "2026-03-02T10:00")
    life.do("labour_head", Resume())
    assert whole_due(life) == due(life)


def test_a_pause_does_not_lift_the_ceiling_of_the_whole() -> None:
    life = handled("2026-03-02T08:30", "0201", LABOUR, standards=lawful())
    life.do("labour_handler", RequestSuspension(until=at("2026-03-09T09:00"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    wait(life, "2026-03-02T10:00")
    life.do("labour_head", Resume())
    with pytest.raises(PastCeiling, match="law: 一"):
        life.do("labour_handler", RequestExtension(until=at("2026-03-27T18:00"), reason="晚"))


def test_a_reopening_goes_on_with_the_clock_of_the_whole() -> None:
    life = handled("2026-03-02T08:30", "0201", LABOUR)
    life.do("labour_handler", Complete(result="已付", evidence=()))
    life.do("reviewer", PassReview())
    wait(life, "2026-03-10T10:00")
    life.do("worker", RequestReopen(reason="未付"))
    life.do("duty", GrantReopen())
    assert life.case.whole is not None
    first, second = life.case.whole.intervals
    assert (first.start, second.start) == (at("2026-03-02T08:30"), at("2026-03-10T10:00")), "closed time is none"
    assert whole_due(life) > due(life)


def test_a_category_with_a_limit_for_the_whole_times_a_case_from_its_acceptance() -> None:
    life = handled("2026-03-02T08:30", standards=lawful())
    assert "whole" not in life.case.model_dump(exclude_none=True), "no law set one"
    wait(life, "2026-03-02T10:30")
    life.do("fire_handler", RequestSuspension(until=at("2026-03-09T09:00"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    wait(life, "2026-03-04T08:30")
    life.do("duty", Recategorise(category="0201", reason="实为欠薪"))
    assert life.case.whole is not None
    assert (life.case.whole.due_at, life.case.whole.runs) == (None, False), "it stands still with its stage"
    life.do("fire_head", Resume())
    assert life.case.whole.intervals[0].start == at("2026-03-02T08:30")
    assert whole_due(life) == datetime(2026, 3, 20, 18, tzinfo=SHANGHAI), "twelve days, and the two that it stood"
    before = life.case.whole
    life.do("duty", Recategorise(category="0302", reason="不是"))
    life.do("duty", Recategorise(category="0201", reason="还是"))
    assert life.case.whole == before
