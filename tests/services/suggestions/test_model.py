"""What a model learns from closed cases, what it says of a new one, and what is never read as a model."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.suggestions import Target
from services.suggestions.closed_cases import without_category
from services.suggestions.features import gram_texts, read_text
from services.suggestions.fit import Example, Fitted, fit
from services.suggestions.fit_process import fit_apart
from services.suggestions.model import Context
from services.suggestions.stored import BrokenModel, model_bytes, read_model
from tests.closed_cases import closed_examples


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    made = fit(closed_examples(), 0.7)
    assert made is not None
    return made


def test_what_is_told_is_known_again_with_the_words_that_speak_for_it(fitted: Fitted) -> None:
    read = read_text("桥头雨水口流出废水", "水面有泡沫")
    best, *others = fitted.model.guess(Target.CATEGORY, read, Context())
    assert best.value == "0302"
    assert best.certainty > 0.7
    assert sum(one.certainty for one in (best, *others)) == pytest.approx(1)
    words = fitted.model.words_for(Target.CATEGORY, "0302", read)
    assert any("雨水口" in word for word in words)
    assert not any("桥头" in word for word in words)


def test_only_what_may_be_suggested_is_and_without_the_certainty_of_another(fitted: Fitted) -> None:
    read = read_text("雨水口流出废水", "")
    out_of_use = fitted.model.guess(Target.CATEGORY, read, Context(), {"0201", "0103"})
    assert {one.value for one in out_of_use} == {"0201", "0103"}
    assert out_of_use[0].certainty < 0.5


def test_words_that_nobody_has_used_are_no_ground(fitted: Fitted) -> None:
    assert fitted.model.guess(Target.CATEGORY, read_text("☂☂ 🙂", "。。"), Context()) == ()
    assert fitted.model.words_for(Target.CATEGORY, "0302", read_text("🙂", "")) == ()


def test_the_figures_are_of_the_newest_cases(fitted: Fitted) -> None:
    figures = fitted.figures.of(Target.CATEGORY)
    assert figures is not None
    assert (figures.learnt, figures.calibrated, figures.tested) == (72, 24, 24)
    assert (figures.first, figures.among_three, figures.frequent) == (24, 24, 8)
    assert sum(band.shown for band in figures.bands) == 24
    assert figures.speaks
    host = fitted.figures.of(Target.HOST)
    assert host is not None
    assert host.by_rule == 12


def test_what_is_no_better_than_the_rules_stays_silent() -> None:
    right = [one.model_copy(update={"rule_host": one.host}) for one in closed_examples()]
    made = fit(right, 0.7)
    assert made is not None
    host = made.figures.of(Target.HOST)
    assert host is not None
    assert not host.speaks


@pytest.mark.parametrize("count", [0, 3, 12])
def test_too_little_teaches_nothing(count: int) -> None:
    assert fit(closed_examples(count), 0.7) is None


def test_cases_that_are_all_alike_teach_nothing() -> None:
    alike = [
        Example(form=one.form, category="0201", severity="一般", host="labour", grid="g1") for one in closed_examples()
    ]
    assert fit(alike, 0.7) is None


def test_no_number_and_nothing_rare_goes_into_a_model() -> None:
    told = closed_examples()
    rare = read_text("张三丰的厂房", "身份证 130172199001011234").form
    told[:4] = [one.model_copy(update={"form": rare}) for one in told[:4]]
    made = fit(told, 0.7)
    assert made is not None
    texts = [feature for feature in made.model.features if not feature.startswith("\t")]
    assert not any("张三" in text or "三丰" in text for text in texts)
    assert {char for text in texts for char in text if char.isdigit()} <= {"0"}


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("废水 ABC", "废水 abc "),
        ("廢水", "废水 "),
        ("电话13812345678", "电话000    0000 "),
        ("3号楼12室", "0号楼00室 "),
        ("臭!!味", "臭  味 "),
        ("", " "),
    ],
)
def test_the_form_of_a_text(title: str, form: str) -> None:
    read = read_text(title, "")
    assert read.form == form
    assert len(read.shown) == len(form)


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("废水口", ["废水", "水口", "废水口"]),
        ("ab", [" a", "ab", "b ", " ab", "ab ", " ab "]),
        ("废 水", []),
        ("00 000", []),
        ("", []),
    ],
)
def test_features_stay_within_words(form: str, texts: list[str]) -> None:
    assert gram_texts(form) == texts


def test_a_title_that_the_phone_made_of_the_category_says_nothing_of_it() -> None:
    names = ("噪声扰民", "噪声")
    assert without_category("噪声扰民 · 北门", names) == " · 北门"
    assert without_category("北门噪声扰民", names) == "北门噪声扰民"


def test_a_stored_model_says_the_same_and_has_the_same_bytes(fitted: Fitted) -> None:
    content = model_bytes(fitted.model)
    again = read_model(content)
    assert model_bytes(again) == content
    for target in Target:
        for one in closed_examples(20):
            read = read_text(one.form, "")
            assert again.guess(target, read, one.context) == fitted.model.guess(target, read, one.context)


async def test_the_process_of_its_own_learns_the_same() -> None:
    made = await fit_apart(closed_examples(), 0.7)
    assert made is not None
    figures, content = made
    here = fit(closed_examples(), 0.7)
    assert here is not None
    assert figures == here.figures
    assert read_model(content).features == here.model.features
    assert await fit_apart(closed_examples(3), 0.7) is None


def changed(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The bytes of a model with other arrays."""
    with np.load(io.BytesIO(content)) as stored:
        arrays = dict(stored)
    change(arrays)
    target = io.BytesIO()
    np.savez(target, **arrays)
    return target.getvalue()


