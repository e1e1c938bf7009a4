"""What a policy says about referral desks. Every default is our choice."""

from typing import Annotated

from pydantic import Field

from models.base import Given


class ReferralPolicy(Given):
    """`outcome_hours`: how long after a slot its outcome may be recorded before its absence climbs the ladder;
    `ahead_days`: how far ahead a slot can be booked; `public_days`: how many days the public page shows."""

    outcome_hours: Annotated[float, Field(ge=0, le=24 * 30)] = 24
    ahead_days: Annotated[int, Field(ge=1, le=366)] = 60
    public_days: Annotated[int, Field(ge=1, le=90)] = 14
