"""Named periods, such as "this month", as local days."""

from datetime import date, timedelta

from web.views.translation_marks import _

#: The titles of the periods by their names in addresses; Chinese, translated where they are shown.
PERIODS = {
    "today": _("今日"),
    "week": _("本周"),
    "month": _("本月"),
    "quarter": _("本季"),
    "year": _("本年"),
    "last_week": _("上周"),
    "last_month": _("上月"),
    "last_quarter": _("上季"),
}


def period_days(name: str, today: date) -> tuple[date, date]:
    """The first and the last day, both included. A current period ends today; an unknown name means this month."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    match name:
        case "today":
            return today, today
        case "week":
            return monday, today
        case "quarter":
            return quarter, today
        case "year":
            return today.replace(month=1, day=1), today
        case "last_week":
            return monday - timedelta(days=7), monday - timedelta(days=1)
        case "last_month":
            return (first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)
        case "last_quarter":
            end = quarter - timedelta(days=1)
            return end.replace(month=(end.month - 1) // 3 * 3 + 1, day=1), end
    return first, today


#: The length of each named period: 0 for a day, 7 for a week, else the number of months.
_KINDS = {
    "today": 0, "week": 7, "last_week": 7, "month": 1, "last_month": 1, "quarter": 3, "last_quarter": 3, "year": 12,
}  # fmt: skip


def earlier_periods(name: str, today: date, count: int) -> list[tuple[date, date]]:
    """The `count` whole days, weeks, months, quarters or years before the named period, the latest first."""
    first, _last = period_days(name, today)
    months = _KINDS.get(name, 1)
    periods = []
    for _place in range(count):
        last = first - timedelta(days=1)
        if months in (0, 7):
            first -= timedelta(days=months or 1)
        else:
            year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
            first = date(year, month + 1, 1)
        periods.append((first, last))
    return periods
