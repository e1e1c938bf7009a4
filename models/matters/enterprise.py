"""The enterprise (企业): its state, its commands and its facts."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer, model_validator

from models.base import (
    Code,
    CreditCode,
    Given,
    Instant,
    Kept,
    Line,
    Note,
    OptionalNote,
    Phone,
    Title,
    WrittenDay,
    fault,
    is_none,
)
from models.commands.report import GivenLocation, Location
from models.context import Unit
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand
from models.matters.colour import Cause, Evidence, Held, Override
from models.policy.calendar import WallTime
from models.policy.colours import Colour, VisitEvery

_ShortLine = Annotated[Line, StringConstraints(min_length=1, max_length=80)]


class SizeClass(StrEnum):
    """The size class of an enterprise, as statistics divide them."""

    ABOVE_SCALE = "above_scale"
    BELOW_SCALE = "below_scale"
    SMALL = "small"


class WorkRule(StrEnum):
    """On which days an enterprise works that follows no calendar of the policy.

    `park`: on the workdays of the park. `every_day`: all year, on public holidays too. `no_sundays`: the same, without
    Sundays.
    """

    PARK = "park"
    EVERY_DAY = "every_day"
    NO_SUNDAYS = "no_sundays"


class WorkShift(Kept):
    """A daily shift, in wall time of the park; one that ends no later than it starts ends on the next day."""

    name: _ShortLine
    start: WallTime
    end: WallTime


class Workshop(Kept):
    """A workshop (车间) of the enterprise; the number is unique in it."""

    number: Code
    name: _ShortLine


class SafetyOfficer(Kept):
    """Who answers for safety in the enterprise."""

    name: _ShortLine
    phone: Annotated[Phone | None, Field(exclude_if=is_none)] = None


class EnterpriseStatus(StrEnum):
    """Where an enterprise stands: in operation, or taken off the register."""

    ACTIVE = "active"
    CLOSED = "closed"


class Enterprise(Matter):
    """An enterprise. Its id is that of its registration, its code the unified social credit code.

    `calendar` names a calendar of the policy; without one `work_rule` holds. `volunteer` is its volunteer (一企一人),
    `cadre` the responsible cadre (包联干部). `colour` is computed; `override` is what a supervisor set. `visits`
    follows the colour shown. `check_at`: when the colour is assessed anew if nothing happens before.
    """

    size: SizeClass = SizeClass.SMALL
    industry: str = ""
    headcount: int | None = None
    shifts: tuple[WorkShift, ...] = ()
    calendar: str | None = None
    work_rule: WorkRule = WorkRule.PARK
    workshops: tuple[Workshop, ...] = ()
    safety_officer: SafetyOfficer | None = None
    volunteer: UUID | None = None
    cadre: UUID | None = None
    location: Location | None = None
    colour: Colour = Colour.GREEN
    causes: tuple[Cause, ...] = ()
    held: tuple[Held, ...] = ()
    check_at: Instant | None = None
    override: Override | None = None
    visits: VisitEvery = VisitEvery.MONTHLY

    @property
    def shown_colour(self) -> Colour:
        """The colour that counts: the one set by hand while it lasts, else the computed one."""
        return self.colour if self.override is None else self.override.colour


# --- commands ---------------------------------------------------------------------------------------------------------


class _Particulars(Given):
    """What may be said of an enterprise besides its name, code and place."""

    size: SizeClass = SizeClass.SMALL
    industry: Annotated[Line, StringConstraints(max_length=40)] = ""
    headcount: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    shifts: Annotated[tuple[WorkShift, ...], Field(max_length=6)] = ()
    calendar: Code | None = None
    work_rule: WorkRule = WorkRule.PARK
    workshops: Annotated[tuple[Workshop, ...], Field(max_length=60)] = ()
    department: Code | None = None
    location: GivenLocation | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for shift in self.shifts:
            if shift.start % (24 * 60) == shift.end % (24 * 60):
                raise fault(f"班次“{shift.name}”的起止时间相同", f"shift “{shift.name}” has no length")
        for what, names in (
            (("班次名称", "shifts"), [shift.name for shift in self.shifts]),
            (("车间编号", "workshops"), [workshop.number for workshop in self.workshops]),
        ):
            if len(set(names)) < len(names):
                raise fault(f"{what[0]}重复", f"{what[1]} given twice")
        return self


class RegisterEnterprise(_Particulars, CreateMatter):
    """Enter an enterprise in the register. `volunteer` and `cadre` are user names."""

    kind: Literal["register"] = "register"
    code: CreditCode
    name: Title
    safety_officer: SafetyOfficer | None = None
    volunteer: Code | None = None
    cadre: Code | None = None


class _OnlyWhatIsSet(Given):
    """Written with the fields that were given and no others: what is left out stays as it is, null clears it."""

    @model_serializer(mode="wrap")
    def _without_the_rest(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if name == "kind" or name in self.model_fields_set}


class AmendEnterprise(_OnlyWhatIsSet, MatterCommand, _Particulars):
    """Correct what is known of an enterprise: the fields given change, the others stay."""

    kind: Literal["amend"] = "amend"
    note: OptionalNote = ""


class AssignPeople(_OnlyWhatIsSet, MatterCommand):
    """Name the volunteer, the responsible cadre (user names) or the safety officer; null takes one away."""

    kind: Literal["assign_people"] = "assign_people"
    volunteer: Code | None = None
    cadre: Code | None = None
    safety_officer: SafetyOfficer | None = None


class RenameEnterprise(MatterCommand):
    """Enter a new name of the enterprise."""

    kind: Literal["rename"] = "rename"
    name: Title
    note: OptionalNote = ""


class MoveEnterprise(MatterCommand):
    """Enter that the enterprise now belongs to another grid unit."""

    kind: Literal["move"] = "move"
    grid: Code
    location: GivenLocation | None = None
    note: OptionalNote = ""


class CloseEnterprise(MatterCommand):
    """Take the enterprise off the register: it has shut down or moved away."""

    kind: Literal["close"] = "close"
    reason: Note


class ReopenEnterprise(MatterCommand):
    """Enter the enterprise in the register again."""

    kind: Literal["reopen"] = "reopen"
    reason: Note


class Assess(MatterCommand):
    """By the system: assess the colour anew, because of the case `about` or of new rules."""

    kind: Literal["assess"] = "assess"
    about: str | None = None


class OverrideColour(MatterCommand):
    """Set the colour by hand, up to and including the day `until`."""

    kind: Literal["override_colour"] = "override_colour"
    colour: Colour
    until: WrittenDay
    reason: Note


class LiftOverride(MatterCommand):
    """End the colour that was set by hand."""

    kind: Literal["lift_override"] = "lift_override"
    reason: Note


COMMANDS: tuple[type[MatterCommand], ...] = (
    RegisterEnterprise, AmendEnterprise, AssignPeople, RenameEnterprise, MoveEnterprise, CloseEnterprise,
    ReopenEnterprise, Assess, OverrideColour, LiftOverride,
)  # fmt: skip


# --- facts ------------------------------------------------------------------------------------------------------------


class EnterpriseRegistered(MatterBody):
    """The enterprise was entered in the register, green, with these particulars."""

    kind: Literal["registered"] = "registered"
    code: str
    name: str
    grid: str
    grid_path: tuple[str, ...]
    department: str | None
    size: SizeClass
    industry: str
    headcount: int | None
    shifts: tuple[WorkShift, ...]
    calendar: str | None
    work_rule: WorkRule
    workshops: tuple[Workshop, ...]
    safety_officer: SafetyOfficer | None
    volunteer: UUID | None
    cadre: UUID | None
    location: Location | None
    visits: VisitEvery


class EnterpriseAmended(MatterBody):
    """Particulars were corrected: `changes` has the new values by field, `before` the old ones."""

    kind: Literal["amended"] = "amended"
    changes: dict[str, Any]
    before: dict[str, Any]
    note: str = ""


class PeopleAssigned(MatterBody):
    """The people of the enterprise changed. Only what changed is given; None: nobody any more."""

    kind: Literal["people_assigned"] = "people_assigned"
    changes: dict[str, Any]


class EnterpriseRenamed(MatterBody):
    """The enterprise has a new name."""

    kind: Literal["renamed"] = "renamed"
    name: str
    before: str
    note: str = ""


class EnterpriseMoved(MatterBody):
    """The enterprise belongs to another grid unit."""

    kind: Literal["moved"] = "moved"
    grid: str
    grid_path: tuple[str, ...]
    before: str
    location: Location | None = None
    note: str = ""


class EnterpriseClosed(MatterBody):
    """The enterprise was taken off the register."""

    kind: Literal["closed"] = "closed"
    reason: str


class EnterpriseReopened(MatterBody):
    """The enterprise was entered in the register again."""

    kind: Literal["reopened"] = "reopened"
    reason: str


class Assessed(MatterBody):
    """What the colour rests on changed: the rules that hold (`causes`), and those whose colour is kept (`held`)."""

    kind: Literal["assessed"] = "assessed"
    causes: tuple[Cause, ...]
    held: tuple[Held, ...]
    check_at: Instant | None
    visits: VisitEvery
    policy_version: int


class ColourChanged(MatterBody):
    """The computed colour changed from `before` to `after`; `causes` and `held` explain it line by line."""

    kind: Literal["colour_changed"] = "colour_changed"
    before: Colour
    after: Colour
    causes: tuple[Cause, ...]
    held: tuple[Held, ...]


class ColourOverridden(MatterBody):
    """A supervisor set the colour by hand until the moment `until`; `computed` is what the rules gave then."""

    kind: Literal["colour_overridden"] = "colour_overridden"
    colour: Colour
    computed: Colour
    until: Instant
    reason: str
    visits: VisitEvery


class OverrideEnded(MatterBody):
    """The colour set by hand ended: by its date, or (`lifted`) by a supervisor."""

    kind: Literal["override_ended"] = "override_ended"
    colour: Colour
    computed: Colour
    lifted: bool
    reason: str = ""
    visits: VisitEvery


BODIES: tuple[type[MatterBody], ...] = (
    EnterpriseRegistered, EnterpriseAmended, PeopleAssigned, EnterpriseRenamed, EnterpriseMoved, EnterpriseClosed,
    EnterpriseReopened, Assessed, ColourChanged, ColourOverridden, OverrideEnded,
)  # fmt: skip


class EnterpriseExtra(Given):
    """What only enterprises read: what their colour counts, the people a command names by user name, the unit it moves
    them to, with those above."""

    evidence: Evidence = Evidence()
    people: dict[str, UUID] = Field(default_factory=dict)
    units: tuple[Unit, ...] = ()
