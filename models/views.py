"""The views that the doors show: the shapes of the HTTP contract. `services` makes, scopes and masks them."""

import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, PlainSerializer, TypeAdapter, WithJsonSchema

from models.base import Frozen, Instant
from models.case import Interval
from models.commands import ExternalReference, Location
from models.commands.report import MatterReference
from models.enums import (
    Level,
    Light,
    LimitUnit,
    Outcome,
    OwnerKind,
    Role,
    Severity,
    Source,
    Stage,
    TaskKind,
    UrgeCause,
)
from models.facts import Explanation
from models.policy.questions import QuestionKind, Reading


def hours_of(span: timedelta) -> str:
    """A duration as ISO 8601 in hours, minutes and seconds, without days: fifteen working days of eight hours each are
    `PT120H`, not `P5D`."""
    sign = "-" if span < timedelta() else ""
    whole, micro = divmod(round(abs(span) / timedelta(microseconds=1)), 1_000_000)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    exact = f"{seconds}.{micro:06d}".rstrip("0").rstrip(".") if micro else str(seconds)
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else "", f"{exact}S" if exact != "0" else ""]
    return f"{sign}PT{''.join(parts) or '0S'}"


#: The fields of facts that hold durations. Another field of such a name holds something else: a limit of 2.0 mg/m³.
_DURATIONS = frozenset({"limit", "extended", "whole_extended"})
#: How every stored duration begins.
_WRITTEN_SPAN = re.compile(r"-?P(\d|T\d)")
_SPAN: TypeAdapter[timedelta] = TypeAdapter(timedelta)


def with_hours(content: Any) -> Any:
    """The content of a fact as JSON with its durations in hours, as everywhere in the API; it is stored otherwise."""
    if isinstance(content, list):
        return [with_hours(entry) for entry in content]
    if not isinstance(content, dict):
        return content
    return {
        name: hours_of(_SPAN.validate_python(entry))
        if name in _DURATIONS and isinstance(entry, str) and _WRITTEN_SPAN.match(entry)
        else with_hours(entry)
        for name, entry in content.items()
    }


def _whole_hours_of(span: timedelta) -> str:
    """`hours_of` in whole seconds: what is less than one is left out."""
    return hours_of(timedelta(seconds=int(span.total_seconds())))


#: A duration of the time that a unit counts, in hours, minutes and whole seconds; negative once it is passed.
CountedTime = Annotated[
    timedelta,
    PlainSerializer(_whole_hours_of, return_type=str, when_used="json"),
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?PT([0-9]+H)?([0-9]+M)?([0-9]+S)?$", "examples": ["PT7H30M", "-PT12S"]},
        mode="serialization",
    ),
]


class GridView(Frozen):
    """A unit with the codes and names of the units from the park down to it."""

    code: str
    name: str
    level: Level
    path: tuple[str, ...]
    path_names: tuple[str, ...]


class NamedOwner(Frozen):
    """An owner with the name to show."""

    kind: OwnerKind
    id: str
    name: str


class ClockView(Frozen):
    """A clock with the time counted so far, in the time that its unit counts: working time or natural time.

    `amount` is in `unit`; durations are hours of that time (`PT120H`), never days, whose length would be ambiguous.

    `stage` None is the whole case. `next_step_at`: when the ladder's next step fires if nobody acts.
    """

    stage: Stage | None
    round: int
    amount: float
    unit: LimitUnit
    light: Light
    provisional: bool
    yellow_at: Instant | None
    red_at: Instant | None
    ceiling_at: Instant | None
    next_step_at: Instant | None
    limit: CountedTime
    extended: CountedTime
    elapsed: CountedTime
    source: str
    running: bool
    intervals: tuple[Interval, ...]
    due_at: Instant | None
    overdue_at: Instant | None
    ended_at: Instant | None


class TaskView(Frozen):
    """An open task. `due_at` None: it has no deadline."""

    kind: TaskKind
    assignee: NamedOwner
    due_at: Instant | None


class ReporterView(Frozen):
    """All that is shown of a reporter: an alias, and whether contact details are kept.

    `phone`: the last digits of their number, for those who may contact reporters; None for everybody else, and when
    there is none.
    """

    alias: str
    anonymous: bool
    contact_kept: bool
    phone: str | None = None
    keys_away: bool = False


class RequestView(Frozen):
    """A pending request. `granted_by`: the only role that may grant it; None: whoever usually decides such requests."""

    kind: str
    by: str
    at: Instant
    until: Instant | None
    department: str | None = None
    decide_by: Instant | None = None
    granted_by: Role | None = None


class AppealView(Frozen):
    """An appeal (超时申诉) of a department about a round. `upheld` None: undecided."""

    department: str
    name: str
    round: int
    by: str
    at: Instant
    upheld: bool | None


class UrgeView(Frozen):
    """An urge order. `ended_at`: it was cancelled, or the case was closed before it was answered."""

    ended_at: Instant | None = None
    number: int
    kind: str
    by: str
    cause: UrgeCause | None
    urged_at: Instant
    reply_by: Instant
    answered_at: Instant | None
    overdue_at: Instant | None


class CoHandlerView(Frozen):
    """A co-handling department. `reported_at` None: its report is missing."""

    department: str
    name: str
    reported_at: Instant | None


class Told(Frozen):
    """What the reporter of a case may read of how it ended; each empty where there is nothing to tell.

    `answer`: 答复, as the review confirmed it. `reason`: why it was rejected or handling was ended. `reopen_refused`:
    why it was not reopened.
    """

    answer: str = ""
    reason: str = ""
    right_channel: str = ""
    reopen_refused: str = ""


