"""What can happen to a case at any time."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from models.base import Frozen, Instant
from models.case import Owner
from models.commands import Location, Part
from models.enums import EscalationMode, Level, Severity, UrgeCause, UrgeKind
from models.facts.common import Due, Explanation, Retimed


class Commented(Frozen):
    kind: Literal["commented"] = "commented"
    note: str


class Attached(Frozen):
    kind: Literal["attached"] = "attached"
    attachments: tuple[str, ...]
    note: str


class Acknowledged(Frozen):
    """The owner has it in hand: the ladder stands still until `lapses_at` (None: until the stage is over)."""

    kind: Literal["acknowledged"] = "acknowledged"
    note: str
    lapses_at: Instant | None = None


class Escalated(Frozen):
    kind: Literal["escalated"] = "escalated"
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


class Recategorised(Frozen):
    """Another category, severity or condition. `whole`: the clock of the whole case, where the new one sets a limit
    for it and the old one did not."""

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


class Adopted(Frozen):
    """A newer policy version was adopted for this case, with what that changed; `whole` as in Recategorised."""

    kind: Literal["adopted"] = "adopted"
    from_version: int
    to_version: int
    condition: str | None
    clocks: tuple[Retimed, ...]
    reason: str
    whole: Due | None = None


class Relocated(Frozen):
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


class SplitOff(Frozen):
    kind: Literal["split_off"] = "split_off"
    parts: tuple[Part, ...]
    reason: str


class ErrandSettled(Frozen):
    kind: Literal["errand_settled"] = "errand_settled"
    errand: str
    case_no: str | None


class Convened(Frozen):
    kind: Literal["convened"] = "convened"
    departments: tuple[str, ...]
    meet_at: Instant
    note: str


class Responded(Frozen):
    kind: Literal["responded"] = "responded"
    department: str
    note: str
