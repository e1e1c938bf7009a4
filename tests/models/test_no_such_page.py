"""What is said of an address that nothing has."""

import pytest

from models.errors import NoSuchPage


@pytest.mark.parametrize(
    ("what", "zh", "en"),
    [
        ("export 01a2", "没有“导出 01a2”。", "There is no “export 01a2”."),
        ("link", "没有“链接”。", "There is no “link”."),
        ("/park/nothing", "没有“/park/nothing”。", "There is no “/park/nothing”."),
        ("130172100", "没有“130172100”。", "There is no “130172100”."),
    ],
)
def test_a_word_of_ours_is_in_the_readers_language(what: str, zh: str, en: str) -> None:
    error = NoSuchPage(what=what)
    assert (error.message("zh"), error.message("en")) == (zh, en)
    assert error.as_refusal().params == {"what": what}
