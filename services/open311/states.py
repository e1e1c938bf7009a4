"""The states of a case as others name them: open or closed, a phrase for people, and the words of mySociety."""

from models.case import Case
from models.enums import Outcome, Stage
from models.facts import Body, Closed
from services.public.progress import OUTCOME_TEXTS

OPEN, CLOSED = "open", "closed"

#: What an open case waits for, in words that anybody may read.
_STAGE_TEXTS: dict[Stage, tuple[str, str]] = {
    Stage.RECEIVE: ("等待受理", "Waiting to be accepted"),
    Stage.DISPATCH: ("已受理,待派遣", "Accepted, waiting to be assigned"),
    Stage.HANDLE: ("办理中", "Being worked on"),
    Stage.REVIEW: ("办理完毕,核查中", "Done, being checked"),
}
_SUSPENDED = ("暂缓办理", "Postponed")

#: What a fact makes of a case, in the words of `servicerequestupdates` (mySociety); others leave it in progress.
_WORDS: dict[str, str] = {
    "received": "OPEN", "sent_back": "OPEN", "reopened": "OPEN", "unmerged": "OPEN", "accepted": "INVESTIGATING",
    "verification_requested": "INVESTIGATING", "verification_reported": "INVESTIGATING",
    "dispatched": "ACTION_SCHEDULED", "redispatched": "ACTION_SCHEDULED", "transferred": "ACTION_SCHEDULED",
    "suspension_granted": "PLANNED", "reopen_requested": "CLOSED", "reopen_refused": "CLOSED", "rated": "CLOSED",
}  # fmt: skip
_ENDS: dict[Outcome, str] = {
    Outcome.SOLVED: "FIXED",
    Outcome.MERGED: "DUPLICATE",
    Outcome.REJECTED: "NO_FURTHER_ACTION",
    Outcome.ABORTED: "NO_FURTHER_ACTION",
    Outcome.WITHDRAWN: "CANCELLED",
    Outcome.VOIDED: "CANCELLED",
}


def status_of(case: Case) -> str:
    """Return `open` for every case that is not closed."""
    return CLOSED if case.stage is Stage.CLOSED else OPEN


def phrase_of(case: Case, language: str, lead: Case | None = None) -> str:
    """Return where the case stands, in words that anybody may read; of a merged case with a `lead`, where that does."""
    if lead is not None:
        with_, where = phrase_of(case, language), phrase_of(lead, language)
        return f"{with_}: {where}" if language.startswith("en") else f"{with_}:{where}"
    if case.outcome is not None and case.stage is Stage.CLOSED:
        texts = OUTCOME_TEXTS[case.outcome]
    else:
        texts = _SUSPENDED if case.suspended_until is not None else _STAGE_TEXTS[case.stage]
    return texts[1 if language.startswith("en") else 0]


def word_after(body: Body, *, followed: bool = False) -> str:
    """Return the word for the state in which a fact leaves the case. `followed`: a merged case shows the progress of
    the one that it is handled with, so that the merge does not end it."""
    if followed and isinstance(body, Closed) and body.outcome is Outcome.MERGED:
        return "IN_PROGRESS"
    return _ENDS[body.outcome] if isinstance(body, Closed) else _WORDS.get(body.kind, "IN_PROGRESS")
