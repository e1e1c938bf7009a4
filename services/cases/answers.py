"""Answers to the questions of a category, as people read them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.sealed_answers import NOTHING_OPENED, Opened, Unreadable, open_answers
from models.answers import OpenQuestion, QuestionAnswer, UnreadAnswer
from models.base import STORED
from models.case import Case
from models.context import Person
from models.errors import KeysAway
from models.facts import Body, Fact, QuestionsAnswered, Received
from models.personal_numbers import mask_numbers
from models.policy.questions import NO, YES, Option, QuestionKind, Reading
from models.views import AnswerView, OpenQuestionView, UnreadAnswerView
from rules.masking import reads_numbers
from services.runtime.shown_numbers import show

log = structlog.get_logger(__name__)

#: What is shown instead of an answer that the reader need not know.
HIDDEN: Final = "••••"
_YES_NO: Mapping[str, tuple[str, str]] = {YES: ("是", "yes"), NO: ("否", "no")}


#: What is shown to who may read a personal answer that can't be read.
UNREADABLE: Mapping[Unreadable, tuple[str, str]] = {
    Unreadable.ERASED: ("已按规定删除", "erased by regulation"),
    Unreadable.AWAY: (
        "暂读不出:密钥不可用,请稍后再试",
        "can't be read now: the keys are not available; try again",
    ),
    Unreadable.DAMAGED: ("已损坏,无法读取,请告知管理员", "damaged and can't be read; tell an administrator"),
}


async def open_personal(connection: AsyncConnection, case: Case, facts: Sequence[Fact] = ()) -> Opened:
    """Return what the personal answers of the case, and of these facts of it, hold, for a view that hides it from who
    need not know it. While the keys are away, it says so of each.
    """
    try:
        return await open_answers(connection, case, facts)
    except KeysAway:
        log.warning("keys of reporters away", report_id=str(case.report_id))
        return Opened(why_not=Unreadable.AWAY)


async def open_for(
    connection: AsyncConnection, person: Person, case: Case, day: date, facts: Sequence[Fact] = ()
) -> Opened:  # fmt: skip
    """Return the same for a person; nothing where they may not read personal answers today."""
    return await open_personal(connection, case, facts) if reads_numbers(person, case, day) else NOTHING_OPENED


def answer_views(
    case: Case, language: str, *, whole: bool, opened: Opened = NOTHING_OPENED
) -> tuple[AnswerView, ...]:  # fmt: skip
    """Return the answers of a case; personal ones are hidden, and numbers of people masked, unless `whole`.

    Personal answers are sealed in the case. `opened` (by `open_for`) holds what they say; without it they are hidden
    from everybody. Those of lists and files are read by `services.cases.row_answers`.
    """
    return tuple(answer_view(answer, language, whole=whole, opened=opened) for answer in case.answers)


def public_answers(case: Case, language: str) -> tuple[AnswerView, ...]:
    """Return the answers that everybody may read; photos are shown to nobody but those who may see the case."""
    return tuple(
        answer_view(answer, language, whole=False)
        for answer in case.answers
        if answer.reading is Reading.PUBLIC and answer.kind is not QuestionKind.PHOTO
    )


def answer_view(
    answer: QuestionAnswer, language: str, *, whole: bool, opened: Opened = NOTHING_OPENED
) -> AnswerView:  # fmt: skip
    """Return one answer. One that is hidden, or that can't be read, has no values."""
    personal = answer.reading is Reading.PERSONAL
    hidden = personal and not (whole and opened.is_readable(answer))
    why = opened.unreadable(answer) if personal and whole else None
    answer = answer if hidden else opened.open(answer)
    shown = hidden_words(why, language) if hidden else in_words(answer, language)
    values = () if hidden else answer.values
    if answer.kind is QuestionKind.TEXT and not hidden:
        if whole:
            show(*values)
        else:
            shown, values = mask_numbers(shown), tuple(map(mask_numbers, values))
    return AnswerView(
        question=answer.question,
        text=answer.text(language),
        kind=answer.kind,
        reading=answer.reading,
        values=values,
        shown=shown,
        hidden=hidden,
        unreadable=None if why is None else why.value,
    )


