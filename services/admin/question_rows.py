"""The questions of each category as one text of YAML, for a form to change."""

from decimal import Decimal
from typing import Any

import yaml

from models.errors import InputError
from models.policy.questions import Question


def questions_text(questions: list[dict[str, Any]]) -> str:
    """Return the questions of a category as YAML, without what is left at its default; empty for none."""
    if not questions:
        return ""
    plain = [_plain(Question.model_validate(one).model_dump(mode="python", exclude_defaults=True)) for one in questions]
    return str(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=1000)).strip()


def read_questions_text(text: str) -> list[Any]:
    """Return the questions that the YAML says, not checked yet. Raises InputError for what is no list in YAML."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "?" if mark is None else mark.line + 1
        raise InputError(why_zh=f"YAML 第 {line} 行有误", why_en=f"the YAML is broken at line {line}") from error
    if found is None:
        return []
    if not isinstance(found, list):
        raise InputError(
            why_zh="问项须为列表,每项以“- code:”开头", why_en="questions are a list, each begins with “- code:”"
        )
    return found


def _plain(value: Any) -> Any:
    """Return plain data as YAML writes it: numbers as numbers, codes as text."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.value if hasattr(value, "value") else value
