"""The claim board (揭榜挂帅榜单): items that a unit takes on by itself; with their commands and facts."""

from datetime import date
from typing import Literal
from uuid import UUID

from models.base import Code, Instant, Note, OptionalNote, WrittenDay
from models.commands.report import Attachments
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand
from models.matters.milestones import Milestone, PlannedMilestones


class PostItem(CreateMatter):
    """Put an item on the board (发榜). Somebody is to claim it by the end of `claim_by`, and deliver by `due_on`."""

    kind: Literal["post"] = "post"
    code: None = None
    text: Note
    claim_by: WrittenDay | None = None
    due_on: WrittenDay
    topic: Code | None = None


class ClaimItem(MatterCommand):
    """Claim the item (揭榜), for one's own `department` or one's own `unit`: the first claim wins."""

    kind: Literal["claim"] = "claim"
    department: Code | None = None
    unit: Code | None = None
    plan: Note
    milestones: PlannedMilestones = ()


class GiveBackItem(MatterCommand):
    """Give it back (退榜): it is open again."""

    kind: Literal["give_back"] = "give_back"
    reason: Note


class ReportItem(MatterCommand):
    """Report how far it is (填报进展)."""

    kind: Literal["report_progress"] = "report_progress"
    note: Note
    evidence: Attachments = ()


class ReachItemMilestone(MatterCommand):
    """A milestone has been reached (完成节点)."""

    kind: Literal["reach_milestone"] = "reach_milestone"
    milestone: Code
    note: Note
    evidence: Attachments = ()


class DeliverItem(MatterCommand):
    """It has been done (交榜); a supervisor accepts it."""

    kind: Literal["deliver"] = "deliver"
    result: Note
    evidence: Attachments = ()


class AcceptDelivery(MatterCommand):
    """Accept what was delivered (验收)."""

    kind: Literal["accept_delivery"] = "accept_delivery"
    note: OptionalNote = ""


class RefuseDelivery(MatterCommand):
    """Refuse what was delivered (退回): whoever claimed it goes on."""

    kind: Literal["refuse_delivery"] = "refuse_delivery"
    reason: Note


class EndItem(MatterCommand):
    """Take it off the board (撤榜), with a reason."""

    kind: Literal["end"] = "end"
    reason: Note


COMMANDS = (
    PostItem,
    ClaimItem,
    GiveBackItem,
    ReportItem,
    ReachItemMilestone,
    DeliverItem,
    AcceptDelivery,
    RefuseDelivery,
    EndItem,
)


class Claim(Matter):
    """An item of the claim board. `status`: `open`, `claimed`, `delivered`, `done`, `ended`.

    `claimed_by` is who claimed it for their department (`department`) or `unit`; `claimant` is its name.
    """

    text: str
    due_on: date
    claim_by: date | None = None
    claim_by_at: Instant | None = None
    last_due_at: Instant
    topic: str | None = None
    unit: str | None = None
    claimant: str = ""
    claimed_by: UUID | None = None
    claimed_at: Instant | None = None
    plan: str = ""
    milestones: tuple[Milestone, ...] = ()
    progress: str = ""
    result: str = ""
    done_at: Instant | None = None
    end_reason: str = ""
    missed: bool = False
    given_back: int = 0
    evidence: tuple[str, ...] = ()


class ItemPosted(MatterBody):
    """An item was put on the board."""

    kind: Literal["posted"] = "posted"
    id: UUID
    code: str
    name: str
    grid: str
    grid_path: tuple[str, ...]
    text: str
    claim_by: date | None = None
    claim_by_at: Instant | None = None
    due_on: date
    due_at: Instant
    topic: str | None = None


class ItemClaimed(MatterBody):
    """It was claimed."""

    kind: Literal["claimed"] = "claimed"
    department: str | None = None
    unit: str | None = None
    person: UUID
    claimant: str
    plan: str
    milestones: tuple[Milestone, ...] = ()


class ItemGivenBack(MatterBody):
    """It was given back."""

    kind: Literal["given_back"] = "given_back"
    reason: str


class ItemReported(MatterBody):
    """Whoever claimed it reported how far it is."""

    kind: Literal["progress_reported"] = "progress_reported"
    note: str
    evidence: tuple[str, ...] = ()


class ItemMilestoneReached(MatterBody):
    """A milestone was reached; `late`: after its day."""

    kind: Literal["milestone_reached"] = "milestone_reached"
    milestone: str
    note: str
    late: bool = False
    evidence: tuple[str, ...] = ()


class ItemMilestoneMissed(MatterBody):
    """The day of a milestone passed, and it had not been reached."""

    kind: Literal["milestone_missed"] = "milestone_missed"
    milestone: str
    due_at: Instant
    rungs: tuple[Instant, ...] = ()


class ItemUnclaimed(MatterBody):
    """Nobody claimed it in time."""

    kind: Literal["unclaimed"] = "unclaimed"
    due_at: Instant
    rungs: tuple[Instant, ...] = ()


class ItemOverdue(MatterBody):
    """It was not delivered in time."""

    kind: Literal["overdue"] = "overdue"
    due_at: Instant
    rungs: tuple[Instant, ...] = ()


class ItemDelivered(MatterBody):
    """It was delivered."""

    kind: Literal["delivered"] = "delivered"
    result: str
    late: bool = False
    evidence: tuple[str, ...] = ()


class DeliveryAccepted(MatterBody):
    """What was delivered was accepted."""

    kind: Literal["accepted"] = "accepted"
    note: str = ""


class DeliveryRefused(MatterBody):
    """What was delivered was refused."""

    kind: Literal["refused"] = "refused"
    reason: str


class ItemEnded(MatterBody):
    """It was taken off the board."""

    kind: Literal["ended"] = "ended"
    reason: str


BODIES = (
    ItemPosted,
    ItemClaimed,
    ItemGivenBack,
    ItemReported,
    ItemMilestoneReached,
    ItemMilestoneMissed,
    ItemUnclaimed,
    ItemOverdue,
    ItemDelivered,
    DeliveryAccepted,
    DeliveryRefused,
    ItemEnded,
)
