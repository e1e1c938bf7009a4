"""When a difference is a finding: the same kinds at three looks in a row."""

from datetime import timedelta

import pytest

from activities.auditing import looking
from activities.auditing.looking import confirmed
from models.jobs.audit import Drift, Finding

MISSING, BEHIND, RECOUNT = Drift.WORKFLOW_MISSING, Drift.ROW_BEHIND, Drift.RECOUNT_PENDING


@pytest.mark.parametrize(
    ("seen", "left", "looks"),
    [
        ([None], None, 1),
        ([MISSING, None], None, 2),
        ([MISSING, MISSING, None], None, 3),
        ([MISSING, MISSING, MISSING], MISSING, 3),
        # A repair in another process: the row was read before it, and its workflow asked after it.
        ([RECOUNT, RECOUNT, BEHIND, None], None, 4),
        ([RECOUNT, RECOUNT, BEHIND, BEHIND, BEHIND], BEHIND, 5),
        ([RECOUNT, BEHIND, RECOUNT, BEHIND, RECOUNT, BEHIND], BEHIND, 6),
    ],
)
async def test_a_difference_is_looked_at_until_it_is_the_same(
    seen: list[Drift | None], left: Drift | None, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "PAUSE", timedelta())
    asked: list[bool] = []

    async def look(again: bool) -> tuple[Finding, ...]:
        kind = seen[len(asked)]
        asked.append(again)
        return () if kind is None else (Finding(kind=kind, zh="不符", en="differs"),)

    found = await confirmed(look)
    assert [one.kind for one in found] == ([] if left is None else [left])
    assert asked == [False] + [True] * (looks - 1)
