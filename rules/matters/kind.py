"""The shape of the rules of one kind of matter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Union

from pydantic import Field, TypeAdapter

from models.enums import Role
from models.facts import Reached
from models.matters.base import Matter, MatterBody, MatterCommand, MatterFact, MatterKind
from models.matters.common import CommentMatter
from models.matters.context import MatterContext
from models.matters.effects import Effect
from models.policy.document import Policy
from models.policy.rungs import MatterRung


class Part(StrEnum):
    """How a person stands to a matter; one may stand in several ways. `rules.matters.standing` finds out."""

    #: Head or handler of the department that owns it, or a person named in it.
    OWNER = "owner"
    #: Began it, and does more than read it still: by itself it opens nothing.
    AUTHOR = "author"
    #: Head of the department that owns it.
    HEAD = "head"
    #: Member of another department that takes part.
    PARTICIPANT = "participant"
    GRID_WORKER = "grid_worker"
    VOLUNTEER = "volunteer"
    LIAISON = "liaison"
    DUTY_OFFICER = "duty_officer"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    #: Works in the park, and may propose or book where that is open to all staff.
    STAFF = "staff"
    #: May read it, and no more.
    READER = "reader"
    SYSTEM = "system"


def _usual_ladder(policy: Policy) -> Sequence[MatterRung]:
    return policy.park.ladder


def _owner_alone(matter: Any, about: str) -> tuple[Reached, ...]:
    return ()


@dataclass(frozen=True)
class MatterRules:
    """The rules of one kind.

    `state` is its state; `commands` are its commands, those of the system too; `bodies` are its fact bodies. `who`
    names, for each command of people, those who may give it: the creating one too, by the place where it is to be.

    `decide` returns the bodies that a command leads to, or raises a DomainError; `due` those that fell due at a moment
    the matter waited for (one moment at a time, in order); `evolve` applies a fact; `next_wake_up` says what the matter
    waits for; `effects` what a fact sets off elsewhere, given the matter before and after it.

    `open_to_staff`: everybody who works in the park may read it. `number_prefix`: numbers of this kind are drawn and
    begin with it; None: its code is given.
    `lasting`: commands that are still taken once it has ended.
    """

    kind: MatterKind
    name_zh: str
    name_en: str
    state: type[Matter]
    commands: tuple[type[MatterCommand], ...]
    bodies: tuple[type[MatterBody], ...]
    who: Mapping[str, frozenset[Part]]
    decide: Callable[[Any, MatterCommand, MatterContext], Sequence[MatterBody]]
    evolve: Callable[[Any, MatterFact], Matter]
    due: Callable[[Any, datetime, MatterContext], Sequence[MatterBody]]
    next_wake_up: Callable[[Any], datetime | None]
    effects: Callable[[Any, MatterFact, Any], Sequence[Effect]]
    open_to_staff: bool = False
    number_prefix: str | None = None
    lasting: frozenset[str] = frozenset()
    #: Commands of which `decide` itself says who may give them; `who` says who is shown them.
    own_check: frozenset[str] = frozenset()
    #: Whether a command makes sense as the matter stands: what does not is not offered.
    fits: Callable[[Any, str], bool] = lambda matter, command: True
    #: The command that begins a matter of this kind.
    creates: str = "register"
    #: The ladder of what is overdue, by the policy.
    ladder: Callable[[Policy], Sequence[MatterRung]] = _usual_ladder
    #: Whom its first step reaches, for what a climb is about; empty: whoever owns the matter.
    in_charge: Callable[[Any, str], tuple[Reached, ...]] = _owner_alone

    @cached_property
    def command_reader(self) -> TypeAdapter[MatterCommand]:
        """Reads a command of this kind."""
        return _reader(self.commands)

    @cached_property
    def body_reader(self) -> TypeAdapter[MatterBody]:
        """Reads a fact body of this kind."""
        return _reader(self.bodies)


def command_models(rules: MatterRules) -> dict[str, type[MatterCommand]]:
    """The models of the commands of people, by name, the one that begins a matter first."""
    found = {str(model.model_fields["kind"].default): model for model in rules.commands}
    return {**{name: found[name] for name in rules.who}, "comment": CommentMatter}


def _reader(models: tuple[type[Any], ...]) -> TypeAdapter[Any]:
    """Return the reader of a union told apart by `kind`."""
    if len(models) == 1:
        return TypeAdapter(models[0])
    union: Any = Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007 (made at run time)
    return TypeAdapter(union)


#: The parts that desk and supervision play, for the tables of `who`.
DESK = frozenset({Part.DUTY_OFFICER, Part.SUPERVISOR})
#: What a role that is held for a place makes a person towards the matters there.
TERRITORIAL_PARTS: Mapping[Role, Part] = {
    Role.GRID_WORKER: Part.GRID_WORKER,
    Role.VOLUNTEER: Part.VOLUNTEER,
    Role.LIAISON: Part.LIAISON,
    Role.DUTY_OFFICER: Part.DUTY_OFFICER,
    Role.REVIEWER: Part.REVIEWER,
    Role.SUPERVISOR: Part.SUPERVISOR,
    Role.ADMIN: Part.ADMIN,
    Role.AUDITOR: Part.READER,
    Role.KEEPER: Part.READER,
}
