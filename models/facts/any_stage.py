"""What can happen to a case at any time."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from models.base import Frozen, Instant
from models.case import Owner
from models.commands import Location, Part
from models.enums import EscalationMode, Level, Severity, Stage, UrgeCause, UrgeKind
from models.facts.common import Due, Explanation, Retimed
from models.plan import Plan


class Commented(Frozen):
    kind: Literal["commented"] = "commented"
    note: str


class Attached(Frozen):
    kind: Literal["attached"] = "attached"
    attachments: tuple[str, ...]
    note: str


class Acknowledged(Frozen):
    """The owner has it in hand: the ladder stands still until `lapses_at` (None: until the stage is over).

    `holds` False: noted, but the ladder goes on, for the deadline has passed.
    """

    kind: Literal["acknowledged"] = "acknowledged"
    note: str
    lapses_at: Instant | None = None
    holds: bool = True


class Escalated(Frozen):
    """`level`: where the case stands then; in facts of before, at `to_level` also when it was only informed."""

    kind: Literal["escalated"] = "escalated"
    level: Level | None = None
    mode: EscalationMode
    from_level: Level
    to_level: Level
    to_unit: str
    reason: str
    owner: Owner | None


class Urged(Frozen):
    kind: Literal["urged"] = "urged"
    number: int
    urge_kind: UrgeKind
    reply_by: Instant
    note: str
    cause: UrgeCause | None = None
    rungs: tuple[Instant, ...] = ()


class UrgeAnswered(Frozen):
    kind: Literal["urge_answered"] = "urge_answered"
    number: int
    note: str


class UrgeCancelled(Frozen):
    """Whoever gave it, or a supervisor, took the order back."""

    kind: Literal["urge_cancelled"] = "urge_cancelled"
    number: int
    reason: str


class UrgeLapsed(Frozen):
    """The case was closed before anybody answered the order."""

    kind: Literal["urge_lapsed"] = "urge_lapsed"
    number: int


class Recategorised(Frozen):
    """Another category, severity or condition. `whole`: the clock of the whole case, where the new one sets a limit
    for it and the old one did not; `whole_ends`: the new one sets none, so the clock there was ends.

    `policy_version`: the version in force, taken for a case not accepted yet.
    """

    kind: Literal["recategorised"] = "recategorised"
    category: str
    severity: Severity
    suggested_host: str
    host_why: Explanation
    limit: timedelta | None
    source: str
    due_at: Instant | None
    reason: str
    condition: str | None = None
    clocks: tuple[Retimed, ...] = ()
    whole: Due | None = None
    whole_ends: bool = False
    policy_version: int | None = None


class Adopted(Frozen):
    """A newer policy version was adopted for this case, with what that changed; `whole` as in Recategorised."""

    kind: Literal["adopted"] = "adopted"
    from_version: int
    to_version: int
    condition: str | None
    clocks: tuple[Retimed, ...]
    reason: str
    whole: Due | None = None
    whole_ends: bool = False


class Relocated(Frozen):
    """`level`: where the case stands then; facts of before left it as it was."""

    level: Level | None = None
    kind: Literal["relocated"] = "relocated"
    grid: str
    grid_path: tuple[str, ...]
    location: Location | None
    owner: Owner | None
    desk: Owner
    suggested_host: str
    host_why: Explanation
    reason: str


class Merged(Frozen):
    kind: Literal["merged"] = "merged"
    into: str
    lead: UUID
    reason: str


class Absorbed(Frozen):
    kind: Literal["absorbed"] = "absorbed"
    case_no: str


class Unmerged(Frozen):
    """Taken out of its lead again, by a person or because the lead could not take it in (`refused` says why).

    It goes back to where it stood, with its clocks as they would have run. `stage_due` and `whole_due` replace clocks
    that stood still at the merge: they go on from `since`.
    """

    kind: Literal["unmerged"] = "unmerged"
    from_case: str
    reason: str
    stage: Stage
    owner: Owner
    level: Level
    refused: str | None = None
    since: Instant | None = None
    due_at: Instant | None = None
    plan: Plan | None = None
    whole_due_at: Instant | None = None
    whole_plan: Plan | None = None


class UnmergeAsked(Frozen):
    """The lead lets a merged case go: an errand takes it out."""

    kind: Literal["unmerge_asked"] = "unmerge_asked"
    case_no: str
    reason: str


class Separated(Frozen):
    """A case that had been merged into this one was taken out again."""

    kind: Literal["separated"] = "separated"
    case_no: str


class ErrandReturned(Frozen):
    """An errand was refused for good; it comes back to the desk."""

    kind: Literal["errand_returned"] = "errand_returned"
    errand: str
    refused: str


class SplitOff(Frozen):
    kind: Literal["split_off"] = "split_off"
    parts: tuple[Part, ...]
    reason: str


class ErrandSettled(Frozen):
    kind: Literal["errand_settled"] = "errand_settled"
    errand: str
    case_no: str | None


class Convened(Frozen):
    """`watched`: whoever has not answered when the meeting begins is recorded as missing."""

    watched: bool = False
    kind: Literal["convened"] = "convened"
    departments: tuple[str, ...]
    meet_at: Instant
    note: str


class Responded(Frozen):
    kind: Literal["responded"] = "responded"
    department: str
    note: str
