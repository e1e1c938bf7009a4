"""Arguments `name=value` of every command become JSON of the types that the API takes."""

from typing import Any, cast

import pytest
import typer
from pydantic import TypeAdapter

from cli.fields import read_fields
from cli.http import Api
from models.base import Frozen
from models.commands import HUMAN_COMMAND_MODELS
from models.matters.plan import ReportDuty
from rules.matters.kind import command_models
from rules.matters.registry import RULES

#: Only files are sent while arguments are read.
NO_API = cast("Api", None)
MODELS: dict[str, type[Frozen]] = {
    **HUMAN_COMMAND_MODELS,
    **{f"{kind.value}-{name}": model for kind, rules in RULES.items() for name, model in command_models(rules).items()},
    "report_duty": ReportDuty,
}


def _takes(field: Any, value: object) -> bool:
    """Whether the field takes this value strictly."""
    try:
        TypeAdapter(field.rebuild_annotation()).validate_python(value, strict=True)
    except ValueError:
        return False
    return True


def _fields_that_take(*values: object) -> list[tuple[str, str]]:
    """The fields of all commands that take one of these values and no text."""
    return [
        (command, name)
        for command, model in MODELS.items()
        for name, field in model.model_fields.items()
        if any(_takes(field, value) for value in values) and not _takes(field, "1")
    ]


BOOLEANS, NUMBERS = _fields_that_take(True), _fields_that_take(1, 30)


def test_the_tables_are_whole() -> None:
    assert {("report_progress", "interim"), ("report_verification", "confirmed")} <= set(BOOLEANS)
    assert {("rate", "score"), ("answer_urge", "urge"), ("station-register", "silence_minutes")} <= set(NUMBERS)


@pytest.mark.parametrize(("command", "name"), BOOLEANS)
def test_a_boolean_is_sent_as_one(command: str, name: str) -> None:
    for typed, meant in (("true", True), ("False", False), ("yes", True), ("否", False), ("1", True)):
        assert read_fields(NO_API, MODELS[command], [f"{name}={typed}"])[name] is meant
    with pytest.raises(typer.Exit):
        read_fields(NO_API, MODELS[command], [f"{name}=perhaps"])


@pytest.mark.parametrize(("command", "name"), NUMBERS)
def test_a_number_is_sent_as_one(command: str, name: str) -> None:
    sent = read_fields(NO_API, MODELS[command], [f"{name}=3"])[name]
    assert (type(sent), sent) == (int, 3)
    assert read_fields(NO_API, MODELS[command], [f"{name}=three"])[name] == "three", "the API says what is wrong"


@pytest.mark.parametrize(
    ("command", "typed", "sent"),
    [
        ("comment", "note=12", "12"),
        ("comment", "note=true", "true"),
        ("accept", "condition=1", "1"),
        ("accept", "note=[as it is", "[as it is"),
        ("dispatch", "host=007", "007"),
    ],
)
def test_text_stays_text(command: str, typed: str, sent: str) -> None:
    assert read_fields(NO_API, MODELS[command], [typed]) == {typed.partition("=")[0]: sent}
