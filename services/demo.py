"""The demonstration park: a real registry of communities with everything below and everybody in it invented."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.words import Level, Role
from rules.hierarchy import GridUnit
from rules.invented_names import person_name
from rules.lower_levels import make_lower_levels
from rules.tiling import DEMO_BOX, tile
from services.park import LoadSummary, checked_file, load_units
from services.people import PeopleFile, PeopleSummary, PersonEntry, read_departments, read_people, store_entries
from services.people_store import (
    GrantRecord,
    PersonRecord,
    Stored,
    active_usernames,
    known_departments,
    store_people,
)
from services.policies import publish, read_and_check

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
DIVISIONS = DEPLOY / "demo" / "divisions.csv"
DEPARTMENTS = DEPLOY / "demo" / "departments.yaml"
PEOPLE = DEPLOY / "demo" / "people.yaml"
POLICY = DEPLOY / "policies" / "demo.yaml"

ACCOUNTS_FILE = "demo-accounts.json"
MICRO_GRIDS = 1_837
_VOLUNTEERS_SINCE = date(2024, 1, 1)
#: Names from here on are the volunteers'; those before are in `people.yaml`.
_FIRST_VOLUNTEER_NAME = 1_000


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What loading the demonstration did, and which policy version it runs under."""

    units: LoadSummary
    people: PeopleSummary
    volunteers: Stored
    policy_version: int
    accounts: Path

    @property
    def changed(self) -> bool:
        """Whether anything in the directory was new or different."""
        stored = (self.people.departments, self.people.people, self.people.grants, self.volunteers)
        return bool(
            self.units.inserted or self.units.updated or any(s.inserted or s.updated or s.removed for s in stored)
        )


async def load_demo(engine: AsyncEngine, data_dir: Path) -> DemoSummary:
    """Loads the demonstration park in one transaction, and writes who can sign in to `demo-accounts.json`.

    A second time it changes nothing, and is quick. The accounts file holds passwords that everybody knows:
    only its owner may read it all the same. Raises BadFile when a file of the demonstration was broken.
    """
    units = tile(make_lower_levels(checked_file(DIVISIONS).units, MICRO_GRIDS), DEMO_BOX)
    departments = read_departments(DEPARTMENTS).departments
    file = read_people(PEOPLE, {d.id for d in departments}, {unit.code for unit in units})
    async with transaction(engine) as connection:
        loaded = await load_units(connection, units)
        people = await store_entries(connection, departments, file)
        volunteers, _ = await store_people(connection, _volunteers(units))
        names = await active_usernames(connection)
        policy = read_and_check(POLICY, await known_departments(connection), names)
        version = await publish(connection, policy, datetime.now(UTC))
    accounts = _write_accounts(data_dir, file)
    return DemoSummary(loaded, people, volunteers, version, accounts)


def _volunteers(units: Iterable[GridUnit]) -> list[PersonRecord]:
    """One volunteer for each micro-grid; they have no password and cannot sign in."""
    codes = sorted(unit.code for unit in units if unit.level is Level.MICRO_GRID)
    return [
        PersonRecord(
            username=f"v{code}",
            name=person_name(_FIRST_VOLUNTEER_NAME + number),
            grants=(GrantRecord(Role.VOLUNTEER, code, None, _VOLUNTEERS_SINCE),),
        )
        for number, code in enumerate(codes)
    ]


def _write_accounts(data_dir: Path, file: PeopleFile) -> Path:
    """Writes the accounts in one move, readable by their owner only."""
    path = data_dir / ACCOUNTS_FILE
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = data_dir / f"{ACCOUNTS_FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(_accounts(file.people), out, ensure_ascii=False, indent=1)
    fresh.replace(path)
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