def hidden_words(why: Unreadable | None, language: str) -> str:
    """Return what is shown instead of an answer: why it can't be read, or that it is hidden."""
    return HIDDEN if why is None else UNREADABLE[why][language.startswith("en")]


def key_text(options: Sequence[Option], key: str, language: str) -> str:
    """Return what a key is called: the name of its option, or yes or no."""
    english = language.startswith("en")
    found = next((option.name(language) for option in options if option.key == key), None)
    return found or (_YES_NO[key][english] if key in _YES_NO else key)


def in_words(answer: QuestionAnswer, language: str) -> str:
    """Return an answer as people read it: names of options, a number with its unit. Photos have no words."""
    english = language.startswith("en")
    match answer.kind:
        case QuestionKind.CHOICE:
            return (", " if english else "、").join(key_text(answer.names, key, language) for key in answer.values)
        case QuestionKind.YES_NO:
            return "".join(key_text((), key, language) for key in answer.values)
        case QuestionKind.NUMBER:
            return " ".join(filter(None, (*answer.values, answer.unit(language))))
        case QuestionKind.MOMENT:
            return " ".join(answer.values).replace("T", " ")
        case QuestionKind.PHOTO:
            return ""
    return " ".join(answer.values)


def told_in_fact(answers: Sequence[Mapping[str, Any]], language: str) -> str:
    """Return the answers of a fact in one line, as its view holds them; a hidden one has no values."""
    english = language.startswith("en")
    colon, end = (": ", "; ") if english else (":", ";")
    said = []
    for content in answers:
        answer = QuestionAnswer.model_validate(content, context=STORED)
        why = Unreadable(content["unreadable"]) if content.get("unreadable") else None
        words = in_words(answer, language) or "✓" if answer.values else hidden_words(why, language)
        said.append(answer.text(language) + colon + words)
    return end.join(said)


def open_views(questions: tuple[OpenQuestion, ...], language: str) -> tuple[OpenQuestionView, ...]:
    """Return the required questions to which no answer was given."""
    return tuple(OpenQuestionView(question=one.question, text=one.text(language)) for one in questions)


def unread_views(
    answers: tuple[UnreadAnswer, ...], language: str, *, whole: bool, opened: Opened = NOTHING_OPENED
) -> tuple[UnreadAnswerView, ...]:
    """Return the answers that were not understood; what they hold is hidden, unless `whole`."""
    return tuple(_unread_view(answer, language, whole=whole, opened=opened) for answer in answers)


def _unread_view(answer: UnreadAnswer, language: str, *, whole: bool, opened: Opened) -> UnreadAnswerView:
    values = opened.open(answer).values if whole and opened.is_readable(answer) else ()
    why = opened.unreadable(answer) if whole else None
    show(*values)
    return UnreadAnswerView(
        question=answer.question,
        values=values,
        shown=", ".join(values) if why is None else hidden_words(why, language),
        why=answer.why_en if language.startswith("en") else answer.why_zh,
        unreadable=None if why is None else why.value,
    )


def fact_answers(body: Mapping[str, Any], fact: Body, *, whole: bool, opened: Opened) -> dict[str, Any]:
    """Return the content of a fact with its answers as a reader may read them, without what seals them."""
    shown = dict(body)
    if isinstance(fact, Received | QuestionsAnswered) and "answers" in body:
        shown["answers"] = [_readable(answer, whole=whole, opened=opened) for answer in fact.answers]
    if isinstance(fact, Received) and "unread" in body:
        shown["unread"] = [_readable(answer, whole=whole, opened=opened) for answer in fact.unread]
    return shown


def _readable(answer: QuestionAnswer | UnreadAnswer, *, whole: bool, opened: Opened) -> dict[str, Any]:
    personal = isinstance(answer, UnreadAnswer) or answer.reading is Reading.PERSONAL
    if personal and not (whole and opened.is_readable(answer)):
        content = answer.model_dump(mode="json", exclude={"sealed", "names"})
        why = opened.unreadable(answer) if whole else None
        return {**content, "values": [], **({} if why is None else {"unreadable": why.value})}
    content = opened.open(answer).model_dump(mode="json")
    if not whole and isinstance(answer, QuestionAnswer) and answer.kind is QuestionKind.TEXT:
        content["values"] = [mask_numbers(value) for value in content["values"]]
    return content
