"""Limits in words: whole hours and days as they are written, shorter ones in minutes and seconds."""

from datetime import timedelta

from rules.deadlines.explain_texts import hours
from services.wording.vocabulary import UNITS, label_of

#: How the hours of a unit are counted, behind a length that is not in whole hours.
_COUNTED = {"urgent_hour": ("(全天计时)", " round the clock"), "work_hour": ("(工作时间)", " of work time")}


def length_text(amount: float, unit: str, language: str) -> str:
    """Return the length of a limit, in `zh` or `en`: 0.1 hours are 6 minutes."""
    if amount != int(amount) and unit in _COUNTED:
        text, counted = hours(timedelta(hours=amount)), _COUNTED[unit]
        return f"{text.en}{counted[1]}" if language.startswith("en") else f"{text.zh}{counted[0]}"
    return f"{amount:g} {label_of(UNITS, unit, language)}"
