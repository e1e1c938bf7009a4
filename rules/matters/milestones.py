"""The rules of milestones: planned once, reached once, missed once."""

from datetime import date, datetime

from models.errors import InputError
from models.matters.context import MatterContext
from models.matters.milestones import Milestone, PlannedMilestone
from rules.matters.days import end_of


def plan_milestones(planned: tuple[PlannedMilestone, ...], last: date, ctx: MatterContext) -> tuple[Milestone, ...]:
    """The milestones with their deadlines. Raises InputError for a key named twice, a day after `last` or a day
    that has passed."""
    keys: set[str] = set()
    for at, one in enumerate(planned):
        if one.key in keys:
            raise InputError(
                why_zh=f"节点 {one.key} 重复", why_en=f"milestone {one.key} is named twice",
                pointer=f"/milestones/{at}/key",
            )  # fmt: skip
        if one.due_on > last:
            raise InputError(
                why_zh="节点日期不能晚于总期限", why_en="a milestone must not be due after the whole",
                pointer=f"/milestones/{at}/due_on",
            )  # fmt: skip
        if one.due_on < ctx.today:
            raise InputError(
                why_zh="节点日期不能早于今天", why_en="a milestone must not be due before today",
                pointer=f"/milestones/{at}/due_on",
            )  # fmt: skip
        keys.add(one.key)
    return tuple(Milestone(**one.model_dump(), due_at=end_of(one.due_on, ctx)) for one in planned)


def require_open(milestones: tuple[Milestone, ...], key: str) -> Milestone:
    """The milestone of that key. Raises InputError when there is none, or it has been reached already."""
    found = next((m for m in milestones if m.key == key), None)
    if found is None:
        raise InputError(why_zh=f"没有节点 {key}", why_en=f"there is no milestone {key}", pointer="/milestone")
    if found.done_at is not None:
        raise InputError(
            why_zh=f"节点“{found.name}”已完成", why_en=f"milestone “{found.name}” has been reached already",
            pointer="/milestone",
        )  # fmt: skip
    return found


def missed(milestones: tuple[Milestone, ...], moment: datetime) -> tuple[Milestone, ...]:
    """Those whose deadline has come by `moment`, and that have neither been reached nor missed before."""
    return tuple(m for m in milestones if m.done_at is None and m.missed_at is None and m.due_at <= moment)


def next_milestone(milestones: tuple[Milestone, ...]) -> datetime | None:
    """The next deadline that may be missed."""
    return min((m.due_at for m in milestones if m.done_at is None and m.missed_at is None), default=None)


def reached(
    milestones: tuple[Milestone, ...], key: str, at: datetime, note: str, evidence: tuple[str, ...]
) -> tuple[Milestone, ...]:
    """The milestones after that one was reached."""
    done = {"done_at": at, "note": note, "evidence": evidence}
    return tuple(m.model_copy(update=done) if m.key == key else m for m in milestones)
