"""The roster and the names of a simulation: from files, or from the database as of now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.holders import with_holders
from models.context import Holder, Unit
from models.enums import Level, Role
from models.ids import derived_id
from rules.simulation.world import Roster
from services.demo.park import make_volunteers, make_workers
from services.files.shipped import DEPARTMENTS, PEOPLE
from services.organisation.people_files import DepartmentEntry, PeopleFile, read_departments, read_people
from services.organisation.people_store import PersonRecord, known_grids
from services.simulation.reports import Places
from services.simulation.results import Names

T = TypeVar("T")

#: Roles that work for a department.
_DEPARTMENT_ROLES = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD, Role.HELPER})


def read_roster_from_files(places: Places, day: date, people: Path | None = None) -> tuple[Roster, Names]:
    """Return the demonstration's departments and people with the roles that hold on `day`, and their names.

    There is a worker in each grid and a volunteer in each micro-grid; with another file, only its people. Raises
    BadFile, FileNotFoundError.
    """
    departments = read_departments(DEPARTMENTS).departments
    file = read_people(people or PEOPLE, {d.id for d in departments}, {unit.code for unit in places.units})
    roster = _roster_from(file, day)
    names = {_id(person.username): person.name for person in file.people}
    if people is None:
        invented = [*make_workers(places.units, file), *make_volunteers(places.units)]
        names |= {_id(person.username): person.name for person in invented}
        roster = replace(roster, holders=_grouped([*_pairs(roster.holders), *_posts(invented)]))
    return roster, Names({unit.code: unit.name for unit in places.units}, names, _department_names(departments))


async def read_roster_from_database(
    connection: AsyncConnection, now: datetime, zone: str, people: Path | None = None
) -> tuple[Roster, Names]:
    """Return who holds what now (grants, shifts and deputies), or as a file says whose roles name stored units.

    Raises BadFile, FileNotFoundError.
    """
    day = now.astimezone(ZoneInfo(zone)).date()
    rows = (await connection.execute(text("SELECT id, name_zh, name_en FROM departments"))).all()
    departments = {row.id: (row.name_zh, row.name_en) for row in rows}
    stored = (await connection.execute(text("SELECT code, name, level FROM grid_units"))).all()
    units = {row.code: row.name for row in stored}
    if people is not None:
        file = read_people(people, set(departments), await known_grids(connection))
        names = {_id(person.username): person.name for person in file.people}
        return _roster_from(file, day), Names(units, names, departments)
    stored_units = [Unit(code=row.code, level=Level(row.level)) for row in stored]
    holders = {
        unit.code: unit.holders for unit in await with_holders(connection, stored_units, now, day) if unit.holders
    }
    everybody = (await connection.execute(text("SELECT id, username, name, active FROM people"))).all()
    roster = Roster(
        holders=holders,
        departments=await _departments(connection, day),
        people={row.username: row.id for row in everybody if row.active},
    )
    return roster, Names(units, {row.id: row.name for row in everybody}, departments)


async def _departments(connection: AsyncConnection, day: date) -> dict[str, tuple[UUID, ...]]:
    rows = await connection.execute(
        text(
            "SELECT DISTINCT g.department, g.person FROM grants g JOIN people p ON p.id = g.person"
            " WHERE p.active AND g.department IS NOT NULL AND g.role = ANY (:roles)"
            " AND g.since <= :day AND (g.until IS NULL OR g.until >= :day) ORDER BY 1, 2"
        ),
        {"day": day, "roles": sorted(_DEPARTMENT_ROLES)},
    )
    return _grouped((row.department, row.person) for row in rows)


def _posts(people: Iterable[PersonRecord]) -> Iterator[tuple[str, Holder]]:
    """Yield the units in which each person has a role."""
    for person in people:
        for grant in person.grants:
            if grant.grid is not None:
                yield grant.grid, Holder(role=grant.role, person=_id(person.username))


def _pairs(holders: Mapping[str, tuple[Holder, ...]]) -> Iterator[tuple[str, Holder]]:
    return ((unit, holder) for unit, found in holders.items() for holder in found)


def _roster_from(file: PeopleFile, day: date) -> Roster:
    grants = [
        (_id(person.username), grant)
        for person in file.people
        if person.active
        for grant in person.grants
        if file.starts(grant) <= day and (grant.until is None or day <= grant.until)
    ]
    at_units = (
        (grant.grid, Holder(role=grant.role, person=person_id)) for person_id, grant in grants if grant.grid is not None
    )
    department_people = (
        (grant.department, person_id)
        for person_id, grant in grants
        if grant.department is not None and grant.role in _DEPARTMENT_ROLES
    )
    return Roster(
        holders=_grouped(at_units),
        departments=_grouped(department_people),
        people={person.username: _id(person.username) for person in file.people if person.active},
    )


def _id(username: str) -> UUID:
    """Return the id that a person of that name gets when a file is loaded."""
    return derived_id("person", username)


def _department_names(departments: Iterable[DepartmentEntry]) -> Mapping[str, tuple[str, str]]:
    return {d.id: (d.name_zh, d.name_en) for d in departments}


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    groups: defaultdict[str, dict[T, None]] = defaultdict(dict)
    for key, value in pairs:
        groups[key][value] = None
    return {key: tuple(values) for key, values in groups.items()}
