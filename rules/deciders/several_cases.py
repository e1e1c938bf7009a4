"""Deciders that concern two cases: merge, unmerge, split, and the commands that other cases send.

A decision about a second case either reads a row that stays locked until the decision is recorded, or is sent to that
case as an errand. An errand that was refused for good is recorded as returned, never as carried out.
"""

from collections.abc import Sequence
from typing import Any

from models.case import Case
from models.commands import Absorb, Inform, Merge, Separate, SettleErrand, Split, TakeOut, Unmerge
from models.context import Context
from models.enums import Outcome
from models.errors import (
    CategoryOutOfUse,
    InputError,
    LeadIsYounger,
    LeadOfOtherEnterprise,
    NoSuchLead,
    NotNow,
    UnknownCategory,
    UnknownGrid,
)
from models.facts import (
    Absorbed,
    Body,
    ErrandReturned,
    ErrandSettled,
    Informed,
    Merged,
    Separated,
    SplitOff,
    UnmergeAsked,
    Unmerged,
)
from rules.deadlines import clocks
from rules.deadlines.standards import standard_of
from rules.deciders.common import Decider, closing_facts


def merge(case: Case, cmd: Merge, ctx: Context) -> Sequence[Body]:
    """Merge the case into an earlier one, which stays locked until this is recorded.

    A merge must not replace an older clock by a younger one, nor take a case away from the enterprise it is about.
    Raises NoSuchLead unless the lead is another, open case, LeadIsYounger and LeadOfOtherEnterprise.
    """
    lead = ctx.lead
    if lead is None or not lead.is_open or lead.report_id == case.report_id:
        raise NoSuchLead(case_no=cmd.into, pointer="/into")
    younger = lead.received_at is not None and lead.received_at > case.received_at
    whole_due_at = case.whole.due_at or case.whole.stopped_due_at if case.whole is not None else None
    later = whole_due_at is not None and (lead.whole_due_at is None or lead.whole_due_at > whole_due_at)
    if younger or later:
        raise LeadIsYounger(pointer="/into")
    if case.enterprise not in (None, lead.enterprise):
        raise LeadOfOtherEnterprise(enterprise=case.enterprise, case_no=lead.case_no, pointer="/into")
    return [
        Merged(into=lead.case_no, lead=lead.report_id, reason=cmd.reason),
        *closing_facts(case, Outcome.MERGED, cmd.reason, ctx),
    ]


def unmerge(case: Case, cmd: Unmerge, ctx: Context) -> Sequence[Body]:
    """Take a merged case back to the stage it was in; a lead does so for its merged case `case_no` by an errand.

    Raises InputError when the case is not merged, or `case_no` was not merged into it.
    """
    if case.merged_at_stage is not None and cmd.case_no in (None, case.case_no):
        return [unmerged_fact(case, ctx, case.merged_into or "", cmd.reason)]
    if cmd.case_no in case.absorbed and cmd.case_no is not None:
        return [UnmergeAsked(case_no=cmd.case_no, reason=cmd.reason)]
    merged = ", ".join(case.absorbed) or "—"
    raise InputError(
        why_zh=f"请指明并入本案的案件:{merged}",
        why_en=f"name a case merged into this one: {merged}",
        pointer="/case_no",
    )


def unmerged_fact(case: Case, ctx: Context, from_case: str, reason: str, refused: str | None = None) -> Unmerged:
    """The fact that takes a merged case back to the stage, owner and level that it had at the merge.

    Its clocks count as if they had run on; clocks that were stopped at the merge resume now.
    """
    merge_point = case.merged_at_stage
    assert merge_point is not None, "only a merged case is unmerged"
    clock = case.past_clocks[-1]
    found: dict[str, Any] = {}
    standard = standard_of(case, ctx)
    if merge_point.plan is None:  # it stood still: a running clock has a plan
        found["since"] = ctx.now
        found["due_at"], found["plan"] = clocks.resumption(clock, standard, ctx, ctx.now)
    if case.whole is not None and merge_point.whole_plan is None:
        found["since"] = ctx.now
        found["whole_due_at"], found["whole_plan"] = clocks.resumption(case.whole, standard, ctx, ctx.now)
    return Unmerged(
        from_case=from_case,
        reason=reason,
        stage=merge_point.stage,
        owner=merge_point.owner,
        level=merge_point.level,
        refused=refused,
        **found,
    )


