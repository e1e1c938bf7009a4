"""Meetings (季度联席会议、会商): an agenda made of what is open, decisions that become something, minutes."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from models.base import Code, Instant, Kept, Line, Note, Text, Title, WrittenDay, WrittenInstant
from models.facts import Reached
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand

#: How many items an agenda has at most (our choice).
MOST_ITEMS = 60

Minutes = Annotated[Text, StringConstraints(min_length=1, max_length=20_000)]


class MeetingType(StrEnum):
    """A quarterly joint meeting (季度联席会议), or a consultation about hard issues (会商)."""

    QUARTERLY = "quarterly"
    CONSULTATION = "consultation"


class ItemOutcome(StrEnum):
    """What a decision becomes: a case, an undertaking, an item of the claim board, or a note in the minutes."""

    CASE = "case"
    UNDERTAKING = "undertaking"
    CLAIM = "claim"
    NOTED = "noted"


class CallMeeting(CreateMatter):
    """Call a meeting (召集会议). Its agenda is made of what is open in the unit; the departments are told."""

    kind: Literal["call"] = "call"
    code: None = None
    type: MeetingType
    meet_at: WrittenInstant
    place: Annotated[Line, StringConstraints(min_length=1, max_length=120)]
    departments: Annotated[tuple[Code, ...], Field(max_length=30)] = ()


class RefreshAgenda(MatterCommand):
    """Add what has come up since (更新议程)."""

    kind: Literal["refresh_agenda"] = "refresh_agenda"


class AddAgendaItem(MatterCommand):
    """Add an item by hand (增加议题)."""

    kind: Literal["add_item"] = "add_item"
    title: Title


class DropAgendaItem(MatterCommand):
    """Take an item off the agenda (移出议程); what it stands for stays as it is."""

    kind: Literal["drop_item"] = "drop_item"
    item: Code
    reason: Note


class DecideItem(MatterCommand):
    """Record the decision on an item (议定). It becomes a case (with `category`), an undertaking (with `owner_name`
    and `due_on`), an item of the claim board (with `due_on`), or is noted."""

    kind: Literal["decide_item"] = "decide_item"
    item: Code
    decision: Note
    outcome: ItemOutcome
    category: Code | None = None
    department: Code | None = None
    owner_name: Annotated[Line, StringConstraints(max_length=80)] | None = None
    due_on: WrittenDay | None = None


class MoveMeeting(MatterCommand):
    """Move it to another time (改期)."""

    kind: Literal["move"] = "move"
    meet_at: WrittenInstant
    reason: Note


class CloseMeeting(MatterCommand):
    """Close it with its minutes (印发纪要). Every item has a decision, or was taken off."""

    kind: Literal["close"] = "close"
    minutes: Minutes
    attended: Annotated[Text, StringConstraints(max_length=2_000)] = ""


class CancelMeeting(MatterCommand):
    """Cancel it (取消), with a reason."""

    kind: Literal["cancel"] = "cancel"
    reason: Note


COMMANDS = (
    CallMeeting,
    RefreshAgenda,
    AddAgendaItem,
    DropAgendaItem,
    DecideItem,
    MoveMeeting,
    CloseMeeting,
    CancelMeeting,
)


class AgendaItem(Kept):
    """An item of the agenda: what it stands for (`of`, `reference`), and its decision once there is one.

    `of` is `topic`, `case`, `undertaking`, `claim` or `other`; `becomes` the number of the case or the code of the
    matter that the decision became.
    """

    key: str
    title: str
    of: str = "other"
    reference: str | None = None
    reference_id: UUID | None = None
    decision: str = ""
    outcome: ItemOutcome | None = None
    owner_name: str | None = None
    due_on: date | None = None
    becomes: str | None = None
    refused: str | None = None
    dropped: str = ""


class Meeting(Matter):
    """A meeting. `status`: `called`, `closed`, `cancelled`. `items` are its agenda."""

    type: MeetingType
    meet_at: Instant
    place: str
    items: tuple[AgendaItem, ...] = ()
    minutes: str = ""
    attended: str = ""
    closed_at: Instant | None = None
    cancel_reason: str = ""


class MeetingCalled(MatterBody):
    """A meeting was called; the minutes are due at `due_at`."""

    kind: Literal["called"] = "called"
    id: UUID
    code: str
    name: str
    grid: str
    grid_path: tuple[str, ...]
    type: MeetingType
    meet_at: Instant
    due_at: Instant
    place: str
    departments: tuple[str, ...] = ()
    items: tuple[AgendaItem, ...] = ()
    reached: tuple[Reached, ...] = ()


class AgendaAdded(MatterBody):
    """Items were added to the agenda."""

    kind: Literal["agenda_added"] = "agenda_added"
    items: tuple[AgendaItem, ...]


class AgendaItemDropped(MatterBody):
    """An item was taken off the agenda."""

    kind: Literal["item_dropped"] = "item_dropped"
    item: str
    reason: str


class AgendaItemDecided(MatterBody):
    """The decision on an item; `outcome_id` is what it becomes."""

    kind: Literal["item_decided"] = "item_decided"
    item: str
    title: str
    decision: str
    outcome: ItemOutcome
    category: str | None = None
    department: str | None = None
    owner_name: str | None = None
    due_on: date | None = None
    outcome_id: UUID


class MeetingMoved(MatterBody):
    """It was moved to another time."""

    kind: Literal["moved"] = "moved"
    old_meet_at: Instant
    meet_at: Instant
    due_at: Instant
    reason: str
    reached: tuple[Reached, ...] = ()


class MinutesOverdue(MatterBody):
    """It was held, and its minutes were not closed in time."""

    kind: Literal["overdue"] = "overdue"
    due_at: Instant
    rungs: tuple[Instant, ...] = ()


class MeetingClosed(MatterBody):
    """It was closed with its minutes."""

    kind: Literal["closed"] = "closed"
    minutes: str
    attended: str = ""
    late: bool = False


class MeetingCancelled(MatterBody):
    """It was cancelled."""

    kind: Literal["cancelled"] = "cancelled"
    reason: str
    reached: tuple[Reached, ...] = ()


BODIES = (
    MeetingCalled,
    AgendaAdded,
    AgendaItemDropped,
    AgendaItemDecided,
    MeetingMoved,
    MinutesOverdue,
    MeetingClosed,
    MeetingCancelled,
)
