"""The commands of people as actions on a page: which stand out, by which key, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.life_cycle import HUMAN_COMMANDS

#: What stands out when it is allowed, in this order; the rest waits under 更多.
MAIN = (
    "grant_return", "refuse_return", "grant_extension", "refuse_extension", "grant_suspension", "refuse_suspension",
    "grant_reopen", "refuse_reopen", "decide_appeal", "answer_urge", "accept", "reject", "request_info", "supply_info",
    "dispatch", "claim", "complete", "pass_review", "fail_review", "resume", "respond", "report_progress", "transfer",
    "return", "request_extension", "request_suspension", "acknowledge", "urge", "comment", "rate", "request_reopen",
    "appeal",
)  # fmt: skip
KEYS = {
    "claim": "c", "comment": "n", "complete": "f", "transfer": "t", "request_extension": "e", "return": "r",
    "request_suspension": "h", "dispatch": "d", "accept": "y", "pass_review": "p", "urge": "w",
}  # fmt: skip
#: Which form is open when the page is: the step that the case waits for.
_EXPECTED = (
    "grant_return", "grant_extension", "grant_suspension", "grant_reopen", "decide_appeal", "answer_urge",
    "supply_info", "accept", "dispatch", "pass_review", "resume", "respond",
)  # fmt: skip
#: Given by one press: there is nothing to fill in.
DIRECT = frozenset({"claim"})
#: What may be taken back at once, and by which command.
UNDO = {"claim": "release"}
#: Commands that a change by somebody else in between does no harm to.
WITHOUT_REVISION = frozenset(
    {"comment", "attach", "acknowledge", "report_progress", "urge", "answer_urge", "rate", "respond"}
)
#: Pressed by mistake, these are hard to mend: they look like it.
GRAVE = frozenset({"reject", "void", "abort", "fail_review", "withdraw", "merge"})


@dataclass(frozen=True)
class Actions:
    """What the reader may do now: the main ones and the rest."""

    main: tuple[str, ...]
    more: tuple[str, ...]


def sort_actions(allowed: Sequence[str]) -> Actions:
    """Sorts the commands that are allowed."""
    return Actions(
        main=tuple(name for name in MAIN if name in allowed),
        more=tuple(name for name in HUMAN_COMMANDS if name in allowed and name not in MAIN),
    )


def first_step(allowed: Sequence[str], *, mine: bool) -> str | None:
    """The action whose form is open at first; completing only for who has claimed the case."""
    if mine and "complete" in allowed:
        return "complete"
    return next((name for name in _EXPECTED if name in allowed), None)
