"""Periods that people pick by name, as days where the cases are."""

from datetime import date, timedelta

from web.views.translation_marks import _

#: By name, as an address says it; the words are Chinese, translated where they are shown.
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
    """The first and the last day, both included; of a period that runs, up to today. An unknown name is this month."""
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


#: Of which kind the period of a name is.
_KINDS = {
    "today": 0, "week": 7, "last_week": 7, "month": 1, "last_month": 1, "quarter": 3, "last_quarter": 3, "year": 12,
}  # fmt: skip


def earlier_periods(name: str, today: date, count: int) -> list[tuple[date, date]]:
    """The whole days, weeks, months, quarters or years before the period of that name, the latest first."""
    first, _last = period_days(name, today)
    kind = _KINDS.get(name, 1)
    found = []
    for _place in range(count):
        last = first - timedelta(days=1)
        if kind in (0, 7):
            first -= timedelta(days=kind or 1)
        else:
            year, month = divmod(first.year * 12 + first.month - 1 - kind, 12)
            first = date(year, month + 1, 1)
        found.append((first, last))
    return found
