"""The explanation of a clock's deadline: the limit's arithmetic, its pauses and its extensions."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from models.case import Clock, Interval
from models.enums import LimitUnit
from models.policy.calendar import Calendar
from models.policy.limits import Length
from rules.deadlines.clocks import terms_of
from rules.deadlines.counting import granted_moments
from rules.deadlines.explain import ExplainedStep, explain
from rules.deadlines.explain_texts import Bilingual, hours, join, moment_text
from rules.deadlines.limits import advance, deadline, measure, round_up
from rules.deadlines.working_time import timetable

_DUE = Bilingual(" → 到期", " → due")
_RUNS = Bilingual(" 起计时 ", ": the clock runs, ")
_UNTIL = Bilingual(",至 ", " left, until ")
_UNITS = {
    LimitUnit.URGENT_HOUR: ("紧急工作时", "urgent hours"),
    LimitUnit.WORK_HOUR: ("工作时", "work hours"),
    LimitUnit.WORK_DAY_8H: ("工作日(8 小时)", "8-hour workdays"),
    LimitUnit.LEGAL_WORK_DAY: ("法定工作日", "legal working days"),
    LimitUnit.NATURAL_DAY: ("自然日", "natural days"),
}


def explain_clock(clock: Clock, calendar: Calendar) -> tuple[ExplainedStep, ...]:
    """The steps from the clock's start to its deadline, named in the last one; for a stopped clock, up to the stop."""
    terms = terms_of(clock)
    untouched = len(clock.intervals) == 1 and clock.runs and not clock.extended and clock.extended_to is None
    if untouched and clock.due_at == deadline(terms, calendar, clock.intervals[0].start):
        return explain(terms, calendar, clock.intervals[0].start)
    return tuple(_ClockExplanation(clock, calendar).lines())


class _ClockExplanation:
    """The explanation of a clock that was paused, extended or capped, line by line."""

    def __init__(self, clock: Clock, calendar: Calendar) -> None:
        self._clock = clock
        self._terms = terms_of(clock)
        self._calendar = calendar
        self._left = clock.limit

    def lines(self) -> Iterator[ExplainedStep]:
        """The steps from the limit to the deadline."""
        clock = self._clock
        yield self._line(_limit_text(self._terms), Bilingual(",折合 ", " come to "), hours(self._left))
        if clock.extended and clock.extended_to is None:
            self._left += clock.extended
            yield self._line(Bilingual("批准延期:", "extended by "), hours(clock.extended))
        for interval in clock.intervals[:-1]:
            yield self._counted(interval)
        if not clock.runs:
            yield self._counted(clock.intervals[-1])
            return
        yield from self._to_the_end(clock.intervals[-1].start)

    def _counted(self, interval: Interval) -> ExplainedStep:
        assert interval.end is not None
        counted = measure(self._terms, self._calendar, interval.start, interval.end)
        self._left -= counted
        return self._line(
            self._at(interval.start), Bilingual(" 至 ", " to "), self._at(interval.end), Bilingual(":计 ", ": "),
            hours(counted), Bilingual(",随后停表", ", then stopped"),
        )  # fmt: skip

    def _to_the_end(self, since: datetime) -> Iterator[ExplainedStep]:
        """The steps of the last interval up to the deadline; only the last one is marked as due."""
        *before, (parts, moment) = self._candidates(since)
        yield from (self._line(*texts) for texts, _ in before)
        final = self._clock.due_at
        if final is None or final == moment:
            yield self._line(*parts, *(() if final is None else (_DUE,)))
            return
        yield self._line(*parts)
        latest = max([moment, *(at for _, at in before)])
        yield self._line(self._reason(final, latest), self._at(final), _DUE)

    def _candidates(self, since: datetime) -> Iterator[tuple[tuple[Bilingual, ...], datetime]]:
        """The moments at which the limit or a grant ends, each with its text."""
        rest = max(self._left, timedelta())
        runs_out = advance(self._terms, self._calendar, since, rest)
        due_at = round_up(self._terms, self._calendar, runs_out)
        running = Bilingual(" 起继续计时,余 ", ": the clock goes on, ") if len(self._clock.intervals) > 1 else _RUNS
        yield (self._at(since), running, hours(rest), _UNTIL, self._at(runs_out)), runs_out
        if due_at != runs_out:
            whole_day = Bilingual("按整日计,顺至当日结束:", "counted in whole days, so at the end of that day: ")
            yield (whole_day, self._at(due_at)), due_at
        if self._clock.extended_to is None or self._clock.extended_at is None:
            return
        granted, at = self._clock.extended_to, self._clock.extended_at
        for moved_at, moment in granted_moments(self._terms, self._calendar, self._clock.intervals, granted, at):
            if moment == granted:
                yield (Bilingual("批准延期至 ", "extended to "), self._at(granted)), granted
            else:
                leads_to = Bilingual(" 停表时所余顺延至 ", ": what was left at this stop leads to ")
                yield (self._at(moved_at), leads_to, self._at(moment)), moment

    def _reason(self, final: datetime, latest: datetime) -> Bilingual:
        """Why the deadline `final` differs from the moment of the last step; `latest`: the latest of all steps."""
        if self._clock.overdue_at is not None and final <= self._clock.overdue_at:
            return Bilingual("期限已错过,不因停表改变:", "the deadline was missed; a stop does not move it: ")
        if final == latest:
            return Bilingual("以较晚者为准:", "the later of these: ")
        return Bilingual("不得超过法定上限:", "no later than the statutory ceiling: ")

    def _at(self, moment: datetime) -> Bilingual:
        return local_text(moment, self._calendar)

    def _line(self, *parts: Bilingual) -> ExplainedStep:
        text = join(*parts)
        return ExplainedStep(text.zh, text.en, left=round(self._left / timedelta(hours=1), 6))


def _limit_text(length: Length) -> Bilingual:
    zh, en = _UNITS[length.unit]
    if length.amount != int(length.amount):
        text = hours(timedelta(hours=length.amount))
        return Bilingual(f"时限 {text.zh}({zh})", f"the limit of {text.en} ({en})")
    return Bilingual(f"时限 {length.amount:g} {zh}", f"the limit of {length.amount:g} {en}")


def local_text(moment: datetime, calendar: Calendar) -> Bilingual:
    """The text of a moment in the calendar's zone, with its weekday."""
    return moment_text(timetable(calendar).local(moment))
