"""Moments and lengths of time as people read them: local, short, and with the exact one behind it."""

from datetime import datetime, timedelta

from babel.dates import format_datetime
from markupsafe import Markup

from models.enums import LimitUnit
from web.reader import Visitor
from web.texts import BABEL

#: Minutes of a working day, where a length counts workdays of eight hours.
_WORKDAY = 8 * 60
_DAY = 24 * 60
_WHOLE_DAYS = (LimitUnit.LEGAL_WORK_DAY, LimitUnit.NATURAL_DAY)


def exact(moment: datetime, visitor: Visitor) -> str:
    """The date and the time of day, where the cases are."""
    return _plain(moment, visitor).isoformat(" ", "seconds")


def _plain(moment: datetime, visitor: Visitor) -> datetime:
    """The local moment without its zone: as text it ends with the seconds, and is made in a third of the time."""
    return moment.astimezone(visitor.zone).replace(tzinfo=None)


def short(moment: datetime, visitor: Visitor) -> str:
    """The time of day for today, the day besides for this year, the whole date for another."""
    return _short(exact(moment, visitor), visitor)


def _short(told: str, visitor: Visitor) -> str:
    """What is left of the exact moment `told`."""
    today = visitor.today
    if told.startswith(today):
        return told[11:16]
    return told[5:16] if told[:4] == today[:4] else told[:10]


def long(moment: datetime, visitor: Visitor) -> str:
    """With the day of the week, in the reader's language; the year besides where it is not this one."""
    local = moment.astimezone(visitor.zone)
    zh, en = "M月d日 EEEE HH:mm", "EEEE d MMMM, HH:mm"
    if local.year != visitor.now.astimezone(visitor.zone).year:
        zh, en = f"y年{zh}", "EEEE d MMMM y, HH:mm"
    return format_datetime(local, en if visitor.language == "en" else zh, locale=BABEL[visitor.language])


def time_tag(moment: datetime | None, visitor: Visitor) -> Markup:
    """The short form, with the exact moment in its title; a dash for none."""
    if moment is None:
        return Markup("—")
    told = exact(moment, visitor)  # figures and signs that need no escape
    return Markup(f'<time datetime="{moment.isoformat()}" title="{told}">{_short(told, visitor)}</time>')


def span(length: timedelta, visitor: Visitor, *, day_minutes: int = _DAY) -> str:
    """A length in at most two units: "2 小时 10 分", "3 天 4 小时"."""
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


def counted_in(unit: LimitUnit) -> int:
    """How many minutes a day has, as the unit counts."""
    return _DAY if unit in (*_WHOLE_DAYS, LimitUnit.URGENT_HOUR) else _WORKDAY
