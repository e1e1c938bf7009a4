"""The scope rule of matters in SQL says the same as in Python, for everybody and matters of every kind and place."""

from datetime import date
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.store.context import read_person
from infra.store.criteria.matters import visible_matters
from models.context import Person
from models.matters.base import MatterKind
from models.tables import MATTERS
from rules.matters.registry import RULES
from rules.matters.standing import parts
from tests.builders import ENVIRONMENT, FIRE, GRID, MICRO, OTHER_PARK, PARK, PEOPLE, UNITS, person_id, small_park
from tests.rules.world import START

DAY = date(2026, 3, 2)
PATHS = {unit.code: unit for unit in UNITS}


def path_of(code: str) -> tuple[str, ...]:
    """The codes from the park down to the unit."""
    found = [code]
    while (parent := PATHS[found[0]].parent) is not None:
        found.insert(0, parent)
    return tuple(found)


def rows() -> list[dict[str, Any]]:
    """Matters of every kind, at places high and low, owned and shared and named in every way."""
    whose: tuple[dict[str, Any], ...] = (
        {"department": None, "departments": [], "people": []},
        {"department": FIRE, "departments": [], "people": []},
        {"department": ENVIRONMENT, "departments": [FIRE], "people": []},
        {"department": None, "departments": [], "people": [person_id("volunteer"), person_id("labour_handler")]},
    )
    return [
        {
            "id": uuid4(), "kind": kind, "code": uuid4().hex, "name": "事项", "seq": 1, "status": "open", "state": {},
            "grid": grid, "grid_path": ".".join(path_of(grid)), "created_at": START, "updated_at": START, **who,
        }
        for kind, grid, who in product(RULES, (PARK, GRID, MICRO, OTHER_PARK), whose)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", list(MatterKind))
async def test_everybody_sees_the_same_by_both(engine: AsyncEngine, kind: MatterKind) -> None:
    await small_park(engine)
    given = [row for row in rows() if row["kind"] == kind]
    async with engine.begin() as connection:
        await connection.execute(insert(MATTERS), given)
        people = [await read_person(connection, person_id(holder.username)) for holder in PEOPLE]
        for person in people:
            assert person is not None
            found = await connection.execute(select(MATTERS.c.id).where(visible_matters(person, RULES[kind], DAY)))
            assert set(found.scalars()) == {row["id"] for row in given if _sees(person, row)}, person.username


def _sees(person: Person, row: dict[str, Any]) -> bool:
    return bool(
        parts(
            person,
            RULES[row["kind"]],
            DAY,
            grid_path=tuple(row["grid_path"].split(".")),
            department=row["department"],
            departments=tuple(row["departments"]),
            people=tuple(row["people"]),
        )
    )
