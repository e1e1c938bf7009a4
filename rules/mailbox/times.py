"""When an ordinary message may be sent: after quiet hours, under the caps, after the digest interval."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from models.mailbox import MessageForm, Waiting, Why
from models.policy.notifications import Cap
from rules.deadlines.working_time import timetable
from rules.mailbox.box import Box

#: How often a moment is moved on at most. Quiet hours and caps alternate a few times, never for ever.
_ROUNDS = 50


def quiet_end(box: Box, at: datetime) -> datetime | None:
    """Return the end of the quiet time that holds `at`; None when it is not quiet.

    Where the person has days of rest quiet, these go on to the end of the quiet hours of the next working day. A
    make-up workday is a working day.
    """
    days, quiet = timetable(box.calendar), box.quiet
    local = at.astimezone(box.zone)
    moved = False
    for _ in range(_ROUNDS):
        end = None if quiet is None else quiet.end(local)
        if end is not None:
            local, moved = end, True
        if not box.settings.rest_days or days.is_workday(local.date()):
            if end is None or (quiet is not None and not quiet.holds(local)):
                break
            continue
        opens = time() if quiet is None or quiet.since < quiet.until else quiet.until
        local, moved = datetime.combine(days.workday_after(local.date(), 1), opens, box.zone), True
    return local.astimezone(UTC) if moved else None


def cap_opens(caps: Iterable[Cap], sent: Sequence[datetime], at: datetime) -> datetime:
    """Return the first moment from `at` on at which one more message keeps every cap, after messages `sent`."""
    moment = at
    for _ in range(_ROUNDS):
        opens = moment
        for cap in caps:
            window = timedelta(minutes=cap.minutes)
            within = sorted(one for one in sent if moment - window < one <= moment)
            if len(within) >= cap.most:
                opens = max(opens, within[-cap.most] + window)
        if opens == moment:
            break
        moment = opens
    return moment


def sendable(box: Box, ready: datetime, now: datetime, why: Why, *, more: int = 0, digest: bool = True) -> Waiting:
    """Return from when an ordinary message may be sent that could otherwise be sent at `ready`, and what it waits for.

    `why`: what keeps it until `ready`. `more`: how many messages go out at `now` besides. `digest`: whether the digest
    interval holds for it.
    """
    moment, reason = max(ready, now), why
    if digest and (after := after_last(box)) is not None and after > moment:
        moment, reason = after, Why.DIGEST
    caps = box.policy.caps_of(box.kinds.get(box.channels[0], box.channels[0]))
    sent = [*(one.at for one in box.sent if one.channel == box.channels[0]), *([now] * more)]
    for _ in range(_ROUNDS):
        end = quiet_end(box, moment)
        if end is not None and end > moment:
            moment, reason = end, Why.QUIET
        opens = cap_opens(caps, sent, moment)
        if opens == moment:
            break
        moment, reason = opens, Why.CAP
    return Waiting(until=moment, why=reason)


def after_last(box: Box) -> datetime | None:
    """When the digest interval after the last ordinary message ends; None when there was none."""
    forms = (MessageForm.SINGLE, MessageForm.DIGEST, MessageForm.SUMMARY)
    ordinary = [one.at for one in box.sent if not one.urgent and one.form in forms]
    return max(ordinary) + box.digest if ordinary and box.digest else None
