"""The demonstration park: a real registry of communities; the units below them and all people are invented."""

import json
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from models.enums import Level, Role
from rules.organisation.grid_tree import GridUnit
from rules.organisation.invented_names import person_name
from rules.organisation.landscape import make_landscape
from rules.organisation.lower_levels import make_lower_levels
from rules.organisation.tiling import DEMO_BOX, tile
from services.demo.past.plan import DAYS
from services.files.reference_files import BadFile
from services.files.shipped import DEPARTMENTS, DIVISIONS, PEOPLE, POLICY
from services.organisation.grid_registry import load_units, read_checked
from services.organisation.people_files import PeopleFile, PersonEntry, read_departments, read_people, store_entries
from services.organisation.people_store import (
    GrantRecord,
    PersonRecord,
    known_departments,
    known_grids,
    known_usernames,
    store_people,
)
from services.policies.files import check_policy, read_policy
from services.policies.versions import find_version, publish

ACCOUNTS_FILE = "demo-accounts.json"
MICRO_GRIDS = 1_837
_SINCE = date(2024, 1, 1)
#: The numbers of invented names from here on belong to volunteers, then to grid workers; those before are used in
#: `people.yaml`.
_FIRST_VOLUNTEER_NAME = 1_000
_FIRST_WORKER_NAME = 3_000


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What loading the demonstration added, and the version that its policy was published as."""

    units: int
    departments: int
    people: int
    workers: int
    volunteers: int
    policy_version: int
    policy_published: bool
    accounts: Path

    @property
    def changed(self) -> bool:
        """Whether anything was added."""
        return bool(
            self.units or self.departments or self.people or self.workers or self.volunteers or self.policy_published
        )


async def load_demo(engine: AsyncEngine, data_dir: Path) -> DemoSummary:
    """Load the demonstration park in one transaction, and write its accounts to `demo-accounts.json`.

    It only adds: whatever exists already stays as it is, so that an operator's changes survive the next start, and a
    second run has nothing to do. The accounts file holds passwords that are publicly known; still only its owner may
    read it. Raises BadFile when a file of the demonstration is broken.
    """
    departments = read_departments(DEPARTMENTS).departments
    units = demo_units()
    file = read_people(PEOPLE, {d.id for d in departments}, {unit.code for unit in units})
    async with transaction(engine) as connection:
        grids = await known_grids(connection)
        loaded = await load_units(connection, [unit for unit in units if unit.code not in grids])
        existing_departments = await known_departments(connection, retired=True)
        existing_people = await known_usernames(connection)
        people = await store_entries(
            connection, [d for d in departments if d.id not in existing_departments], _without(file, existing_people)
        )
        workers, _ = await store_people(connection, _new(make_workers(units, file), existing_people))
        volunteers, _ = await store_people(connection, _new(make_volunteers(units), existing_people))
        version, published = await _publish_once(connection)
    return DemoSummary(
        units=loaded.inserted,
        departments=people.departments.inserted,
        people=people.people.inserted,
        workers=workers.inserted,
        volunteers=volunteers.inserted,
        policy_version=version,
        policy_published=published,
        accounts=_write_accounts(data_dir, file),
    )


def demo_units() -> tuple[GridUnit, ...]:
    """Return the units: communities of a real registry; what lies below them, and every border, is made up."""
    return make_landscape(tile(make_lower_levels(read_checked(DIVISIONS).units, MICRO_GRIDS), DEMO_BOX))


def _without(file: PeopleFile, usernames: Collection[str]) -> PeopleFile:
    people = tuple(person for person in file.people if person.username not in usernames)
    return PeopleFile(since=file.since, passwords_settled=file.passwords_settled, people=people)


def _new(people: Iterable[PersonRecord], usernames: Collection[str]) -> list[PersonRecord]:
    return [person for person in people if person.username not in usernames]


async def _publish_once(connection: AsyncConnection) -> tuple[int, bool]:
    """Publish the policy of the demonstration unless it was published before, so as not to undo a newer one. It is in
    force from before the first of the demonstration's past cases."""
    policy = read_policy(POLICY)
    if (version := await find_version(connection, policy)) is not None:
        return version, False
    departments, people = await known_departments(connection), await known_usernames(connection, active=True)
    if problems := check_policy(policy, departments, people):
        raise BadFile(problems)
    now = datetime.now(UTC)
    return await publish(connection, policy, now, effective_from=now - timedelta(days=DAYS + 1)), True


def make_workers(units: Iterable[GridUnit], file: PeopleFile) -> list[PersonRecord]:
    """Return one grid worker for each grid that has none in the file; they have no password and cannot sign in."""
    staffed = {grant.grid for person in file.people for grant in person.grants if grant.role is Role.GRID_WORKER}
    empty = sorted(unit.code for unit in units if unit.level is Level.GRID and unit.code not in staffed)
    return [_invented("w", code, Role.GRID_WORKER, _FIRST_WORKER_NAME + number) for number, code in enumerate(empty)]


def make_volunteers(units: Iterable[GridUnit]) -> list[PersonRecord]:
    """Return one volunteer for each micro-grid; they have no password and cannot sign in."""
    codes = sorted(unit.code for unit in units if unit.level is Level.MICRO_GRID)
    return [_invented("v", code, Role.VOLUNTEER, _FIRST_VOLUNTEER_NAME + number) for number, code in enumerate(codes)]


def _invented(prefix: str, code: str, role: Role, number: int) -> PersonRecord:
    """Return a person with that role in that unit, who cannot sign in."""
    grants = (GrantRecord(role, code, None, _SINCE),)
    return PersonRecord(username=f"{prefix}{code}", name=person_name(number), grants=grants)


def _write_accounts(data_dir: Path, file: PeopleFile) -> Path:
    """Write the accounts atomically, readable by their owner only."""
    path = data_dir / ACCOUNTS_FILE
    data_dir.mkdir(parents=True, exist_ok=True)
    temporary = data_dir / f"{ACCOUNTS_FILE}.new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(_accounts(file.people), out, ensure_ascii=False, indent=1)
    temporary.replace(path)
    return path


def _accounts(people: Sequence[PersonEntry]) -> list[dict[str, object]]:
    return [
        {
            "username": person.username,
            "password": person.password.get_secret_value(),
            "roles": [
                {"role": grant.role.value, "grid": grant.grid, "department": grant.department}
                for grant in person.grants
            ],
        }
        for person in people
        if person.password is not None
    ]
