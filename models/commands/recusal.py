"""Commands about who must step aside from a case (回避)."""

from typing import Literal

from models.base import Code, Given, Note


class Recuse(Given):
    """Somebody, or oneself, steps aside from the case because of an interest in it: `person` is a user name."""

    kind: Literal["recuse"] = "recuse"
    person: Code
    reason: Note


class LiftRecusal(Given):
    """Somebody who had to step aside need not any more: `person` is a user name."""

    kind: Literal["lift_recusal"] = "lift_recusal"
    person: Code
    reason: Note
