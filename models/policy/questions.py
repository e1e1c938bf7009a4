"""Questions (问项) of a category: what is asked besides the description when something of that category is reported.

They are data of the policy. An answer keeps what is needed to read it (`models.answers`), so that a later policy may
change or drop a question.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from models.base import Code, Given, Line, is_empty, is_none
from models.enums import Severity

#: The most questions of a category, and the most options of a choice (our choice): a phone shows them on one page.
MOST_QUESTIONS = 12
MOST_OPTIONS = 30
#: The longest text of an answer (our choice); more belongs into the description.
LONGEST_TEXT = 500
#: The most decimals of a number.
MOST_DECIMALS = 6
#: The keys of the two answers to a question of yes or no.
YES, NO = "yes", "no"

QuestionText = Annotated[Line, StringConstraints(min_length=1, max_length=120)]
HelpText = Annotated[Line, StringConstraints(max_length=300)]
OptionName = Annotated[Line, StringConstraints(min_length=1, max_length=60)]
Unit = Annotated[Line, StringConstraints(max_length=20)]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{1,18}[0-9]$")]


class QuestionKind(StrEnum):
    """What an answer is: one or several options, a number, yes or no, a line of text, a day, a moment by the wall
    clock of the park, photos."""

    CHOICE = "choice"
    NUMBER = "number"
    YES_NO = "yes_no"
    TEXT = "text"
    DAY = "day"
    MOMENT = "moment"
    PHOTO = "photo"


class Door(StrEnum):
    """Where a question is asked: the phone app, the intake form of a desk, the public form, an Open311 client."""

    PHONE = "phone"
    DESK = "desk"
    PUBLIC = "public"
    OPEN311 = "open311"


class Reading(StrEnum):
    """Who reads an answer: everybody who may see the case and the public progress page; everybody who may see the case;
    only who needs to speak with the reporter (`rules.masking`)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"


def _key(value: object) -> object:
    """Return the key of an answer as a policy may write it: YAML reads a bare `yes` as true, a bare 1 as a number."""
    if isinstance(value, bool):
        return YES if value else NO
    return str(value) if isinstance(value, int) else value


#: The key of an option, or `yes` and `no`.
Key = Annotated[Code, BeforeValidator(_key)]
Keys = Annotated[tuple[Key, ...], Field(min_length=1, max_length=MOST_OPTIONS)]


class Option(Given):
    """One option of a choice."""

    key: Key
    name_zh: OptionName
    name_en: OptionName

    def name(self, language: str) -> str:
        """What the option is called, in `zh` or `en`."""
        return self.name_en if language.startswith("en") else self.name_zh


class ShownIf(Given):
    """A question is asked only if an earlier one of the category was answered with one of these keys."""

    question: Code
    answers: Keys


class Stop(Given):
    """Answers that stop the form with a notice and a telephone number ("call 119 now").

    `may_report` True: it may be reported all the same, as major; False: the form ends there.
    """

    answers: Keys
    telephone: Telephone
    notice_zh: Annotated[Line, StringConstraints(min_length=1, max_length=300)]
    notice_en: Annotated[Line, StringConstraints(min_length=1, max_length=300)]
    may_report: bool = True

    def notice(self, language: str) -> str:
        """What the form says, in `zh` or `en`."""
        return self.notice_en if language.startswith("en") else self.notice_zh


class Raise(Given):
    """Answers that raise the severity of the report to at least this one."""

    answers: Keys
    severity: Severity


