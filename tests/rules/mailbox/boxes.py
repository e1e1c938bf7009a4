"""Mailboxes for tests: one person, moments of a Friday before a make-up Saturday."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from models.enums import Severity
from models.ids import derived_id
from models.mailbox import (
    Arrival,
    Item,
    ItemDetail,
    ItemState,
    MailOutcome,
    MailSettings,
    MessageForm,
    Outgoing,
    Sent,
    Storm,
    Waiting,
)
from models.policy.calendar import Calendar, CalendarYear
from models.policy.notifications import Ground, NotificationPolicy
from models.quiet_hours import QuietHours
from rules.mailbox import Box, decide

ZONE = ZoneInfo("Asia/Shanghai")
#: A Friday; the Saturday after it, 10 October, is a make-up workday, the Sunday is not.
FRIDAY = date(2026, 10, 9)
QUIET = QuietHours.model_validate({"since": "22:00", "until": "07:00"})
_DAY = ["08:30-12:00", "14:00-17:30"]
CALENDAR = Calendar.model_validate(
    {
        "name": "office",
        "week": {day: _DAY for day in ("monday", "tuesday", "wednesday", "thursday", "friday")},
        "makeup": _DAY,
        "years": [CalendarYear(year=2026, workdays=(date(2026, 10, 10),)).model_dump()],
    }
)


def at(clock: str, day: date = FRIDAY) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZONE)


def item(number: int, moment: datetime, **fields: Any) -> Item:
    """An item about the case of that number."""
    detail = {"number": f"C{number:04d}", "what": "step_fired", "severity": Severity.ORDINARY}
    detail |= {name: fields.pop(name) for name in list(fields) if name in ItemDetail.model_fields}
    return Item(
        origin_kind="case",
        origin=derived_id("case", number),
        seq=3,
        at=moment,
        place=fields.pop("place", "A"),
        detail=ItemDetail.model_validate(detail),
        **fields,
    )


def major(number: int, moment: datetime, **fields: Any) -> Item:
    """An item of the policy's minimum."""
    return item(number, moment, ground=Ground.MAJOR_HAZARD, severity=Severity.MAJOR, **fields)


class Mailbox:
    """A mailbox that remembers what it decided, as the tables do."""

    def __init__(
        self,
        *,
        channels: tuple[str, ...] = ("mail", "sms"),
        policy: NotificationPolicy | None = None,
        quiet: QuietHours | None = None,
        **settings: Any,
    ) -> None:
        self.channels = channels
        self.policy = policy or NotificationPolicy()
        self.quiet = quiet
        self.settings = MailSettings(**settings)
        self.items: dict[tuple[UUID, int], Item] = {}
        self.state: dict[tuple[UUID, int], ItemState] = {}
        self.sent: list[tuple[datetime, Outgoing]] = []
        self.storms: tuple[Storm, ...] = ()
        self.outcome = MailOutcome()
        self.wake_at: datetime | None = None

    def add(self, *items: Item) -> None:
        """Put items in; one that is there is changed."""
        for one in items:
            self.items[one.key] = one
            self.state.setdefault(one.key, ItemState.NEW)

    def look(self, now: datetime) -> tuple[Outgoing, ...]:
        """Decide, remember, and return the messages."""
        waits = (ItemState.NEW, ItemState.WAITING)
        box = Box(
            items=tuple(one for key, one in self.items.items() if self.state[key] in waits),
            channels=self.channels,
            policy=self.policy,
            calendar=CALENDAR,
            zone=ZONE,
            settings=self.settings,
            quiet=self.quiet,
            told=self._told(),
            arrivals=tuple(
                Arrival(at=one.at, place=one.place, urgent=one.ground is not None) for one in self.items.values()
            ),
            sent=tuple(self._as_sent(index) for index in range(len(self.sent))),
            storms=self.storms,
        )
        self.outcome = outcome = decide(box, now)
        self.storms = outcome.storms
        for message in outcome.messages:
            self.sent.append((now, message))
            self.state.update(dict.fromkeys(message.told, ItemState.TOLD))
        self.state.update(dict.fromkeys(outcome.waiting, ItemState.WAITING))
        self.state.update(dict.fromkeys(outcome.left, ItemState.LEFT))
        self.wake_at = outcome.wake_at
        return outcome.messages

    def run(self, arrivals: list[Item], until: datetime) -> None:
        """Let items come at their moments, and look then and at every wake-up, until nothing happens before `until`."""
        coming = sorted(arrivals, key=lambda one: one.at)
        while True:
            moments = [coming[0].at] if coming else []
            moments += [self.wake_at] if self.wake_at is not None else []
            if not moments or min(moments) > until:
                return
            now = min(moments)
            while coming and coming[0].at <= now:
                self.add(coming.pop(0))
            self.look(now)

    def waiting(self, one: Item) -> Waiting:
        """Until when an item waits."""
        return self.outcome.waiting[one.key]

    def _told(self) -> tuple[Item, ...]:
        forms = (MessageForm.SINGLE, MessageForm.DIGEST)
        ordinary = [message for _, message in self.sent if not message.urgent and message.form in forms]
        if not ordinary or not ordinary[-1].opening:
            return ()
        return tuple(self.items[key] for key in ordinary[-1].told if self.items[key].standing)

    def _as_sent(self, index: int) -> Sent:
        moment, message = self.sent[index]
        unread = (key for key in message.told if self.items[key].standing and not self.items[key].read)
        return Sent(
            id=derived_id("sent", index),
            at=moment,
            channel=message.channels[0],
            form=message.form,
            urgent=message.urgent,
            opening=message.opening,
            seconded=any(other.repeats == derived_id("sent", index) for _, other in self.sent),
            items=tuple(unread),
        )


def seconds(number: float) -> timedelta:
    """A span."""
    return timedelta(seconds=number)
