"""免打扰: hours in which nothing calls for somebody's attention that can wait. Pure; what is urgent always passes."""

from datetime import datetime, time, timedelta

from pydantic import model_validator

from models.base import Frozen


class QuietHours(Frozen):
    """From `since` to `until` each day, local time, `until` not included; past midnight where it ends before it begins.

    Raises ValueError where both are the same: that could mean the whole day or none of it.
    """

    since: time
    until: time

    @model_validator(mode="after")
    def _some_length(self) -> "QuietHours":
        if self.since == self.until:
            raise ValueError("quiet hours begin and end at the same time")
        return self

    def holds(self, local: datetime) -> bool:
        """Whether it is quiet at that moment, told in the reader's zone."""
        at = local.time()
        if self.since < self.until:
            return self.since <= at < self.until
        return at >= self.since or at < self.until

    def end(self, local: datetime) -> datetime | None:
        """When the quiet that holds at that moment is over, in the same zone; None when it does not hold."""
        if not self.holds(local):
            return None
        day = local.date() if local.time() < self.until else local.date() + timedelta(days=1)
        return datetime.combine(day, self.until, local.tzinfo)
