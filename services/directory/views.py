"""Views of reference data: grid units, categories, departments, people."""

from uuid import UUID

from models.base import Frozen
from models.enums import Role, Severity, Source, UnitType
from models.policy.document import EverydayWord
from models.policy.limits import Limit
from models.policy.questions import Door, Question, asked_at
from models.reporter_messages import TellBy


class UnitView(Frozen):
    """A grid unit. `households` is a count; `enterprise` the body that a dedicated unit is drawn around."""

    code: str
    name: str
    level: int
    parent: str | None
    type: UnitType
    households: int | None
    enterprise: str | None


class UnitPage(Frozen):
    """Units in the order of their codes, so that each comes after its parent."""

    items: tuple[UnitView, ...]
    next_cursor: str | None


class PathStep(Frozen):
    """One unit on the path down from the park."""

    code: str
    name: str
    level: int


class UnitHolder(Frozen):
    """A person who holds a role in this very unit."""

    name: str
    role: Role


class UnitDetail(UnitView):
    """A unit with its path from the park (itself last), the number of its children in use, and who acts there."""

    path: tuple[PathStep, ...]
    children: int
    people: tuple[UnitHolder, ...]


class ConditionView(Frozen):
    """立案条件: its severities (none: all), the limits of the stages with their sources, and the ladder.

    A category with limits of its own has one condition, `any`.
    """

    code: str
    name_zh: str
    name_en: str
    severities: tuple[Severity, ...]
    accept: Limit
    dispatch: Limit
    handle: Limit
    review: Limit
    whole: Limit | None
    ladder: str | None


class CategoryView(Frozen):
    """小类, with the conditions under which a case of it is opened; the first that fits applies.

    `withdrawable` False: once accepted, the matter goes on whatever its reporter says. `active` False: nothing new
    is reported under it. `questions`: what is asked besides the description.
    """

    code: str
    name_zh: str
    name_en: str
    group: str
    severity: Severity
    evidence_required: bool
    withdrawable: bool = True
    active: bool = True
    questions: tuple[Question, ...] = ()
    conditions: tuple[ConditionView, ...]

    def asked_at(self, door: Door) -> tuple[Question, ...]:
        """The questions that are asked at a door, in order."""
        return asked_at(self.questions, door)


class GroupView(Frozen):
    """大类 with its categories."""

    code: str
    name_zh: str
    name_en: str
    categories: tuple[CategoryView, ...]


class CategoryList(Frozen):
    """The categories that can be reported under the newest policy, the channels whose reporters it wants answered
    (答复), and everyday words for the commonest categories. `tell_by`: the ways by which a reporter may choose to be
    told of the report: those whose channels are set up; empty where none is.
    """

    policy_version: int
    answers_required: tuple[Source, ...]
    everyday_words: tuple[EverydayWord, ...] = ()
    tell_by: tuple[TellBy, ...] = ()
    groups: tuple[GroupView, ...]


class DepartmentView(Frozen):
    """A department in use. `help_group`: a help group (帮帮团), whose members hold the role `helper`."""

    id: str
    name_zh: str
    name_en: str
    help_group: bool = False


class DepartmentList(Frozen):
    """Departments by id."""

    items: tuple[DepartmentView, ...]


class PersonRole(Frozen):
    """A role held today; no `grid` means every grid."""

    role: Role
    grid: str | None
    department: str | None


class PersonView(Frozen):
    """A colleague."""

    id: UUID
    username: str
    name: str
    roles: tuple[PersonRole, ...]


class PersonPage(Frozen):
    """People in the order of their user names."""

    items: tuple[PersonView, ...]
    next_cursor: str | None
