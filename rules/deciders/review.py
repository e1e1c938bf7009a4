"""核查: never by the one who handled it."""

from collections.abc import Sequence

from models.case import Case
from models.commands import FailReview, PassReview
from models.context import Context
from models.enums import Outcome, Stage
from models.errors import NotOfTheResult, ReviewerHandledIt
from models.facts import Body, ReviewFailed, ReviewPassed
from rules.deciders.common import Move, actor, closing, department_owner, due_for, require_attachments


def pass_review(case: Case, cmd: PassReview, ctx: Context) -> Sequence[Body]:
    """Raises ReviewerHandledIt, NotOfTheResult."""
    _require_independence(case, ctx)
    require_attachments(ctx, "/evidence")
    for sha256 in cmd.release_photos:
        if sha256 not in ctx.result_photos:
            raise NotOfTheResult(sha256=sha256, pointer="/release_photos")
    outcome = Outcome.ABORTED if case.aborted else Outcome.SOLVED
    passed = ReviewPassed(
        note=cmd.note, evidence=cmd.evidence, released=cmd.release, released_photos=cmd.release_photos
    )
    return [passed, closing(outcome, cmd.note, ctx)]


def fail_review(case: Case, cmd: FailReview, ctx: Context) -> Sequence[Body]:
    """返工: to the host, or to dispatch when there was none (settled on the spot); the next round begins."""
    _require_independence(case, ctx)
    require_attachments(ctx, "/evidence")
    to_stage = Stage.HANDLE if case.host else Stage.DISPATCH
    owner = department_owner(case.host) if case.host else case.desk
    return [
        ReviewFailed(
            reason=cmd.reason,
            evidence=cmd.evidence,
            to_stage=to_stage,
            owner=owner,
            due=due_for(case, to_stage, ctx),
        )
    ]


def _require_independence(case: Case, ctx: Context) -> None:
    if actor(ctx).id in case.handled_by:
        raise ReviewerHandledIt()


MOVES: dict[str, Move] = {"pass_review": pass_review, "fail_review": fail_review}
