"""What people are shown of suggestions."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from models.base import Frozen
from models.suggestions import Band, Target


class Suggestion(Frozen):
    """A value suggested for `target`. `name`: what it is called. `agrees`: the case has it already (of a host: the
    rules give the same). `words`: those of the case that speak most for it. `was_right`: how often suggestions of this
    certainty were right on cases that the model had not seen; None where there were too few of them.
    """

    target: Target
    value: str
    name: str
    certainty: Annotated[float, Field(ge=0, le=1)]
    agrees: bool
    words: tuple[str, ...]
    was_right: Band | None


class Suggestions(Frozen):
    """What is suggested; nothing where no model is certain enough. `id`: to be given as `suggestion` with the command
    that decides; `version`: the version of the model. Both None without suggestions.
    """

    id: UUID | None = None
    version: int | None = None
    items: tuple[Suggestion, ...] = ()
