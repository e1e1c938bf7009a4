"""办理时限标准: the limits of a case's stages, its lights, and the ladder that it climbs when nobody acts.

A limit belongs to an *opening condition* (立案条件) of a category, not to the category: a broken manhole cover is
one category, its missing and its rattling two conditions with a standard each.
"""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from models.base import Code, Frozen, Text
from models.enums import EscalationMode, Level, Role, Severity, Stage
from models.policy.limits import Length, Limit, WrittenLimit

#: How often a last step may be repeated, and how many steps a ladder may have (our choice; peers stop at 5).
MOST_REPEATS = 5
MOST_RUNGS = 12


def _level(value: object) -> object:
    """A level by its name, as policies write it: park, community, grid, micro_grid."""
    return Level[value.upper()] if isinstance(value, str) and value.upper() in Level.__members__ else value


LevelName = Annotated[Level, BeforeValidator(_level)]


class LightRule(Frozen):
    """At which parts of a limit its light turns. Percentages are local practice, not law (our choice)."""

    yellow: Annotated[float, Field(gt=0, le=1)] = 0.75
    red: Annotated[float, Field(gt=0, le=1)] = 1.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.yellow > self.red:
            raise ValueError("yellow comes before red")
        return self


class ExtensionRule(Frozen):
    """延期: how often, by how much at a time (None: one original limit), and who grants it."""

    times: Annotated[int, Field(ge=0, le=10)] = 2
    most: Length | None = None
    granted_by: Literal[Role.DUTY_OFFICER, Role.SUPERVISOR] = Role.DUTY_OFFICER


class Target(Frozen):
    """Whom a step of the ladder reaches: a role at a level, or (`host`) whoever handles the case.

    To `act`, the case is theirs from then on, and who owned it before goes on reading; to be `inform`ed, it stays.
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


class Rung(Frozen):
    """One step: at a part of the limit (0.5 half way, 1 when due, 2 after twice the limit), or so long after the step
    before it (after the start, for the first one)."""

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


class Repeat(Frozen):
    """What happens after the last step: it fires again, so many times, so far apart."""

    times: Annotated[int, Field(ge=0, le=MOST_REPEATS)] = 3
    every: Length


class Ladder(Frozen):
    """升级梯级: whom silence reaches, step by step, up the four levels.

    `acknowledged_for`: how long an acknowledgement holds the ladder without progress. `consultation`: whether a case
    that has climbed all of it is put on the joint-meeting list (会商).
    """

    code: Code
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


class UrgeRule(Frozen):
    """督办: how long an order that the system gives leaves for the answer, and the ladder of its silence.

    The ladder's fractions count from the order to its reply deadline.
    """

    reply: Length
    ladder: Code


class Limits(Frozen):
    """One limit per stage of the life cycle that has a clock."""

    accept: WrittenLimit
    dispatch: WrittenLimit
    handle: WrittenLimit
    review: WrittenLimit

    def of(self, stage: Stage) -> Limit:
        """The limit of `stage`; a closed case has none, which is a KeyError."""
        return {
            Stage.RECEIVE: self.accept,
            Stage.DISPATCH: self.dispatch,
            Stage.HANDLE: self.handle,
            Stage.REVIEW: self.review,
        }[stage]


class Standard(Limits):
    """The limits, one for the whole (from acceptance on) where a law sets one, the ladder and the lights.

    `first_level`: where the case is first owned (最小微闭环: the micro-grid settles small things itself); None: at the
    nearest duty desk.
    """

    code: Code
    whole: WrittenLimit | None = None
    ladder: Code | None = None
    first_level: LevelName | None = None
    lights: LightRule = LightRule()
    extensions: ExtensionRule | None = None
    suspension_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class Condition(Frozen):
    """立案条件: when it fits (no severities: always), this standard holds."""

    code: Code
    name_zh: Text
    name_en: Text
    severities: tuple[Severity, ...] = ()
    standard: Code
