"""Sources of limits in words."""

from datetime import UTC, datetime

import pytest

from web.reader import Preferences, Visitor
from web.views.case.limit_sources import limit_source_text


@pytest.mark.parametrize(
    ("source", "zh", "en"),
    [
        ("law: 劳动保障监察条例 §17", "法定: 劳动保障监察条例 §17", "law: 劳动保障监察条例 §17"),
        ("standard: GB/T 1", "标准: GB/T 1", "standard: GB/T 1"),
        ("our choice", "本单位自定", "our choice"),
        ("agreed: between us", "agreed: between us", "agreed: between us"),
    ],
)
def test_a_source_is_told_in_the_readers_language(source: str, zh: str, en: str) -> None:
    for language, told in (("zh", zh), ("en", en)):
        assert limit_source_text(source, Visitor("/", "", Preferences(language), datetime.now(UTC))) == told
