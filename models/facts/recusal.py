"""Who had to step aside from the case (回避), and who need not any more."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from models.base import Kept, is_none
from models.case import Owner


class Recused(Kept):
    """The person may not see or touch the case any more.

    `owner`, `desk`: who owns the case, or decides requests on it, instead; None: it stays as it was. `decider`: who
    decides instead what takes a supervisor.
    """

    kind: Literal["recused"] = "recused"
    person: UUID
    reason: str
    owner: Owner | None = None
    desk: Owner | None = None
    decider: Annotated[Owner | None, Field(exclude_if=is_none)] = None


class RecusalLifted(Kept):
    kind: Literal["recusal_lifted"] = "recusal_lifted"
    person: UUID
    reason: str
