"""The stages that a case is shown to go through."""

import pytest

from models.enums import Stage
from services.cases.course import course_of

RECEIVE, DISPATCH, HANDLE, REVIEW, CLOSED = Stage


@pytest.mark.parametrize(
    ("stage", "kinds", "course"),
    [
        (RECEIVE, ("received",), tuple(Stage)),
        (CLOSED, ("received", "closed"), (RECEIVE, CLOSED)),  # rejected, merged, withdrawn
        (REVIEW, ("received", "self_closed"), (RECEIVE, REVIEW, CLOSED)),
        (CLOSED, ("received", "accepted", "closed"), (RECEIVE, DISPATCH, CLOSED)),  # voided
        (CLOSED, ("received", "accepted", "dispatched", "completed", "review_passed", "closed"), tuple(Stage)),
        (DISPATCH, ("received", "self_closed", "closed", "reopened"), (RECEIVE, DISPATCH, HANDLE, REVIEW, CLOSED)),
        (HANDLE, ("received", "accepted", "dispatched", "completed", "review_failed"), tuple(Stage)),
    ],
)
def test_a_case_is_shown_in_no_stage_that_it_never_was_in(
    stage: Stage, kinds: tuple[str, ...], course: tuple[Stage, ...]
) -> None:
    assert course_of(stage, kinds) == course
