"""Departments, people and their roles: read from YAML or a table, checked, and stored all or nothing."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from os import cpu_count
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import Acting, transaction
from models.base import Code, Frozen, Line
from models.enums import Role
from services.accounts.passwords import hash_password
from services.files.reference_files import BadFile, Document, FileProblem, OutOfOrder, parse
from services.organisation.people_store import (
    DepartmentRecord,
    GrantRecord,
    PersonRecord,
    Stored,
    known_departments,
    known_grids,
    store_departments,
    store_people,
    usernames_with_password,
)
from services.organisation.people_tables import read_departments_document, read_people_document
from services.organisation.roster import (
    AbsenceDraft,
    ShiftDraft,
    absence_faults,
    shift_faults,
    store_absence,
    store_shift,
)
from services.organisation.zones import ZoneEntry, store_zones

Name = Annotated[Line, StringConstraints(min_length=1, max_length=80)]

#: Roles that require a department, and roles that must not cover every grid by default.
_NEEDS_DEPARTMENT = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD, Role.HELPER})
_NEEDS_GRID = frozenset({Role.GRID_WORKER, Role.VOLUNTEER, Role.LIAISON})


class DepartmentEntry(Frozen):
    """A department in a file."""

    id: Code
    name_zh: Name
    name_en: Name
    active: bool = True


class DepartmentsFile(Frozen):
    """A file of departments."""

    departments: tuple[DepartmentEntry, ...]


class GrantEntry(Frozen):
    """A role in a file; `since` defaults to the file's, and without `grid` it covers every grid. With `zone` it is held
    for each unit of that zone of the file.
    """

    role: Role
    grid: Code | None = None
    zone: Code | None = None
    department: Code | None = None
    since: date | None = None
    until: date | None = None


class PersonEntry(Frozen):
    """A person in a file. `password` is their first one; later files do not change it."""

    username: Code
    name: Name
    password: Annotated[SecretStr, Field(min_length=8, max_length=200)] | None = None
    active: bool = True
    grants: tuple[GrantEntry, ...] = ()


class PeopleFile(Frozen):
    """People, and the date from which their roles hold unless a grant has its own; zones, absences and shifts.

    `passwords_settled`: the passwords need not be changed at the first sign-in, as for accounts to try things out with.
    """

    since: date
    passwords_settled: bool = False
    zones: tuple[ZoneEntry, ...] = ()
    people: tuple[PersonEntry, ...]
    absences: tuple[AbsenceDraft, ...] = ()
    shifts: tuple[ShiftDraft, ...] = ()

    def units_of(self, grant: GrantEntry) -> tuple[Code | None, ...]:
        """Return the units that `grant` is held for; None stands for every unit."""
        zone = next((zone for zone in self.zones if zone.code == grant.zone), None)
        return (grant.grid,) if zone is None else zone.units

    def starts(self, grant: GrantEntry) -> date:
        """Return the first day on which `grant` holds."""
        return grant.since or self.since


@dataclass(frozen=True, slots=True)
class PeopleSummary:
    """The result of a load for departments, people and grants each; `roster` counts new or changed absences and
    shifts.
    """

    departments: Stored
    people: Stored
    grants: Stored
    roster: int = 0


def read_departments(path: Path) -> DepartmentsFile:
    """Return the departments in a YAML file or a table. Raises BadFile with every problem, FileNotFoundError."""
    document = read_departments_document(path)
    file = parse(document, DepartmentsFile)
    ids = [department.id for department in file.departments]
    _raise_problems(_duplicates(document, "departments", "id", ids))
    return file


def read_people(path: Path, departments: Collection[str], grids: Collection[str]) -> PeopleFile:
    """Return the people in a YAML file or a table, whose roles may name only these departments and grid codes.

    Raises BadFile with every problem, FileNotFoundError.
    """
    document = read_people_document(path)
    file = parse(document, PeopleFile)
    usernames = [person.username for person in file.people]
    problems = _duplicates(document, "people", "username", usernames)
    for i, person in enumerate(file.people):
        seen: set[tuple[object, ...]] = set()
        for j, grant in enumerate(person.grants):
            location = ("people", i, "grants", j)
            problems += _grant_problems(document, location, grant, file, departments, grids)
            key = (grant.role, grant.grid, grant.zone, grant.department, file.starts(grant))
            if key in seen:
                problems.append(document.problem(location, "同一角色写了两次", "the same role is granted twice"))
            seen.add(key)
    problems += _zone_problems(document, file, grids)
    _raise_problems(problems)
    return file


def _zone_problems(document: Document, file: PeopleFile, grids: Collection[str]) -> list[FileProblem]:
    """Return what is wrong with the zones, and with the roles that name one."""
    problems = _duplicates(document, "zones", "code", [zone.code for zone in file.zones])
    for i, zone in enumerate(file.zones):
        for j, unit in enumerate(zone.units):
            if unit not in grids:
                problems.append(
                    document.problem(("zones", i, "units", j), f"没有网格“{unit}”", f"there is no grid unit “{unit}”")
                )
    known = {zone.code for zone in file.zones}
    for i, person in enumerate(file.people):
        for j, grant in enumerate(person.grants):
            if grant.zone is not None and grant.zone not in known:
                problems.append(
                    document.problem(
                        ("people", i, "grants", j, "zone"),
                        f"没有片区“{grant.zone}”",
                        f"there is no zone “{grant.zone}”",
                    )
                )
    return problems


def _raise_problems(problems: Sequence[FileProblem]) -> None:
    if problems:
        raise BadFile(sorted(problems, key=lambda problem: problem.line))


def _duplicates(document: Document, section: str, field: str, values: Sequence[str]) -> list[FileProblem]:
    first: dict[str, int] = {}
    problems = []
    for position, value in enumerate(values):
        if value in first:
            line = document.line_of((section, first[value], field))
            problems.append(
                document.problem(
                    (section, position, field),
                    f"“{value}”重复,已见于第 {line} 行",
                    f"“{value}” is a duplicate of line {line}",
                )
            )
        first.setdefault(value, position)
    return problems


def _grant_problems(
    document: Document,
    location: tuple[int | str, ...],
    grant: GrantEntry,
    file: PeopleFile,
    departments: Collection[str],
    grids: Collection[str],
) -> list[FileProblem]:
    faults = grant_faults(grant, file.starts(grant), departments, grids)
    return [document.problem((*location, field), zh, en) for field, zh, en in faults]


def grant_faults(
    grant: GrantEntry, since: date, departments: Collection[str], grids: Collection[str]
) -> list[tuple[str, str, str]]:
    """Return what is wrong with a role that begins on `since`: the field, and the fault in Chinese and English."""
    checks = (
        (
            grant.department is not None and grant.department not in departments,
            "department",
            f"没有部门“{grant.department}”",
            f"there is no department “{grant.department}”",
        ),
        (
            grant.grid is not None and grant.grid not in grids,
            "grid",
            f"没有网格“{grant.grid}”",
            f"there is no grid unit “{grant.grid}”",
        ),
        (
            grant.until is not None and grant.until < since,
            "until",
            f"截止 {grant.until} 早于起始 {since}",
            f"ends {grant.until}, before it begins on {since}",
        ),
        (
            grant.role in _NEEDS_DEPARTMENT and grant.department is None,
            "role",
            f"角色 {grant.role} 须指明部门",
            f"role {grant.role} takes a department",
        ),
        (
            grant.role in _NEEDS_GRID and grant.grid is None and grant.zone is None,
            "role",
            f"角色 {grant.role} 须指明网格",
            f"role {grant.role} takes a grid",
        ),
        (
            grant.grid is not None and grant.zone is not None,
            "zone",
            "网格与片区只能填一项",
            "a role has a grid or a zone, one of the two",
        ),
    )
    return [(field, zh, en) for is_wrong, field, zh, en in checks if is_wrong]


async def load_people(
    engine: AsyncEngine, departments_path: Path, people_path: Path, acting: Acting | None = None
) -> PeopleSummary:
    """Load departments, people, grants, absences and shifts in one transaction; with any problem, nothing.

    The same files again change nothing and hash nothing. A person in the file gets exactly the roles it grants; nobody
    is deleted, no stored password is replaced, and no absence or shift is cancelled. Raises BadFile, FileNotFoundError.
    """
    departments = read_departments(departments_path).departments
    async with transaction(engine, acting) as connection:
        usable = {d.id for d in departments if d.active} | (
            await known_departments(connection) - {d.id for d in departments}
        )
        grids = await known_grids(connection)
        if not grids:
            raise OutOfOrder(
                "还没有网格,未保存任何内容;请先执行 gridloop grids load grids.csv",
                "there are no grids yet, and nothing was stored: run gridloop grids load grids.csv first",
            )
        file = read_people(people_path, usable, grids)
        summary = await store_entries(connection, departments, file)
        return replace(summary, roster=await _store_roster(connection, read_people_document(people_path), file))


async def _store_roster(connection: AsyncConnection, document: Document, file: PeopleFile) -> int:
    """Store absences, then shifts, each checked against those before it; return how many are new or changed."""
    changed, problems = 0, []
    for i, absence in enumerate(file.absences):
        faults = await absence_faults(connection, absence)
        problems += [document.problem(("absences", i, fault.field), fault.zh, fault.en) for fault in faults]
        changed += not faults and await store_absence(connection, absence)
    for i, shift in enumerate(file.shifts):
        faults = await shift_faults(connection, shift)
        problems += [document.problem(("shifts", i, fault.field), fault.zh, fault.en) for fault in faults]
        changed += not faults and await store_shift(connection, shift)
    _raise_problems(problems)
    return changed


async def store_entries(
    connection: AsyncConnection, departments: Sequence[DepartmentEntry], file: PeopleFile
) -> PeopleSummary:
    """Store entries that were read and checked, in the caller's transaction."""
    hashes = await _hashes(file.people, await usernames_with_password(connection))
    stored = await store_departments(
        connection, [DepartmentRecord(d.id, d.name_zh, d.name_en, d.active) for d in departments]
    )
    await store_zones(connection, file.zones)
    people, grants = await store_people(connection, [_record(file, p, hashes) for p in file.people])
    return PeopleSummary(stored, people, grants)


def _record(file: PeopleFile, person: PersonEntry, hashes: Mapping[str, str]) -> PersonRecord:
    return PersonRecord(
        username=person.username,
        name=person.name,
        active=person.active,
        password_hash=hashes.get(person.username),
        password_first=not file.passwords_settled,
        grants=tuple(
            GrantRecord(g.role, unit, g.department, file.starts(g), g.until)
            for g in person.grants
            for unit in file.units_of(g)
        ),
    )


async def _hashes(people: Sequence[PersonEntry], with_password: Collection[str]) -> dict[str, str]:
    """Return a hash for everybody with a first password and none stored. One thread per core, since hashing is slow."""
    fresh = {p.username: p.password for p in people if p.password is not None and p.username not in with_password}
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(cpu_count()) as pool:
        hashing = [
            loop.run_in_executor(pool, hash_password, password.get_secret_value()) for password in fresh.values()
        ]
        return dict(zip(fresh, await asyncio.gather(*hashing), strict=True))
