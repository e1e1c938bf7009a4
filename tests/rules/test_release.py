"""What a review may release of a result: the photos that came with it, and no others."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from models.case import Owner
from models.commands import PassReview
from models.enums import OwnerKind, Stage
from models.facts import Aborted, Actor, Body, Completed, Due, Fact, SelfClosed
from models.ids import new_id
from models.messages import command_digest
from rules.result_evidence import result_evidence

ONE, OTHER = "1" * 64, "2" * 64
NOW = datetime(2026, 11, 24, tzinfo=UTC)
OWNER = Owner(kind=OwnerKind.DEPARTMENT, id="fire")
DUE = Due(stage=Stage.REVIEW, limit=timedelta(days=1), source="own", started_at=NOW, due_at=NOW + timedelta(days=1))


def facts(*bodies: Body) -> Sequence[Fact]:
    return [
        Fact(seq=n, at=NOW, actor=Actor(), command_id=new_id(), command="x", digest="0" * 16, version=1, body=body)
        for n, body in enumerate(bodies, 1)
    ]


def completed(*evidence: str) -> Completed:
    return Completed(result="好", evidence=evidence, owner=OWNER, due=DUE)


ABORTED = Aborted(reason="无法继续", owner=OWNER, due=DUE)
ON_THE_SPOT = SelfClosed(result="好", evidence=(ONE,), owner=OWNER, due=DUE)


@pytest.mark.parametrize(
    ("lived", "evidence"),
    [
        ((), ()),
        ((completed(ONE),), (ONE,)),
        ((ON_THE_SPOT,), (ONE,)),
        ((completed(ONE), completed(OTHER)), (OTHER,)),
        ((completed(ONE), completed()), ()),
        ((completed(ONE), ABORTED), ()),
        ((ABORTED, completed(OTHER)), (OTHER,)),
    ],
)
def test_the_evidence_is_of_the_last_result(lived: tuple[Body, ...], evidence: tuple[str, ...]) -> None:
    assert result_evidence(facts(*lived)) == evidence


def test_a_review_that_chooses_no_photo_is_the_command_it_was_before_one_could() -> None:
    """A phone may send again, after an upgrade, what was recorded before it."""
    before = '{"kind":"pass_review","note":"好","evidence":[],"release":false}'
    assert PassReview(note="好").model_dump_json() == before
    assert command_digest(PassReview(note="好")) == command_digest(PassReview.model_validate_json(before))
    assert command_digest(PassReview(note="好", release_photos=(ONE,))) != command_digest(PassReview(note="好"))
