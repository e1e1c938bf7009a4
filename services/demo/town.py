"""The people of the demonstration park who act in its cases, the reports to choose from, and the places."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import yaml
from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day, read_person
from models.base import Code, Frozen, Text
from models.context import Person
from models.enums import Level, Role, Severity
from models.tables import GRID_UNITS, PersonRow
from rules.scope import covers, in_force
from services.files.shipped import DEPLOY
from services.runtime.resources import Resources

CASES = DEPLOY / "demo" / "cases.yaml"


class DemoReport(Frozen):
    """One report of the file. `{place}` in its title stands for one of the file's places.

    `answers`: to questions of the category, by code; of several, each report of this kind gives one.
    """

    category: Code
    title: Text
    description: Text
    picture: Text
    severity: Severity | None = None
    answers: Mapping[Code, tuple[Text, ...]] = {}

    def drawn_answers(self, number: int) -> dict[str, tuple[str, ...]] | None:
        """The answers of the report of that number, always the same; None: it answers nothing."""
        luck = random.Random(f"answers {number}")
        return {code: (luck.choice(words),) for code, words in self.answers.items()} or None


@dataclass(frozen=True)
class DemoTown:
    """The people who act, the reports to choose from, and the places."""

    people: tuple[Person, ...]
    reports: tuple[DemoReport, ...]
    paths: Mapping[str, tuple[str, ...]]
    departments: tuple[str, ...]
    day: date

    def reporters(self, grid: str) -> list[Person]:
        """Return the grid workers of the place; without any, the residents and the hotline."""
        path = self.paths[grid]
        roles = ((Role.GRID_WORKER,), (Role.REPORTER, Role.DUTY_OFFICER))
        for role_group in roles:
            people = [
                p for p in self.people if any(g.role in role_group and covers(g, path) for g in in_force(p, self.day))
            ]
            if people:
                return people
        return []


async def read_demo_town(resources: Resources) -> DemoTown:
    """Read the demonstration park from its file and the database."""
    reports = TypeAdapter(tuple[DemoReport, ...]).validate_python(yaml.safe_load(CASES.read_text())["reports"])
    async with resources.engine.connect() as connection:
        day = await local_day(connection, datetime.now(UTC))
        people = await _people(connection)
        c = GRID_UNITS.c
        rows = await connection.execute(select(c.code, c.path).where(c.level == Level.MICRO_GRID).order_by(c.code))
        paths = {row.code: tuple(str(row.path).split(".")) for row in rows}
    departments = sorted({g.department for p in people for g in p.grants if g.department and g.role is Role.HANDLER})
    return DemoTown(tuple(people), reports, paths, tuple(departments), day)


async def _people(connection: AsyncConnection) -> list[Person]:
    """Return everybody who can sign in."""
    ids: Iterable[UUID] = await connection.scalars(
        select(PersonRow.id).where(PersonRow.active, PersonRow.password_hash.is_not(None)).order_by(PersonRow.username)  # type: ignore[call-overload, union-attr]
    )
    found = [await read_person(connection, id_) for id_ in ids]
    return [person for person in found if person is not None]
