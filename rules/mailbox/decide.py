"""The decision of a mailbox: what to send now, what waits until when and why, when to look again.

Order: what has nothing to tell any more is left; what came in a storm waits for its summary; the policy's minimum goes
out at once; the rest waits for the first moment at which the person may be told, and then goes out together.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from models.enums import Severity
from models.mailbox import Item, ItemKey, MailOutcome, MessageForm, Mute, Outgoing, Sent, Storm, Waiting, Why
from rules.mailbox.box import Box
from rules.mailbox.storms import find_storms, storm_of, summary_due
from rules.mailbox.times import after_last, quiet_end, sendable

#: How many items a summary names: the worst (our choice).
WORST = 5
_SEVERITIES = tuple(Severity)


def decide(box: Box, now: datetime) -> MailOutcome:
    """Decide at `now`; see the module."""
    return _Decision(box, now).outcome()


def worst_first(items: Iterable[Item]) -> list[Item]:
    """Return the items with the worst first: the minimum, the severity, the level that it reached, the deadline."""

    def rank(item: Item) -> tuple[bool, int, int, float, str, int]:
        severity = -1 if item.detail.severity is None else _SEVERITIES.index(item.detail.severity)
        level = 9 if item.detail.level is None else item.detail.level
        due = float("inf") if item.detail.due_at is None else item.detail.due_at.timestamp()
        return item.ground is None, -severity, level, due, item.detail.number, item.seq

    return sorted(items, key=rank)


class _Decision:
    def __init__(self, box: Box, now: datetime) -> None:
        self._box = box
        self._now = now
        self._messages: list[Outgoing] = []
        self._waiting: dict[ItemKey, Waiting] = {}
        self._left: dict[ItemKey, Why] = {}
        self._moments: list[datetime] = []
        self._storms = find_storms(box.policy.storm, box.storms, box.arrivals, now)

    def outcome(self) -> MailOutcome:
        rest = [item for item in self._box.items if not self._leave(item)]
        rest = self._summaries(rest)
        self._urgent([item for item in rest if self._box.is_urgent(item)])
        self._ordinary([item for item in rest if not self._box.is_urgent(item)])
        unread_for = (self._unread_for(urgent=message.urgent) for message in self._messages)
        self._moments += [self._now + wait for wait in unread_for if wait is not None]
        for sent in self._box.sent:
            self._repeat(sent)
        self._moments += [waiting.until for waiting in self._waiting.values()]
        return MailOutcome(
            messages=tuple(self._messages),
            waiting=self._waiting,
            left=self._left,
            storms=tuple(self._storms),
            wake_at=min(self._moments, default=None),
        )

    def _leave(self, item: Item) -> bool:
        """Leave an item on the pages that has nothing to tell any more, or nobody to tell it by."""
        why = None
        if not item.standing:
            why = Why.DONE
        elif item.read:
            why = Why.READ
        elif not item.visible:
            why = Why.HIDDEN
        elif not self._box.channels:
            why = Why.NO_CHANNEL
        elif not self._box.is_urgent(item) and not self._box.settings.on:
            why = Why.OFF
        if why is not None:
            self._left[item.key] = why
        return why is not None

    # --- storms ---------------------------------------------------------------------------------------------------

    def _summaries(self, items: list[Item]) -> list[Item]:
        """Send or await the summary of each storm; return the items that came in none."""
        rule = self._box.policy.storm
        inside: dict[int, list[Item]] = {}
        outside = []
        for item in items:
            index = storm_of(self._storms, rule, item, urgent=self._box.is_urgent(item))
            if index is None:
                outside.append(item)
            elif self._storms[index].summary is not None:
                self._left[item.key] = Why.STORM
            else:
                inside.setdefault(index, []).append(item)
        for index, found in inside.items():
            self._summarise(index, self._storms[index], found)
        return outside

    def _summarise(self, index: int, storm: Storm, items: list[Item]) -> None:
        due = Waiting(until=summary_due(self._box.policy.storm, storm, max(item.at for item in items)), why=Why.STORM)
        if not storm.urgent:
            due = sendable(self._box, due.until, self._now, Why.STORM, more=len(self._messages), digest=False)
        if due.until > self._now:
            self._waiting.update(dict.fromkeys((item.key for item in items), due))
            return
        self._storms[index] = storm.model_copy(update={"summary": self._now})
        self._messages.append(
            Outgoing(
                form=MessageForm.SUMMARY,
                urgent=storm.urgent,
                channels=self._box.channels,
                named=tuple(item.key for item in worst_first(items)[:WORST]),
                told=tuple(item.key for item in items),
                count=len(items),
                place=storm.place,
            )
        )

    # --- messages -------------------------------------------------------------------------------------------------

    def _urgent(self, items: list[Item]) -> None:
        """Send at once, in one message, what the policy's minimum names."""
        if items:
            self._send(worst_first(items), items, urgent=True)

    def _ordinary(self, items: list[Item]) -> None:
        """Send together what may be told now, or let it wait for the first moment at which it may."""
        gather = timedelta(seconds=self._box.policy.gather_seconds)
        free = []
        for item in items:
            mute = self._mute_of(item)
            if mute is None:
                free.append(item)
            elif mute.until is None:
                self._left[item.key] = Why.MUTED
            else:
                self._waiting[item.key] = Waiting(until=mute.until, why=Why.MUTED)
        if not free:
            return
        ready = min(item.at for item in free) + gather
        moment = sendable(self._box, ready, self._now, Why.GATHERING, more=len(self._messages))
        if moment.until > self._now:
            self._waiting.update(dict.fromkeys((item.key for item in free), moment))
            return
        told_before = [item for item in self._box.told if item.key not in {one.key for one in free}]
        named = sorted((*told_before, *free), key=lambda item: (item.at, item.detail.number))
        self._send(named, free, urgent=False, opening=self._opens(ready))

    def _opens(self, ready: datetime) -> bool:
        """Whether a message of what was ready then begins a digest interval: nothing had to wait for it."""
        after = after_last(self._box)
        begins = bool(self._box.digest) and (after is None or after <= ready)
        return begins and self._now - ready <= timedelta(minutes=1)

    def _send(self, named: list[Item], told: list[Item], *, urgent: bool, opening: bool = False) -> None:
        self._messages.append(
            Outgoing(
                form=MessageForm.SINGLE if len(named) == 1 else MessageForm.DIGEST,
                urgent=urgent,
                channels=self._box.channels,
                named=tuple(item.key for item in named),
                told=tuple(item.key for item in told),
                count=len(named),
                opening=opening,
            )
        )

    def _mute_of(self, item: Item) -> Mute | None:
        """The mute that holds the item back; of several the one that lasts longest."""
        found = [
            mute
            for mute in self._box.settings.mutes
            if (mute.until is None or mute.until > self._now)
            and mute.number in (None, item.detail.number)
            and mute.what in (None, item.detail.what)
        ]
        return max(found, key=lambda mute: (mute.until is None, mute.until or self._now), default=None)

    # --- the second channel ---------------------------------------------------------------------------------------

    def _unread_for(self, *, urgent: bool) -> timedelta | None:
        """How long a message may be unread until it goes out by the next channel; None: it never does."""
        minutes = self._box.settings.second_minutes
        if urgent:
            least = self._box.policy.second_minutes
            minutes = least if minutes is None else min(minutes, least)
        return None if minutes is None or len(self._box.channels) < 2 else timedelta(minutes=minutes)

    def _repeat(self, sent: Sent) -> None:
        """Send by the next channel what was told and is unread after its time, or await that moment."""
        wait = self._unread_for(urgent=sent.urgent)
        if sent.seconded or sent.form is MessageForm.SECOND or not sent.items or wait is None:
            return
        due = sent.at + wait
        if not sent.urgent and (end := quiet_end(self._box, max(due, self._now))) is not None:
            due = max(due, end)
        if due > self._now:
            self._moments.append(due)
            return
        first = self._box.channels.index(sent.channel) if sent.channel in self._box.channels else 0
        after = self._box.channels[first + 1 :] + self._box.channels[:first]
        self._messages.append(
            Outgoing(
                form=MessageForm.SECOND,
                urgent=sent.urgent,
                channels=after,
                named=sent.items,
                told=(),
                count=len(sent.items),
                repeats=sent.id,
            )
        )
