"""Every pattern that people's input may break has a sentence in both languages."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.app import create_app
from models.base import Given
from models.channels import PersonsMail
from services.cases.filter import CaseFilter
from services.wording.input_faults import fault_text
from services.wording.patterns import PATTERNS

#: Lengths of time, which only answers hold; and what our doors encrypt, which people don't write.
NOT_WRITTEN_BY_PEOPLE = {r"^-?PT([0-9]+H)?([0-9]+M)?([0-9]+S)?$", r"^[A-Za-z0-9+/]+={0,2}$"}


def kinds(base: type[Given] = Given) -> Iterator[type[Given]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("type") in ("str", "string") and isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        schema = tuple(schema.values())
    if isinstance(schema, list | tuple):
        for part in schema:
            yield from patterns(part)


def test_every_pattern_of_the_input_has_a_sentence() -> None:
    document = create_app().openapi()  # which loads every module that takes input
    schemas = [document, TypeAdapter(PersonsMail).core_schema, CaseFilter.__pydantic_core_schema__]
    schemas += [kind.__pydantic_core_schema__ for kind in kinds()]
    found = {pattern for schema in schemas for pattern in patterns(schema)} - NOT_WRITTEN_BY_PEOPLE
    assert found - set(PATTERNS) == set()
    assert set(PATTERNS) - found == set(), "no longer in use"


@pytest.mark.parametrize("answer", ["contract", "=yes", "a b=1"])
def test_the_sentence_is_told_in_both_languages(answer: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CaseFilter.model_validate({"answer": [answer]})
    (error,) = refused.value.errors()
    assert fault_text(error, "zh") == "须写作“问题编码=答案”,例如 smell=gas"
    assert fault_text(error, "en") == "must be written as code=value with the code of a question, such as smell=gas"
