"""The organisation as input of the lint: units, people, departments, absences, shifts; and the findings."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from models.base import Frozen, Instant, Kept
from models.context import Grant
from models.enums import Level, Role
from models.policy.document import Policy


class OrgUnit(Frozen):
    """A unit in use; `path` runs from the park down to the unit itself."""

    code: str
    name: str
    level: Level
    path: tuple[str, ...]


class OrgPerson(Frozen):
    """A person with all their grants, past and future ones too."""

    id: UUID
    username: str
    name: str
    active: bool
    grants: tuple[Grant, ...] = ()


class OrgDepartment(Frozen):
    """A department, in use or retired."""

    id: str
    name_zh: str
    name_en: str
    active: bool


class Absence(Frozen):
    """An absence, both days inclusive; `deputy` acts meanwhile, or nobody (None)."""

    id: UUID
    person: UUID
    deputy: UUID | None
    since: date
    until: date
    reason: str = ""


class Shift(Frozen):
    """A shift in a role of a unit, half open: from `starts_at` up to, not including, `ends_at`."""

    id: UUID
    unit: str
    role: Role
    person: UUID
    starts_at: Instant
    ends_at: Instant


class OrgAlarm(Frozen):
    """A role that a ladder step found vacant in a unit, and that nobody has held since."""

    unit: str
    role: Role
    last_at: Instant
    times: int


class Organisation(Frozen):
    """Everything that the lint checks, without absences and shifts that are over."""

    now: Instant
    today: date
    units: tuple[OrgUnit, ...]
    people: tuple[OrgPerson, ...]
    departments: tuple[OrgDepartment, ...]
    policy: Policy | None
    absences: tuple[Absence, ...] = ()
    shifts: tuple[Shift, ...] = ()
    alarms: tuple[OrgAlarm, ...] = ()


class Gravity(StrEnum):
    """How grave a finding is. An error leaves a case to the fallback owner, or with nobody who may act."""

    ERROR = "error"
    WARNING = "warning"


class OrgFault(StrEnum):
    """The kinds of faults of an organisation."""

    NO_SUPERIOR = "no_superior"
    DEPARTMENT_WITHOUT_HEAD = "department_without_head"
    UNIT_WITHOUT_OWNER = "unit_without_owner"
    GRID_WITHOUT_WORKER = "grid_without_worker"
    MICRO_GRID_WITHOUT_VOLUNTEER = "micro_grid_without_volunteer"
    ROUTE_TO_RETIRED_DEPARTMENT = "route_to_retired_department"
    ROUTE_WITHOUT_HANDLER = "route_without_handler"
    TARGET_VACANT = "target_vacant"
    FALLBACK_GONE = "fallback_gone"
    ABSENCES_OVERLAP = "absences_overlap"
    ABSENCE_OF_INACTIVE = "absence_of_inactive"
    DEPUTY_AWAY = "deputy_away"
    SHIFTS_OVERLAP = "shifts_overlap"
    SHIFT_OF_INACTIVE = "shift_of_inactive"
    SHIFT_WHILE_AWAY = "shift_while_away"
    ALARM = "alarm"


class OrgFinding(Kept):
    """One fault of `count` units, people or categories; the first few are in `sample`.

    `where` and `sample` are codes and user names. `zh` and `en` describe the fault for people; `sample_zh` and
    `sample_en` give the sample by name with the code beside it.
    """

    fault: OrgFault
    gravity: Gravity
    where: str
    count: int = 1
    sample: tuple[str, ...] = ()
    sample_zh: tuple[str, ...] = ()
    sample_en: tuple[str, ...] = ()
    zh: str
    en: str
