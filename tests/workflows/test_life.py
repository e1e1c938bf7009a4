"""The life of a case, through the services, the real Temporal server and the real PostgreSQL."""

import pytest

from models.enums import Outcome, Stage
from rules.evolve import fold
from services.auditing.audit import audit
from tests.scenarios import ALL
from tests.town import Town


async def test_from_report_to_closure(town: Town) -> None:
    no = await town.report("worker", category="0201", title="欠薪三个月")
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host="labour", co_handlers=["fire"])
    await town.do("labour_handler", no, "claim")
    await town.do("fire_handler", no, "report_progress", note="已协助核实")
    await town.do("labour_handler", no, "complete", result="已足额支付")
    view = await town.do("reviewer", no, "pass_review", note="电话回访属实")
    assert (view.stage, view.outcome) == (Stage.CLOSED, Outcome.SOLVED)
    rated = await town.do("worker", no, "rate", score=5)
    assert rated.rating == 5
    assert await town.kinds(no) == [
        "received",
        "accepted",
        "dispatched",
        "claimed",
        "progress_reported",
        "completed",
        "review_passed",
        "closed",
        "rated",
    ]


@pytest.mark.parametrize("name", sorted(set(ALL) - {"contested", "climbing"}))
async def test_every_scenario_plays(town: Town, name: str) -> None:
    """Between them they give every command; afterwards both stores know the same."""
    numbers = await ALL[name](town)
    for no in numbers:
        assert fold(await town.facts(no)) == await town.case(no)
    assert (await audit(town.resources)).findings == ()
