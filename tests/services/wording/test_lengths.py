"""Limits in words: nobody reads a fraction of an hour."""

import pytest

from services.wording.lengths import length_text


@pytest.mark.parametrize(
    ("amount", "unit", "zh", "en"),
    [
        (2.0, "urgent_hour", "2 小时(全天计时)", "2 hours round the clock"),
        (0.1, "urgent_hour", "6 分(全天计时)", "6 min round the clock"),
        (0.00555556, "urgent_hour", "20 秒(全天计时)", "20 s round the clock"),
        (1.5, "work_hour", "1 小时 30 分(工作时间)", "1 h 30 min of work time"),
        (0.5, "work_hour", "30 分(工作时间)", "30 min of work time"),
        (15.0, "legal_work_day", "15 工作日", "15 workdays"),
    ],
)
def test_lengths(amount: float, unit: str, zh: str, en: str) -> None:
    assert length_text(amount, unit, "zh") == zh
    assert length_text(amount, unit, "en") == en
