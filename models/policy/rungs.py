"""A step of the ladder of what is overdue in a matter (事项)."""

from typing import Annotated

from pydantic import Field

from models.base import Given
from models.enums import Level, Role
from models.policy.standard import LevelName

#: The longest time until the last step of the ladder: a year.
MOST_HOURS = 24 * 365


class MatterRung(Given):
    """A step of the ladder of overdue matters: whom it reaches, so many natural hours after the deadline.

    Without `role` it reaches whoever owns the matter; else that role at `level`, or above when nobody holds it there.
    """

    after_hours: Annotated[float, Field(ge=0, le=MOST_HOURS)]
    role: Role | None = None
    level: LevelName = Level.GRID
