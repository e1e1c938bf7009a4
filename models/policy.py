"""Policy: categories with their limits, and the rules that route a case. Data with versions, never code.

A policy is written as YAML under `deploy/policies/`, checked against these models, and published as an
immutable version. A case keeps the version that it was received under.
"""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.base import Code, Frozen, Text
from models.words import Severity, Stage

Hours = Annotated[float, Field(gt=0, le=24 * 365)]


class Limit(Frozen):
    """How long a stage may take, in natural hours, and where that figure comes from.

    `source` begins with `law:`, `standard:` or `our choice`.
    """

    hours: Hours
    source: Annotated[Text, Field(pattern=r"^(law: .+|standard: .+|our choice)$")] = "our choice"

    @property
    def span(self) -> timedelta:
        """The limit as a duration."""
        return timedelta(hours=self.hours)


class Limits(Frozen):
    """One limit per stage of the life cycle that has a clock."""

    accept: Limit
    dispatch: Limit
    handle: Limit
    review: Limit

    def of(self, stage: Stage) -> Limit:
        """The limit of `stage`; a closed case has none, which is a KeyError."""
        return {
            Stage.RECEIVE: self.accept,
            Stage.DISPATCH: self.dispatch,
            Stage.HANDLE: self.handle,
            Stage.REVIEW: self.review,
        }[stage]


class Category(Frozen):
    """小类: what kind of issue, with the limits of its stages."""

    code: Code
    name_zh: Text
    name_en: Text
    group: Code
    severity: Severity = Severity.ORDINARY
    evidence_required: bool = False
    limits: Limits


class Group(Frozen):
    """大类."""

    code: Code
    name_zh: Text
    name_en: Text


class RouteRule(Frozen):
    """The first rule that fits names the host department.

    `categories` and `grids` are code prefixes; an empty list fits everything.
    """

    id: Code
    categories: tuple[Code, ...] = ()
    grids: tuple[Code, ...] = ()
    host: Code
    why_zh: Text
    why_en: Text


class Policy(Frozen):
    """Everything that decides how a case runs and is not law of nature."""

    name: Text
    zone: str = "Asia/Shanghai"
    groups: tuple[Group, ...]
    categories: tuple[Category, ...]
    routes: tuple[RouteRule, ...]
    fallback_owner: Code
    answer_hours: Hours = 72
    archive_days: Annotated[int, Field(ge=1, le=3650)] = 30
    remind_hours: Hours = 24
    extensions: Annotated[int, Field(ge=0, le=10)] = 2
    extension_days: Annotated[int, Field(ge=1, le=3650)] = 30
    suspension_days: Annotated[int, Field(ge=1, le=3650)] = 365

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        codes = [category.code for category in self.categories]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"categories named twice: {', '.join(twice)}")
        groups = {group.code for group in self.groups}
        if lost := sorted({c.code for c in self.categories if c.group not in groups}):
            raise ValueError(f"categories of no known group: {', '.join(lost)}")
        if not self.routes or self.routes[-1].categories or self.routes[-1].grids:
            raise ValueError("the last routing rule must fit everything, so that no case is without a host")
        return self

    def category(self, code: str) -> Category | None:
        """The category of that code, or None."""
        return next((category for category in self.categories if category.code == code), None)
