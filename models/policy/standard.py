"""Standards (办理时限标准): the limits of the stages, the lights, and the ladder that escalates an idle case.

A limit belongs to an *opening condition* (立案条件) of a category, not to the category: a broken manhole cover is
one category, its missing and its rattling two conditions with a standard each.
"""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from models.base import Code, Given, OptionalName, Text
from models.enums import EscalationMode, Level, Role, Severity, Stage
from models.policy.limits import Length, Limit, WrittenLimit

#: How often a last step may be repeated, and how many steps a ladder may have (our choice; other systems stop at 5).
MOST_REPEATS = 5
MOST_RUNGS = 12


def _level(value: object) -> object:
    """Return the level of a name as policies write it: park, community, grid, micro_grid."""
    return Level[value.upper()] if isinstance(value, str) and value.upper() in Level.__members__ else value


LevelName = Annotated[Level, BeforeValidator(_level)]


class LightRule(Given):
    """The fractions of a limit at which its light changes. Percentages are local practice, not law (our choice)."""

    yellow: Annotated[float, Field(gt=0, le=1)] = 0.75
    red: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.yellow > self.red:
            raise ValueError("yellow comes before red")
        return self


class ExtensionRule(Given):
    """The rule of extensions (延期): how often, how much at a time (None: one original limit), and who grants them."""

    times: Annotated[int, Field(ge=0, le=10)] = 2
    most: Length | None = None
    granted_by: Literal[Role.DUTY_OFFICER, Role.SUPERVISOR] = Role.DUTY_OFFICER


class Target(Given):
    """The target of a ladder step: a role at a level, or (`host`) whoever handles the case.

    With mode `act` they become the owner, and the former owner may still read the case; with `inform` the owner stays.
    """

    role: Role | None = None
    level: LevelName | None = None
    host: bool = False
    mode: EscalationMode = EscalationMode.INFORM

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.host == (self.role is not None or self.level is not None):
            raise ValueError("a target is the host, or a role at a level")
        if not self.host and (self.role is None or self.level is None):
            raise ValueError("a role needs its level, a level its role")
        if self.host and self.mode is EscalationMode.ACT:
            raise ValueError("the host acts already: it can only be informed")
        return self


class Rung(Given):
    """One step of a ladder: at a fraction of the limit, or `after` the step before it (the first one after the start).

    Fraction 0.5 is half way, 1 when due, 2 after twice the limit.
    """

    fraction: Annotated[float, Field(gt=0, le=20)] | None = None
    after: Length | None = None
    targets: Annotated[tuple[Target, ...], Field(min_length=1, max_length=6)]

    @model_validator(mode="after")
    def _has_one_moment(self) -> Self:
        if (self.fraction is None) == (self.after is None):
            raise ValueError("a step has a `fraction` of the limit or an `after`, one of the two")
        if sum(target.mode is EscalationMode.ACT for target in self.targets) > 1:
            raise ValueError("at most one target of a step is to act: a case has one owner")
        return self


class Repeat(Given):
    """The repetition of the last step: how many times it fires again, and how far apart."""

    times: Annotated[int, Field(ge=0, le=MOST_REPEATS)] = 3
    every: Length


class Ladder(Given):
    """A ladder (升级梯级): who is reached, step by step, up the four levels, while nobody acts.

    `acknowledged_for`: how long an acknowledgement holds the ladder without progress. `consultation`: whether a case
    for which all steps have fired is put on the joint-meeting list (会商).
    """

    code: Code
    name_zh: OptionalName = None
    name_en: OptionalName = None
    rungs: Annotated[tuple[Rung, ...], Field(max_length=MOST_RUNGS)] = ()
    repeat: Repeat | None = None
    acknowledged_for: Length | None = None
    consultation: bool = True

    @model_validator(mode="after")
    def _rises(self) -> Self:
        parts = [rung.fraction for rung in self.rungs if rung.fraction is not None]
        if any(later <= earlier for earlier, later in pairwise(parts)):
            raise ValueError("the fractions of a ladder's steps must rise from one step to the next")
        return self

    def name(self, language: str) -> str:
        """Its name in `zh` or `en`; without one its code."""
        return (self.name_en if language.startswith("en") else self.name_zh) or self.code


class UrgeRule(Given):
    """The rule of the system's urge orders (督办): the time to answer, and the ladder while there is no answer.

    The ladder's fractions count from the order to its reply deadline.
    """

    reply: Length
    ladder: Code


class Limits(Given):
    """One limit per stage of the life cycle that has a clock."""

    accept: WrittenLimit
    dispatch: WrittenLimit
    handle: WrittenLimit
    review: WrittenLimit

    def of(self, stage: Stage) -> Limit:
        """The limit of `stage`. Raises KeyError for `closed`, which has none."""
        return {
            Stage.RECEIVE: self.accept,
            Stage.DISPATCH: self.dispatch,
            Stage.HANDLE: self.handle,
            Stage.REVIEW: self.review,
        }[stage]


class Standard(Limits):
    """The limits of the stages, one for the whole case (from acceptance) where a law sets one, the ladder, the lights.

    `first_level`: the level of the first owner (最小微闭环: the micro-grid settles small matters itself); None: the
    nearest duty desk.
    """

    code: Code
    whole: WrittenLimit | None = None
    ladder: Code | None = None
    first_level: LevelName | None = None
    lights: LightRule = LightRule()
    extensions: ExtensionRule | None = None
    suspension_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class Condition(Given):
    """An opening condition (立案条件) and its standard; without severities it always fits."""

    code: Code
    name_zh: Text
    name_en: Text
    severities: tuple[Severity, ...] = ()
    standard: Code
