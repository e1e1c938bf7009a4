"""How each command can be taken back: decided here, command by command, for case page, intake desk and queue.

A mistake is noticed within seconds. Most commands can't be undone once they are facts, so the page holds them back for
some seconds before it sends them, as mail programs do (`web/ui/desk/held.ts`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from rules.life_cycle import HUMAN_COMMANDS


class Way(StrEnum):
    """How a command is taken back."""

    HOLD = "hold"
    """It is sent some seconds later; until then it can be taken back, and nothing has happened."""
    REVERSE = "reverse"
    """It is sent at once, because others compete for it; the receipt offers the command that undoes it."""
    ASK = "ask"
    """It is sent at once, after a question: there is no time to hold it."""
    NOW = "now"
    """It is sent at once: it binds nobody, takes back something itself, or its moment counts."""


#: The commands with a true opposite that leaves everything as it was.
REVERSES: Mapping[str, str] = {"claim": "release"}
_AT_ONCE = frozenset({"respond", "acknowledge", "release", "retract", "refuse_void", "rate", "unmask"})
#: Sent after a question where they can't be held: without scripts, and where a person has switched holding off.
HEAVY = frozenset({"reject", "void", "abort", "withdraw", "merge", "fail_review", "unmerge", "split", "erase_reporter"})
#: What each command is, before the time left is looked at.
WAYS: Mapping[str, Way] = {
    name: Way.REVERSE if name in REVERSES else Way.NOW if name in _AT_ONCE else Way.HOLD for name in HUMAN_COMMANDS
}
#: A command that could come too late for the deadline is not held back.
NO_HOLD_BEFORE = timedelta(minutes=1)
#: For how many seconds commands may be held back, by the reader's choice; 0 switches it off.
HOLD_CHOICES = (0, 5, 10, 20)
HOLD_SECONDS = 10


def way_of(command: str, due_at: datetime | None, now: datetime, hold_seconds: int) -> Way:
    """How `command` is taken back on a case that is due at `due_at`, by a reader who holds for `hold_seconds`."""
    way = WAYS[command]
    if way is not Way.HOLD:
        return way
    pressing = due_at is not None and now <= due_at <= now + NO_HOLD_BEFORE
    if hold_seconds and not pressing:
        return Way.HOLD
    return Way.ASK if command in HEAVY else Way.NOW


def must_confirm(command: str, then_host: str) -> bool:
    """Whether a form sent without scripts is answered with a question first. `then_host`: of 受理并派遣."""
    return command in HEAVY or bool(then_host)
