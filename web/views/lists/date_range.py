"""The days that a page is asked to look at, and the whole period that they were narrowed from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from models.base import EARLIEST
from services.supervision.analysis import last_weeks
from web.views.translation_marks import _

#: No longer than so many days are looked at at once (our choice).
MAX_DAYS = 800

Days = tuple[date, date]
Text = Callable[..., str]


@dataclass(frozen=True)
class DateFields:
    """What stands in the address, as it was typed: the days, and the whole period they are a part of."""

    since: str = ""
    until: str = ""
    whole_since: str = ""
    whole_until: str = ""

    def fields(self) -> Mapping[str, str]:
        """The days as fields of a form hold them: what is no date, no such field can hold."""
        return {name: f"{_parse_day(typed) or ''}" for name, typed in (("from", self.since), ("to", self.until))}


@dataclass(frozen=True)
class DateRange:
    """Days from `first` to `last`, both included. `whole`: the period they were narrowed from, else the same days."""

    first: date
    last: date
    whole: Days

    @property
    def is_part(self) -> bool:
        """Whether there is more to go back to."""
        return self.whole != (self.first, self.last)

    @property
    def length(self) -> int:
        """How many days they are."""
        return (self.last - self.first).days + 1


def parse_date_range(asked: DateFields, today: date, text: Text) -> DateRange | Mapping[str, str]:
    """The days asked for; or what is wrong with them, in words, by the name that the address has for it.

    Without a beginning it is twelve weeks, without an end up to today; a period that still runs ends today. A whole
    that the days do not lie in, or that is none, is not a whole: the days are one of their own.
    """
    given = {"from": _parse_day(asked.since), "to": _parse_day(asked.until)}
    typed = {"from": asked.since, "to": asked.until}
    if wrong := {
        name: text("“%(typed)s”不是日期,须为 年-月-日,例如 %(example)s。", typed=typed[name][:20], example=today)
        for name, day in given.items()
        if day is None and typed[name].strip()
    }:
        return wrong
    if wrong := {
        name: text("日期早于 %(year)s 年。", year=EARLIEST.year)
        for name, day in given.items()
        if day is not None and day.year < EARLIEST.year
    }:
        return wrong
    last = min(given["to"] or today, today)
    first = given["from"] or last_weeks(last)[0]
    if first > (given["to"] or first):
        return {"from": text("起始日 %(a)s 晚于截止日 %(b)s。", a=first, b=given["to"])}
    if first > today:
        return {"from": text("起始日 %(a)s 还没有到。", a=first)}
    if (last - first).days >= MAX_DAYS:
        return {"from": text("一次最多看 %(n)s 天,这里是 %(m)s 天。", n=MAX_DAYS, m=(last - first).days + 1)}
    return DateRange(first, last, _whole_period(asked, first, last))


def _whole_period(asked: DateFields, first: date, last: date) -> Days:
    since, until = _parse_day(asked.whole_since), _parse_day(asked.whole_until)
    if since is None or until is None or not since <= first <= last <= until:
        return first, last
    return (since, until) if until - since < timedelta(days=MAX_DAYS) else (first, last)


def _parse_day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None


#: By the name of each field: what a message at the top of the page calls it.
NAMES = {"from": _("自"), "to": _("至")}
