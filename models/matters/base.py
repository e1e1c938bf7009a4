"""What every matter (事项) is: its kind, its state, its facts and its commands."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, SerializeAsAny

from models.base import Code, Given, Instant, Kept, Title
from models.facts import Actor


class MatterKind(StrEnum):
    """The kinds of durable things that the park works on beside the case. `docs/glossary.md` has the words."""

    ENTERPRISE = "enterprise"
    PLAN = "plan"
    STATION = "station"
    TOPIC = "topic"
    CLAIM = "claim"
    MEETING = "meeting"
    UNDERTAKING = "undertaking"
    EMERGENCY = "emergency"
    REFERRAL_DESK = "referral_desk"


class MatterCommand(Given):
    """A command to a matter; each kind has its own, told apart by `kind`. Unknown fields are refused from people."""

    kind: str


class CreateMatter(MatterCommand):
    """The command that begins a matter. Kinds whose numbers are drawn take no `code`."""

    code: Code | None = None
    name: Title
    grid: Code


class MatterBody(Kept):
    """What a fact of a matter says, in the past tense; each kind has its own, told apart by `kind`."""

    kind: str


class MatterFact(Kept):
    """A fact of a matter, numbered 1, 2, 3 … per matter. `command` and `digest` as in `models.facts.Fact`."""

    seq: int
    at: Instant
    actor: Actor
    command_id: UUID
    command: str
    digest: str
    version: int = 1
    body: SerializeAsAny[MatterBody]


class Climb(Kept):
    """The ladder of what is overdue: since when, how many steps have fired, and the moments of the others.

    Empty `rungs` and no `since`: nothing is overdue. `about` names what is overdue, in the words of the kind.
    """

    about: str
    since: Instant
    fired: int = 0
    rungs: tuple[Instant, ...] = ()


class Matter(Kept):
    """The state of a matter, a fold over its facts. Each kind adds its own fields.

    `department` owns it, `departments` and `people` take part and may read it. `status` is the kind's own word for
    where it stands. `due_at` is its next deadline, `overdue_at` since when one has been missed. `climbs` are the
    ladders that are running, `opening` the cases it has asked for and not yet heard of (by errand).
    """

    id: UUID
    code: str
    name: str
    seq: int
    status: str
    grid: str
    grid_path: tuple[str, ...]
    department: str | None = None
    departments: tuple[str, ...] = ()
    people: tuple[UUID, ...] = ()
    created_at: Instant
    created_by: UUID | None = None
    updated_at: Instant
    due_at: Instant | None = None
    overdue_at: Instant | None = None
    ended_at: Instant | None = None
    climbs: tuple[Climb, ...] = ()
    opening: tuple[str, ...] = ()


#: A stored body or command, before its kind is known.
Content = Annotated[dict[str, Any], Field(description="kind and fields")]