def header(arrays: dict[str, Any], **fields: Any) -> None:
    """Put other fields into the header."""
    known = json.loads(arrays["header"].tobytes()) | fields
    arrays["header"] = np.frombuffer(json.dumps(known).encode(), dtype=np.uint8)


class Boom:
    """Would run when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("it was unpickled",))


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no file of arrays": lambda _: b"PK but not really",
    "cut off": lambda content: content[: len(content) // 2],
    "a pickle": lambda _: pickle.dumps(Boom()),
    "a pickled array": lambda content: changed(
        content, lambda a: a.update(rarity=np.array([Boom()] * len(a["rarity"]), dtype=object))
    ),
    "an array missing": lambda content: changed(content, lambda a: a.pop("rarity")),
    "another format": lambda content: changed(content, lambda a: header(a, format=2)),
    "no list of features": lambda content: changed(content, lambda a: header(a, features="abc")),
    "a feature twice": lambda content: changed(content, lambda a: header(a, features=["a", "a"])),
    "no header": lambda content: changed(content, lambda a: a.update(header=np.zeros(3, dtype=np.uint8))),
    "numbers that are none": lambda content: changed(
        content, lambda a: a.update(rarity=np.full_like(a["rarity"], np.nan))
    ),
    "another shape": lambda content: changed(content, lambda a: a.update(weights_category=a["weights_category"][:-1])),
    "another kind": lambda content: changed(content, lambda a: a.update(rarity=a["rarity"].astype(np.float64))),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_no_model_is_not_read(fitted: Fitted, fault: str) -> None:
    with pytest.raises(BrokenModel):
        read_model(BROKEN[fault](model_bytes(fitted.model)))


def test_a_model_that_unpacks_to_too_much_is_not_read(fitted: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    content = model_bytes(fitted.model)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        unpacked = sum(one.file_size for one in packed.infolist())
    monkeypatch.setattr("services.suggestions.stored.MOST_BYTES", unpacked - 1)
    with pytest.raises(BrokenModel, match="too large"):
        read_model(content)
