"""Months in seconds: a case that nobody acts on follows its forecast in a real workflow."""

from infra.store.context import read_system_context
from models.facts import Body
from rules.escalation.forecast import forecast
from tests.builders import publish
from tests.timed import a_timed_policy
from tests.workflows.test_due_moments import Jumping, town as town


async def test_a_wage_case_left_alone_for_months_follows_its_forecast(town: Jumping) -> None:
    async with town.engine.begin() as connection:
        await publish(connection, a_timed_policy(), version=2)
    no = await town.report(category="0201", title="欠薪")
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host="labour")
    case = await town.case(no)
    async with town.engine.connect() as connection:
        ctx = await read_system_context(connection, case, await town.now())
    foreseen: list[Body] = [fact.body for fact in forecast(case, ctx)]
    known = case.seq
    await town.wait(days=120)
    lived = [fact.body for fact in (await town.facts(no))[known:]]
    timeless = [_without_reminders(body) for body in foreseen]
    assert [_without_reminders(body) for body in lived[: len(foreseen)]] == timeless
    kinds = [body.kind for body in lived]
    assert {"light_changed", "overdue", "step_fired", "urged", "urge_overdue", "reminded"} <= set(kinds)
    assert kinds.count("overdue") == 2, "the stage and, after sixty workdays, the whole"


def _without_reminders(body: Body) -> dict[str, object]:
    """A body but for moments that count from when it was recorded, milliseconds after it was due."""
    return body.model_dump(exclude={"remind_at", "reply_by", "rungs", "planned_at"})
