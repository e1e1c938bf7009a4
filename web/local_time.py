"""Moments and durations as text, in the local zone of the cases."""

from datetime import datetime, timedelta

from babel.dates import format_datetime
from markupsafe import Markup

from models.enums import LimitUnit
from models.policy.limits import NATURAL
from web.reader import Visitor
from web.texts import BABEL_LOCALES

#: Minutes of a working day, where a duration counts workdays of eight hours.
_WORKDAY = 8 * 60
_DAY = 24 * 60


def format_exact(moment: datetime, visitor: Visitor) -> str:
    """The local date and time, to the second."""
    return _naive_local(moment, visitor).isoformat(" ", "seconds")


def _naive_local(moment: datetime, visitor: Visitor) -> datetime:
    """The local moment without its zone: its text ends with the seconds, and is made in a third of the time."""
    return moment.astimezone(visitor.zone).replace(tzinfo=None)


def format_short(moment: datetime, visitor: Visitor) -> str:
    """Only the time if the moment is today, month, day and time if this year, the date only otherwise."""
    return _shorten(format_exact(moment, visitor), visitor)


def _shorten(exact: str, visitor: Visitor) -> str:
    """The short form of the exact text."""
    today = visitor.today
    if exact.startswith(today):
        return exact[11:16]
    return exact[5:16] if exact[:4] == today[:4] else exact[:10]


def format_long(moment: datetime, visitor: Visitor) -> str:
    """Date, weekday and time in the reader's language; with the year if it is not this one."""
    local = moment.astimezone(visitor.zone)
    zh, en = "M月d日 EEEE HH:mm", "EEEE d MMMM, HH:mm"
    if local.year != visitor.now.astimezone(visitor.zone).year:
        zh, en = f"y年{zh}", "EEEE d MMMM y, HH:mm"
    return format_datetime(local, en if visitor.language == "en" else zh, locale=BABEL_LOCALES[visitor.language])


def time_tag(moment: datetime | None, visitor: Visitor) -> Markup:
    """A `time` element with the short form, and the exact moment in its title; a dash for None."""
    if moment is None:
        return Markup("—")
    exact = format_exact(moment, visitor)  # contains only digits and signs that need no escaping
    return Markup(f'<time datetime="{moment.isoformat()}" title="{exact}">{_shorten(exact, visitor)}</time>')  # noqa: S704 every value in it is escaped or a number


def format_duration(length: timedelta, visitor: Visitor, *, day_minutes: int = _DAY) -> str:
    """A duration in at most two units: "2 小时 10 分", "3 天 4 小时"."""
    minutes = max(0, round(length.total_seconds() / 60))
    days, rest = divmod(minutes, day_minutes)
    hours, left = divmod(rest, 60)
    text = visitor.text
    if days:
        parts = [text("%(n)s 天", n=days), text("%(n)s 小时", n=hours) if hours else ""]
    elif hours:
        parts = [text("%(n)s 小时", n=hours), text("%(n)s 分", n=left) if left else ""]
    else:
        parts = [text("%(n)s 分", n=left)] if length.total_seconds() >= 60 or not length else [text("不到 1 分")]
    return " ".join(part for part in parts if part)


def minutes_per_day(unit: LimitUnit) -> int:
    """The minutes that one day of this unit counts: of a workday its working time."""
    return _DAY if unit in NATURAL else _WORKDAY
