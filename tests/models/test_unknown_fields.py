"""Two versions side by side: a field that this version does not know survives in everything that stores and payloads
hold, and is refused from people."""

import base64
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from temporalio.api.common.v1 import Payload

from infra.temporal import make_converter
from models import messages
from models.base import STORED
from models.case import Case
from models.commands import HUMAN_COMMAND_MODELS, Comment
from models.errors import Refusal
from models.facts import Body, Fact
from models.jobs import audit, bulletin, export, history, rebuild
from models.matters import effects, messages as matter_messages
from models.messages import Act, Recorded
from models.policy.document import Policy
from rules.evolve import evolve
from rules.matters.kind import command_models
from rules.matters.registry import RULES
from tests.replay.record import HISTORIES

#: A field of a later version, and what it may hold.
LATER = {"of_a_later_version": {"deep": [1, "二"]}}
_PAYLOADS = [
    model
    for module in (messages, matter_messages, effects, audit, bulletin, export, history, rebuild)
    for _, model in inspect.getmembers(module, inspect.isclass)
    if issubclass(model, BaseModel) and model.__module__ == module.__name__
]
#: Everything that is read back from a database or a history.
STORED_TYPES: list[Any] = [
    Fact, Case, Policy, Refusal, *_PAYLOADS, *(rules.state for rules in RULES.values()),
    *(body for rules in RULES.values() for body in get_args(get_args(rules.body_reader._type)[0])),
]  # fmt: skip
DOORS: dict[str, type[BaseModel]] = {
    **HUMAN_COMMAND_MODELS,
    **{f"{kind.value}-{name}": model for kind, rules in RULES.items() for name, model in command_models(rules).items()},
    "policy": Policy,
}


def models_in(annotation: Any, seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """The models that a type is made of, however deep, added to `seen`."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen.add(annotation)
        for field in annotation.model_fields.values():
            models_in(field.annotation, seen)
    for one in get_args(annotation):
        models_in(one, seen)
    return seen


ALL = sorted({model for one in STORED_TYPES for model in models_in(one, set())}, key=lambda model: model.__qualname__)


def test_the_table_holds_facts_states_and_payloads() -> None:
    names = {model.__name__ for model in ALL}
    assert {"StepFired", "Clock", "Part", "Act", "MatterStep", "Location", "Explanation", "Metric", "Rung"} <= names
    assert len(ALL) > 200


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_every_stored_value_keeps_what_it_does_not_know(model: type[BaseModel]) -> None:
    assert model.model_config.get("extra") == "allow"


@pytest.mark.parametrize("name", sorted(DOORS))
def test_doors_refuse_an_unknown_field(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DOORS[name].model_validate(_least(DOORS[name]) | LATER)
    errors = refused.value.errors()
    assert all(error["loc"] != () for error in errors)
    if {error["type"] for error in errors} <= {"extra_forbidden"}:
        assert [error["loc"] for error in errors] == [("of_a_later_version",)]
    assert DOORS[name].model_json_schema()["additionalProperties"] is False


def _least(model: type[BaseModel]) -> dict[str, Any]:
    """The fields that have to be there, for the models that take any text in them."""
    return {name: "一二三四五" for name, field in model.model_fields.items() if field.is_required()}


def test_what_people_send_inside_of_something_is_refused_too() -> None:
    parts = [{"category": "0201", "title": "另一件事", **LATER}]
    with pytest.raises(ValidationError) as refused:
        HUMAN_COMMAND_MODELS["split"].model_validate({"parts": parts, "reason": "两件事"})
    assert ("parts", 0, "of_a_later_version") in [error["loc"] for error in refused.value.errors()]
    with pytest.raises(ValidationError):
        Comment(note="打字", nots="错")  # type: ignore[call-arg]


def recorded_facts(file: Path) -> list[Any]:
    """The facts in a recorded history, as JSON."""
    found: dict[int, Any] = {}
    for data in _payloads(json.loads(file.read_text())):
        if isinstance(data, dict) and isinstance(data.get("facts"), list):
            found |= {fact["seq"]: fact for fact in data["facts"] if "body" in fact}
    return [found[seq] for seq in sorted(found)]


def _payloads(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if isinstance(value.get("data"), str):
            payload = _decoded(value["data"])
            if payload is not None:
                yield payload
        for one in value.values():
            yield from _payloads(one)
    elif isinstance(value, list):
        for one in value:
            yield from _payloads(one)


def _decoded(data: str) -> Any:
    try:
        return json.loads(base64.b64decode(data))
    except ValueError:
        return None


#: In the names of histories that are not of a case.
_OTHERS = {"matter", "job", "send", "handover", "mailbox"}
CASE_HISTORIES = sorted(file for file in HISTORIES.glob("*.json") if not _OTHERS & set(file.stem.split("-")))


@pytest.mark.parametrize("file", CASE_HISTORIES, ids=lambda file: file.stem)
def test_facts_and_states_with_unknown_fields_are_read_evolved_and_written_whole(file: Path) -> None:
    facts = recorded_facts(file)
    assert facts, file.name
    body_of: TypeAdapter[Any] = TypeAdapter(Body)
    case: Case | None = None
    for raw in facts:
        written = {**raw, "body": raw["body"] | LATER, **LATER}
        fact = Fact.model_validate(written, context=STORED)
        assert to_jsonable_python(fact)["body"]["of_a_later_version"] == LATER["of_a_later_version"]
        assert to_jsonable_python(fact)["of_a_later_version"] == LATER["of_a_later_version"]
        assert to_jsonable_python(body_of.validate_python(written["body"], context=STORED)).keys() >= LATER.keys()
        before = None if case is None else Case.model_validate(to_jsonable_python(case) | LATER, context=STORED)
        case = evolve(before, fact)
        assert before is None or to_jsonable_python(case)["of_a_later_version"] == LATER["of_a_later_version"]


def test_a_command_of_a_later_version_passes_through_the_payloads_with_its_digest(key_file: Path) -> None:
    converter = make_converter(key_file).payload_converter
    act = {"id": "01a228e2-7246-7307-8fc4-cce86a2a1a05", "actor": {"person": None}, "command": {
        "kind": "comment", "note": "后", **LATER}}  # fmt: skip
    payload = Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(act).encode())
    read = converter.from_payload(payload, Act)
    assert to_jsonable_python(read.command) == act["command"]
    assert read.update_id != read.model_copy(update={"command": Comment(note="后")}).update_id
    again = converter.from_payload(converter.to_payload(read), Act)
    assert again == read
    recorded = converter.from_payload(
        Payload(metadata={"encoding": b"json/plain"}, data=json.dumps({"facts": [], **LATER}).encode()), Recorded
    )
    assert to_jsonable_python(recorded)["of_a_later_version"] == LATER["of_a_later_version"]
