"""Departments, people and roles: every fault by file and line; repeating changes nothing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.accounts.passwords import hash_password, verify_password
from services.files.reference_files import BadFile
from services.files.shipped import DIVISIONS
from services.organisation.grid_registry import load_file
from services.organisation.people_files import load_people
from services.organisation.people_store import Stored
from services.organisation.zones import list_zones
from tests.builders import a_policy, publish

DEPARTMENTS = "departments:\n  - {id: fire, name_zh: 消防, name_en: Fire}\n"
PEOPLE = """since: 2024-01-01
people:
  - username: fire1
    name: 王文华
    password: gridloop-demo
    grants:
      - {role: handler, department: fire}
      - role: grid_worker
        grid: "130172100001"
        until: 2026-12-31
"""


class Files:
    """The two files, to be changed and loaded."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.engine, self.departments, self.people = engine, folder / "d.yaml", folder / "p.yaml"

    async def load(self, people: str = PEOPLE, departments: str = DEPARTMENTS) -> tuple[Stored, Stored, Stored]:
        """Load the files; return the effect on departments, people and grants."""
        self.departments.write_text(departments)
        self.people.write_text(people)
        summary = await load_people(self.engine, self.departments, self.people)
        return summary.departments, summary.people, summary.grants


@pytest.fixture
async def files(engine: AsyncEngine, tmp_path: Path) -> Files:
    """Files beside a park with communities."""
    await load_file(engine, DIVISIONS)
    return Files(engine, tmp_path)


async def scalars(connection: AsyncConnection, query: str) -> list[object]:
    """Return one column."""
    return list((await connection.execute(text(query))).scalars())


async def test_the_same_files_again_change_nothing_and_keep_the_password(files: Files) -> None:
    assert await files.load() == (Stored(1, 0, 0), Stored(1, 0, 0), Stored(2, 0, 0))
    async with files.engine.connect() as connection:
        before = await scalars(connection, "SELECT password_hash FROM people")
    assert await files.load() == (Stored(0, 0, 1), Stored(0, 0, 1), Stored(0, 0, 2))
    await files.load(PEOPLE.replace("gridloop-demo", "another-one"))
    async with files.engine.connect() as connection:
        assert await scalars(connection, "SELECT password_hash FROM people") == before
    assert verify_password(str(before[0]), "gridloop-demo")


async def test_a_person_in_the_file_holds_exactly_the_roles_it_grants(files: Files) -> None:
    await files.load()
    changed = PEOPLE.replace("      - {role: handler, department: fire}\n", "").replace("2026-12-31", "2027-12-31")
    assert await files.load(changed) == (Stored(0, 0, 1), Stored(0, 0, 1), Stored(0, 1, 0, removed=1))
    async with files.engine.connect() as connection:
        assert await scalars(connection, "SELECT role FROM grants") == ["grid_worker"]


async def test_people_whom_the_file_does_not_name_keep_everything(files: Files) -> None:
    await files.load()
    other = PEOPLE.replace("fire1", "fire2").replace("password: gridloop-demo", "active: false")
    assert (await files.load(other))[1:] == (Stored(1, 0, 0), Stored(2, 0, 0))
    async with files.engine.connect() as connection:
        assert await scalars(connection, "SELECT count(*) FROM grants") == [4]
        assert await scalars(connection, "SELECT password_hash FROM people WHERE NOT active") == [None]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("department: fire", "department: fyre", 7, "there is no department “fyre”"),
        ('"130172100001"', '"130172100099"', 9, "there is no grid unit “130172100099”"),
        ('"130172100001"', "130172100001", 9, "put quotes around a code made of digits"),
        ("role: grid_worker", "role: worker", 8, "people.0.grants.1.role: Input should be 'reporter'"),
        ("2026-12-31", "2023-12-31", 10, "ends 2023-12-31, before it begins on 2024-01-01"),
        ("2026-12-31", "2026-02-30", 10, "day is out of range"),
        (", department: fire", "", 7, "role handler takes a department"),
        ('        grid: "130172100001"\n', "", 8, "role grid_worker takes a grid"),
        ("password: gridloop-demo", "password: short", 5, "at least 8"),
        ("    name: 王文华\n", "", 3, "people.0.name: Field required"),
        ("name: 王文华", "nome: 王文华", 4, "Extra inputs are not permitted"),
        ("name: 王文华", "username: x", 4, "“username” is given twice"),
        ("{role: handler,", "{role: handler, , ", 7, "broken YAML"),
        ("since: 2024-01-01", "- a", 2, "broken YAML"),
    ],
)
async def test_a_fault_is_reported_by_file_and_line_and_nothing_is_stored(
    files: Files, old: str, new: str, line: int, reason: str
) -> None:
    assert old in PEOPLE
    with pytest.raises(BadFile) as caught:
        await files.load(PEOPLE.replace(old, new, 1))
    problem = next(p for p in caught.value.problems if reason in p.en)
    assert (problem.file, problem.line) == (str(files.people), line)
    assert problem.zh
    async with files.engine.connect() as connection:
        assert await scalars(connection, "SELECT id FROM departments") == []


