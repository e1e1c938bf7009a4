"""Storms: so much at once that one summary says more than many messages."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from models.mailbox import Arrival, Item, Storm
from models.policy.notifications import StormRule

_MINUTE = timedelta(minutes=1)


def find_storms(rule: StormRule, known: Iterable[Storm], arrivals: Iterable[Arrival], now: datetime) -> list[Storm]:
    """Return the storms that go on or have begun, by what came; those that ended a while ago are left out.

    An excess during a storm prolongs it. Asked again with the same arrivals, the answer is the same.
    """
    lasts = timedelta(minutes=rule.lasts_minutes)
    storms = [storm for storm in known if storm.until(lasts) + lasts > now]
    came = sorted(arrivals, key=lambda one: one.at)
    groups: dict[tuple[str, bool], list[datetime]] = defaultdict(list)
    for one in came:
        groups[one.place, one.urgent].append(one.at)
    window = timedelta(minutes=rule.window_minutes)
    for (place, urgent), moments in groups.items():
        for began, noticed, last in _excesses(moments, rule.items, _MINUTE):
            _note(storms, Storm(place=place, urgent=urgent, began=began, noticed=noticed, last=last), lasts)
    # What one place explains is no storm of all places: it would hold back what comes from elsewhere.
    of_places = [storm for storm in storms if storm.place and not storm.urgent]
    elsewhere = [one.at for one in came if not one.urgent and not any(_holds(s, one, lasts) for s in of_places)]
    for began, noticed, last in _excesses(elsewhere, rule.window_items, window):
        _note(storms, Storm(place="", began=began, noticed=noticed, last=last), lasts)
    return storms


def _holds(storm: Storm, one: Arrival, lasts: timedelta) -> bool:
    return storm.place == one.place and storm.began <= one.at <= storm.until(lasts)


def storm_of(storms: Iterable[Storm], rule: StormRule, item: Item, *, urgent: bool) -> int | None:
    """Return the index of the storm in which the item came; None when it came in none."""
    lasts = timedelta(minutes=rule.lasts_minutes)
    for index, storm in enumerate(storms):
        fits = storm.urgent == urgent and storm.place in (item.place, "")
        if fits and storm.began <= item.at <= storm.until(lasts):
            return index
    return None


def summary_due(rule: StormRule, storm: Storm, last: datetime) -> datetime:
    """Return when the summary of a storm is due whose last item came at `last`."""
    settled = last + timedelta(seconds=rule.settle_seconds)
    return min(settled, (storm.noticed or storm.began) + timedelta(seconds=rule.settle_most_seconds))


def _excesses(moments: list[datetime], most: int, window: timedelta) -> Iterator[tuple[datetime, datetime, datetime]]:
    """Yield runs in which more than `most` came within `window`: the first moment of each run, that at which there were
    too many, and the last."""
    began: datetime | None = None
    noticed: datetime | None = None
    last: datetime | None = None
    for index in range(most, len(moments)):
        if moments[index] - moments[index - most] >= window:
            continue
        first = moments[index - most]
        if last is None or first > last:
            if began is not None and noticed is not None and last is not None:
                yield began, noticed, last
            began, noticed = first, moments[index]
        last = moments[index]
    if began is not None and noticed is not None and last is not None:
        yield began, noticed, last


def _note(storms: list[Storm], found: Storm, lasts: timedelta) -> None:
    """Put a run of excess into the storm that it prolongs, else among them as a new one."""
    for index, storm in enumerate(storms):
        same = (storm.place, storm.urgent) == (found.place, found.urgent)
        if same and found.began <= storm.until(lasts) and storm.began <= found.last:
            known = storm.noticed or found.noticed
            noticed = known if found.noticed is None or known is None else min(known, found.noticed)
            storms[index] = storm.model_copy(
                update={
                    "last": max(storm.last, found.last), "began": min(storm.began, found.began), "noticed": noticed,
                }
            )  # fmt: skip
            return
    storms.append(found)
