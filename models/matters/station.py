"""A monitoring station (环境监测站): where it is, its key, its cases, and when it was heard of.

Single readings are no facts: they go into the table `readings` (`services/stations/readings.py`), and only a change of
state, sent on as the command `observe`, reaches the matter.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.base import Code, Given, Instant, Kept, Note, OptionalName, Sha256, Title
from models.commands.report import GivenLocation, Location
from models.enums import Severity
from models.matters.base import CreateMatter, Matter, MatterBody, MatterCommand
from models.matters.metrics import Change, Metric, Metrics, check_once_each

#: Minutes without a reading after which a station counts as silent: five minutes to a week.
SilenceMinutes = Annotated[int, Field(ge=5, le=7 * 24 * 60)]
DEFAULT_SILENCE = 60


class Medium(StrEnum):
    """What a station measures."""

    AIR = "air"
    WATER = "water"
    SOIL = "soil"
    NOISE = "noise"


class ToldLater(Kept):
    """Something that the case of a metric is to be told once its number is known."""

    what: str
    values: dict[str, str]


class StationCase(Kept):
    """The case of a metric, or (`metric` None) of the silence: asked for by `errand`, then known as `case_no`.

    `rungs`: the steps of the ladder that is climbed should the case be refused."""

    metric: str | None
    errand: str
    case_no: str | None = None
    breach: bool = False
    rungs: tuple[Instant, ...] = ()
    untold: tuple[ToldLater, ...] = ()


class Station(Matter):
    """A monitoring station. `status`: `working`, `breach`, `silent` or `ended`.

    `key_digest`: the SHA-256 of its key, which nobody can compute back; None: no key, so nothing can be sent and
    nothing is missed. `heard_at`: when it was last heard of, as far as this matter knows; the table `stations` knows
    it to the second. `watch_at`: when to look whether it is silent. `silence_case_at`: when its silence opens a case.
    """

    medium: Medium
    place: str | None = None
    location: Location | None = None
    metrics: tuple[Metric, ...]
    silence_minutes: int
    key_digest: str | None = None
    key_since: Instant | None = None
    heard_at: Instant | None = None
    watch_at: Instant | None = None
    silent_since: Instant | None = None
    silence_case_at: Instant | None = None
    cases: tuple[StationCase, ...] = ()

    def metric(self, code: str) -> Metric | None:
        """The metric of that code, or None."""
        return next((metric for metric in self.metrics if metric.code == code), None)

    def case_of(self, metric: str | None) -> StationCase | None:
        """The last case of that metric, or of the silence; None where there was none."""
        return next((case for case in self.cases if case.metric == metric), None)


class RegisterStation(CreateMatter):
    """Register a station; `department` owns it. It has no key yet, so nothing is expected of it."""

    kind: Literal["register"] = "register"
    code: Code
    medium: Medium
    place: OptionalName = None
    location: GivenLocation | None = None
    metrics: Metrics
    silence_minutes: SilenceMinutes = DEFAULT_SILENCE
    department: Code | None = None

    @model_validator(mode="after")
    def _metrics_once(self) -> Self:
        check_once_each(self.metrics)
        return self


class ChangeStation(MatterCommand):
    """Change what is given, and keep the rest. `metrics` are all of them; a metric left out is measured no more."""

    kind: Literal["change"] = "change"
    name: Title | None = None
    place: OptionalName = None
    location: GivenLocation | None = None
    metrics: Metrics | None = None
    silence_minutes: SilenceMinutes | None = None
    department: Code | None = None
    note: Note

    @model_validator(mode="after")
    def _metrics_once(self) -> Self:
        check_once_each(self.metrics or ())
        return self


class RotateKey(MatterCommand):
    """Give the station a new key; the one before stops working at once."""

    kind: Literal["rotate_key"] = "rotate_key"
    #: Made by `services.stations.keys`; no form asks for it.
    key_digest: Annotated[Sha256, Field(json_schema_extra={"by_machine": True})]


class RevokeKey(MatterCommand):
    """Take the station's key away: nothing more is taken from it, and its silence is not missed."""

    kind: Literal["revoke_key"] = "revoke_key"
    reason: Note


