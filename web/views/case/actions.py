"""Commands as actions on a page: which are prominent, their order and their keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.life_cycle import HUMAN_COMMANDS

#: The prominent actions, in this order; all others are under 更多.
MAIN = (
    "grant_return", "refuse_return", "grant_transfer", "refuse_transfer", "grant_extension", "refuse_extension",
    "grant_suspension", "refuse_suspension", "grant_reopen", "refuse_reopen", "refuse_void", "decide_appeal",
    "answer_urge", "report_verification", "supply_info", "accept", "reject", "request_verification", "request_info",
    "dispatch", "send_back", "claim", "complete", "pass_review", "fail_review", "resume", "respond", "report_progress",
    "transfer", "return", "request_extension", "request_suspension", "acknowledge", "redispatch", "recall", "urge",
    "comment", "rate", "request_reopen", "appeal",
)  # fmt: skip
KEYS = {
    "claim": "c", "comment": "n", "complete": "f", "transfer": "t", "request_extension": "e", "return": "r",
    "request_suspension": "h", "dispatch": "d", "accept": "y", "pass_review": "p", "urge": "w",
}  # fmt: skip
#: The step that the case waits for, by priority: its form is open when the page opens.
_EXPECTED = (
    "grant_return", "grant_transfer", "grant_extension", "grant_suspension", "grant_reopen", "decide_appeal",
    "pass_review", "answer_urge", "report_verification", "supply_info", "accept", "dispatch", "resume", "respond",
)  # fmt: skip
#: Commands sent by one click: they have nothing to fill in.
DIRECT = frozenset({"claim"})
#: Commands sent without a revision: a change by somebody else in between does not matter to them.
WITHOUT_REVISION = frozenset((
    "comment", "attach", "acknowledge", "report_progress", "urge", "answer_urge", "cancel_urge", "rate", "respond",
    "report_verification", "retract",
))  # fmt: skip
#: Commands that are hard to undo: their buttons look different.
GRAVE = frozenset({"erase_reporter", "reject", "void", "abort", "fail_review", "withdraw", "merge"})


@dataclass(frozen=True)
class Actions:
    """The commands that the reader may give now: the prominent ones and the rest."""

    main: tuple[str, ...]
    more: tuple[str, ...]


def sort_actions(allowed: Sequence[str]) -> Actions:
    """Sort the offered commands into prominent ones and the rest; `void` is prominent while a proposal waits."""
    confirms = ("void",) if "void" in allowed and "refuse_void" in allowed else ()
    main = (*confirms, *(name for name in MAIN if name in allowed))
    return Actions(main=main, more=tuple(name for name in HUMAN_COMMANDS if name in allowed and name not in main))


def first_step(allowed: Sequence[str], *, mine: bool) -> str | None:
    """The command whose form is open at first; `complete` only for the person who has claimed the case (`mine`)."""
    if mine and "complete" in allowed:
        return "complete"
    return next((name for name in _EXPECTED if name in allowed), None)
