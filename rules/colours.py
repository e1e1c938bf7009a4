"""The three colours of an enterprise (三色管理): which rules hold now, what that makes of those that held before.

Worse at once, better only later: a rule that no longer holds is *held* for its days, and every breach of any rule that
ends meanwhile makes every hold begin anew. While a rule holds, no hold runs out. What turns out to have been no breach
(the case was rejected, voided, merged or is about somebody else; the overdue was exempted) leaves nothing behind.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from models.base import Frozen, Instant
from models.matters.colour import CaseMark, Cause, Evidence, Held, Line, RoundMark
from models.policy.colours import Colour, ColourRule, Colours, Watched

_RANKS = {Colour.GREEN: 0, Colour.YELLOW: 1, Colour.RED: 2}


class Standing(Frozen):
    """What the colour rests on at a moment, and when it is to be assessed again if nothing happens before."""

    causes: tuple[Cause, ...] = ()
    held: tuple[Held, ...] = ()
    check_at: Instant | None = None

    @property
    def colour(self) -> Colour:
        """The colour that this explains."""
        return colour_of(self.causes, self.held)


def colour_of(causes: Iterable[Cause], held: Iterable[Held]) -> Colour:
    """The worst colour of the rules that hold and of those that are held; green without any."""
    return worst([*(cause.colour for cause in causes), *(one.colour for one in held)])


def worst(colours: Iterable[Colour]) -> Colour:
    """The worst of some colours; green of none."""
    return max(colours, key=_RANKS.__getitem__, default=Colour.GREEN)


def is_worse(one: Colour, other: Colour) -> bool:
    """Whether `one` is worse than `other`."""
    return _RANKS[one] > _RANKS[other]


def assess(before: Standing, rules: Colours, evidence: Evidence, now: datetime) -> Standing:
    """What the colour rests on now, given what it rested on before."""
    since = {cause.rule: cause.since for cause in before.causes}
    causes = tuple(
        cause.model_copy(update={"since": since.get(cause.rule, now)})
        for rule in rules.rules
        if (cause := _cause(rule, evidence, now)) is not None
    )
    held = before.held
    holding = {cause.rule for cause in causes}
    known = {rule.code for rule in rules.rules}
    for cause in before.causes:
        if cause.rule not in holding and cause.rule in known and _was_real(cause, evidence):
            held = _after_breach(held, cause, _end_of(cause, evidence, now))
    if not causes:
        held = tuple(one for one in held if one.until > now)
    return Standing(causes=causes, held=held, check_at=_check_at(causes, held))


def _check_at(causes: tuple[Cause, ...], held: tuple[Held, ...]) -> datetime | None:
    """The next moment at which something ends by itself. No hold runs out while a rule holds."""
    if causes:
        return min((cause.until for cause in causes if cause.until is not None), default=None)
    return min((one.until for one in held), default=None)


def _after_breach(held: tuple[Held, ...], cause: Cause, end: datetime) -> tuple[Held, ...]:
    """The holds after `cause` has ended: its own, and every other begun anew."""
    begun_anew = tuple(
        one.model_copy(update={"until": max(one.until, end + timedelta(days=one.hold_days))})
        for one in held
        if one.rule != cause.rule
    )
    own = Held(
        rule=cause.rule,
        colour=cause.colour,
        name_zh=cause.name_zh,
        name_en=cause.name_en,
        hold_days=cause.hold_days,
        since=cause.since,
        ended_at=end,
        until=end + timedelta(days=cause.hold_days),
        lines=cause.lines,
    )
    return (*begun_anew, own)


def _was_real(cause: Cause, evidence: Evidence) -> bool:
    """Whether enough of what was counted still counts as having happened."""
    overdue = cause.counts is Watched.OVERDUE_CASES
    real = {mark.case_no for mark in evidence.cases if not mark.dismissed and (mark.late_at or not overdue)}
    return sum(line.of == "round" or line.code in real for line in cause.lines) >= cause.at_least


def _end_of(cause: Cause, evidence: Evidence, now: datetime) -> datetime:
    """When a breach ended: with its window, with the last case that closed, else now."""
    counted = {line.code for line in cause.lines if line.of == "case"}
    ends = [mark.ended_at for mark in evidence.cases if mark.case_no in counted and mark.ended_at is not None]
    if cause.until is not None and cause.until <= now:
        ends.append(cause.until)
    end = max((end for end in ends if end <= now), default=now)
    return max(end, cause.since)


# --- which rules hold -------------------------------------------------------------------------------------------------


def _cause(rule: ColourRule, evidence: Evidence, now: datetime) -> Cause | None:
    """What makes `rule` hold now; None when it does not. Its `since` is that of this assessment."""
    lines = _counted(rule, evidence, now)
    if len(lines) < rule.at_least:
        return None
    until = None
    if rule.within_days is not None:
        until = lines[-rule.at_least].at + timedelta(days=rule.within_days)
    return Cause(
        rule=rule.code,
        colour=rule.colour,
        name_zh=rule.name_zh,
        name_en=rule.name_en,
        counts=rule.counts,
        at_least=rule.at_least,
        hold_days=rule.hold_days,
        since=now,
        lines=lines,
        until=until,
    )


def _counted(rule: ColourRule, evidence: Evidence, now: datetime) -> tuple[Line, ...]:
    """What `rule` counts now, the oldest first."""
    match rule.counts:
        case Watched.FAILED_ROUNDS:
            return _within(rule, (_round_line(mark) for mark in evidence.failed_rounds), now)
        case Watched.MISSED_ROUNDS:
            return _within(rule, (_round_line(mark) for mark in evidence.missed_rounds), now)
    marks = [mark for mark in evidence.cases if _applies(rule, mark)]
    match rule.counts:
        case Watched.OVERDUE_CASES:
            overdue = (Line(of="case", code=m.case_no, at=m.late_at) for m in marks if m.late_at is not None)
            return _within(rule, overdue, now)
        case Watched.REPEATS:
            groups = [
                _within(rule, (_case_line(m) for m in marks if m.category == category), now)
                for category in dict.fromkeys(mark.category for mark in marks)
            ]
            return max(groups, key=len, default=())
        case _:
            return _within(rule, (_case_line(mark) for mark in marks), now)


def _applies(rule: ColourRule, mark: CaseMark) -> bool:
    """Whether the rule is about such a case."""
    return (
        not mark.dismissed
        and (mark.is_open or rule.closed_too)
        and (not rule.categories or mark.category.startswith(rule.categories))
        and (not rule.severities or mark.severity in rule.severities)
    )


def _within(rule: ColourRule, lines: Iterable[Line], now: datetime) -> tuple[Line, ...]:
    """The lines that fall into the window of the rule, the oldest first."""
    found = sorted(lines, key=lambda line: (line.at, line.code))
    if rule.within_days is None:
        return tuple(found)
    window = timedelta(days=rule.within_days)
    return tuple(line for line in found if line.at + window > now)


def _case_line(mark: CaseMark) -> Line:
    return Line(of="case", code=mark.case_no, at=mark.received_at)


def _round_line(mark: RoundMark) -> Line:
    return Line(of="round", code=mark.code, at=mark.at)
