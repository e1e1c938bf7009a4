"""Answers to the questions of a category: what is taken of them, what is refused where they were asked just now.

A report is never lost because of a question: what is recorded takes every answer that fits, keeps the others as not
understood, and says what is missing. Only the door that asks refuses (`check_answers`), before anything is accepted.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from models.answers import Asked, OpenQuestion, QuestionAnswer, UnreadAnswer, values_of
from models.base import SHA256
from models.enums import Severity
from models.errors import AnswerNotUnderstood, QuestionStops, QuestionUnanswered, UnknownQuestion
from models.facts import Explanation
from models.policy.document import Policy
from models.policy.questions import NO, YES, Door, Question, QuestionKind, Reading
from models.text import clean_code

#: Words that are taken for yes and for no (our choice): tables and commands write them in many ways.
_YES_WORDS = frozenset({YES, "y", "true", "1", "是", "有", "对"})
_NO_WORDS = frozenset({NO, "n", "false", "0", "否", "无", "没有", "不"})
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: The most photos of one answer (our choice).
_MOST_PHOTOS = 5
_SEVERITIES = tuple(Severity)
Given = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Taken:
    """What is taken of given answers. `answers`: those that fit. `unanswered`: required ones that are still open.

    `severity`: what the answers raise the severity to; None: nothing. `why`: the answer that did. `stopped`: the
    questions whose answer stops the form.
    """

    answers: tuple[QuestionAnswer, ...]
    unread: tuple[UnreadAnswer, ...]
    unanswered: tuple[OpenQuestion, ...]
    severity: Severity | None = None
    why: Explanation | None = None
    stopped: tuple[Question, ...] = ()


class _DoesNotFit(Exception):
    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


def take_answers(
    policy: Policy,
    category: str,
    given: Given,
    files: Collection[str],
    *,
    door: Door | None = None,
    before: tuple[QuestionAnswer, ...] = (),
) -> Taken:
    """Take what fits of the `given` answers to the questions of a category.

    `files`: the attachments that an answer of photos may name. `door`: where they were asked; a required question that
    was not asked there is not missed, unless a desk asks it. `before`: the answers given earlier, which stay.
    """
    kept = {code: values for code, values in values_of(before).items() if not given.get(code)}
    #: Answered, but sealed here: erased with the reporter, or carried from another case.
    unseen = {answer.question for answer in before if answer.sealed}
    questions = policy.questions(category)
    said: dict[str, tuple[str, ...]] = {}
    answers: list[QuestionAnswer] = []
    unread: list[UnreadAnswer] = []
    unanswered: list[Question] = []
    stopped: list[Question] = []
    raised: list[tuple[Severity, Question, tuple[str, ...]]] = []
    for question in questions:
        shown, texts = question.is_shown(said), given.get(question.code, ())
        if not shown:
            unread += _unread(question.code, texts, "按其他问项的填答,不问此项", "it is not asked beside these answers")
            continue
        try:
            values = read_value(question, texts or kept.get(question.code, ()), files or _files_of(before), policy.zone)
        except _DoesNotFit as fault:
            unread += _unread(question.code, texts, fault.zh, fault.en)
            values = ()
        if not values and question.code in unseen and not texts:
            continue
        if not values:
            unanswered += [question] if question.required else []
            continue
        said[question.code] = values
        if texts:
            answers.append(keep_answer(question, category, values))
            stopped += [question] if question.stops(values) else []
            raised += _raises(question, values)
    known = {question.code for question in questions}
    for code, texts in given.items():
        if code not in known:
            unread += _unread(code, texts, "没有此问项", "there is no such question")
    worst = max(raised, key=lambda one: _SEVERITIES.index(one[0]), default=None)
    return Taken(
        answers=tuple(answers),
        unread=tuple(unread),
        unanswered=tuple(_open(question) for question in unanswered if _missed(question, door)),
        severity=None if worst is None else worst[0],
        why=None if worst is None else _why(*worst),
        stopped=tuple(stopped),
    )


def check_answers(
    policy: Policy, version: int, category: str, given: Given | None, asked: Asked | None, files: Collection[str]
) -> None:
    """Refuse the answers of a sender who was asked these very questions, where one is wrong, missing, or stops.

    Nothing is refused of who was not asked (`given` None) or was asked by another version of the policy. Raises
    UnknownQuestion, AnswerNotUnderstood, QuestionUnanswered or QuestionStops, pointing at the answer.
    """
    if given is None or (asked is not None and asked.policy_version not in (None, version)):
        return
    door = None if asked is None else asked.door
    taken = take_answers(policy, category, given, files, door=door)
    refuse_unread(policy, category, taken)
    for question in taken.stopped:
        if question.stop is not None and not question.stop.may_report:
            stop = question.stop
            raise QuestionStops(
                notice_zh=stop.notice_zh, notice_en=stop.notice_en, telephone=stop.telephone,
                pointer=pointer_to(question.code),
            )  # fmt: skip
    here = {question.code for question in policy.questions(category, door)}
    for missed in taken.unanswered:
        if missed.question in here:
            raise QuestionUnanswered(
                question=missed.question, text_zh=missed.text_zh, text_en=missed.text_en,
                pointer=pointer_to(missed.question),
            )  # fmt: skip


def refuse_unread(policy: Policy, category: str, taken: Taken) -> None:
    """Raise UnknownQuestion or AnswerNotUnderstood for the first answer that was not understood, if there is one."""
    known = {question.code for question in policy.questions(category)}
    for answer in taken.unread:
        pointer = pointer_to(answer.question)
        if answer.question not in known:
            raise UnknownQuestion(category=category, question=answer.question, pointer=pointer)
        raise AnswerNotUnderstood(question=answer.question, why_zh=answer.why_zh, why_en=answer.why_en, pointer=pointer)


def private_codes(policy: Policy, category: str | None, given: Given) -> frozenset[str]:
    """Return which of the given answers nobody may read but who needs to: to questions that are personal, or that are
    not asked in this category. `category` None: in any.
    """
    categories = [one.code for one in policy.categories] if category is None else [category]
    known = [question for code in categories for question in policy.questions(code)]
    open_to_more = {one.code for one in known if one.reading is not Reading.PERSONAL}
    personal = {one.code for one in known if one.reading is Reading.PERSONAL}
    return frozenset(code for code, texts in given.items() if texts and (code in personal or code not in open_to_more))


def pointer_to(question: str) -> str:
    """Return the JSON pointer of the answer to a question."""
    return f"/answers/{question}"


def merged(before: tuple[QuestionAnswer, ...], now: tuple[QuestionAnswer, ...]) -> tuple[QuestionAnswer, ...]:
    """Return the answers of a case after new ones: each question once, at its first place."""
    latest = {answer.question: answer for answer in (*before, *now)}
    return tuple(latest.values())


def keep_answer(question: Question, category: str, values: tuple[str, ...]) -> QuestionAnswer:
    """Return the answer with what is needed to read it later."""
    return QuestionAnswer(
        question=question.code,
        category=category,
        kind=question.kind,
        reading=question.reading,
        values=values,
        text_zh=question.text_zh,
        text_en=question.text_en,
        names=tuple(option for option in question.options if option.key in values),
        unit_zh=question.unit_zh,
        unit_en=question.unit_en,
    )


def read_value(question: Question, texts: Sequence[str], files: Collection[str], zone: str) -> tuple[str, ...]:
    """Return an answer in its one form; empty when none was given. Raises `_DoesNotFit`, which stays in this module."""
    if not texts:
        return ()
    if question.kind is QuestionKind.CHOICE:
        return _chosen(question, texts)
    if question.kind is QuestionKind.PHOTO:
        return _photos(texts, files)
    if len(texts) > 1:
        raise _DoesNotFit("只能填一个值", "it takes one value")
    text = texts[0]
    match question.kind:
        case QuestionKind.YES_NO:
            return (_yes_or_no(text),)
        case QuestionKind.NUMBER:
            return (_number(question, text),)
        case QuestionKind.DAY:
            return (_day(text),)
        case QuestionKind.MOMENT:
            return (_moment(text, zone),)
    return (text,)


def _chosen(question: Question, texts: Sequence[str]) -> tuple[str, ...]:
    by_word = {name.casefold(): o.key for o in question.options for name in (o.name_zh, o.name_en)}
    by_word |= {option.key.casefold(): option.key for option in question.options}
    keys = []
    for text in texts:
        key = by_word.get(text.casefold())
        if key is None:
            known = ", ".join(question.keys)
            # Without the word that was given: what does not fit is kept, and may be anything.
            raise _DoesNotFit(f"没有这个选项,可选:{known}", f"there is no such option, only {known}")
        keys.append(key)
    if len(set(keys)) > 1 and not question.several:
        raise _DoesNotFit("只能选一项", "it takes one option")
    return tuple(key for key in question.keys if key in keys)


def _photos(texts: Sequence[str], files: Collection[str]) -> tuple[str, ...]:
    photos = tuple(dict.fromkeys(texts))
    if len(photos) > _MOST_PHOTOS:
        raise _DoesNotFit(f"最多 {_MOST_PHOTOS} 张照片", f"it takes {_MOST_PHOTOS} photos at most")
    if any(re.fullmatch(SHA256, photo) is None or photo not in files for photo in photos):
        raise _DoesNotFit("照片须同时列在附件中", "a photo must be among the attachments as well")
    return photos


def _yes_or_no(text: str) -> str:
    word = clean_code(text).casefold()
    if word in _YES_WORDS:
        return YES
    if word in _NO_WORDS:
        return NO
    raise _DoesNotFit("须为 yes 或 no", "it must be yes or no")


def _number(question: Question, text: str) -> str:
    written = clean_code(text)
    if _NUMBER.fullmatch(written) is None:
        raise _DoesNotFit("须为数字", "it must be a number")
    number = Decimal(written).normalize()
    if -int(number.as_tuple().exponent) > question.decimals:
        zh = "须为整数" if not question.decimals else f"最多 {question.decimals} 位小数"
        en = "it must be a whole number" if not question.decimals else f"it has {question.decimals} decimals at most"
        raise _DoesNotFit(zh, en)
    if question.min is not None and number < question.min:
        raise _DoesNotFit(f"不得小于 {question.min}", f"it must be {question.min} or more")
    if question.max is not None and number > question.max:
        raise _DoesNotFit(f"不得大于 {question.max}", f"it must be {question.max} or less")
    return format(number + 0, "f")  # without the sign of -0


def _day(text: str) -> str:
    try:
        if _DAY.fullmatch(clean_code(text)):
            return date.fromisoformat(clean_code(text)).isoformat()
    except ValueError:
        pass  # 30 February: no day, like any other text
    raise _DoesNotFit("须为 2026-11-30 这样的日期", "it must be a day like 2026-11-30")


def _moment(text: str, zone: str) -> str:
    """Return a moment by the wall clock of the park; one with an offset is converted."""
    try:
        if _MOMENT.fullmatch(clean_code(text)):
            moment = datetime.fromisoformat(clean_code(text))
            local = moment if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            return local.isoformat(timespec="minutes")
    except (ValueError, OverflowError):
        pass  # 25 o'clock: no moment, like any other text
    raise _DoesNotFit("须为 2026-11-30T08:30 这样的时间", "it must be a time like 2026-11-30T08:30")


def _unread(code: str, texts: Sequence[str], zh: str, en: str) -> list[UnreadAnswer]:
    return [UnreadAnswer(question=code, values=tuple(texts), why_zh=zh, why_en=en)] if texts else []


def _open(question: Question) -> OpenQuestion:
    return OpenQuestion(question=question.code, text_zh=question.text_zh, text_en=question.text_en)


def _missed(question: Question, door: Door | None) -> bool:
    return door is None or door in question.doors or Door.DESK in question.doors


def _files_of(before: tuple[QuestionAnswer, ...]) -> frozenset[str]:
    """The photos of earlier answers, which need not be named again."""
    return frozenset(value for answer in before if answer.kind is QuestionKind.PHOTO for value in answer.values)


def _raises(question: Question, values: tuple[str, ...]) -> Iterator[tuple[Severity, Question, tuple[str, ...]]]:
    """Yield what an answer raises the severity to. What stops the form is major when it is reported all the same."""
    if question.stops(values):
        yield Severity.MAJOR, question, values
    for rule in question.raises:
        if not set(values).isdisjoint(rule.answers):
            yield rule.severity, question, values


def _why(severity: Severity, question: Question, values: tuple[str, ...]) -> Explanation:
    rule = f"question:{question.code}:{severity}"
    if question.reading is Reading.PERSONAL:  # an explanation is kept in clear
        return Explanation(
            rule=rule, zh=f"“{question.text_zh}”的填答", en=f"the answer to “{question.text_en}”"
        )  # fmt: skip
    names = {option.key: option for option in question.options}
    zh = "、".join(names[value].name_zh if value in names else {YES: "是", NO: "否"}[value] for value in values)
    en = ", ".join(names[value].name_en if value in names else value for value in values)
    return Explanation(
        rule=rule,
        zh=f"“{question.text_zh}”填答为“{zh}”",
        en=f"“{question.text_en}” was answered “{en}”",
    )


def graver(one: Severity, other: Severity | None) -> Severity:
    """Return the graver of two severities."""
    return one if other is None or _SEVERITIES.index(one) >= _SEVERITIES.index(other) else other
