"""The stages of a case as people follow them: those that it has been in, and those to come."""

from collections.abc import Iterable

from models.enums import Stage

#: The stage that a case comes to by a fact of each kind, where it is there for the first time.
_ENTERED_BY = {
    "accepted": Stage.DISPATCH, "dispatched": Stage.HANDLE, "completed": Stage.REVIEW, "aborted": Stage.REVIEW,
    "self_closed": Stage.REVIEW,
}  # fmt: skip


def course_of(stage: Stage, kinds: Iterable[str]) -> tuple[Stage, ...]:
    """Return the stages of a case that is at `stage` and has facts of these kinds, in order: without those that it was
    never in, as a case that was rejected, or settled on the spot."""
    been = {Stage.RECEIVE, stage} | {_ENTERED_BY[kind] for kind in kinds if kind in _ENTERED_BY}
    order = list(Stage)
    return tuple(one for one in order if one in been or order.index(one) > order.index(stage))
