"""What a policy says about outside systems and one-time links."""

from typing import Annotated, Final

from pydantic import Field

from models.base import Given

#: The longest that a link can be asked for (our choice): whoever forwards a link forwards a right.
MOST_LINK_DAYS: Final = 60


class HandoverPolicy(Given):
    """The rules for hand-overs and one-time links (our choice where the policy says nothing).

    `link_days`: how many days a one-time link works where whoever makes it says nothing else. `answer_hours`: after how
    many working hours without an answer a hand-over is late, where its receiver says nothing else.
    """

    link_days: Annotated[int, Field(ge=1, le=MOST_LINK_DAYS)] = 7
    answer_hours: Annotated[float, Field(gt=0, le=1000)] = 8


DEFAULT_HANDOVERS: Final = HandoverPolicy()
