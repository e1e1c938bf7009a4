"""The policy document: categories with their limits, and the rules that route a case. Versioned data, never code.

A policy is written as YAML under `deploy/policies/`, checked against these models, and published as an
immutable version. A case keeps the version that it was received under.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from models.base import Code, Given, Line, Text, is_empty, is_none
from models.enums import Severity, Source, UrgeKind
from models.figures import Scoring
from models.policy.calendar import Calendar, Span, Week
from models.policy.handovers import DEFAULT_HANDOVERS, HandoverPolicy
from models.policy.limits import Length
from models.policy.notifications import DEFAULT_NOTIFICATIONS, NotificationPolicy
from models.policy.park import DEFAULT_PARK, ParkPolicy
from models.policy.questions import MOST_QUESTIONS, Door, Question, asked_at, question_faults, raise_faults
from models.policy.standard import Condition, Ladder, Limits, Standard, UrgeRule

#: The defaults per round (our choice; that a suspension is approved once is a city's practice).
SUSPENSIONS, INFO_REQUESTS, RETURNS, TRANSFERS = 1, 3, 3, 2
#: How long a grid worker has to look at a place (our choice).
VERIFY_HOURS = 2.0

Hours = Annotated[float, Field(gt=0, le=24 * 365)]


class Category(Given):
    """A category (小类) of issues, with the conditions it is opened under; the first that fits decides.

    `withdrawable` False: once accepted, its reporter can no longer withdraw it (a hazard, pollution). `limits` is short
    for one condition that always fits, with these limits and the policy's first ladder. `active` False: nothing new is
    reported under it; its open cases go on. `reporter_months`: for how many months after the closure a reporter's data
    is kept; None: as the policy says. `questions`: what is asked besides the description, in this order.
    """

    code: Code
    name_zh: Text
    name_en: Text
    group: Code
    severity: Severity = Severity.ORDINARY
    evidence_required: bool = False
    withdrawable: Annotated[bool, Field(exclude_if=bool)] = True
    limits: Limits | None = None
    conditions: tuple[Condition, ...] = ()
    active: Annotated[bool, Field(exclude_if=bool)] = True
    reporter_months: Annotated[int | None, Field(ge=1, le=1200, exclude_if=is_none)] = None
    questions: Annotated[tuple[Question, ...], Field(max_length=MOST_QUESTIONS, exclude_if=is_empty)] = ()

    @model_validator(mode="after")
    def _has_a_standard(self) -> Self:
        if (self.limits is None) == (not self.conditions):
            raise ValueError("a category has `conditions` with their standards, or `limits`: one of the two")
        if self.conditions and self.conditions[-1].severities:
            raise ValueError("the last condition must fit every severity, so that no case is without a standard")
        if twice := _duplicates(c.code for c in self.conditions):
            raise ValueError(f"conditions named twice: {twice}")
        raise_faults(
            type(self).__name__, ((("questions", *place), zh, en) for place, zh, en in question_faults(self.questions))
        )
        return self

    def asked_at(self, door: Door | None) -> tuple[Question, ...]:
        """The questions that are asked at a door, in order; None: of all doors."""
        return asked_at(self.questions, door)


class Group(Given):
    """A group (大类) of categories."""

    code: Code
    name_zh: Text
    name_en: Text


class RouteRule(Given):
    """A routing rule; the first one that matches names the host department.

    `categories` and `grids` are code prefixes; an empty list matches everything.
    """

    id: Code
    categories: tuple[Code, ...] = ()
    grids: tuple[Code, ...] = ()
    host: Code
    why_zh: Text
    why_en: Text


#: Round the clock, every day: the calendar of a policy that names none.
_ALWAYS = (Span(start=0, end=24 * 60),)
ROUND_THE_CLOCK = Calendar(
    name="round-the-clock",
    zone="UTC",
    week=Week(**dict.fromkeys(Week.model_fields, _ALWAYS)),
    makeup=_ALWAYS,
)


class EverydayWord(Given):
    """An everyday word for a category, which the public form offers before all categories."""

    name_zh: Line
    name_en: Line
    category: Code


#: For how many months after its closure a reporter's data is kept (our choice: hazard records are kept for 3 years).
REPORTER_MONTHS = 36


class Policy(Given):
    """Everything configurable about how cases run, and the weights by which rankings are scored.

    Limits per round: `extensions` granted, `suspensions` granted (`suspension_days` in all), `info_requests`, `returns`
    and `transfers` asked for. `decide_within`: the time to decide a request (None: five legal working days);
    `request_ladder`: the ladder of an undecided one (None: the desk, its supervisor, the park's). `answers_required`:
    the channels whose reports are completed only with a public answer. `reporter_months`: for how many months after
    the closure a reporter's data is kept, where the category says nothing else. A newer field at its default is not
    written, so that the digest of an older policy stays the same. Without `scoring`, the public rule of
    `models.figures` holds.
    """

    name: Text
    zone: str = "Asia/Shanghai"
    groups: tuple[Group, ...]
    categories: tuple[Category, ...]
    routes: tuple[RouteRule, ...]
    fallback_owner: Code
    answer_hours: Hours = 72
    reporter_months: Annotated[int, Field(ge=1, le=1200, exclude_if=lambda value: value == REPORTER_MONTHS)] = (
        REPORTER_MONTHS
    )
    archive_days: Annotated[int, Field(ge=1, le=3650)] = 30
    remind_hours: Hours = 24
    extensions: Annotated[int, Field(ge=0, le=10)] = 2
    extension_days: Annotated[int, Field(ge=1, le=3650)] = 30
    suspension_days: Annotated[int, Field(ge=1, le=3650)] = 365
    suspensions: Annotated[int, Field(ge=0, le=10, exclude_if=lambda value: value == SUSPENSIONS)] = SUSPENSIONS
    info_requests: Annotated[int, Field(ge=0, le=20, exclude_if=lambda value: value == INFO_REQUESTS)] = INFO_REQUESTS
    returns: Annotated[int, Field(ge=0, le=20, exclude_if=lambda value: value == RETURNS)] = RETURNS
    transfers: Annotated[int, Field(ge=0, le=20, exclude_if=lambda value: value == TRANSFERS)] = TRANSFERS
    verify_hours: Annotated[Hours, Field(exclude_if=lambda value: value == VERIFY_HOURS)] = VERIFY_HOURS
    decide_within: Annotated[Length | None, Field(exclude_if=is_none)] = None
    request_ladder: Annotated[Code | None, Field(exclude_if=is_none)] = None
    answers_required: Annotated[tuple[Source, ...], Field(exclude_if=is_empty)] = ()
    everyday_words: Annotated[tuple[EverydayWord, ...], Field(max_length=12, exclude_if=is_empty)] = ()
    calendars: Annotated[tuple[Calendar, ...], Field(min_length=1)] = (ROUND_THE_CLOCK,)
    standards: tuple[Standard, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    urges: dict[UrgeKind, UrgeRule] = Field(default_factory=dict)
    park: Annotated[ParkPolicy, Field(exclude_if=lambda value: value == DEFAULT_PARK)] = DEFAULT_PARK
    notifications: Annotated[NotificationPolicy, Field(exclude_if=lambda value: value == DEFAULT_NOTIFICATIONS)] = (
        DEFAULT_NOTIFICATIONS
    )
    handovers: Annotated[HandoverPolicy, Field(exclude_if=lambda value: value == DEFAULT_HANDOVERS)] = DEFAULT_HANDOVERS
    scoring: Scoring | None = None

    @model_serializer(mode="wrap")
    def _omit_missing_scoring(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave `scoring` out when there is none, so that the digest of an older policy stays the same."""
        written: dict[str, Any] = handler(self)
        if self.scoring is None:
            written.pop("scoring", None)
        return written

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for what, codes in (
            ("categories", [category.code for category in self.categories]),
            ("standards", [standard.code for standard in self.standards]),
            ("ladders", [ladder.code for ladder in self.ladders]),
            ("calendars", [calendar.name for calendar in self.calendars]),
        ):
            if twice := _duplicates(codes):
                raise ValueError(f"{what} named twice: {twice}")
        self._check_references()
        groups = {group.code for group in self.groups}
        if lost := sorted({c.code for c in self.categories if c.group not in groups}):
            raise ValueError(f"categories of no known group: {', '.join(lost)}")
        if not self.routes or self.routes[-1].categories or self.routes[-1].grids:
            raise ValueError("the last routing rule must fit everything, so that no case is without a host")
        return self

    def _check_references(self) -> None:
        standards = {standard.code for standard in self.standards}
        ladders = {ladder.code for ladder in self.ladders}
        calendars = {calendar.name for calendar in self.calendars}
        if lost := sorted({word.category for word in self.everyday_words} - {c.code for c in self.categories}):
            raise ValueError(f"no such categories: {', '.join(lost)}")
        asked = {item.category for checklist in self.park.checklists for item in checklist.items}
        if lost := sorted(asked - {c.code for c in self.categories}):
            raise ValueError(f"checklists name no such categories: {', '.join(lost)}")
        if lost := sorted({c.standard for category in self.categories for c in category.conditions} - standards):
            raise ValueError(f"no such standards: {', '.join(lost)}")
        used_ladders = {s.ladder for s in self.standards if s.ladder} | {u.ladder for u in self.urges.values()}
        used_ladders |= {self.request_ladder} if self.request_ladder else set()
        if lost := sorted(used_ladders - ladders):
            raise ValueError(f"no such ladders: {', '.join(lost)}")
        if lost := sorted({length.calendar for length in self._lengths() if length.calendar} - calendars):
            raise ValueError(f"no such calendars: {', '.join(lost)}")

    def _lengths(self) -> Iterator[Length]:
        for limits in (*self.standards, *(c.limits for c in self.categories if c.limits)):
            for limit in (limits.accept, limits.dispatch, limits.handle, limits.review):
                yield from (limit, *([limit.ceiling] if limit.ceiling else []))
        for whole in (standard.whole for standard in self.standards if standard.whole):
            yield from (whole, *([whole.ceiling] if whole.ceiling else []))
        yield from ([self.decide_within] if self.decide_within else [])
        yield from (s.extensions.most for s in self.standards if s.extensions and s.extensions.most)
        yield from (urge.reply for urge in self.urges.values())
        for ladder in self.ladders:
            yield from (rung.after for rung in ladder.rungs if rung.after)
            yield from ([ladder.repeat.every] if ladder.repeat else [])
            yield from ([ladder.acknowledged_for] if ladder.acknowledged_for else [])

    def calendar(self, name: str | None = None) -> Calendar | None:
        """The calendar of that name, or None; without a name the policy's own, which is its first."""
        return self.calendars[0] if name is None else next((c for c in self.calendars if c.name == name), None)

    def category(self, code: str) -> Category | None:
        """The category of that code, or None."""
        return next((category for category in self.categories if category.code == code), None)

    def questions(self, category: str, door: Door | None = None) -> tuple[Question, ...]:
        """The questions of a category that are asked at a door (None: at any), in order; empty for no such category."""
        found = self.category(category)
        return () if found is None else found.asked_at(door)

    def standard(self, code: str) -> Standard | None:
        """The standard of that code, or None."""
        return next((standard for standard in self.standards if standard.code == code), None)

    def ladder(self, code: str | None) -> Ladder | None:
        """The ladder of that code, or None; without a code the first one, or None when there is none."""
        if code is None:
            return self.ladders[0] if self.ladders else None
        return next((ladder for ladder in self.ladders if ladder.code == code), None)


def _duplicates(codes: Iterable[str]) -> str:
    return ", ".join(sorted(code for code, times in Counter(codes).items() if times > 1))