class EndStation(MatterCommand):
    """The station is given up. Its readings and cases stay."""

    kind: Literal["end"] = "end"
    reason: Note


class Observe(MatterCommand):
    """By the system: the readings that came in at `heard_at` changed the state of metrics, or ended a silence."""

    kind: Literal["observe"] = "observe"
    heard_at: Instant
    changes: tuple[Change, ...] = ()


class StationRegistered(MatterBody):
    """A station was registered."""

    kind: Literal["registered"] = "registered"
    code: str
    name: str
    grid: str
    grid_path: tuple[str, ...]
    department: str | None = None
    medium: Medium
    place: str | None = None
    location: Location | None = None
    metrics: tuple[Metric, ...]
    silence_minutes: int


class StationChanged(MatterBody):
    """What was changed, and why; what is None stayed."""

    kind: Literal["changed"] = "changed"
    name: str | None = None
    place: str | None = None
    location: Location | None = None
    metrics: tuple[Metric, ...] | None = None
    silence_minutes: int | None = None
    department: str | None = None
    note: str


class KeyRotated(MatterBody):
    """A new key was given out."""

    kind: Literal["key_rotated"] = "key_rotated"
    key_digest: str
    watch_at: Instant


class KeyRevoked(MatterBody):
    """The key was taken away."""

    kind: Literal["key_revoked"] = "key_revoked"
    reason: str


class StationEnded(MatterBody):
    """The station was given up."""

    kind: Literal["ended"] = "ended"
    reason: str


class BreachBegan(MatterBody):
    """A breach began, and a case is asked for by `errand`, with the words and the category that it opens with."""

    kind: Literal["breach_began"] = "breach_began"
    change: Change
    name: str = ""
    errand: str
    category: str
    severity: Severity | None = None
    title: str
    description: str
    rungs: tuple[Instant, ...] = ()


class BreachJoined(MatterBody):
    """A further run of a breach, or a further breach, belongs to the case that is open (None: it is being opened)."""

    kind: Literal["breach_joined"] = "breach_joined"
    change: Change
    name: str = ""
    case_no: str | None


class BreachEnded(MatterBody):
    """The readings of a metric are back within its limit."""

    kind: Literal["breach_ended"] = "breach_ended"
    change: Change
    name: str = ""
    case_no: str | None


class HeardUntil(MatterBody):
    """The silence was looked for and there was none: the station was last heard at `heard_at`.

    `forget_before`: readings from before that are removed, because the policy keeps them no longer.
    """

    kind: Literal["heard_until"] = "heard_until"
    heard_at: Instant
    forget_before: Instant


class FellSilent(MatterBody):
    """Nothing was heard since `since`, for longer than the limit. `rungs`: the steps of its ladder.

    `case_at`: when it opens a case; None: it does not.
    """

    kind: Literal["fell_silent"] = "fell_silent"
    since: Instant
    missed_at: Instant
    rungs: tuple[Instant, ...]
    case_at: Instant | None = None


class SilenceReported(MatterBody):
    """The silence lasts: a case is asked for by `errand`, or an open one (`case_no`) was told."""

    kind: Literal["silence_reported"] = "silence_reported"
    since: Instant
    errand: str | None = None
    case_no: str | None = None
    category: str
    title: str
    description: str


class HeardAgain(MatterBody):
    """The station is heard again, after a silence since `since`."""

    kind: Literal["heard_again"] = "heard_again"
    heard_at: Instant
    since: Instant
    case_no: str | None = None


COMMANDS = (RegisterStation, ChangeStation, RotateKey, RevokeKey, EndStation, Observe)
BODIES = (
    StationRegistered, StationChanged, KeyRotated, KeyRevoked, StationEnded, BreachBegan, BreachJoined, BreachEnded,
    HeardUntil, FellSilent, SilenceReported, HeardAgain,
)  # fmt: skip


class StationAround(Given):
    """What the rules of a station read beside it: when it was last heard, and which of its cases are open.

    `open_cases`: the number of an open case by the number that the station knows (another one after a merge).
    """

    heard_at: Instant | None = None
    open_cases: dict[str, str] = Field(default_factory=dict)
