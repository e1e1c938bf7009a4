"""Milestones (节点): the dated steps of an undertaking, and of a claimed item."""

from datetime import date
from typing import Annotated

from pydantic import Field

from models.base import Code, Given, Instant, Kept, Title, WrittenDay

#: How many milestones one matter may have (our choice).
MOST_MILESTONES = 30


class PlannedMilestone(Given):
    """A milestone as it is planned. `key` names it within its matter; it is due at the end of `due_on`."""

    key: Code
    name: Title
    due_on: WrittenDay


class Milestone(Kept):
    """A milestone; `done_at` is None until it is reached, `missed_at` is when its deadline passed undone."""

    key: str
    name: str
    due_on: date
    due_at: Instant
    done_at: Instant | None = None
    missed_at: Instant | None = None
    note: str = ""
    evidence: tuple[str, ...] = ()


PlannedMilestones = Annotated[tuple[PlannedMilestone, ...], Field(max_length=MOST_MILESTONES)]
