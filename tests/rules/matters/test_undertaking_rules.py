"""Undertakings, topics and the claim board over a quarter with spring festival: what is missed is missed once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from models.matters.base import MatterKind
from tests.builders import FIRE, GRID, a_policy
from tests.rules.calendars import PARK
from tests.rules.matters.world import MatterLife

BEGIN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
#: Office hours on Chinese workdays of 2026, as published.
POLICY = a_policy(calendars=(PARK,))
QUARTER = datetime(2026, 4, 5, tzinfo=UTC)


def live(life: MatterLife, until: datetime = QUARTER) -> list[tuple[str, datetime]]:
    """Let the clock run: every fact that fell due, with its moment."""
    found: list[tuple[str, datetime]] = []
    while (at := life.next_wake_up) is not None and at < until:
        found += [(kind, at) for kind in life.wake(at)]
    return found


def undertaking(**changed: Any) -> MatterLife:
    """An undertaking that begins on 5 January."""
    first = {
        "kind": "undertake", "name": "民生实事", "type": "pledge", "statement": "修路", "owner_name": "市政科",
        "department": FIRE, "due_on": "2026-02-20", **changed,
    }  # fmt: skip
    return MatterLife(
        MatterKind.UNDERTAKING, first, by="supervisor", at=BEGIN, policy=POLICY, grid=GRID, number="U1", extra={}
    )


def test_a_day_in_the_festival_is_missed_at_its_end_and_climbs_three_steps() -> None:
    life = undertaking(milestones=[{"key": "m", "name": "立项", "due_on": "2026-01-31"}])
    assert live(life) == [
        ("milestone_missed", datetime(2026, 1, 31, 15, 59, 59, tzinfo=UTC)),
        ("climbed", datetime(2026, 1, 31, 15, 59, 59, tzinfo=UTC)),
        ("climbed", datetime(2026, 2, 1, 15, 59, 59, tzinfo=UTC)),
        ("climbed", datetime(2026, 2, 3, 15, 59, 59, tzinfo=UTC)),
        ("overdue", datetime(2026, 2, 20, 15, 59, 59, tzinfo=UTC)),
        ("climbed", datetime(2026, 2, 20, 15, 59, 59, tzinfo=UTC)),
        ("climbed", datetime(2026, 2, 21, 15, 59, 59, tzinfo=UTC)),
        ("climbed", datetime(2026, 2, 23, 15, 59, 59, tzinfo=UTC)),
    ]
    assert life.matter.missed
    reached = [fact.body.reached[0] for fact in life.facts if fact.body.kind == "climbed"]  # type: ignore[attr-defined]
    assert reached[0].department == FIRE
    assert [one.role for one in reached[1:3]] == ["supervisor", "supervisor"]


def test_what_is_done_in_time_never_climbs() -> None:
    life = undertaking()
    life.now = BEGIN + timedelta(days=10)
    life.do("supervisor", {"kind": "complete", "result": "完工"})
    assert live(life) == []


def test_a_rejected_completion_is_open_again_and_misses_its_day_once() -> None:
    life = undertaking()
    life.now = BEGIN + timedelta(days=10)
    life.do("supervisor", {"kind": "complete", "result": "完工"})
    life.do("supervisor", {"kind": "reject_completion", "reason": "只修了一半"})
    assert [kind for kind, _ in live(life)] == ["overdue", "climbed", "climbed", "climbed"]


def test_the_audit_of_a_topic_waits_over_the_festival() -> None:
    """Five workdays from Friday 13 February: the make-up Saturday counts, the nine days of rest do not."""
    life = MatterLife(
        MatterKind.TOPIC,
        {"kind": "submit", "name": "停车", "text": "占道"},
        by="worker",
        at=datetime(2026, 2, 13, 8, 0, tzinfo=UTC),
        policy=POLICY,
        grid=GRID,
        number="T1",
    )
    assert life.matter.due_at.date() == date(2026, 2, 27)
    assert [kind for kind, _ in live(life)] == ["overdue", "climbed", "climbed", "climbed"]


def test_an_item_nobody_claims_and_nobody_delivers() -> None:
    life = MatterLife(
        MatterKind.CLAIM,
        {"kind": "post", "name": "溯源", "text": "12 处", "claim_by": "2026-01-20", "due_on": "2026-03-01"},
        by="supervisor",
        at=BEGIN,
        policy=POLICY,
        grid=GRID,
        number="B1",
    )
    kinds = [kind for kind, _ in live(life)]
    assert kinds == ["unclaimed", "climbed", "climbed", "climbed", "overdue", "climbed", "climbed", "climbed"]
    assert life.matter.missed


def test_a_topic_whose_case_is_refused_waits_for_its_audit_again_and_is_told() -> None:
    life = MatterLife(
        MatterKind.TOPIC,
        {"kind": "submit", "name": "停车", "text": "占道"},
        by="worker",
        at=BEGIN,
        policy=POLICY,
        grid=GRID,
        number="T1",
    )
    life.do("duty", {"kind": "audit", "decision": "case", "category": "0201"})
    assert (life.matter.status, life.matter.opening) == ("case", ("outcome",))
    life.now += timedelta(minutes=1)
    refused = {"kind": "settle_opening", "errand": "outcome", "report_id": str(life.id), "refused": "unknown_grid"}
    life.do(None, refused)
    settled = life.facts[-1].body
    assert settled.reached  # type: ignore[attr-defined]
    assert (life.matter.status, life.matter.ended_at, life.matter.opening) == ("waiting", None, ())
    assert [kind for kind, _ in live(life, life.now + timedelta(minutes=1))] == ["overdue", "climbed"]
    life.do("duty", {"kind": "audit", "decision": "agenda"})
    assert life.matter.climbs == ()
