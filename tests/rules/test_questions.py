"""Answers to the questions of a category: what is taken, what is refused where it was asked, and what is never lost."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from models.answers import Asked, OptionalAnswers
from models.enums import Severity
from models.errors import DomainError
from models.policy.document import Policy
from models.policy.questions import Door, Reading
from rules.questions import check_answers, private_codes, take_answers
from tests.builders import a_policy

PHOTO = "a" * 64
POLICY = a_policy()
SMELL = {"smell": ["sour"]}
_ANSWERS: TypeAdapter[Any] = TypeAdapter(OptionalAnswers)


def given(answers: dict[str, Any] | None) -> dict[str, tuple[str, ...]] | None:
    """The answers as a door reads them."""
    found: dict[str, tuple[str, ...]] | None = _ANSWERS.validate_python(answers)
    return found


def taken(answers: dict[str, Any], files: tuple[str, ...] = (), door: Door | None = None) -> Any:
    return take_answers(POLICY, "0301", given(answers) or {}, files, door=door)


@pytest.mark.parametrize(
    ("question", "value", "kept"),
    [
        ("smell", "egg", ("egg",)),
        ("smell", ["egg", "sour", "egg"], ("sour", "egg")),
        ("smell", "臭鸡蛋味", ("egg",)),
        ("smell", "Rotten Egg", ("egg",)),
        ("still", False, ("no",)),
        ("still", "ＹＥＳ", ("yes",)),
        ("still", "是", ("yes",)),
        ("since", "2026-02-28", ("2026-02-28",)),
        ("seen", "2026-02-28 08:30", ("2026-02-28T08:30",)),
        ("seen", "2026-02-28T00:30:00Z", ("2026-02-28T08:30",)),
        ("where", "  三号 楼 ", ("三号 楼",)),
        ("where", 7, ("7",)),
        ("picture", [PHOTO, PHOTO], (PHOTO,)),
    ],
)
def test_an_answer_is_kept_in_one_form(question: str, value: Any, kept: tuple[str, ...]) -> None:
    found = taken({**SMELL, question: value}, files=(PHOTO,))
    assert {answer.question: answer.values for answer in found.answers}[question] == kept
    assert found.unread == ()


@pytest.mark.parametrize(
    ("value", "kept"), [(5, "5"), ("500", "500"), (1.0, "1"), ("１２", "12"), ("007", "7"), ("+3", "3")]
)
def test_a_number_is_kept_in_digits(value: Any, kept: str) -> None:
    (people,) = (a for a in taken({**SMELL, "still": True, "people": value}).answers if a.question == "people")
    assert (people.values, people.unit("zh"), people.text("en")) == ((kept,), "人", "How many feel unwell")


@pytest.mark.parametrize("value", [None, "", " ", []])
def test_nothing_is_no_answer(value: Any) -> None:
    found = taken({"smell": value})
    assert (found.answers, found.unread) == ((), ())
    assert [question.question for question in found.unanswered] == ["smell"]


WRONG = [
    ({"smell": "fire"}, "answer_not_understood", "/answers/smell"),
    ({**SMELL, "still": "maybe"}, "answer_not_understood", "/answers/still"),
    ({**SMELL, "still": ["yes", "no"]}, "answer_not_understood", "/answers/still"),
    ({**SMELL, "still": True, "people": "many"}, "answer_not_understood", "/answers/people"),
    ({**SMELL, "still": True, "people": 0}, "answer_not_understood", "/answers/people"),
    ({**SMELL, "still": True, "people": 501}, "answer_not_understood", "/answers/people"),
    ({**SMELL, "still": True, "people": 1.5}, "answer_not_understood", "/answers/people"),
    ({**SMELL, "still": True, "people": "1e3"}, "answer_not_understood", "/answers/people"),
    ({**SMELL, "still": False, "people": 3}, "answer_not_understood", "/answers/people"),
    ({**SMELL, "since": "2026-02-30"}, "answer_not_understood", "/answers/since"),
    ({**SMELL, "since": 20260228}, "answer_not_understood", "/answers/since"),
    ({**SMELL, "seen": "2026-02-28"}, "answer_not_understood", "/answers/seen"),
    ({**SMELL, "seen": "2026-02-28T25:00"}, "answer_not_understood", "/answers/seen"),
    ({**SMELL, "picture": PHOTO}, "answer_not_understood", "/answers/picture"),
    ({**SMELL, "old": "1"}, "unknown_question", "/answers/old"),
]


@pytest.mark.parametrize(("answers", "code", "pointer"), WRONG)
def test_a_wrong_answer_is_refused_where_it_was_asked_and_never_lost(
    answers: dict[str, Any], code: str, pointer: str
) -> None:
    with pytest.raises(DomainError) as refused:
        check_answers(POLICY, 3, "0301", given(answers), Asked(policy_version=3), ())
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
    check_answers(POLICY, 3, "0301", given(answers), Asked(policy_version=2), ())
    (unread,) = taken(answers).unread
    assert pointer == f"/answers/{unread.question}"
    assert unread.values
    for why in (unread.why_zh, unread.why_en):  # kept in clear, and what was given may be anything
        assert why
        assert not [value for value in unread.values if len(value) > 1 and value in why]


@pytest.mark.parametrize(
    ("answers", "asked", "code"),
    [
        (None, None, None),
        ({}, None, "question_unanswered"),
        ({}, Asked(door=Door.PUBLIC), "question_unanswered"),
        ({}, Asked(policy_version=2), None),
        ({**SMELL, "still": True}, None, "question_unanswered"),
        ({**SMELL, "still": True, "people": 1}, None, None),
        ({"smell": "gas"}, None, "question_stops"),
        ({"smell": "gas"}, Asked(policy_version=2), None),
        ({**SMELL, "still": True, "people": 1}, Asked(door=Door.PHONE, policy_version=3), None),
    ],
)
def test_what_is_missing_or_stops(answers: Any, asked: Asked | None, code: str | None) -> None:
    refused = None
    try:
        check_answers(POLICY, 3, "0301", given(answers), asked, ())
    except DomainError as error:
        refused = error.code
    assert refused == code


@pytest.mark.parametrize(
    ("answers", "severity"),
    [
        (SMELL, None),
        ({"smell": ["sour", "egg"]}, Severity.URGENT),
        ({**SMELL, "still": True}, Severity.MAJOR),
        ({"smell": "egg", "still": True}, Severity.MAJOR),
        ({"smell": "gas"}, Severity.MAJOR),
    ],
)
def test_an_answer_raises_the_severity(answers: Any, severity: Severity | None) -> None:
    found = taken(answers)
    assert found.severity is severity
    assert (found.why is None) == (severity is None)


def test_answers_given_earlier_stay_and_are_not_asked_again() -> None:
    before = taken({"smell": "egg", "still": True}).answers
    later = take_answers(POLICY, "0301", {"people": ("4",)}, (), before=before)
    assert [answer.question for answer in later.answers] == ["people"]
    assert later.unanswered == ()
    assert later.severity is None
    other = take_answers(POLICY, "0302", {}, (), before=before)
    assert (other.answers, other.unread, other.unanswered) == ((), (), ())


def with_reading(code: str, reading: Reading, **changed: Any) -> Policy:
    """The policy with one of its questions read by others."""
    category = POLICY.category("0301")
    assert category is not None
    asked = [
        one.model_copy(update={"reading": reading, **changed}) if one.code == code else one
        for one in category.questions
    ]
    other = category.model_copy(update={"questions": tuple(asked)})
    return POLICY.model_copy(
        update={"categories": tuple(other if one is category else one for one in POLICY.categories)}
    )


def test_why_a_personal_answer_raises_the_severity_does_not_tell_it() -> None:
    found = take_answers(with_reading("smell", Reading.PERSONAL), "0301", {"smell": ("egg",)}, ())
    assert (found.severity, found.why is not None) == (Severity.URGENT, True)
    assert found.why is not None
    assert "蛋" not in found.why.zh
    assert "egg" not in found.why.en


def test_an_answer_that_was_erased_is_not_asked_again_and_can_be_given_anew() -> None:
    policy = with_reading("who", Reading.PERSONAL, required=True)
    first = take_answers(policy, "0301", {"smell": ("sour",), "who": ("x",)}, ()).answers
    erased = tuple(
        one.model_copy(update={"values": (), "sealed": "AAAA"}) if one.question == "who" else one for one in first
    )
    assert take_answers(policy, "0301", {}, (), before=erased).unanswered == ()
    assert [one.question for one in take_answers(policy, "0301", {}, (), before=first[:1]).unanswered] == ["who"]
    (anew,) = take_answers(policy, "0301", {"who": ("y",)}, (), before=erased).answers
    assert (anew.values, anew.sealed) == (("y",), "")


def test_which_answers_nobody_may_read_on_their_way() -> None:
    """Personal ones and unknown ones; of a command that may be of any category, those of none."""
    said = {"smell": ("sour",), "who": ("x",), "colour": ("red",), "where": ()}
    assert private_codes(POLICY, "0301", said) == {"who", "colour"}
    assert private_codes(POLICY, None, said) == {"who", "colour"}
    assert private_codes(POLICY, "0302", said) == {"smell", "who", "colour"}