class Question(Given):
    """A question (问项) of a category.

    `options` and `several` belong to a choice, `unit_zh`, `unit_en`, `min`, `max` and `decimals` to a number. `doors`:
    where it is asked. `shown_if` None: it is always asked. A newer field at its default is not written.
    """

    code: Code
    kind: QuestionKind
    text_zh: QuestionText
    text_en: QuestionText
    help_zh: Annotated[HelpText, Field(exclude_if=is_empty)] = ""
    help_en: Annotated[HelpText, Field(exclude_if=is_empty)] = ""
    required: bool = False
    doors: Annotated[tuple[Door, ...], Field(min_length=1)] = tuple(Door)
    reading: Reading = Reading.INTERNAL
    options: Annotated[tuple[Option, ...], Field(max_length=MOST_OPTIONS, exclude_if=is_empty)] = ()
    several: Annotated[bool, Field(exclude_if=is_empty)] = False
    unit_zh: Annotated[Unit, Field(exclude_if=is_empty)] = ""
    unit_en: Annotated[Unit, Field(exclude_if=is_empty)] = ""
    min: Annotated[Decimal | None, Field(exclude_if=is_none, allow_inf_nan=False)] = None
    max: Annotated[Decimal | None, Field(exclude_if=is_none, allow_inf_nan=False)] = None
    decimals: Annotated[int, Field(ge=0, le=MOST_DECIMALS, exclude_if=is_empty)] = 0
    shown_if: Annotated[ShownIf | None, Field(exclude_if=is_none)] = None
    stop: Annotated[Stop | None, Field(exclude_if=is_none)] = None
    raises: Annotated[tuple[Raise, ...], Field(max_length=4, exclude_if=is_empty)] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        raise_faults(type(self).__name__, _faults_of_one(self))
        return self

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys among which an answer is chosen; empty where there are none."""
        if self.kind is QuestionKind.YES_NO:
            return (YES, NO)
        return tuple(option.key for option in self.options)

    def text(self, language: str) -> str:
        """What is asked, in `zh` or `en`."""
        return self.text_en if language.startswith("en") else self.text_zh

    def help(self, language: str) -> str:
        """The help below the question, in `zh` or `en`; empty where there is none."""
        return self.help_en if language.startswith("en") else self.help_zh

    def unit(self, language: str) -> str:
        """The unit of the number, in `zh` or `en`; empty where there is none."""
        return self.unit_en if language.startswith("en") else self.unit_zh

    def stops(self, values: Sequence[str]) -> bool:
        """Whether an answer stops the form."""
        return self.stop is not None and not set(values).isdisjoint(self.stop.answers)

    def is_shown(self, answers: Mapping[str, Sequence[str]]) -> bool:
        """Whether the question is asked beside these answers, which are those to questions that are shown."""
        rule = self.shown_if
        return rule is None or not set(answers.get(rule.question, ())).isdisjoint(rule.answers)


def asked_at(questions: Sequence[Question], door: Door | None) -> tuple[Question, ...]:
    """Return those of the questions that are asked at a door, in order; None: of all doors.

    The public form and Open311 take photos by themselves, and ask for none.
    """
    photos = door not in (Door.PUBLIC, Door.OPEN311)
    return tuple(
        question
        for question in questions
        if (door is None or door in question.doors) and (photos or question.kind is not QuestionKind.PHOTO)
    )


#: A fault: the place within a question or a list of questions, in Chinese and in English.
QuestionFault = tuple[tuple[int | str, ...], str, str]


def question_faults(questions: Sequence[Question]) -> Iterator[QuestionFault]:
    """Yield what is wrong with the questions of a category beside each other.

    A condition names an earlier question, so none waits for itself, directly or by others.
    """
    by_code = {question.code: place for place, question in reversed([*enumerate(questions)])}
    for place, question in enumerate(questions):
        if by_code[question.code] != place:
            zh = f"“{question.code}”与第 {by_code[question.code] + 1} 个问项编码重复"
            yield (place, "code"), zh, f"“{question.code}” is already the code of question {by_code[question.code] + 1}"
        rule = question.shown_if
        if rule is None:
            continue
        at = by_code.get(rule.question)
        if at is None:
            zh, en = f"没有问项“{rule.question}”", f"there is no question “{rule.question}”"
            yield (place, "shown_if", "question"), zh, en
        elif at >= place:
            zh = f"“{rule.question}”不在本问项之前:只能以前面问项的填答为条件"
            en = f"“{rule.question}” does not come before this question: a condition names an earlier one"
            yield (place, "shown_if", "question"), zh, en
        else:
            yield from _unknown_keys((place, "shown_if", "answers"), rule.answers, questions[at])
            if lost := sorted(set(question.doors) - set(questions[at].doors)):
                zh = f"“{rule.question}”不在这些渠道询问,本问项永远不会出现:{', '.join(lost)}"
                en = f"“{rule.question}” is not asked at these doors, so this one is never shown: {', '.join(lost)}"
                yield (place, "doors"), zh, en


def raise_faults(title: str, faults: Iterator[QuestionFault]) -> None:
    """Raise ValidationError with every fault at its place, in both languages; without any return."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("told", "{en}", {"zh": zh, "en": en}), loc=place, input=None)
        for place, zh, en in faults
    ]
    if errors:
        raise ValidationError.from_exception_data(title, errors)