def split(case: Case, cmd: Split, ctx: Context) -> Sequence[Body]:
    """Split parts off, each of which becomes a new case: its category must be in force now, its place in use.

    Raises UnknownCategory, CategoryOutOfUse or UnknownGrid, pointing at the part.
    """
    policy = ctx.opens_under or ctx.policy
    known = {unit.code for unit in (*ctx.target_units, *ctx.units[:1]) if not unit.retired}
    for place, part in enumerate(cmd.parts):
        category = policy.category(part.category)
        if category is None:
            raise UnknownCategory(category=part.category, pointer=f"/parts/{place}/category")
        if not category.active:
            raise CategoryOutOfUse(category=part.category, pointer=f"/parts/{place}/category")
        if (grid := part.grid or case.grid) not in known:
            raise UnknownGrid(grid=grid, pointer=f"/parts/{place}/grid")
    return [SplitOff(parts=cmd.parts, reason=cmd.reason)]


# --- commands from other cases --------------------------------------------------------------------------------------


def absorb(case: Case, cmd: Absorb, ctx: Context) -> Sequence[Body]:
    """Record that another case was merged into this one. A second message about it changes nothing."""
    return [] if cmd.case_no in case.absorbed else [Absorbed(case_no=cmd.case_no)]


def separate(case: Case, cmd: Separate, ctx: Context) -> Sequence[Body]:
    """Record that a merged case was taken out again."""
    return [Separated(case_no=cmd.case_no)] if cmd.case_no in case.absorbed else []


def take_out(case: Case, cmd: TakeOut, ctx: Context) -> Sequence[Body]:
    """Unmerge this case, because its lead released it."""
    if case.merged_into != cmd.lead_no:
        return []
    if case.merged_at_stage is None:  # merged by an earlier version, which did not record the stage
        raise NotNow(command="unmerge", why_zh="合并时未留存原环节", why_en="it was merged before its stage was kept")
    return [unmerged_fact(case, ctx, cmd.lead_no, cmd.reason)]


def settle_errand(case: Case, cmd: SettleErrand, ctx: Context) -> Sequence[Body]:
    """Record that an errand was carried out, or refused for good.

    When the lead refused a merge, the case is unmerged. A part that could not be opened is left to the desk, to be
    split off again.
    """
    errand = next((errand for errand in case.errands if errand.id == cmd.errand), None)
    if errand is None or errand.refused is not None:
        return []
    if cmd.refused is None:
        return [ErrandSettled(errand=cmd.errand, case_no=cmd.case_no)]
    returned = ErrandReturned(errand=cmd.errand, refused=cmd.refused)
    merge_point = case.merged_at_stage
    if merge_point is not None and merge_point.lead == errand.lead:
        back = unmerged_fact(case, ctx, case.merged_into or "", "", refused=cmd.refused)
        return [ErrandSettled(errand=cmd.errand, case_no=None), back]
    return [returned]


def inform(case: Case, cmd: Inform, ctx: Context) -> Sequence[Body]:
    """Record what a matter of the park tells the case; a closed case is told too, until it is archived."""
    return [Informed(**cmd.model_dump(exclude={"kind"}))]


DECIDERS: dict[str, Decider] = {
    "inform": inform,
    "merge": merge,
    "unmerge": unmerge,
    "split": split,
    "absorb": absorb,
    "separate": separate,
    "take_out": take_out,
    "settle_errand": settle_errand,
}
