"""Read dates and times as people and Excel write them, in files and on the command line."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from models.text import clean_code

#: Day 0 of Excel's serial numbers, true from March 1900 on.
_EXCEL_EPOCH = datetime.combine(date(1899, 12, 30), time())
#: Serial numbers that are read as such: 1954 to 2119. Smaller and larger numbers are more likely something else.
_SERIALS = range(20_000, 80_200)
_NUMBER = re.compile(r"\d{5}(\.\d+)?")
_ZONE = r"(?P<zone>[Zz]|[+-]\d{1,2}(?::?\d{2})?)?"
_HALF = r"(?P<{}>上午|下午|早上|中午|晚上|凌晨|[AaPp]\.?[Mm]\.?)?"
_WEEKDAY = r"(?:\(?(?:星期|周)[一二三四五六日天]\)?)?"
_WRITTEN = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?\s*" + _WEEKDAY
    + r"(?:[\sTt,]*" + _HALF.format("before") + r"\s*(?P<hour>\d{1,2})\s*(?:[:时点]|(?=\s*(?:[AaPp]\.?[Mm])))"
    + r"\s*(?:(?P<minute>\d{1,2})\s*分?)?(?:\s*:?\s*(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?\s*秒?)?"
    + r"\s*" + _HALF.format("after") + r"\s*" + _ZONE + r")?"
)  # fmt: skip
_DIGITS = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T\s]?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?:\.(?P<fraction>\d{1,9}))?" + _ZONE + ")?"
)
_MORNING, _NIGHT = ("上午", "早上", "凌晨", "a"), ("下午", "晚上", "中午", "p")


class NoMoment(ValueError):
    """A value is no time that can be read."""


def read_moment(value: object, zone: tzinfo) -> datetime:
    """Return the aware moment that a cell or a text names; without an offset it is wall time in `zone`.

    Taken: datetimes and dates; ISO 8601; year, month and day apart by `-`, `/`, `.` or 年月日, with or without a time;
    14, 12 or 8 digits; a serial number of Excel. Another order of the three is refused, since 3/4 is two days.
    Raises NoMoment.
    """
    moment = read_wall_time(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def read_wall_time(value: object) -> datetime:
    """Return the moment as `read_moment` reads it, naive without an offset. Raises NoMoment."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise NoMoment(str(value))
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    text = clean_code(str(number))
    if _NUMBER.fullmatch(text):
        return _from_serial(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        found = _DIGITS.fullmatch(text) or _WRITTEN.fullmatch(text)
    if found is None:
        raise NoMoment(text)
    try:
        return _from_parts(found.groupdict())
    except (ValueError, OverflowError) as error:
        raise NoMoment(text) from error


def read_day(value: object) -> date:
    """Return the day that a cell or a text names. Raises NoMoment, also for a time of the day other than midnight."""
    moment = read_wall_time(value)
    if moment.time() != time() or moment.tzinfo is not None:
        raise NoMoment(str(value))
    return moment.date()


def _from_serial(text: str) -> datetime:
    number = float(text)
    if int(number) not in _SERIALS:
        raise NoMoment(text)
    # Excel computes with doubles: a time is meant to the second.
    return _EXCEL_EPOCH + timedelta(days=int(number), seconds=round((number - int(number)) * 86_400))


def _from_parts(parts: dict[str, str | None]) -> datetime:
    year, month, day = (int(parts[name] or 0) for name in ("year", "month", "day"))
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("before") or parts.get("after") or "").lower()
    if half:
        hour = _to_24(hour, half)
    fraction = (parts.get("fraction") or "").ljust(6, "0")[:6]
    return datetime(year, month, day, hour, minute, second, int(fraction), _offset(parts.get("zone")))


def _to_24(hour: int, half: str) -> int:
    if half.startswith(_MORNING):
        return 0 if hour == 12 and half.startswith(("a", "凌晨")) else hour
    if half.startswith("晚上") and hour == 12:
        return 24  # refused: whether tonight's or last night's midnight is meant is not said
    noon = half == "中午" and hour in (11, 12)
    return hour if hour >= 12 or noon else hour + 12


def _offset(zone: str | None) -> tzinfo | None:
    if not zone:
        return None
    if zone in "Zz":
        return UTC
    digits = zone[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if zone[0] == "-" else span)
