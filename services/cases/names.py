"""Read names in place of ids, for the cases that a view shows."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from infra.store.policies import newest_version, policy_version
from models.case import Case, Owner
from models.enums import OwnerKind
from models.policy.document import Policy
from models.views import (
    NamedOwner,
)
from rules.requests import pending_requests


@dataclass(frozen=True)
class Names:
    """Names by id, in the reader's language."""

    units: dict[str, str]
    departments: dict[str, str]
    people: dict[str, str]
    policy: Policy
    language: str
    enterprises: dict[str, str] = field(default_factory=dict)

    def owner(self, owner: Owner) -> NamedOwner:
        """Return the owner with a name; the id stands in for a name that is not known."""
        return self.owner_by_id(owner.kind, owner.id)

    def owner_by_id(self, kind: OwnerKind, id_: str) -> NamedOwner:
        """Return the owner of that kind and id with a name."""
        names = {
            OwnerKind.UNIT: self.units,
            OwnerKind.DEPARTMENT: self.departments,
            OwnerKind.PERSON: self.people,
        }[kind]
        return NamedOwner(kind=kind, id=id_, name=names.get(id_, id_))

    def merged_with(self, other: "Names") -> "Names":
        """Return these names together with those of `other`, which is in the same language."""
        return replace(
            self,
            units=self.units | other.units,
            people=self.people | other.people,
            enterprises=self.enterprises | other.enterprises,
        )

    def department(self, code: str) -> str:
        """Return the department's name."""
        return self.departments.get(code, code)

    def category(self, code: str) -> str:
        """Return the category's name."""
        found = self.policy.category(code)
        if found is None:
            return code
        return found.name_en if self.language.startswith("en") else found.name_zh


_NAMES = """
SELECT 'unit' AS kind, code AS id, name FROM grid_units WHERE code = ANY (%(units)s::text[])
UNION ALL SELECT 'person', id::text, name FROM people WHERE id = ANY (%(people)s::uuid[])
UNION ALL SELECT 'enterprise', code, name FROM matters WHERE kind = 'enterprise' AND code = ANY (%(enterprises)s)
UNION ALL SELECT 'department', id, CASE WHEN %(english)s THEN name_en ELSE name_zh END FROM departments
"""


async def read_names(
    connection: AsyncConnection,
    cases: Iterable[Case],
    language: str,
    people: Iterable[UUID] = (),
    enterprises: Iterable[str] = (),
) -> Names:
    """Read the names that the views of `cases` need, and those of `people` and `enterprises` besides."""
    cases = tuple(cases)
    units: set[str] = set()
    persons = {str(person) for person in people}
    for case in cases:
        units.update(case.grid_path)
        persons.update(_people_in(case))
        if case.owner is not None and case.owner.kind is OwnerKind.UNIT:
            units.add(case.owner.id)
    named = {case.enterprise for case in cases if case.enterprise is not None} | set(enterprises)
    return await read_names_by_id(connection, units, persons, language, named)


async def read_names_by_id(
    connection: AsyncConnection,
    units: Iterable[str],
    people: Iterable[str],
    language: str,
    enterprises: Iterable[str] = (),
) -> Names:
    """Read the names of these units, people and enterprises, of every department, and the policy that names
    categories."""
    parameters = {
        "units": list(units),
        "people": list(people),
        "enterprises": list(enterprises),
        "english": language.startswith("en"),
    }
    rows = await all_rows(connection, _NAMES, parameters)
    names: dict[str, dict[str, str]] = {"unit": {}, "person": {}, "department": {}, "enterprise": {}}
    for kind, id_, name in rows:
        names[kind][id_] = name
    return Names(
        units=names["unit"],
        departments=names["department"],
        people=names["person"],
        policy=await policy_version(connection, await newest_version(connection)),
        language=language,
        enterprises=names["enterprise"],
    )


def _people_in(case: Case) -> set[str]:
    """Return everybody whom the view of a case may name."""
    people = {case.claimed_by, case.reported_by, case.reviewer, *(urge.by for urge in case.urges)}
    people |= {request.by for request in pending_requests(case).values()} | {appeal.by for appeal in case.appeals}
    found = {str(person) for person in people if person is not None}
    return found | {o.id for o in (case.owner, case.desk) if o is not None and o.kind is OwnerKind.PERSON}
