"""Plans (计划) of recurring work, and the duties (勤务) that they bring: who looks at what, where, and by when."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from models.base import (
    Code,
    Given,
    Instant,
    Kept,
    Note,
    OptionalNote,
    Sha256,
    Title,
    WrittenDay,
    WrittenInstant,
    fault,
    is_empty,
)
from models.commands.report import Attachments, GivenLocation, Location
from models.facts import Reached, Vacancy
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand
from models.matters.plan_terms import (
    MOST_PLACES as MOST_PLACES,
    AsRated as AsRated,
    Every as Every,
    PerShift as PerShift,
    PlanPlace as PlanPlace,
    PlantDays as PlantDays,
    PlanTerms as PlanTerms,
    PlanWork as PlanWork,
    Rhythm as Rhythm,
    Shift as Shift,
    Workers as Workers,
)


class MakePlan(CreateMatter):
    """Make a plan for places in the unit `grid`.

    `first_due` None: today for shifts and days, else when one period has passed.
    """

    kind: Literal["make_plan"] = "make_plan"
    code: None = None
    work: PlanWork
    places: Annotated[tuple[PlanPlace, ...], Field(min_length=1, max_length=MOST_PLACES)]
    workers: Workers
    rhythm: Rhythm
    calendar: Code | None = None
    plant_days: PlantDays | None = None
    checklist: Code | None = None
    first_due: WrittenDay | None = None
    until: WrittenDay | None = None


class AmendPlan(MatterCommand):
    """Change what a plan says from now on. A field that is left out stays; `clear` names those to empty.

    With another rhythm the first due day is set anew, as when a plan is made.
    """

    kind: Literal["amend_plan"] = "amend_plan"
    name: Title | None = None
    places: Annotated[tuple[PlanPlace, ...] | None, Field(min_length=1, max_length=MOST_PLACES)] = None
    workers: Workers | None = None
    rhythm: Rhythm | None = None
    calendar: Code | None = None
    plant_days: PlantDays | None = None
    checklist: Code | None = None
    first_due: WrittenDay | None = None
    until: WrittenDay | None = None
    clear: tuple[Literal["calendar", "plant_days", "checklist", "until"], ...] = ()


class PausePlan(MatterCommand):
    """Let a plan rest, until it is resumed or until the day `until`: its open duties that are not due yet fall away."""

    kind: Literal["pause_plan"] = "pause_plan"
    reason: Note
    until: WrittenDay | None = None


class ResumePlan(MatterCommand):
    """Let a plan that rests go on."""

    kind: Literal["resume_plan"] = "resume_plan"
    note: OptionalNote = ""


class EndPlan(MatterCommand):
    """End a plan for good."""

    kind: Literal["end_plan"] = "end_plan"
    reason: Note


class FollowEnterprise(MatterCommand):
    """By the system: the enterprise `about` is visited at another rhythm, or works other shifts or days."""

    kind: Literal["follow_enterprise"] = "follow_enterprise"
    about: Code


class ItemOutcome(StrEnum):
    """What was found at an item of a checklist."""

    OK = "ok"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"


class ItemAnswer(Given):
    """What was found at one item, with words and photos where it failed."""

    item: Code
    outcome: ItemOutcome
    note: OptionalNote = ""
    photos: Attachments = ()


class Need(Given):
    """A need that somebody told during a visit (走访诉求).

    With `category` a case opens for it, as a `topic` it goes to the agenda (议题); else it is only noted.
    """

    text: Note
    category: Code | None = None
    topic: Annotated[bool, Field(exclude_if=is_empty)] = False
    photos: Attachments = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.topic and self.category is not None:
            raise fault("诉求或立案或转议题,只能选一", "a need becomes a case or a topic: one of the two")
        return self


class ReportDuty(MatterCommand):
    """Report a duty as done. `done_at` is the phone's time; whether it was in time is decided when it arrives."""

    kind: Literal["report_duty"] = "report_duty"
    duty: UUID
    done_at: WrittenInstant | None = None
    items: Annotated[tuple[ItemAnswer, ...], Field(max_length=100)] = ()
    note: OptionalNote = ""
    needs: Annotated[tuple[Need, ...], Field(max_length=20)] = ()
    photos: Attachments = ()
    location: GivenLocation | None = None


class Batch(Kept):
    """The duties of one moment, of all places of the plan or of those in `places` (keys).

    `key` is unique in its plan, `shift` is the shift's name. They may be done from `opens_at` and are due at `due_at`.
    """

    key: str
    day: date
    shift: str = ""
    opens_at: Instant
    due_at: Instant
    places: Annotated[tuple[str, ...] | None, Field(exclude_if=lambda value: value is None)] = None


class OpenBatch(Batch):
    """A batch that is not due yet, with the keys of the places where it is `done`."""

    done: Annotated[tuple[str, ...], Field(exclude_if=is_empty)] = ()


class MissedBatch(Kept):
    """A batch with duties that were missed, and the keys of the places where they still are undone."""

    key: str
    due_at: Instant
    left: tuple[str, ...]


class PlanState(Matter):
    """A plan as it stands. `keys` are the short names of its places, in their order; they stay when places change.

    Duties that are not due yet are in `open`, missed ones in `missed` while their ladder climbs; every duty has a row
    in the table `duties`. `issued_until` is the last day whose duties were given out, `next_issue_at` when the next
    ones are.
    """

    terms: PlanTerms
    keys: tuple[str, ...]
    zone: str
    fingerprint: str
    open: tuple[OpenBatch, ...] = ()
    missed: tuple[MissedBatch, ...] = ()
    issued_until: date | None = None
    next_issue_at: Instant | None = None
    resume_at: Instant | None = None


