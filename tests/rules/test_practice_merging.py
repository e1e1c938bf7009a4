"""Two cases at once: each test is named after the fault that it keeps out."""

from datetime import timedelta

import pytest

from models.commands import (
    Absorb,
    Accept,
    Complete,
    Dispatch,
    GrantSuspension,
    Merge,
    Part,
    PassReview,
    Reject,
    RequestSuspension,
    Separate,
    SettleErrand,
    Split,
    TakeOut,
    Unmerge,
    Void,
    WakeUp,
    Withdraw,
)
from models.enums import Outcome, Severity, Source, Stage, TaskKind
from models.errors import (
    DomainError,
    InputError,
    LeadIsYounger,
    LeadOfOthers,
    NoSuchLead,
    UnknownCategory,
)
from models.facts import StepFired
from rules.errands import errand_message, part_report, waiting_errands
from rules.escalation.wake_ups import next_wake_up
from rules.evolve import fold
from tests.builders import FIRE, LABOUR
from tests.rules.lives import (
    PHOTO,
    another_lead,
    at,
    bodies,
    clock,
    demo_policy,
    due,
    handled,
    local,
    may,
    tasks,
    the_lead,
    wait,
    whole,
    whole_due,
)
from tests.rules.world import Life
from tests.timed import a_timed_policy


def an_errand(life: Life) -> str:
    """The id of the only errand."""
    (errand,) = life.case.errands
    return errand.id


def merged(since: str = "2026-03-02T10:00", category: str = "0103", host: str = FIRE) -> Life:
    """A case merged an hour after its dispatch."""
    life = handled(since, category, host)
    wait(life, since[:11] + "11:00")
    life.do("duty", Merge(into="lead", reason="同一事项"), lead=another_lead(whole_due_at=whole_of(life)))
    return life


def whole_of(life: Life) -> object:
    """The statutory deadline of the case, if it has one."""
    return life.case.whole.due_at if life.case.whole else None


# --- A1: two merges that name each other ----------------------------------------------------------------------------


def test_a1_a_case_merged_elsewhere_leads_nobody() -> None:
    """Whoever wins closes its case; the other finds the lead closed (its row stays locked until then)."""
    first, second = handled("2026-03-02T10:00"), handled("2026-03-02T10:00")
    first.do("duty", Merge(into="b", reason="同一事项"), lead=the_lead(second))
    assert first.case.outcome is Outcome.MERGED
    with pytest.raises(NoSuchLead):
        second.do("duty_2", Merge(into="a", reason="同一事项"), lead=the_lead(first))
    assert second.case.is_open
    assert second.kinds()[-1] == "dispatched"


def test_a1_a_case_is_not_merged_into_itself() -> None:
    life = handled("2026-03-02T10:00")
    with pytest.raises(NoSuchLead):
        life.do("duty", Merge(into=life.case.case_no, reason="同一事项"), lead=the_lead(life))


def test_a1_a_merge_that_its_lead_refuses_brings_the_case_back_to_its_desk() -> None:
    """The lead closed between the merge and the telling: refused is never taken for settled."""
    life = merged()
    life.do(None, SettleErrand(errand=an_errand(life), refused="wrong_stage"))
    assert life.case.stage is Stage.HANDLE
    assert life.case.owner is not None
    assert tasks(life) == {TaskKind.HANDLE: FIRE}
    assert life.case.merged_into is None
    assert next_wake_up(life.case) is not None
    assert "complete" in may(life, "fire_head")


# --- A2: what becomes of the merged when the lead ends --------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "command"),
    [
        ("worker", Withdraw(reason="解决了")),
        ("duty", Reject(reason="不归我们", right_channel="仲裁")),
        ("duty", Void(reason="测试")),
    ],
)
def test_a2_a_lead_is_not_ended_over_the_heads_of_others(by: str, command: Withdraw | Reject | Void) -> None:
    life = Life(a_timed_policy())
    life.do(None, Absorb(case_no="other"))
    with pytest.raises(LeadOfOthers, match="other"):
        life.do(by, command)
    assert life.case.is_open
    life.do(None, Separate(case_no="other"))
    life.do(by, command)


