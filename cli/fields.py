"""Arguments `name=value` of a command, as the body that the API takes."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from cli.formatting import ZONE
from cli.http import Api, fail
from cli.labels import localize
from models.base import Frozen
from services.files.moments import NoMoment, read_wall_time

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
#: How yes and no are typed.
_YES, _NO = frozenset({"true", "yes", "1", "是"}), frozenset({"false", "no", "0", "否"})


def read_fields(api: Api, model: type[Frozen], fields: Iterable[str]) -> dict[str, Any]:
    """Return the body of a command from its arguments; files are uploaded. Exits with code 1 when one is no pair."""
    body = {}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            fail(localize(f"“{field}”应为 名称=值", f"“{field}” should be name=value"))
        body[name] = _parse_value(api, model.model_fields.get(name), name, value)
    return body


def read_answers(pairs: Iterable[str]) -> dict[str, list[str]]:
    """Return answers `code=value` as the API takes them; a code given twice has several. Exits with code 1 when one is
    no pair."""
    answers: dict[str, list[str]] = {}
    for pair in pairs:
        code, equals, value = pair.partition("=")
        if not equals:
            fail(localize(f"“{pair}”应为 编码=填答", f"“{pair}” should be code=answer"))
        answers.setdefault(code.strip(), []).append(value)
    return answers


def _parse_value(api: Api, field: Any, name: str, value: str) -> Any:
    annotation = getattr(field, "annotation", None)
    if name in ("evidence", "attachments", "photos"):
        return [api.upload(Path(item[1:])) if item.startswith("@") else item for item in value.split(",") if item]
    types = _types_of(annotation)
    if value[:1] in ("[", "{") and str not in types:
        return _parse_json(name, value)
    if _is_list(annotation):
        return [item.strip() for item in value.split(",") if item.strip()]
    if annotation is not None and "datetime" in str(annotation).lower():
        return parse_moment(value)
    if bool in types:
        return _parse_choice(name, value)
    return _parse_number(value, types) if types & {int, float} else value


def _types_of(annotation: Any) -> set[Any]:
    """Return the types that a field takes, for example {int, NoneType} for `Annotated[int, …] | None`."""
    if get_origin(annotation) is Annotated:
        return _types_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return set().union(*(_types_of(one) for one in get_args(annotation)))
    return {annotation}


def _parse_choice(name: str, value: str) -> bool:
    """Return a yes or no as JSON has it. Exits with code 1 for anything else."""
    typed = value.strip().lower()
    if typed not in _YES | _NO:
        fail(localize(f"{name} 应为 true(是)或 false(否)", f"{name} should be true or false"))
    return typed in _YES


def _parse_number(value: str, types: set[Any]) -> Any:
    """Return a number as JSON has it; what is none stays text, for the API to say what is wrong with it."""
    try:
        return int(value)
    except ValueError:
        pass
    try:
        number = float(value)
    except ValueError:
        return value
    return number if float in types and isfinite(number) else value


def _is_list(annotation: Any) -> bool:
    """Return whether a field takes several values, or None."""
    return get_origin(annotation) is tuple or any(get_origin(one) is tuple for one in get_args(annotation))


def _parse_json(name: str, value: str) -> Any:
    """Return a structured value, which is written as JSON."""
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        fail(localize(f"{name} 不是有效的 JSON:{error}", f"{name} is not valid JSON: {error}"))


def parse_moment(value: str) -> str:
    """Return a time for the API from a written one (the park's time without a zone) or from ± minutes, hours, days."""
    if value[:1] in "+-" and value[-1:] in _UNITS and value[1:-1].isdecimal():
        try:
            span = timedelta(**{_UNITS[value[-1]]: int(value[1:-1])})
            return (datetime.now(UTC) + (span if value[0] == "+" else -span)).isoformat()
        except OverflowError:
            fail(localize(f"“{value}”超出了日历", f"“{value}” is beyond any calendar"))
    try:
        moment = read_wall_time(value)
    except NoMoment:
        fail(localize(f"“{value}”不是时间", f"“{value}” is no time"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).isoformat()
