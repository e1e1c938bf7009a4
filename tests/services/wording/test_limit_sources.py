"""Sources of limits in the reader's language."""

import pytest

from models.errors import PastCeiling
from services.wording.limit_sources import limit_source
from services.wording.refusals import refusal_message


@pytest.mark.parametrize(
    ("source", "zh", "en"),
    [
        ("our choice", "本单位自定", "our choice"),
        ("law: 信访工作条例 | Petition regulation", "法定: 信访工作条例", "law: Petition regulation"),
        ("standard: 只有中文", "标准: 只有中文", "standard: 只有中文"),
        ("hotline", "hotline", "hotline"),
        ("", "", ""),
    ],
)
def test_a_source_is_in_the_readers_language(source: str, zh: str, en: str) -> None:
    assert (limit_source(source, "zh"), limit_source(source, "en")) == (zh, en)


def test_a_refusal_cites_the_law_in_the_readers_language() -> None:
    refused = PastCeiling(moment="a", ceiling="b", source="law: 信访工作条例 | Petition regulation")
    assert "法定: 信访工作条例)" in refusal_message(refused, "zh")
    assert "(law: Petition regulation)" in refusal_message(refused, "en")