def test_a2_an_older_case_never_merges_into_a_younger_one() -> None:
    """An overdue case is not moved onto the fresh clock of a new report of one's own."""
    life = handled("2026-03-02T10:00")
    wait(life, "2026-03-05T10:00")
    assert clock(life).overdue_at is not None
    younger = another_lead(received_at=life.now)
    with pytest.raises(LeadIsYounger):
        life.do("duty", Merge(into="lead", reason="同一事项"), lead=younger)


@pytest.mark.parametrize("later", [None, timedelta(days=1)])
def test_a2_a_statutory_clock_is_not_escaped_by_merging(later: timedelta | None) -> None:
    """Into a case without such a clock, or with a later one."""
    life = handled("2026-03-02T10:00", "0201", LABOUR)
    deadline = whole(life).due_at
    assert deadline is not None
    lead = another_lead(whole_due_at=None if later is None else deadline + later)
    with pytest.raises(LeadIsYounger):
        life.do("duty", Merge(into="lead", reason="同一事项"), lead=lead)
    life.do("duty", Merge(into="lead", reason="同一事项"), lead=another_lead(whole_due_at=deadline))


# --- 9. unmerge -----------------------------------------------------------------------------------------------------


def test_unmerging_brings_a_case_back_with_its_clocks_as_they_would_have_run() -> None:
    """Nothing of the time with the lead is left out, on the stage's clock and on the whole case's."""
    life = merged(category="0201", host=LABOUR)
    untouched = handled("2026-03-02T10:00", "0201", LABOUR)
    wait(life, "2026-03-04T10:00")
    life.do("duty", Unmerge(reason="不是一回事"))
    assert (life.case.stage, life.case.host) == (Stage.HANDLE, LABOUR)
    assert due(life) == due(untouched)
    assert whole_due(life) == whole_due(untouched)
    assert clock(life).intervals == clock(untouched).intervals


def test_what_a_lead_is_told_it_is_told_in_order() -> None:
    """Merged and taken out before the lead heard of either: it must not hear of the merge last."""
    life = merged()
    life.do("duty", Unmerge(reason="不是一回事"))
    absorb, separate = life.case.errands
    assert waiting_errands(life.case) == (absorb,)
    assert separate.left == absorb.lead
    life.do(None, SettleErrand(errand=absorb.id))
    assert waiting_errands(life.case) == (separate,)


def test_a_refusal_of_an_earlier_lead_does_not_take_a_case_out_of_its_present_one() -> None:
    life = merged()
    absorb = an_errand(life)
    life.do("duty", Unmerge(reason="不是一回事"))
    life.do("duty", Merge(into="lead-2", reason="与另一案重复"), lead=another_lead(case_no="lead-2"))
    life.do(None, SettleErrand(errand=absorb, refused="wrong_stage"))
    assert life.case.merged_into == "lead-2"


def test_unmerging_a_case_merged_in_the_moment_of_its_suspension_lets_it_go_on() -> None:
    """Its clock stood still at the merge, if only since that very moment: it goes on from now, with a plan."""
    life = handled("2026-03-02T10:00")
    life.do("fire_handler", RequestSuspension(until=at("2026-03-20T10:00"), reason="停产"))
    life.do("supervisor", GrantSuspension())
    life.do("duty", Merge(into="lead", reason="同一事项"), lead=another_lead())
    wait(life, "2026-03-04T10:00")
    life.do("duty", Unmerge(reason="不是一回事"))
    assert clock(life).plan is not None
    assert due(life) == local(at("2026-03-05T10:00")), "eight hours, of which none had been counted"


def test_unmerging_after_the_deadline_records_it_as_missed() -> None:
    life = merged()
    wait(life, "2026-03-06T10:00")
    life.do("duty", Unmerge(reason="不是一回事"))
    life.do(None, WakeUp(moment=life.now))
    assert clock(life).overdue_at is not None
    fired = [body for body in bodies(life, StepFired) if body.urge is None]
    assert len(fired) < 3, "its steps do not fire all at once"


