"""What a policy says about the work of the park beside the single case. Every part has defaults (our choice).

One field per subject; the models of a large subject have a file of their own in `models/policy/`.
"""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.base import Given
from models.enums import Level, Role
from models.policy.agenda import AgendaPolicy
from models.policy.checklists import Checklist
from models.policy.colours import Colours
from models.policy.emergency import EmergencyPolicy
from models.policy.referrals import ReferralPolicy
from models.policy.rungs import MatterRung
from models.policy.scores import Scores
from models.policy.stations import StationPolicy

#: The owner at once, the community's supervisor after a day, the park's after three (our choice).
DEFAULT_LADDER = (
    MatterRung(after_hours=0),
    MatterRung(after_hours=24, role=Role.SUPERVISOR, level=Level.COMMUNITY),
    MatterRung(after_hours=72, role=Role.SUPERVISOR, level=Level.PARK),
)


#: The colours of a policy that says nothing of them.
DEFAULT_COLOURS = Colours()


#: The scores of a policy that says nothing of them.
DEFAULT_SCORES = Scores()


class ParkPolicy(Given):
    """The rules for matters (事项). `ladder`: who is told of what is overdue. `checklists`: what duties look at;
    `colours`: the colours of enterprises; `scores`: the points of people, units and departments.

    `duties_a_day`: how many duties of one person and day are taken for too many (our choice); a warning, no limit.
    """

    ladder: Annotated[tuple[MatterRung, ...], Field(min_length=1, max_length=12)] = DEFAULT_LADDER
    checklists: Annotated[tuple[Checklist, ...], Field(max_length=200)] = ()
    duties_a_day: Annotated[int, Field(ge=1, le=1000)] = 12
    stations: StationPolicy = StationPolicy()
    colours: Annotated[Colours, Field(exclude_if=lambda value: value == DEFAULT_COLOURS)] = DEFAULT_COLOURS
    scores: Annotated[Scores, Field(exclude_if=lambda value: value == DEFAULT_SCORES)] = DEFAULT_SCORES
    emergencies: EmergencyPolicy = EmergencyPolicy()
    referrals: ReferralPolicy = ReferralPolicy()
    agenda: AgendaPolicy = AgendaPolicy()

    def checklist(self, code: str | None) -> Checklist | None:
        """The checklist of that code, or None."""
        return next((checklist for checklist in self.checklists if checklist.code == code), None)

    @model_validator(mode="after")
    def _each_checklist_once(self) -> Self:
        codes = [checklist.code for checklist in self.checklists]
        if twice := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"checklists named twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _rises(self) -> Self:
        hours = [rung.after_hours for rung in self.ladder]
        if any(later <= earlier for earlier, later in pairwise(hours)):
            raise ValueError("the hours of the ladder's steps must rise from one step to the next")
        return self


#: A policy that says nothing about the park.
DEFAULT_PARK = ParkPolicy()
