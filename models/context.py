"""What a rule may know besides the case and the command: taken in one transaction, handed in as a value."""

from datetime import date
from uuid import UUID

from pydantic import InstanceOf

from models.base import Frozen, Instant
from models.policy import Policy
from models.words import Level, Role


class Grant(Frozen):
    """A role held for a grid subtree and/or a department, from a date to a date (both inclusive).

    `grid` None means every grid; `until` None means until further notice.
    """

    role: Role
    grid: str | None = None
    department: str | None = None
    since: date
    until: date | None = None

    def on(self, day: date) -> bool:
        """Whether the grant holds on `day`, a date in the park's zone."""
        return self.since <= day and (self.until is None or day <= self.until)


class Person(Frozen):
    """Somebody who acts, with the roles in force."""

    id: UUID
    username: str
    active: bool = True
    grants: tuple[Grant, ...] = ()


class Unit(Frozen):
    """A unit on the way from a case's place to the top, and which desks are staffed there today."""

    code: str
    level: Level
    retired: bool = False
    staffed: frozenset[Role] = frozenset()


class Department(Frozen):
    id: str
    active: bool = True


class Lead(Frozen):
    """What a merge must know of the other case."""

    case_no: str
    report_id: UUID
    is_open: bool


class Context(Frozen):
    """The world at `now`, as far as the rules may see it.

    `units` runs from the case's own unit up to the park. `person` is None for the system. The fields
    below it are filled only when the command needs them.
    """

    now: Instant
    today: date
    policy: InstanceOf[Policy]  # was checked when it was read, and need not be again at every look
    policy_version: int
    person: Person | None
    units: tuple[Unit, ...]
    target_units: tuple[Unit, ...] = ()
    departments: tuple[Department, ...]
    fallback: UUID
    case_no: str | None = None
    colleague: Person | None = None
    lead: Lead | None = None
    unknown_attachments: tuple[str, ...] = ()

    def department(self, code: str) -> Department | None:
        """The active department of that code, or None."""
        return next((d for d in self.departments if d.id == code and d.active), None)
