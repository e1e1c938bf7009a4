"""What a rule may know besides the matter and the command, read in the same transaction."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import SkipValidation

from models.base import Frozen, Instant
from models.context import Department, Person, Unit
from models.policy.calendar import Calendar
from models.policy.document import Policy


class MatterContext(Frozen):
    """The data at `now` that the rules may read. `person` is None for the system, `id` the id of the matter.

    `policy` and its calendars are those in force now. `units` runs from the matter's own unit up to the park, with
    everybody who holds a role there now. `number` is the number drawn for a new matter of a kind that draws them.
    `unknown_attachments` are those files a command names that do not count for its giver (`infra.store.attachments`).
    `extra` is what only this kind reads (see `infra/store/matters/`).
    """

    id: UUID
    now: Instant
    today: date
    policy: SkipValidation[Policy]
    policy_version: int
    person: Person | None
    units: tuple[Unit, ...]
    departments: tuple[Department, ...]
    fallback: UUID
    number: str | None = None
    unknown_attachments: tuple[str, ...] = ()
    extra: SkipValidation[Any] = None

    @property
    def calendars(self) -> tuple[Calendar, ...]:
        """The calendars in force; the first is the park's own."""
        return self.policy.calendars

    @property
    def grid_path(self) -> tuple[str, ...]:
        """The codes from the park down to the matter's unit."""
        return tuple(unit.code for unit in reversed(self.units))

    def department(self, code: str) -> Department | None:
        """The active department of that code, or None."""
        return next((d for d in self.departments if d.id == code and d.active), None)
