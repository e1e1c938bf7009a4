"""Quiet hours (免打扰), in which notices that can wait are held back. Urgent ones always pass."""

from datetime import datetime, timedelta

from pydantic import model_validator

from models.base import Given, WallTime, fault


class QuietHours(Given):
    """From `since` up to, not including, `until` each day, local time; over midnight when `until` is the earlier time.

    Raises ValueError when both are the same: that could mean the whole day or none of it.
    """

    since: WallTime
    until: WallTime

    @model_validator(mode="after")
    def _some_length(self) -> "QuietHours":
        if self.since == self.until:
            raise fault("免打扰的开始与结束相同", "quiet hours begin and end at the same time")
        return self

    @property
    def minutes(self) -> int:
        """How long they are."""
        since, until = (one.hour * 60 + one.minute for one in (self.since, self.until))
        return (until - since) % (24 * 60)

    def holds(self, local: datetime) -> bool:
        """Whether `local`, a moment in the reader's zone, is in the quiet hours."""
        at = local.time()
        if self.since < self.until:
            return self.since <= at < self.until
        return at >= self.since or at < self.until

    def end(self, local: datetime) -> datetime | None:
        """The end of the quiet hours that contain `local`, in the same zone; None when it is in none."""
        if not self.holds(local):
            return None
        day = local.date() if local.time() < self.until else local.date() + timedelta(days=1)
        return datetime.combine(day, self.until, local.tzinfo)