class EnterpriseView(Frozen):
    """The enterprise that a case is about: its credit code and its name."""

    code: str
    name: str


#: Why a personal answer can't be read by who may read it.
Unreadable = Literal["erased", "keys_away", "damaged"]


class AnswerView(Frozen):
    """An answer to a question of the category. `values` in their one form (keys, digits, a day), `shown` in words.

    `hidden`: it is personal, and the reader need not know it, or it can't be read. `unreadable`: why who may read it
    can't; erased with the reporter, damaged, or the keys are away.
    """

    question: str
    text: str
    kind: QuestionKind
    reading: Reading
    values: tuple[str, ...]
    shown: str
    hidden: bool = False
    unreadable: Unreadable | None = None


class OpenQuestionView(Frozen):
    """A required question to which no answer was given."""

    question: str
    text: str


class UnreadAnswerView(Frozen):
    """An answer that was taken and not understood, and why. `values` are empty for who need not know them, and where
    they can't be read (`unreadable`, as of `AnswerView`). `shown`: them in words, or why they can't be read."""

    question: str
    values: tuple[str, ...]
    shown: str = ""
    why: str
    unreadable: Unreadable | None = None


class CaseView(Frozen):
    """A case in its present state, for the person who asked.

    `told`: what its reporter is told about its end; None while it is open. `external`: the number by which another
    system knows it. `matter`: the one on whose behalf it was opened, a duty, a station, a campaign. `proof`: the proof
    code of its last fact, by which anybody can later show that nothing up to it was changed. `as_of`: the earlier
    moment that it is shown at; None: now.
    """

    case_no: str
    report_id: UUID
    title: str
    description: str
    category: str
    category_name: str
    severity: Severity
    source: Source
    grid: GridView
    location: Location | None
    enterprise: EnterpriseView | None = None
    stage: Stage
    outcome: Outcome | None
    light: Light
    due_at: Instant | None
    left: CountedTime | None
    unit: LimitUnit | None
    overdue: bool
    provisional: bool
    condition: str | None
    policy_version: int
    acknowledged_until: Instant | None
    consultation_at: Instant | None
    clocks: tuple[ClockView, ...]
    owner: NamedOwner | None
    level: Level
    tasks: tuple[TaskView, ...]
    round: int
    revision: int
    host: str | None
    suggested_host: str
    co_handlers: tuple[CoHandlerView, ...]
    claimed_by: str | None
    suspended_until: Instant | None
    requests: tuple[RequestView, ...]
    urges: tuple[UrgeView, ...]
    attachments: tuple[str, ...]
    reporter: ReporterView
    rating: int | None
    appeals: tuple[AppealView, ...] = ()
    reviewer: str | None = None
    merged_into: str | None
    merged_cases: tuple[str, ...] = ()
    external: ExternalReference | None = None
    matter: MatterReference | None = None
    answers: tuple[AnswerView, ...] = ()
    unanswered: tuple[OpenQuestionView, ...] = ()
    not_understood: tuple[UnreadAnswerView, ...] = ()
    told: Told | None = None
    occurred_at: Instant
    reported_at: Instant
    received_at: Instant
    updated_at: Instant
    closed_at: Instant | None
    archived_at: Instant | None
    proof: str | None = None
    as_of: Instant | None = None
    allowed_commands: tuple[str, ...]


class CaseItem(Frozen):
    """A case as one line of a list.

    `left`: the time left until the deadline, as `unit` counts it (working time or natural time), negative when overdue;
    for a suspended case, the time that will be left. None once closed.
    """

    case_no: str
    title: str
    category: str
    category_name: str
    severity: Severity
    source: Source
    grid: str
    grid_name: str
    enterprise: EnterpriseView | None = None
    stage: Stage
    outcome: Outcome | None
    light: Light
    due_at: Instant | None
    left: CountedTime | None
    unit: LimitUnit | None
    overdue: bool
    owner: NamedOwner | None
    level: Level
    round: int
    revision: int
    reported_at: Instant
    updated_at: Instant
    closed_at: Instant | None


class RetiredItem(Frozen):
    """A retired case. `readable`: the reader may read it in the archive."""

    case_no: str
    retired_on: date
    readable: bool


class CasePage(Frozen):
    """A page of a list. `total` counts all cases that match the filters; `next_cursor` None: this is the last page.

    With `total_is_minimum`, more than `total` match, and they were not counted.
    `retired`: the case whose whole number was sought, where it is in the archive alone.
    """

    items: tuple[CaseItem, ...]
    next_cursor: str | None
    total: int
    total_is_minimum: Annotated[bool, Field(description="More than `total` match; they were not counted.")] = False
    retired: tuple[RetiredItem, ...] = ()


class InboxItem(Frozen):
    """An open task in an inbox, with its case."""

    task: TaskKind
    due_at: Instant | None
    assignee: NamedOwner
    case: CaseItem


class ActorView(Frozen):
    """Who acted. A reporter is shown as such, never by name; the system has no id."""

    kind: str
    id: UUID | None
    name: str


class FactView(Frozen):
    """One line of the timeline: what happened, when, by whom; `body` holds the details."""

    seq: int
    at: Instant
    kind: str
    command: str
    actor: ActorView
    body: dict[str, Any]
    why: tuple[Explanation, ...] = ()
