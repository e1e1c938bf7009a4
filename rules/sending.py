"""When an attempt of a send is repeated on the same channel."""

from dataclasses import dataclass
from typing import Final

from models.sends import Outcome

#: By how much the pause grows from one failure to the next (our choice).
GROWTH: Final = 3.0
#: Seconds to wait for a far side that takes nothing more for now and does not say for how long (our choice).
LIMITED_PAUSE: Final = 30.0
#: The least pause before a far side that is limited is asked again, in seconds and as a part of what was waited for it
#: already (our choice): one that always says "at once" is asked some hundred times, not without end.
LEAST_PAUSE: Final = 1.0
LEAST_PART: Final = 0.01


@dataclass(frozen=True)
class Patience:
    """How long one channel is tried: `attempts` that may fail, seconds between the first two, the most between two, and
    the most that a far side may make us wait in all.

    `repeats`: whether it is tried again after an answer was lost, although the message may have arrived.
    """

    attempts: int
    first_wait: float
    longest_wait: float
    longest_limit: float
    repeats: bool


def again_in(outcome: Outcome, patience: Patience, *, tried: int, waited: float, told: float | None) -> float | None:
    """Return in how many seconds the channel is tried again; None: it is not.

    `tried`: failures before this attempt. `waited`: seconds waited because it was limited. `told`: the seconds that the
    far side asked for (`Retry-After`).
    """
    match outcome:
        case Outcome.LIMITED:
            pause = LIMITED_PAUSE if told is None else max(told, LEAST_PAUSE, waited * LEAST_PART)
            return pause if waited + pause <= patience.longest_limit else None
        case Outcome.UNCLEAR if not patience.repeats:
            return None
        case Outcome.FAILED | Outcome.UNCLEAR:
            if tried + 1 >= patience.attempts:
                return None
            pause = min(patience.first_wait * GROWTH**tried, patience.longest_wait)
            return pause if told is None else min(max(pause, told), max(patience.longest_wait, patience.longest_limit))
        case _:
            return None
