"""Values that several facts share."""

from datetime import timedelta

from models.base import Instant, Kept
from models.enums import Stage
from models.plan import Plan
from models.policy.limits import Limit


class Explanation(Kept):
    """The rule that made a choice, and the reason as text for people."""

    rule: str
    zh: str
    en: str


class Due(Kept):
    """A clock that starts: its limit, the limit's source, and the deadline.

    `stage` None is the clock of the whole case. `limit` is the time between start and deadline as `terms` counts
    it: working time or natural time.
    """

    stage: Stage | None
    limit: timedelta
    source: str
    started_at: Instant
    due_at: Instant
    terms: Limit | None = None
    plan: Plan | None = None


class Retimed(Kept):
    """A recomputed clock, with its deadline before and after (None while it is stopped).

    `renews`: the old deadline had passed and the new one has not; the missed one stays on record.
    """

    stage: Stage | None
    limit: timedelta
    terms: Limit
    old_due_at: Instant | None
    due_at: Instant | None
    plan: Plan | None = None
    renews: bool = False