class PlanMade(MatterBody):
    """A plan was made. `people`: who is named in it."""

    kind: Literal["plan_made"] = "plan_made"
    name: str
    code: str
    grid: str
    grid_path: tuple[str, ...]
    terms: PlanTerms
    keys: tuple[str, ...]
    zone: str
    fingerprint: str
    people: tuple[UUID, ...] = ()
    next_issue_at: Instant


class PlanAmended(MatterBody):
    """What a plan says was changed."""

    kind: Literal["plan_amended"] = "plan_amended"
    name: str
    terms: PlanTerms
    keys: tuple[str, ...]
    fingerprint: str
    people: tuple[UUID, ...] = ()


class PlanPaused(MatterBody):
    """A plan rests."""

    kind: Literal["plan_paused"] = "plan_paused"
    reason: str
    until: date | None = None
    resume_at: Instant | None = None


class PlanResumed(MatterBody):
    """A plan goes on: by a command, or by itself after the last day of its rest."""

    kind: Literal["plan_resumed"] = "plan_resumed"
    note: str = ""
    next_issue_at: Instant


class PlanEnded(MatterBody):
    """A plan ended, by a command or after its last day (`expired`)."""

    kind: Literal["plan_ended"] = "plan_ended"
    reason: str = ""
    expired: bool = False


class EnterpriseFollowed(MatterBody):
    """The enterprise `about` is visited at another rhythm now, or works otherwise: the duties are given out anew."""

    kind: Literal["enterprise_followed"] = "enterprise_followed"
    about: str


class DutiesIssued(MatterBody):
    """The duties up to the day `until` were given out. `next_at` is when the next ones are.

    `skipped` are those whose time had passed by then, after a standstill of the system: nobody missed them. Where
    nobody holds the role (`vacancies`), `reached` are told.
    """

    kind: Literal["duties_issued"] = "duties_issued"
    batches: tuple[OpenBatch, ...]
    skipped: tuple[Batch, ...] = ()
    until: date
    next_at: Instant | None
    policy_version: int
    reached: tuple[Reached, ...] = ()
    vacancies: tuple[Vacancy, ...] = ()


class DutiesWithdrawn(MatterBody):
    """Duties that were not due yet fell away: the plan was changed, rests or ended."""

    kind: Literal["duties_withdrawn"] = "duties_withdrawn"
    batches: tuple[str, ...]


class DutiesMissed(MatterBody):
    """Duties were not done by `due_at`, at the places `places` (keys). `reached` are told, `rungs` is the ladder."""

    kind: Literal["duties_missed"] = "duties_missed"
    batch: str
    day: date
    shift: str = ""
    due_at: Instant
    places: tuple[str, ...]
    reached: tuple[Reached, ...]
    vacancies: tuple[Vacancy, ...] = ()
    rungs: tuple[Instant, ...]
    fired: int = 0


class FailedItem(Kept):
    """An item that failed, or a need, with what is made of it. `errand` names it towards the outbox.

    A case of `category`; without one a topic.

    `enterprise`: that of the place, if it is on the register.
    """

    errand: str
    item: str | None = None
    text: str
    note: str = ""
    category: str | None = None
    severity: str | None = None
    enterprise: str | None = None
    photos: tuple[Sha256, ...] = ()


class DutyDone(MatterBody):
    """A duty was done; `late`: it was told after its deadline, whatever `done_at`, the phone's time, says.

    `failed` are the items and needs that open a case, `topics` the needs for the agenda. `said` distinguishes this
    report from another one of the duty.
    """

    kind: Literal["duty_done"] = "duty_done"
    duty: UUID
    batch: str
    place: str
    where: PlanPlace
    day: date
    shift: str = ""
    due_at: Instant
    done_at: Instant
    late: bool
    items: tuple[ItemAnswer, ...] = ()
    note: str = ""
    needs: tuple[Need, ...] = ()
    photos: tuple[Sha256, ...] = ()
    location: Location | None = None
    failed: tuple[FailedItem, ...] = ()
    topics: tuple[FailedItem, ...] = ()
    said: str = ""


#: What happens to a plan.
BODIES: tuple[type[MatterBody], ...] = (
    PlanMade, PlanAmended, PlanPaused, PlanResumed, PlanEnded, EnterpriseFollowed,
    DutiesIssued, DutiesWithdrawn, DutiesMissed, DutyDone,
)  # fmt: skip


class DutyStatus(StrEnum):
    """Where a duty stands: due, done in time, missed, done late, or withdrawn before it was due."""

    DUE = "due"
    DONE = "done"
    MISSED = "missed"
    LATE = "late"
    WITHDRAWN = "withdrawn"


class KnownDuty(Given):
    """A duty as its row says, for the rules. `done_by_name` and `said` only where it is done (`said`: its digest)."""

    id: UUID
    batch: str
    place: str
    where: PlanPlace
    grid_path: tuple[str, ...]
    day: date
    shift: str
    opens_at: Instant
    due_at: Instant
    status: DutyStatus
    checklist: str | None
    policy_version: int
    done_by: UUID | None = None
    done_by_name: str = ""
    received_at: Instant | None = None
    said: str | None = None
