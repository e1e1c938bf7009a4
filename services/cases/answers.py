"""Answers to the questions of a category, as people read them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.answers import OpenQuestion, QuestionAnswer, UnreadAnswer
from models.base import STORED
from models.case import Case
from models.personal_numbers import mask_numbers
from models.policy.questions import NO, YES, Option, QuestionKind, Reading
from models.views import AnswerView, OpenQuestionView, UnreadAnswerView
from services.runtime.shown_numbers import show

#: What is shown instead of an answer that the reader need not know.
HIDDEN: Final = "••••"
_YES_NO: Mapping[str, tuple[str, str]] = {YES: ("是", "yes"), NO: ("否", "no")}


def answer_views(case: Case, language: str, *, whole: bool) -> tuple[AnswerView, ...]:
    """Return the answers of a case; personal ones are hidden, and numbers of people masked, unless `whole`."""
    return tuple(answer_view(answer, language, whole=whole) for answer in case.answers)


def public_answers(case: Case, language: str) -> tuple[AnswerView, ...]:
    """Return the answers that everybody may read; photos are shown to nobody but those who may see the case."""
    return tuple(
        answer_view(answer, language, whole=False)
        for answer in case.answers
        if answer.reading is Reading.PUBLIC and answer.kind is not QuestionKind.PHOTO
    )


def answer_view(answer: QuestionAnswer, language: str, *, whole: bool) -> AnswerView:
    """Return one answer. One that is hidden has no values."""
    hidden = not whole and answer.reading is Reading.PERSONAL
    shown = HIDDEN if hidden else in_words(answer, language)
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
    )


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
    kept = [QuestionAnswer.model_validate(answer, context=STORED) for answer in answers]
    return end.join(
        answer.text(language) + colon + (HIDDEN if not answer.values else in_words(answer, language) or "✓")
        for answer in kept
    )


def open_views(questions: tuple[OpenQuestion, ...], language: str) -> tuple[OpenQuestionView, ...]:
    """Return the required questions to which no answer was given."""
    return tuple(OpenQuestionView(question=one.question, text=one.text(language)) for one in questions)


def unread_views(answers: tuple[UnreadAnswer, ...], language: str, *, whole: bool) -> tuple[UnreadAnswerView, ...]:
    """Return the answers that were not understood; what they hold is hidden, unless `whole`."""
    if whole:
        show(*(value for answer in answers for value in answer.values))
    return tuple(
        UnreadAnswerView(
            question=answer.question,
            values=answer.values if whole else (),
            why=answer.why_en if language.startswith("en") else answer.why_zh,
        )
        for answer in answers
    )


def hide_answers(body: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a fact without what a reader need not know of its answers."""
    answers = [
        {**answer, "values": []}
        if answer["reading"] == Reading.PERSONAL
        else {**answer, "values": [mask_numbers(value) for value in answer["values"]]}
        if answer["kind"] == QuestionKind.TEXT
        else answer
        for answer in body.get("answers", ())
    ]
    unread = [{**answer, "values": []} for answer in body.get("unread", ())]
    return {**body, **({"answers": answers} if answers else {}), **({"unread": unread} if unread else {})}
