"""The range of days in an address, and the whole period that it was narrowed from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from models.base import EARLIEST
from services.supervision.analysis import last_weeks
from web.views.translation_marks import _

#: Maximum length of a range in days (our choice).
MAX_DAYS = 800

Days = tuple[date, date]
Text = Callable[..., str]


@dataclass(frozen=True)
class DateFields:
    """The parameters of the address, as typed: the range, and the whole period that it is a part of."""

    since: str = ""
    until: str = ""
    whole_since: str = ""
    whole_until: str = ""

    def fields(self) -> Mapping[str, str]:
        """The values for the date fields of a form; empty for text that is not a date."""
        return {name: f"{_parse_day(typed) or ''}" for name, typed in (("from", self.since), ("to", self.until))}


@dataclass(frozen=True)
class DateRange:
    """Days from `first` to `last`, both included. `whole`: the period it was narrowed from, or else the same days."""

    first: date
    last: date
    whole: Days

    @property
    def is_part(self) -> bool:
        """Whether the range was narrowed from a longer period."""
        return self.whole != (self.first, self.last)

    @property
    def length(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1


def parse_date_range(fields: DateFields, today: date, text: Text) -> DateRange | Mapping[str, str]:
    """The requested range, or the faults in words, by parameter name (`from`, `to`).

    Without a start the range is twelve weeks long; without an end, or with one in the future, it ends today. A whole
    period that is invalid or does not contain the range is ignored.
    """
    days = {"from": _parse_day(fields.since), "to": _parse_day(fields.until)}
    typed = {"from": fields.since, "to": fields.until}
    if faults := {
        name: text("“%(typed)s”不是日期,须为 年-月-日,例如 %(example)s。", typed=typed[name][:20], example=today)
        for name, day in days.items()
        if day is None and typed[name].strip()
    }:
        return faults
    if faults := {
        name: text("日期早于 %(year)s 年。", year=EARLIEST.year)
        for name, day in days.items()
        if day is not None and day.year < EARLIEST.year
    }:
        return faults
    last = min(days["to"] or today, today)
    first = days["from"] or last_weeks(last)[0]
    if first > (days["to"] or first):
        return {"from": text("起始日 %(a)s 晚于截止日 %(b)s。", a=first, b=days["to"])}
    if first > today:
        return {"from": text("起始日 %(a)s 还没有到。", a=first)}
    if (last - first).days >= MAX_DAYS:
        return {"from": text("一次最多看 %(n)s 天,这里是 %(m)s 天。", n=MAX_DAYS, m=(last - first).days + 1)}
    return DateRange(first, last, _whole_period(fields, first, last))


def _whole_period(fields: DateFields, first: date, last: date) -> Days:
    since, until = _parse_day(fields.whole_since), _parse_day(fields.whole_until)
    if since is None or until is None or not since <= first <= last <= until:
        return first, last
    return (since, until) if until - since < timedelta(days=MAX_DAYS) else (first, last)


def _parse_day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None


#: The names of the fields in the message at the top of the page.
NAMES = {"from": _("自"), "to": _("至")}
