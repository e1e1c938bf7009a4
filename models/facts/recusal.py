"""Who had to step aside from the case (回避), and who need not any more."""

from typing import Literal
from uuid import UUID

from models.base import Kept
from models.case import Owner


class Recused(Kept):
    """The person may not see or touch the case any more.

    `owner`, `desk`: who owns the case, or decides requests on it, instead; None: it stays as it was.
    """

    kind: Literal["recused"] = "recused"
    person: UUID
    reason: str
    owner: Owner | None = None
    desk: Owner | None = None


class RecusalLifted(Kept):
    kind: Literal["recusal_lifted"] = "recusal_lifted"
    person: UUID
    reason: str