def test_the_lead_lets_a_merged_case_go_and_that_case_comes_back() -> None:
    lead, member = handled("2026-03-02T09:00"), merged()
    lead.do(None, Absorb(case_no=member.case.case_no))
    lead.do("duty", Unmerge(case_no=member.case.case_no, reason="不是一回事"))
    (errand,) = lead.case.errands
    assert errand.member == member.case.case_no
    assert errand_message(lead.case, errand, lead.case.report_id).reason == "不是一回事"
    member.do(None, TakeOut(lead_no="lead", reason="不是一回事"))
    assert member.case.stage is Stage.HANDLE
    lead.do(None, Separate(case_no=member.case.case_no))
    assert lead.case.absorbed == ()


def test_unmerging_a_lead_without_naming_the_case_is_refused_with_its_field() -> None:
    lead = handled("2026-03-02T09:00")
    lead.do(None, Absorb(case_no="other"))
    for wrong in (None, "third"):
        with pytest.raises(InputError, match="other") as refused:
            lead.do("duty", Unmerge(case_no=wrong, reason="错了"))
        assert refused.value.pointer == "/case_no"
    assert lead.kinds()[-1] == "absorbed"


# --- A12: a part that is split off ----------------------------------------------------------------------------------


def test_a12_a_part_has_the_severity_of_its_own_category() -> None:
    """A missing manhole cover out of a litter report is as urgent as one reported directly."""
    policy = demo_policy()
    litter = Life(policy, category="0501")
    litter.do("duty", Split(parts=(Part(category="0504", title="井盖丢失"),), reason="两件事"))
    part = part_report(litter.case, litter.case.errands[0], litter.case.report_id)
    direct = Life(policy, category="0504")
    split = Life(policy, category="0504", severity=part.severity, source=Source.HOTLINE)
    assert part.severity is None
    assert (split.case.severity, split.case.condition) == (direct.case.severity, direct.case.condition)
    assert split.case.severity is Severity.URGENT
    asked = Part(category="0504", title="井盖松动", severity=Severity.ORDINARY)
    litter.do("duty", Split(parts=(asked,), reason="又一件"))
    assert part_report(litter.case, litter.case.errands[-1], litter.case.report_id).severity is Severity.ORDINARY


def test_a_part_that_could_not_be_opened_comes_back_to_the_desk() -> None:
    """An errand that can't be done is somebody's task; splitting again takes it off the desk."""
    life = handled("2026-03-02T10:00")
    life.do("duty", Split(parts=(Part(category="0201", title="欠薪"),), reason="两件事"))
    life.do(None, SettleErrand(errand=an_errand(life), refused=UnknownCategory.code))
    assert TaskKind.SPLIT_AGAIN in tasks(life)
    assert "split" in may(life, "duty")
    life.do("duty", Split(parts=(Part(category="0302", title="排污"),), reason="改类"))
    assert TaskKind.SPLIT_AGAIN not in tasks(life)


def test_everything_of_two_cases_folds_again() -> None:
    life = merged()
    life.do("duty", Unmerge(reason="不是一回事"))
    assert fold(life.facts) == life.case


def test_a_case_taken_out_in_review_goes_on_in_review() -> None:
    life = Life(a_timed_policy(), at("2026-03-02T10:00"), category="0201")
    life.do("duty", Accept())
    life.do("duty", Dispatch(host=LABOUR))
    life.do("labour_handler", Complete(result="已付", evidence=(PHOTO,)))
    life.do("duty", Merge(into="lead", reason="同一事项"), lead=another_lead(whole_due_at=whole_of(life)))
    life.do("duty", Unmerge(reason="不是"))
    assert life.case.stage is Stage.REVIEW
    with pytest.raises(DomainError):
        life.do("labour_handler", PassReview())
    life.do("reviewer", PassReview())
    assert life.case.outcome is Outcome.SOLVED
