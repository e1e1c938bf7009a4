"""What a decision of a mailbox rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from models.mailbox import Arrival, Item, MailSettings, Sent, Storm
from models.policy.calendar import Calendar
from models.policy.notifications import NotificationPolicy
from models.quiet_hours import QuietHours

#: Messages from before are no longer looked at: no cap counts longer, and nothing is repeated later.
SENT_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Box:
    """The mailbox of one person as it is read.

    `items`: what waits; `told`: what the message has told that began the running digest interval, and still stands;
    `arrivals`: everything that came lately; `sent`: messages of `SENT_KEPT`; `channels`: in the person's order, only
    those that can be used, and `kinds` their kinds; `calendar`: which days are days of rest.
    """

    items: tuple[Item, ...]
    channels: tuple[str, ...]
    policy: NotificationPolicy
    calendar: Calendar
    zone: ZoneInfo
    settings: MailSettings
    quiet: QuietHours | None = None
    told: tuple[Item, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    sent: tuple[Sent, ...] = ()
    storms: tuple[Storm, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> timedelta:
        """How long after an ordinary message the next one may be sent."""
        chosen = self.settings.digest_minutes
        least = self.policy.digest_minutes if chosen is None else min(chosen, self.policy.longest_digest_minutes)
        return timedelta(minutes=least)

    def is_urgent(self, item: Item) -> bool:
        """Whether the policy's minimum holds for the item: it passes all that the person chose."""
        return item.ground is not None and item.ground in self.policy.minimum
