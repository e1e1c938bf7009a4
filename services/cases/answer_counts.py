"""How many cases of a list gave which answer to a question: choices, and yes or no. Personal answers are not counted.

Questions are told apart by the category that the case has now, because the list behind a number is of that category.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Text, cast, distinct, func, literal_column, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.base import Frozen
from models.context import Person
from models.policy.document import Policy
from models.policy.questions import Question, QuestionKind, Reading
from models.tables import CASES
from services.cases.answers import key_text
from services.cases.filter import CaseFilter
from services.cases.lists import list_condition
from services.figures.drill_down import LIST
from services.figures.views import Number

#: The kinds whose answers are keys, and so can be counted.
COUNTED: Final = (QuestionKind.CHOICE, QuestionKind.YES_NO)


class ChoiceCount(Frozen):
    """How many cases chose an option; of a question with several, a case may be in more than one.

    The address is empty where the list is narrowed to other answers to the same question.
    """

    key: str
    name: str
    chosen: Number


class QuestionCounts(Frozen):
    """The answers to one question of one category. `answered`: how many cases answered it."""

    category: str
    category_name: str
    question: str
    text: str
    kind: QuestionKind
    answered: int
    choices: tuple[ChoiceCount, ...]


class AnswerCounts(Frozen):
    """The counts of a list, the question answered most often first; questions that nobody answered are left out."""

    questions: tuple[QuestionCounts, ...]


@dataclass
class Counted:
    """A question with what was counted, by key, and its stored words in Chinese and English."""

    category: str
    question: str
    kind: QuestionKind
    texts: tuple[str, str]
    answered: int = 0
    keys: dict[str, int] = field(default_factory=dict)
    names: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)


async def count_answers(
    connection: AsyncConnection, person: Person, case_filter: CaseFilter, now: datetime, language: str
) -> AnswerCounts:
    """Return the counts of the whole list, whatever its page. Raises BadFilter, as the list itself."""
    condition = await list_condition(connection, person, case_filter, now)
    policy = await policy_version(connection, await newest_version(connection))
    found = await count_choices(connection, condition)
    return AnswerCounts(questions=tuple(_question(one, policy, case_filter, language) for one in found))


async def count_choices(connection: AsyncConnection, condition: ColumnElement[bool]) -> list[Counted]:
    """Return what the cases under the condition answered, the question answered most often first."""
    answers = CASES.c.state["answers"]
    given = func.jsonb_array_elements(answers).table_valued("value", name="given")
    answer = literal_column("given.value", CASES.c.state.type)
    chosen = func.jsonb_array_elements_text(answer["values"]).table_valued("value", name="chosen")
    key = literal_column("chosen.value", Text())
    code = answer["question"].astext
    name = func.jsonb_path_query_first(
        answer["names"], cast("$[*] ? (@.key == $key)", JSONPATH), func.jsonb_build_object("key", key)
    )
    rows = await connection.execute(
        select(
            CASES.c.category.label("category"),
            code.label("question"),
            key.label("key"),
            func.count(distinct(CASES.c.report_id)).label("cases"),
            func.max(answer["kind"].astext).label("kind"),
            func.max(answer["text_zh"].astext).label("text_zh"),
            func.max(answer["text_en"].astext).label("text_en"),
            func.max(name.op("->>")("name_zh")).label("name_zh"),
            func.max(name.op("->>")("name_en")).label("name_en"),
        )
        .select_from(CASES)
        .join(given, true())
        .join(chosen, true())
        .where(
            condition,
            # Says nothing new, but lets the index of answers serve.
            or_(*(answers.contains([{"kind": kind.value}]) for kind in COUNTED)),
            answer["kind"].astext.in_([kind.value for kind in COUNTED]),
            answer["reading"].astext != Reading.PERSONAL.value,
        )
        .group_by(func.grouping_sets(tuple_(CASES.c.category, code), tuple_(CASES.c.category, code, key)))
    )
    return _gathered(rows.all())


def _gathered(rows: Sequence[Any]) -> list[Counted]:
    found: dict[tuple[str, str], Counted] = {}
    for row in rows:
        fresh = Counted(row.category, row.question, QuestionKind(row.kind), (row.text_zh, row.text_en))
        one = found.setdefault((row.category, row.question), fresh)
        if row.key is None:
            one.answered = row.cases
        else:
            one.keys[row.key] = row.cases
            one.names[row.key] = (row.name_zh, row.name_en)
    return sorted(found.values(), key=lambda one: (-one.answered, one.category, one.question))


@dataclass(frozen=True)
class Words:
    """What a question and its choices are called: by the policy in force, else as they were when they were answered.

    `choices`: the name of each key, those of the policy first and in its order, also those that nobody chose.
    """

    category: str
    text: str
    choices: Mapping[str, str]


def words_of(one: Counted, policy: Policy, language: str) -> Words:
    """Return the words of a counted question."""
    english = language.startswith("en")
    asked = next((question for question in policy.questions(one.category) if question.code == one.question), None)
    if asked is not None and (asked.kind is not one.kind or asked.reading is Reading.PERSONAL):
        asked = None
    category = policy.category(one.category)
    name = one.category if category is None else category.name_en if english else category.name_zh
    keys = dict.fromkeys((*(() if asked is None else asked.keys), *sorted(one.keys)))
    return Words(
        category=name,
        text=one.texts[english] if asked is None else asked.text(language),
        choices={key: _name(key, one, asked, language) for key in keys},
    )


def _name(key: str, one: Counted, asked: Question | None, language: str) -> str:
    if asked is not None and key in asked.keys:
        return key_text(asked.options, key, language)
    stored = one.names.get(key, (None, None))[language.startswith("en")]
    return stored or key_text((), key, language)


def _question(one: Counted, policy: Policy, case_filter: CaseFilter, language: str) -> QuestionCounts:
    words = words_of(one, policy, language)
    return QuestionCounts(
        category=one.category,
        category_name=words.category,
        question=one.question,
        text=words.text,
        kind=one.kind,
        answered=one.answered,
        choices=tuple(
            ChoiceCount(
                key=key,
                name=name,
                chosen=Number(count=one.keys.get(key, 0), cases=_address(case_filter, one, key)),
            )
            for key, name in words.choices.items()
        ),
    )


def _address(case_filter: CaseFilter, one: Counted, key: str) -> str:
    """Return the address of the list narrowed to one answer; empty where it has other answers to the question."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for term in case_filter.answer:
        code, _, value = term.partition("=")
        wanted[code].append(value)
    if wanted[one.question] not in ([], [key]):
        return ""
    wanted[one.question] = [key]
    given = case_filter.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, exclude={"cursor", "limit", "sort", "answer", "category"}
    )
    parameters = [
        (name, part) for name, value in given.items() for part in (value if isinstance(value, list) else [value])
    ]
    parameters = [(name, str(value).lower() if isinstance(value, bool) else value) for name, value in parameters]
    parameters += [("category", one.category)]
    parameters += [("answer", f"{code}={value}") for code, values in wanted.items() for value in values]
    return f"{LIST}?{urlencode(parameters)}"
