"""Who stands how to a matter, and so may see it: the one rule behind lists, views and commands of matters.

`infra.store.criteria.matters` says the same in SQL; a test compares the two.
"""

from datetime import date
from uuid import UUID

from models.context import Grant, Person
from models.enums import Role
from models.errors import NotYours
from rules.matters.kind import TERRITORIAL_PARTS, MatterRules, Part
from rules.scope import DEPARTMENT_ROLES, covers, in_force

#: The roles that make somebody staff: everything but a reporter.
STAFF_ROLES = frozenset(Role) - {Role.REPORTER}

#: Roles that read what is open to staff, and take no part in it: who audits, and who runs the system.
ONLY_READERS = frozenset({Role.AUDITOR, Role.ADMIN})


def parts(
    person: Person,
    rules: MatterRules,
    day: date,
    *,
    grid_path: tuple[str, ...],
    department: str | None = None,
    departments: tuple[str, ...] = (),
    people: tuple[UUID, ...] = (),
    created_by: UUID | None = None,
) -> frozenset[Part]:
    """Every part that `person` plays towards a matter at that place on `day`; empty when they may not see it."""
    if not person.active:
        return frozenset()
    found = {Part.OWNER} if any(person.acts_for(named, day) for named in people) else set()
    for grant in in_force(person, day):
        if rules.open_to_staff and grant.role in STAFF_ROLES:
            found |= {Part.READER} if grant.role in ONLY_READERS else {Part.READER, Part.STAFF}
        found |= _granted(grant, grid_path, department, departments)
    if found - {Part.READER} and person.id == created_by:
        found.add(Part.AUTHOR)
    return frozenset(found)


def _granted(
    grant: Grant, grid_path: tuple[str, ...], department: str | None, departments: tuple[str, ...]
) -> set[Part]:
    """The parts that the grant gives by the matter's place, or by the departments that have to do with it."""
    if grant.role in TERRITORIAL_PARTS:
        return {TERRITORIAL_PARTS[grant.role]} if covers(grant, grid_path) else set()
    if grant.role not in DEPARTMENT_ROLES or grant.department is None:
        return set()
    if grant.department == department:
        return {Part.OWNER, Part.HEAD} if grant.role is Role.DEPARTMENT_HEAD else {Part.OWNER}
    return {Part.PARTICIPANT} if grant.department in departments else set()


def may_begin(rules: MatterRules, person: Person, day: date) -> bool:
    """Whether the person could begin a matter of this kind somewhere; where, the command itself is asked."""
    who = rules.who[rules.creates]
    for grant in in_force(person, day):
        path = () if grant.grid is None else (grant.grid,)
        if not who.isdisjoint(parts(person, rules, day, grid_path=path, department=grant.department)):
            return True
    return False


def check_part(found: frozenset[Part], rules: MatterRules, command: str) -> None:
    """Raises NotYours unless one of the parts may give `command`; whoever does more than read may comment."""
    if command == "comment":
        if found <= {Part.READER}:
            raise NotYours(command=command, who="whoever takes part in it")
        return
    who = rules.who.get(command, frozenset())
    if found.isdisjoint(who):
        raise NotYours(command=command, who=" / ".join(sorted(who)))
