"""Services: the categories that can be reported, and the questions that are asked of each over Open311."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.errors import NoSuchService
from models.policy.document import Category, Policy
from models.policy.questions import Door, Question, QuestionKind
from models.text import clean_code

#: What each kind of question is called in GeoReport v2. Photos are sent as media.
_DATATYPES = {
    QuestionKind.CHOICE: "singlevaluelist",
    QuestionKind.NUMBER: "number",
    QuestionKind.YES_NO: "singlevaluelist",
    QuestionKind.TEXT: "string",
    QuestionKind.DAY: "datetime",
    QuestionKind.MOMENT: "datetime",
}
_YES_NO = {"yes": ("是", "Yes"), "no": ("否", "No")}


async def read_policy(connection: AsyncConnection) -> Policy:
    """Return the newest policy. Raises NoPolicy."""
    return await policy_version(connection, await newest_version(connection))


def find_service(policy: Policy, code: str) -> Category:
    """Return the category of a service code. Raises NoSuchService for one that does not exist or is out of use."""
    category = policy.category(clean_code(code))
    if category is None or not category.active:
        raise NoSuchService(service=code[:80])
    return category


def asked_questions(category: Category) -> tuple[Question, ...]:
    """Return the questions that can be asked over Open311."""
    return tuple(one for one in category.questions if Door.OPEN311 in one.doors and one.kind in _DATATYPES)


def photo_questions(category: Category) -> tuple[Question, ...]:
    """Return the questions that files answer (`media`)."""
    return tuple(one for one in category.questions if Door.OPEN311 in one.doors and one.kind is QuestionKind.PHOTO)


def list_services(policy: Policy, language: str) -> list[dict[str, Any]]:
    """Return what can be reported, in the order of the policy."""
    english = language.startswith("en")
    groups = {group.code: group.name_en if english else group.name_zh for group in policy.groups}
    return [
        {
            "service_code": one.code,
            "service_name": one.name_en if english else one.name_zh,
            "description": f"{groups[one.group]} · {one.name_en if english else one.name_zh}",
            "metadata": bool(_attributes(one, language)),
            "type": "realtime",
            "keywords": ",".join(_keywords(policy, one, english=english)),
            "group": groups[one.group],
        }
        for one in policy.categories
        if one.active
    ]


def _keywords(policy: Policy, category: Category, *, english: bool) -> Iterator[str]:
    for word in policy.everyday_words:
        if word.category == category.code:
            yield (word.name_en if english else word.name_zh).replace(",", " ")


def service_definition(category: Category, language: str) -> dict[str, Any]:
    """Return the definition of a service: its questions as attributes."""
    return {"service_code": category.code, "attributes": _attributes(category, language)}


def _attributes(category: Category, language: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for question in asked_questions(category):
        found.append(_attribute(question, len(found) + 1, language))
        if question.stop is not None:
            said = f"{question.stop.notice(language)} {question.stop.telephone}"
            found.append(_notice(f"{question.code}-notice", said, len(found) + 1))
    for question in photo_questions(category):
        found.append(_notice(question.code, f"{question.text(language)} (media)", len(found) + 1))
    return found


def _attribute(question: Question, order: int, language: str) -> dict[str, Any]:
    several = question.kind is QuestionKind.CHOICE and question.several
    return {
        "variable": True,
        "code": question.code,
        "datatype": "multivaluelist" if several else _DATATYPES[question.kind],
        # GeoReport has no conditions: what is asked only after another answer can't be demanded of everybody.
        "required": question.required and question.shown_if is None,
        "datatype_description": question.help(language) or _unit(question, language),
        "order": order,
        "description": question.text(language),
        "values": [{"key": key, "name": name} for key, name in _values(question, language)],
    }


def _notice(code: str, said: str, order: int) -> dict[str, Any]:
    """Return what a client only shows: an answer that stops the report, or a photo that is sent as a file."""
    return {
        "variable": False, "code": code, "datatype": "string", "required": False,
        "datatype_description": None, "order": order, "description": said, "values": [],
    }  # fmt: skip


def _unit(question: Question, language: str) -> str | None:
    return question.unit(language) or None


def _values(question: Question, language: str) -> Iterator[tuple[str, str]]:
    if question.kind is QuestionKind.YES_NO:
        for key, names in _YES_NO.items():
            yield key, names[1 if language.startswith("en") else 0]
    for option in question.options:
        yield option.key, option.name(language)
