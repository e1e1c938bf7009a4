"""Answers (填答) to the questions of a category: as they are given, and as they are kept.

A kept answer says what was asked and what was answered in words, so that it is read without the policy it was asked
under.
"""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo

from models.base import Code, Given, Kept, Line, is_empty, is_none
from models.ids import derived_id
from models.policy.questions import LONGEST_TEXT, MOST_OPTIONS, NO, YES, Door, Option, QuestionKind, Reading

#: The most answers of one report, those to questions of other policies among them (our choice).
MOST_ANSWERS = 40


def _texts(value: object, info: ValidationInfo) -> object:
    """Return the texts of an answer as JSON has it: true is `yes`, a number its digits, null and "" are no answer."""
    if info.context is not None and info.context.get("stored"):
        return value
    parts = value if isinstance(value, list | tuple) else [value]
    texts = [_text(part) for part in parts if part is not None]
    return [text for text in texts if not (isinstance(text, str) and not text.strip())]


def _text(value: object) -> object:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value) if isinstance(value, int | Decimal) else value


_Texts = tuple[Annotated[Line, StringConstraints(min_length=1, max_length=LONGEST_TEXT)], ...]
#: One answer as a door takes it; empty: none was given.
GivenAnswer = Annotated[
    _Texts,
    Field(max_length=MOST_OPTIONS),
    BeforeValidator(_texts, json_schema_input_type=bool | float | str | list[str] | None),
]
#: Answers as a door takes them, by the code of the question.
GivenAnswers = Annotated[dict[Code, GivenAnswer], Field(max_length=MOST_ANSWERS)]


class Asked(Given):
    """Where the questions were asked, and by which version of the policy; None where the sender does not say."""

    door: Door | None = None
    policy_version: Annotated[int | None, Field(ge=1)] = None


class QuestionAnswer(Kept):
    """An answer as it is kept, with what is needed to read it.

    `values`: keys, a number in digits, one line, a day, a moment by the wall clock of the park, or files by their
    SHA-256. `names`: the options that were chosen. `sealed`: both of a personal answer, encrypted by the key of the
    reporter; then they are empty here.
    """

    question: str
    category: str
    kind: QuestionKind
    reading: Reading
    values: tuple[str, ...]
    text_zh: str
    text_en: str
    names: Annotated[tuple[Option, ...], Field(exclude_if=is_empty)] = ()
    unit_zh: Annotated[str, Field(exclude_if=is_empty)] = ""
    unit_en: Annotated[str, Field(exclude_if=is_empty)] = ""
    sealed: Annotated[str, Field(exclude_if=is_empty)] = ""

    def text(self, language: str) -> str:
        """What was asked, in `zh` or `en`."""
        return self.text_en if language.startswith("en") else self.text_zh

    def unit(self, language: str) -> str:
        """The unit of the number, in `zh` or `en`."""
        return self.unit_en if language.startswith("en") else self.unit_zh


class UnreadAnswer(Kept):
    """An answer that was taken and not understood: its question is not asked (any more), or the answer does not fit it.

    It may hold anything, so it is shown and sealed like a personal one. `why_zh`, `why_en`: what does not fit, as parts
    of a sentence.
    """

    question: str
    values: tuple[str, ...]
    why_zh: str
    why_en: str
    sealed: Annotated[str, Field(exclude_if=is_empty)] = ""


class SealedAnswers(Kept):
    """Answers on their way from a door to the facts, encrypted: those to personal questions, and those that no question
    asks for. No history holds them in clear.

    `key`: the reporter's record whose key seals them. `content`: Base64; the same answers under the same key are the
    same text, so that a report or command sent again is recognised.
    """

    key: UUID
    content: str


class OpenQuestion(Kept):
    """A required question to which no answer was given."""

    question: str
    text_zh: str
    text_en: str

    def text(self, language: str) -> str:
        """What is asked, in `zh` or `en`."""
        return self.text_en if language.startswith("en") else self.text_zh


def answers_key(report_id: UUID) -> UUID:
    """The id of the reporter's record that a case without a contact gets: it holds only the key of personal answers."""
    # Version 8 of RFC 9562, of which no other id is.
    return UUID(int=derived_id(report_id, "answers").int & ~(0xF << 76) | 8 << 76)


def has_contact(reference: UUID | None) -> bool:
    """Whether the reporter's record may hold a contact; False of one that holds only the key of personal answers."""
    return reference is not None and reference.version != 8


def values_of(answers: tuple[QuestionAnswer, ...]) -> dict[str, tuple[str, ...]]:
    """Return answers as a door takes them."""
    return {answer.question: answer.values for answer in answers}


#: Sealed answers beside a report or command.
OptionalSealedAnswers = Annotated[SealedAnswers | None, Field(exclude_if=is_none)]
#: Answers beside a report or command; None: nothing was asked there.
OptionalAnswers = Annotated[GivenAnswers | None, Field(exclude_if=is_none)]
#: Lists of facts and states, left out where they are empty, so that older digests stay valid.
Answers = Annotated[tuple[QuestionAnswer, ...], Field(exclude_if=is_empty)]
Unread = Annotated[tuple[UnreadAnswer, ...], Field(exclude_if=is_empty)]
Open = Annotated[tuple[OpenQuestion, ...], Field(exclude_if=is_empty)]