async def test_duplicates_name_the_line_they_repeat(files: Files) -> None:
    twice = PEOPLE + "  - {username: fire1, name: 李明强}\n"
    with pytest.raises(BadFile, match=r"p\.yaml:11: people\.1\.username: “fire1” is a duplicate of line 3"):
        await files.load(twice)
    again = PEOPLE.replace("      - role:", "      - {role: handler, department: fire}\n      - role:")
    with pytest.raises(BadFile, match=r"p\.yaml:8: .*granted twice"):
        await files.load(again)
    with pytest.raises(BadFile, match=r"d\.yaml:3: departments\.1\.id: “fire” is a duplicate of line 2"):
        await files.load(departments=DEPARTMENTS + "  - {id: fire, name_zh: 火, name_en: Fire}\n")


async def test_a_role_in_a_retired_department_is_refused(files: Files) -> None:
    retired = DEPARTMENTS.replace("}", ", active: false}")
    with pytest.raises(BadFile, match="there is no department “fire”"):
        await files.load(departments=retired)


def test_passwords_are_salted_and_only_the_right_one_matches() -> None:
    stored = hash_password("gridloop-demo")
    assert stored.startswith("$argon2id$")
    assert stored != hash_password("gridloop-demo")
    assert verify_password(stored, "gridloop-demo")
    assert not verify_password(stored, "gridloop-demo ")
    assert not verify_password("not a hash", "gridloop-demo")
    assert not verify_password(None, "nobody's password")


ROSTER = """absences:
  - {person: fire1, since: 2026-03-02, until: 2026-03-06, reason: 年休假}
shifts:
  - unit: "130172100001"
    role: grid_worker
    person: fire1
    starts_at: 2026-03-09T08:00:00+08:00
    ends_at: 2026-03-09T20:00:00+08:00
"""


async def test_absences_and_shifts_come_with_people_and_the_same_again_changes_nothing(files: Files) -> None:
    await files.load(PEOPLE + ROSTER)
    async with files.engine.connect() as connection:
        before = await scalars(connection, "SELECT (since, until, reason)::text FROM absences")
        assert before == ["(2026-03-02,2026-03-06,年休假)"]
        assert await scalars(connection, "SELECT starts_at::text FROM shifts") == ["2026-03-09 00:00:00+00"]
    summary = await load_people(files.engine, files.departments, files.people)
    assert summary.roster == 0
    await files.load(PEOPLE + ROSTER.replace("until: 2026-03-06", "until: 2026-03-05"))
    async with files.engine.connect() as connection:
        assert await scalars(connection, "SELECT until::text FROM absences") == ["2026-03-05"]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("person: fire1, since", "person: nobody, since", 12, "absences.0.person: there is no active person"),
        ("until: 2026-03-06", "until: 2026-03-01", 12, "absences.0.until: ends 2026-03-01"),
        ("reason: 年休假", "deputy: fire1, reason: 年休假", 12, "absences.0.deputy: nobody stands in for themselves"),
        ('unit: "130172100001"', 'unit: "130172100999"', 14, "shifts.0.unit: there is no grid unit"),
        ("role: grid_worker\n    person", "role: supervisor\n    person", 15, "shifts.0.role: fire1 is then no"),
        ("2026-03-09T08:00:00+08:00", "2026-03-06T08:00:00+08:00", 16, "shifts.0.person: fire1 is away"),
    ],
)
async def test_a_fault_of_the_roster_is_reported_at_its_line_and_nothing_is_stored(
    files: Files, old: str, new: str, line: int, reason: str
) -> None:
    assert old in ROSTER
    with pytest.raises(BadFile) as bad:
        await files.load(PEOPLE + ROSTER.replace(old, new, 1))
    (problem,) = bad.value.problems
    assert (problem.line, problem.en.startswith(reason)) == (line, True), problem.en
    async with files.engine.connect() as connection:
        assert await scalars(connection, "SELECT count(*) FROM people") == [0]


ZONES = """zones:
  - {code: Z1, name: 北片区, units: ["130172100001", "130172100002"]}
people:
  - username: liaison1
    name: 周建业
    grants:
      - {role: liaison, zone: Z1}
"""


async def test_a_zone_gives_its_liaison_every_unit(files: Files) -> None:
    people = PEOPLE.replace("people:\n", ZONES)
    assert (await files.load(people))[2].inserted == 4
    async with files.engine.begin() as connection:
        await publish(connection, a_policy())
        held = await scalars(connection, "SELECT grid FROM grants WHERE role = 'liaison' ORDER BY grid")
        (zone,) = (await list_zones(connection, datetime.now(UTC))).items
    assert held == ["130172100001", "130172100002"]
    assert ([unit.code for unit in zone.units], zone.liaisons) == (held, ("周建业",))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('"130172100002"]}', "999"),
        ("zone: Z1}", "Z9"),
        ("zone: Z1}", "zone: Z1, grid"),
    ],
)
async def test_a_zone_that_does_not_fit_is_named(files: Files, wrong: str, said: str) -> None:
    replaced = {"999": '"999"]}', "Z9": "zone: Z9}", "zone: Z1, grid": 'zone: Z1, grid: "130172100001"}'}[said]
    with pytest.raises(BadFile) as caught:
        await files.load(PEOPLE.replace("people:\n", ZONES.replace(wrong, replaced)))
    assert any(said in problem.en or "one of the two" in problem.en for problem in caught.value.problems)