#: The fields that belong to one kind.
_OWN_FIELDS = {
    "options": QuestionKind.CHOICE, "several": QuestionKind.CHOICE, "unit_zh": QuestionKind.NUMBER,
    "unit_en": QuestionKind.NUMBER, "min": QuestionKind.NUMBER, "max": QuestionKind.NUMBER,
    "decimals": QuestionKind.NUMBER,
}  # fmt: skip


def _faults_of_one(question: Question) -> Iterator[QuestionFault]:
    for name, kind in _OWN_FIELDS.items():
        if kind is not question.kind and getattr(question, name) not in ((), False, "", None, 0):
            yield (name,), f"只有“{kind}”类问项才有 {name}", f"only a question of kind “{kind}” has {name}"
    yield from _faults_of_options(question)
    yield from _faults_of_number(question)
    for name, zh, en in (("unit", "单位", "a unit"), ("help", "填写说明", "a help text")):
        if bool(getattr(question, f"{name}_zh")) != bool(getattr(question, f"{name}_en")):
            yield (f"{name}_zh",), f"{zh}须中英文齐全", f"{en} is given in both languages"
    if question.stop is not None:
        yield from _unknown_keys(("stop", "answers"), question.stop.answers, question)
    for place, rule in enumerate(question.raises):
        yield from _unknown_keys(("raises", place, "answers"), rule.answers, question)
    if len(set(question.doors)) != len(question.doors):
        yield ("doors",), "渠道重复", "a door is named twice"


def _faults_of_options(question: Question) -> Iterator[QuestionFault]:
    if question.kind is QuestionKind.CHOICE and len(question.options) < 2:
        yield ("options",), "选择类问项至少有两个选项", "a choice has at least two options"
    seen: set[str] = set()
    for place, option in enumerate(question.options):
        if option.key in seen:
            zh, en = f"选项“{option.key}”重复", f"the option “{option.key}” is there twice"
            yield ("options", place, "key"), zh, en
        seen.add(option.key)


def _faults_of_number(question: Question) -> Iterator[QuestionFault]:
    if question.min is not None and question.max is not None and question.min > question.max:
        yield ("min",), "最小值大于最大值", "the smallest number is above the largest"
    for name, bound in (("min", question.min), ("max", question.max)):
        if bound is not None and -int(bound.as_tuple().exponent) > question.decimals:
            yield (name,), f"小数位多于 {question.decimals} 位", f"has more than {question.decimals} decimals"


def _unknown_keys(at: tuple[int | str, ...], named: Sequence[str], question: Question) -> Iterator[QuestionFault]:
    """Yield each key that cannot be an answer to the question; only choices and yes or no have keys."""
    if not question.keys:
        zh = f"“{question.code}”不是选择或是非类问项,不能以其填答为条件"
        yield at, zh, f"“{question.code}” is no choice and no question of yes or no: its answers have no keys"
        return
    for place, key in enumerate(named):
        if key not in question.keys:
            zh, en = f"问项“{question.code}”没有选项“{key}”", f"the question “{question.code}” has no option “{key}”"
            yield (*at, place), zh, en
