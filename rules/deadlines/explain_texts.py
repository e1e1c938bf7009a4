"""The texts that explain a deadline, in both languages."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from models.english import counted
from models.policy.calendar import Calendar
from rules.deadlines.calendar_days import Day, DayKind

_ZH_DAYS = "一二三四五六日"
_EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Bilingual(NamedTuple):
    """A text in both languages."""

    zh: str
    en: str


NOTHING = Bilingual("", "")


def join(*parts: Bilingual) -> Bilingual:
    """The parts one after another."""
    return Bilingual("".join(part.zh for part in parts), "".join(part.en for part in parts))


def period(first: date, last: date) -> Bilingual:
    """The text of a day with its weekday, or of a run of days with their number."""
    if first == last:
        return Bilingual(f"{first} 周{_ZH_DAYS[first.weekday()]}", f"{first} {_EN_DAYS[first.weekday()]}")
    count = (last - first).days + 1
    one, other = period(first, first), period(last, last)
    return Bilingual(f"{one.zh} – {other.zh}({count} 天)", f"{one.en} – {other.en} ({counted(count, 'day')})")


def moment_text(local: datetime) -> Bilingual:
    """The text of a moment: the day, its weekday and the time."""
    time = time_text(local, local.date())
    return join(period(local.date(), local.date()), Bilingual(f" {time}", f" {time}"))


def time_text(local: datetime, day: date) -> str:
    """The wall time on `day`; the next midnight is 24:00, and seconds are shown only if there are any."""
    if local.date() > day:
        return "24:00"
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def day_note(day: Day, calendar: Calendar) -> Bilingual:
    """The note in brackets on the kind of a day; empty for an ordinary workday."""
    match day.kind:
        case DayKind.WORKDAY:
            return NOTHING
        case DayKind.REST:
            return Bilingual("(休息日)", " (day of rest)")
        case DayKind.MAKEUP:
            return Bilingual("(调休上班)", " (make-up workday)")
        case DayKind.HOLIDAY if any(year.year == day.date.year and year.provisional for year in calendar.years):
            return Bilingual("(预计节假日)", " (expected holiday)")
        case DayKind.HOLIDAY:
            return Bilingual("(节假日)", " (holiday)")
        case DayKind.SPECIAL:
            return Bilingual(f"(特别安排:{day.reason})", f" (special day: {day.reason})")
        case DayKind.CLOSURE:
            return Bilingual(f"(停工:{day.reason})", f" (closed: {day.reason})")


def hours(span: timedelta) -> Bilingual:
    """The text of a span in hours, minutes and seconds, without zero parts."""
    whole, seconds = divmod(round(span.total_seconds()), 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(whole, "小时", "h"), (minutes, "分", "min"), (seconds, "秒", "s")]
    shown = [part for part in parts if part[0]] or parts[:1]
    return Bilingual(" ".join(f"{n} {zh}" for n, zh, _ in shown), " ".join(f"{n} {en}" for n, _, en in shown))


def days(span: timedelta) -> Bilingual:
    """The text of a span in whole days."""
    return Bilingual(f"{span.days} 天", f"{span.days} day" + ("" if span.days == 1 else "s"))
