"""The context: what a rule may know besides the case and the command, read in one transaction."""

from datetime import date
from uuid import UUID

from pydantic import SkipValidation

from models.base import Frozen, Instant
from models.enums import InterestKind, Level, Role
from models.policy.calendar import Calendar
from models.policy.document import Policy


class Grant(Frozen):
    """A role held for a grid subtree and/or a department, from a date to a date (both inclusive).

    `grid` None means every grid; `until` None means until further notice. `path` runs from the park down to
    `grid`, both included.
    """

    role: Role
    grid: str | None = None
    path: tuple[str, ...] = ()
    department: str | None = None
    since: date
    until: date | None = None

    def on(self, day: date) -> bool:
        """Whether the grant holds on `day`, a date in the park's zone."""
        return self.since <= day and (self.until is None or day <= self.until)


class StandIn(Frozen):
    """The absent person whose deputy somebody is, from a date to a date (both inclusive)."""

    person: UUID
    since: date
    until: date

    def on(self, day: date) -> bool:
        """Whether the deputy acts on `day`."""
        return self.since <= day <= self.until


class Interest(Frozen):
    """A declared interest (利害关系) in an enterprise, a department or a grid unit; both days inclusive.

    `target` is its code; `until` None means until further notice.
    """

    kind: InterestKind
    target: str
    since: date
    until: date | None = None

    def on(self, day: date) -> bool:
        """Whether the interest counts on `day`, a date in the park's zone."""
        return self.since <= day and (self.until is None or day <= self.until)


class Person(Frozen):
    """A person who acts, with their grants and the absent people whose deputy they are.

    `interests`: what they are declared to be interested in. `recused`: whether they were recused from a case by hand;
    which one stands with the case. `speaks_for`: of the account of an outside body, the department for which it acts.
    """

    id: UUID
    username: str
    active: bool = True
    grants: tuple[Grant, ...] = ()
    stands_in: tuple[StandIn, ...] = ()
    interests: tuple[Interest, ...] = ()
    recused: bool = False
    speaks_for: str | None = None

    def acts_for(self, other: UUID | None, day: date) -> bool:
        """Whether the person is `other`, or their deputy on `day`."""
        return other is not None and (self.id == other or any(s.person == other and s.on(day) for s in self.stands_in))


class Claimant(Frozen):
    """The claimant of the case; `absent`: away today; `deputy`: who then acts for them."""

    person: "Person"
    absent: bool = False
    deputy: UUID | None = None


class Reviewer(Frozen):
    """A person who may review at `unit`, with the departments they belong to."""

    unit: str
    person: UUID
    departments: tuple[str, ...] = ()


class Holder(Frozen):
    """Who holds a role in a unit now: by grant, by shift, or as deputy of somebody absent."""

    role: Role
    person: UUID


class Unit(Frozen):
    """A unit between a case's place and the park, with the roles that are staffed there today.

    `holders` is filled only when something is due: people are resolved when a step fires. `name` is empty where it was
    not looked up.
    """

    code: str
    level: Level
    name: str = ""
    retired: bool = False
    staffed: frozenset[Role] = frozenset()
    holders: tuple[Holder, ...] = ()


class Department(Frozen):
    """A department, in use or retired."""

    id: str
    active: bool = True


class NamedEnterprise(Frozen):
    """The enterprise that a report or command names: in which park, and whether it is on the register."""

    code: str
    park: str
    active: bool


class Lead(Frozen):
    """What a merge needs of the other case, which is locked until the merge is recorded.

    `whole_due_at`: the deadline of its whole clock; None where it has none.
    """

    case_no: str
    report_id: UUID
    is_open: bool
    received_at: Instant | None = None
    whole_due_at: Instant | None = None
    enterprise: str | None = None


class Context(Frozen):
    """The data at `now` that the rules may read.

    `policy` is the case's own version; `calendars` are those of the version in force now, since a workday is the same
    for every case, whatever its policy. They were checked when they were published, and are not
    checked again for every decision.

    `opens_under` is the version in force now, where a case that begins with the command would be received under it.

    `claimant` is whoever has claimed the case; None where it was not looked up. `reviewers` runs from the case's unit
    up. `host_reaches`: whether the host department acts at the place that the case is (or would be) at. `answer`: what
    whoever completed the case wrote for its reporter. `enterprise`: the one that the command names. `received_under`:
    the version a case not accepted yet was received under, where the one in force lacks its category.
    `running_emergencies`: the runs of emergency plans that have not ended for the case.

    `units` runs from the case's own unit up to the park. `person` is None for the system. The fields
    below it are filled only when the command needs them.
    """

    now: Instant
    today: date
    policy: SkipValidation[Policy]
    policy_version: int
    calendars: SkipValidation[tuple[Calendar, ...]] = ()
    calendars_version: int = 0
    adoptable: SkipValidation[Policy | None] = None
    opens_under: SkipValidation[Policy | None] = None
    person: Person | None
    units: tuple[Unit, ...]
    target_units: tuple[Unit, ...] = ()
    departments: tuple[Department, ...]
    fallback: UUID
    case_no: str | None = None
    colleague: Person | None = None
    claimant: Claimant | None = None
    reviewers: tuple[Reviewer, ...] = ()
    host_reaches: bool = True
    received_under: SkipValidation[Policy | None] = None
    lead: Lead | None = None
    enterprise: NamedEnterprise | None = None
    unknown_attachments: tuple[str, ...] = ()
    result_photos: tuple[str, ...] = ()
    answer: str = ""
    running_emergencies: tuple[str, ...] = ()

    def department(self, code: str) -> Department | None:
        """The active department of that code, or None."""
        return next((d for d in self.departments if d.id == code and d.active), None)
