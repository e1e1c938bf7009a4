"""The period of a bulletin, in local days: a day, a week, a month or a quarter."""

from datetime import date, timedelta

from models.jobs.bulletin import BulletinKind

_DAY = timedelta(days=1)


def period_of(kind: BulletinKind, day: date) -> tuple[date, date]:
    """The first and the last day of the period that contains `day`. A week begins on Monday."""
    match kind:
        case BulletinKind.BOARD:
            return day, day
        case BulletinKind.VISITS:
            first = day - day.weekday() * _DAY
            return first, first + 6 * _DAY
        case BulletinKind.CONSULTATION:
            return _months(day.replace(day=1), 1)
        case BulletinKind.COMMENDATION:
            return _months(date(day.year, day.month - (day.month - 1) % 3, 1), 3)


def last_period(kind: BulletinKind, today: date) -> tuple[date, date]:
    """The last period that ended before the one that contains `today`."""
    first, _ = period_of(kind, today)
    return period_of(kind, first - _DAY)


def _months(first: date, count: int) -> tuple[date, date]:
    month = first.month + count
    after = date(first.year + (month > 12), (month - 1) % 12 + 1, 1)
    return first, after - _DAY
