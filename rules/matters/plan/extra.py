"""What the rules of plans may know besides the plan: places and their people, enterprises, the duty reported."""

from collections.abc import Mapping
from uuid import UUID

from pydantic import Field, SkipValidation

from models.base import Frozen
from models.matters.context import MatterContext
from models.matters.plan import KnownDuty
from models.policy.checklists import Checklist
from rules.matters.plan.occurrences import Plant, Surroundings


class KnownPlace(Frozen):
    """A unit named in a plan: its codes from the park down, and who would do a duty there now.

    `people` are those who hold the plan's role in the nearest unit that has any, or the person named in the plan.
    """

    path: tuple[str, ...]
    name: str = ""
    people: tuple[UUID, ...] = ()


class PlanExtra(Frozen):
    """Read for plans in the transaction of the step; what the command does not need stays empty.

    `places` by unit code, `plants` by the code of the enterprise. `person` is the person named in the plan. `same` is
    the code and name of another plan that says the same. `done` are the places (keys) by batch that were done before
    their batch was withdrawn. `duty` with its `checklist` is the duty reported, `on_register` says whether its
    enterprise is registered.
    """

    places: SkipValidation[Mapping[str, KnownPlace]] = Field(default_factory=dict)
    person: UUID | None = None
    plants: SkipValidation[Mapping[str, Plant]] = Field(default_factory=dict)
    same: tuple[str, str] | None = None
    done: SkipValidation[Mapping[str, tuple[str, ...]]] = Field(default_factory=dict)
    duty: KnownDuty | None = None
    on_register: bool = False
    checklist: Checklist | None = None


def extra_of(ctx: MatterContext) -> PlanExtra:
    """The part of the context that is about plans."""
    assert isinstance(ctx.extra, PlanExtra)
    return ctx.extra


def surroundings(ctx: MatterContext) -> Surroundings:
    """What the rhythm of a plan rests on, as it stands now."""
    extra = extra_of(ctx)
    return Surroundings(ctx.calendars, ctx.policy.zone, extra.plants)
