"""What a plan (计划) says: which work, where, by whom, how often, on which days."""

from collections import Counter
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from models.base import Code, Given, Kept, Line, fault
from models.enums import Role
from models.policy.calendar import WallTime

#: The most places of one plan (our choice): a plan's duties of one moment are one fact.
MOST_PLACES = 300
#: The most shifts of a day.
MOST_SHIFTS = 12


class PlanWork(StrEnum):
    """The kind of recurring work: the ten minutes before a shift, patrols, visits, volunteers' tours."""

    PRE_SHIFT = "pre_shift"
    PATROL = "patrol"
    VISIT = "visit"
    VOLUNTEER_TOUR = "volunteer_tour"


class PlanPlace(Given):
    """Where a duty is done: a grid unit; in it, where meant, an address or a workshop (`name`) of an enterprise.

    `enterprise` is the enterprise's code (its unified social credit code).
    """

    grid: Code
    name: Annotated[Line, StringConstraints(max_length=120)] = ""
    enterprise: Code | None = None


class Shift(Given):
    """A shift of a plant: when its check begins, in the park's wall time, on each day that the plant runs."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=20)]
    begins: WallTime


def _each_shift_once(shifts: tuple[Shift, ...]) -> tuple[Shift, ...]:
    names, times = [s.name for s in shifts], [f"{s.begins // 60:02}:{s.begins % 60:02}" for s in shifts]
    for zh, en, values in (("名称", "name", names), ("开始时间", "time", times)):
        if twice := sorted(value for value, count in Counter(values).items() if count > 1):
            raise fault(f"两个班次{zh}相同:{'、'.join(twice)}", f"two shifts have the same {en}: {', '.join(twice)}")
    return shifts


class PerShift(Given):
    """Before each shift: due `minutes` after the check begins. Without `shifts`, those of each place's enterprise."""

    kind: Literal["per_shift"] = "per_shift"
    shifts: Annotated[tuple[Shift, ...], Field(max_length=MOST_SHIFTS)] = ()
    minutes: Annotated[int, Field(ge=1, le=720)] = 10

    @model_validator(mode="after")
    def _shifts_differ(self) -> Self:
        _each_shift_once(self.shifts)
        return self


class Every(Given):
    """Every `n` days, weeks or months, counted from the plan's first due day, at `at`.

    A day that is not worked moves to the next one that is; two that meet there are one.
    """

    kind: Literal["every"] = "every"
    n: Annotated[int, Field(ge=1, le=366)]
    unit: Literal["day", "week", "month"]
    at: WallTime = 18 * 60


class AsRated(Given):
    """As often as the colour of each place's enterprise says: red weekly, yellow monthly, green quarterly."""

    kind: Literal["as_rated"] = "as_rated"
    at: WallTime = 18 * 60


Rhythm = Annotated[PerShift | Every | AsRated, Field(discriminator="kind")]


class PlantDays(Given):
    """A plant's own calendar: the weekdays on which it runs (1 Monday … 7 Sunday), and whether it runs on holidays.

    Make-up workdays always count; local closures (a typhoon) never do.
    """

    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1, max_length=7)] = (
        1,
        2,
        3,
        4,
        5,
    )
    on_holidays: bool = False


class Workers(Given):
    """Who does the duties: whoever holds `role` at the place, the person of that user name, or a department."""

    role: Role | None = None
    person: Code | None = None
    department: Code | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(value is not None for value in (self.role, self.person, self.department)) != 1:
            raise fault(
                "须指定由谁完成:角色、人员、部门三者选一",
                "a plan names a role, a person or a department: one of the three",
            )
        return self


class PlanTerms(Kept):
    """What a plan says. `calendar` names a calendar of the policy (None: the park's first), unless the plant has days
    of its own. Duties may be done from the day `begins` on; the first is due on `first_due`, and none after `until`.
    `checklist` None: nothing is ticked, only noted.
    """

    work: PlanWork
    places: Annotated[tuple[PlanPlace, ...], Field(min_length=1, max_length=MOST_PLACES)]
    workers: Workers
    rhythm: Rhythm
    calendar: Code | None = None
    plant_days: PlantDays | None = None
    checklist: Code | None = None
    begins: date
    first_due: date
    until: date | None = None
