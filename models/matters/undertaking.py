"""Undertakings in public (承诺事项): a pledge, a yearly item, a campaign; with their commands and facts."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from models.base import Code, Given, Instant, Kept, Line, Note, Text, Title, WrittenDay
from models.commands.report import Attachments, GivenLocation
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand
from models.matters.milestones import Milestone, PlannedMilestones

#: How many places a campaign may have in all, and how many one command may add (our choice).
MOST_PLACES, MOST_PLACES_AT_ONCE = 1_000, 200


class UndertakingType(StrEnum):
    """What is undertaken: a pledge of office (履职承诺), an item of the year (民生实事), a campaign (专项行动)."""

    PLEDGE = "pledge"
    YEARLY_ITEM = "yearly_item"
    CAMPAIGN = "campaign"


class PlannedPlace(Given):
    """A place of a campaign, which becomes a case. `key` names it within the campaign."""

    key: Code
    name: Title
    grid: Code
    location: GivenLocation | None = None
    description: Annotated[Text, StringConstraints(max_length=2_000)] = ""


Places = Annotated[tuple[PlannedPlace, ...], Field(min_length=1, max_length=MOST_PLACES_AT_ONCE)]


class Undertake(CreateMatter):
    """Undertake something in public (作出承诺). It is due at the end of `due_on`, a day in the park's zone.

    `owner_name` is who answers for it, as the public reads it. `number` orders the yearly items. A campaign names the
    `category` under which its places are reported.
    """

    kind: Literal["undertake"] = "undertake"
    code: None = None
    type: UndertakingType
    statement: Note
    owner_name: Annotated[Line, StringConstraints(min_length=1, max_length=80)]
    department: Code | None = None
    person: Code | None = None
    due_on: WrittenDay
    number: Annotated[int | None, Field(ge=1, le=99)] = None
    category: Code | None = None
    milestones: PlannedMilestones = ()


class AddPlaces(MatterCommand):
    """Add places to a campaign (增加点位). Each becomes a case."""

    kind: Literal["add_places"] = "add_places"
    places: Places


class ReportUndertaking(MatterCommand):
    """Report how far it is (填报进展). `percent` is the owner's own estimate; a campaign counts its cases instead."""

    kind: Literal["report_progress"] = "report_progress"
    note: Note
    percent: Annotated[int | None, Field(ge=0, le=100)] = None
    evidence: Attachments = ()


class ReachMilestone(MatterCommand):
    """A milestone has been reached (完成节点)."""

    kind: Literal["reach_milestone"] = "reach_milestone"
    milestone: Code
    note: Note
    evidence: Attachments = ()


class CompleteUndertaking(MatterCommand):
    """What was undertaken has been done (办结), with the result as the public reads it."""

    kind: Literal["complete"] = "complete"
    result: Note
    evidence: Attachments = ()


class RejectCompletion(MatterCommand):
    """It has not been done as undertaken (退回办理): it is open again, overdue if its day has passed."""

    kind: Literal["reject_completion"] = "reject_completion"
    reason: Note


class PostponeUndertaking(MatterCommand):
    """Move its day (延期), with a reason; the day first given stays public, and so does having missed it."""

    kind: Literal["postpone"] = "postpone"
    due_on: WrittenDay
    reason: Note


class EndUndertaking(MatterCommand):
    """End it undone (终止), with a reason that stays public. Nobody removes an undertaking."""

    kind: Literal["end"] = "end"
    reason: Note


COMMANDS = (
    Undertake,
    AddPlaces,
    ReportUndertaking,
    ReachMilestone,
    CompleteUndertaking,
    RejectCompletion,
    PostponeUndertaking,
    EndUndertaking,
)


class Place(Kept):
    """A place of a campaign, with the report and the number of its case once that is open."""

    key: str
    name: str
    grid: str
    report_id: UUID
    case_no: str | None = None
    refused: str | None = None


class Undertaking(Matter):
    """An undertaking. `status`: `open`, `done`, `ended`; being overdue is `overdue_at`.

    `first_due_on` is the day first given. `missed` says that a day passed undone, whatever came later.
    """

    type: UndertakingType
    statement: str
    owner_name: str
    due_on: date
    first_due_on: date
    number: int | None = None
    category: str | None = None
    milestones: tuple[Milestone, ...] = ()
    percent: int | None = None
    progress: str = ""
    places: tuple[Place, ...] = ()
    done_at: Instant | None = None
    result: str = ""
    end_reason: str = ""
    postponements: tuple[str, ...] = ()
    missed: bool = False
    evidence: tuple[str, ...] = ()


class Undertaken(MatterBody):
    """Something was undertaken."""

    kind: Literal["undertaken"] = "undertaken"
    id: UUID
    code: str
    name: str
    grid: str
    grid_path: tuple[str, ...]
    type: UndertakingType
    statement: str
    owner_name: str
    department: str | None = None
    person: UUID | None = None
    due_on: date
    due_at: Instant
    number: int | None = None
    category: str | None = None
    milestones: tuple[Milestone, ...] = ()


class PlacesAdded(MatterBody):
    """Places were added to a campaign; `details` are what their reports say, by key."""

    kind: Literal["places_added"] = "places_added"
    places: tuple[Place, ...]
    given: tuple[PlannedPlace, ...]


class UndertakingReported(MatterBody):
    """Its owner reported how far it is."""

    kind: Literal["progress_reported"] = "progress_reported"
    note: str
    percent: int | None = None
    evidence: tuple[str, ...] = ()


class MilestoneReached(MatterBody):
    """A milestone was reached; `late`: after its day."""

    kind: Literal["milestone_reached"] = "milestone_reached"
    milestone: str
    note: str
    late: bool = False
    evidence: tuple[str, ...] = ()


class MilestoneMissed(MatterBody):
    """The day of a milestone passed, and it had not been reached."""

    kind: Literal["milestone_missed"] = "milestone_missed"
    milestone: str
    due_at: Instant
    rungs: tuple[Instant, ...] = ()


class UndertakingOverdue(MatterBody):
    """Its day passed, and it was not done."""

    kind: Literal["overdue"] = "overdue"
    due_at: Instant
    rungs: tuple[Instant, ...] = ()


class UndertakingDone(MatterBody):
    """What was undertaken was done; `late`: after its day."""

    kind: Literal["done"] = "done"
    result: str
    late: bool = False
    evidence: tuple[str, ...] = ()


class CompletionRejected(MatterBody):
    """A supervisor found that it had not been done as undertaken."""

    kind: Literal["completion_rejected"] = "completion_rejected"
    reason: str
    due_at: Instant


class UndertakingPostponed(MatterBody):
    """Its day was moved."""

    kind: Literal["postponed"] = "postponed"
    old_due_on: date
    due_on: date
    due_at: Instant
    reason: str


class UndertakingEnded(MatterBody):
    """It was ended undone; the reason stays public."""

    kind: Literal["ended"] = "ended"
    reason: str


BODIES = (
    Undertaken,
    PlacesAdded,
    UndertakingReported,
    MilestoneReached,
    MilestoneMissed,
    UndertakingOverdue,
    UndertakingDone,
    CompletionRejected,
    UndertakingPostponed,
    UndertakingEnded,
)
