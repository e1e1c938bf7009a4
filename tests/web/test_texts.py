"""The pages' texts: all have English with the same placeholders; and no built file requests another host."""

import re
from pathlib import Path

import pytest

from web.build import bring_up_to_date
from web.messages import messages, untranslated
from web.static import STATIC_DIR
from web.texts import LOCALE, Forms, catalogue, read_area, translate

_GAP = re.compile(r"%\((\w+)\)s")
#: Namespaces and the like, which nobody ever fetches; and what libraries say of themselves.
_NAMES = ("http://www.w3.org/", "https://www.w3.org/", "https://leafletjs.com", "https://github.com", "https://echarts")


def test_every_text_has_english() -> None:
    missing = [f"{path.name}:{line} {message}" for path, line, message in untranslated()]
    assert missing == []


def test_a_translation_has_the_same_gaps() -> None:
    wrong = [
        zh
        for zh, en in catalogue().items()
        for form in forms(en)
        if sorted(_GAP.findall(zh)) != sorted(_GAP.findall(form))
    ]
    assert wrong == []


def forms(text: Forms) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def test_what_is_counted_by_a_noun_has_two_forms() -> None:
    """That is, an English text with a number and a plural noun after it; other gaps than `n` are worded without one."""
    plural = re.compile(r"%\(n\)s ((open|closed|working|more) )?(?!is|was|has|times)[a-z]+s\b")
    assert [en for en in catalogue().values() if isinstance(en, str) and plural.search(en)] == []
    one = [en[0] for en in catalogue().values() if isinstance(en, tuple)]
    assert [text for text in one if plural.search(text)] == []


def test_no_english_is_left_over() -> None:
    said = {message for _, _, message in messages()} | {"网格事件"}
    left = sorted(set(catalogue()) - said)
    assert left == []


def test_no_text_of_the_pages_is_translated_in_two_ways() -> None:
    seen: dict[str, Forms] = {}
    for path in sorted(set((LOCALE / "en").glob("*.po")) - {LOCALE / "en" / "field.po"}):
        for chinese, english in read_area(path).items():
            assert seen.setdefault(chinese, english) == english, (path, chinese)


def test_gaps_are_filled_and_unknown_texts_stay_chinese() -> None:
    assert translate("en", "%(n)s 天", n=3) == "3 d"
    assert translate("zh", "%(n)s 天", n=3) == "3 天"
    assert translate("en", "没有这句") == "没有这句"


@pytest.mark.parametrize(
    ("n", "told"), [(1, "1 case"), ("1", "1 case"), (0, "0 cases"), (2, "2 cases"), ("10000+", "10000+ cases")]
)
def test_english_has_a_form_for_one(n: object, told: str) -> None:
    assert translate("en", "共 %(n)s 件", n=n) == told


@pytest.fixture(scope="module")
def built() -> Path:
    """The built files, built if they are out of date."""
    bring_up_to_date()
    return STATIC_DIR


def test_nothing_that_is_built_names_another_host(built: Path) -> None:
    for path in built.rglob("*"):
        if path.suffix in (".js", ".css", ".html", ".svg"):
            named = re.findall(r"https?://[^\s\"'`)<>\\]+", path.read_text())
            assert [url for url in named if not url.startswith(_NAMES)] == [], path.name
