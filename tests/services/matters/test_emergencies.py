"""Emergency plans with the real stores: begun with an acceptance, once; in the way of the review until it has ended."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.database import transaction
from models.enums import Severity
from models.errors import EmergencyOpen, EmergencyRuns, NoSuchCase, NoSuchMatter, NotYours
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.emergency import Emergency
from models.policy.emergency import EmergencyPlan, EmergencyPolicy, PlanStep
from models.policy.park import ParkPolicy
from services.desk.notices import mark_read
from services.emergencies.begin import begin_by_hand
from services.emergencies.show import runs_of_case, steps_for, who_was_told
from services.matters.send import MatterSent
from tests.builders import FIRE, a_policy, publish
from tests.services.matters.hall import Hall, eventually
from tests.town import running_town, town_settings

KIND = MatterKind.EMERGENCY
STEPS = (
    PlanStep(code="fire", name_zh="通知消防", name_en="call the fire service", department=FIRE, minutes=5),
    PlanStep(code="report", name_zh="上报", name_en="report", role="duty_officer", minutes=60, report=True),
)
PLANS = (
    EmergencyPlan(code="fire", name_zh="火险", name_en="fire", categories=("02",), steps=STEPS),
    EmergencyPlan(code="other", name_zh="其他", name_en="other", steps=STEPS[:1]),
)


@pytest.fixture
async def hall(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Hall]:
    """A town whose policy has emergency plans."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as town:
        policy = a_policy().model_copy(update={"park": ParkPolicy(emergencies=EmergencyPolicy(plans=PLANS))})
        async with transaction(engine) as connection:
            await publish(connection, policy, 2)
        yield Hall(town)


async def runs(hall: Hall, case_no: str) -> tuple[Emergency, ...]:
    """The runs for a case."""
    async with hall.town.engine.connect() as connection:
        return await runs_of_case(connection, case_no)


async def begin(hall: Hall, username: str, case_no: str, plan: str | None = None) -> MatterSent:
    """Begin a plan by hand."""
    person = await hall.town.person(username)
    return await begin_by_hand(hall.town.resources, person, case_no, plan, id_=new_id(), now=await hall.town.now())


async def accepted(hall: Hall, severity: str = "major") -> str:
    """A case that was accepted."""
    case_no = await hall.town.report(category="0201", severity=severity)
    await hall.town.do("duty", case_no, "accept")
    return case_no


async def test_a_run_begins_with_the_acceptance_and_blocks_the_review_until_it_has_ended(hall: Hall) -> None:
    case_no = await accepted(hall)
    await eventually(lambda: has_run(hall, case_no))
    (run,) = await runs(hall, case_no)
    assert (run.plan, run.by_hand, run.status) == ("fire", False, "running")
    with pytest.raises(EmergencyRuns):
        await begin(hall, "duty", case_no)
    async with hall.town.engine.connect() as connection:
        now = await hall.town.now()
        mine = await steps_for(connection, await hall.town.person("fire_handler"), now)
        others = await steps_for(connection, await hall.town.person("environment_handler"), now)
        told = await who_was_told(connection, run)
    assert [(step.run, step.step) for step in mine.items] == [(run.code, "fire")]
    assert others.items == ()
    for stranger in ("environment_handler", "other_duty", "reporter"):
        with pytest.raises(NoSuchMatter):
            await hall.look(KIND, run.code, stranger)
    assert (await hall.listed("environment_handler", KIND)).total == 0
    assert (await hall.listed("fire_handler", KIND)).total == 1
    assert FIRE in {one.department for one in told}
    assert all(one.read_at is None for one in told)
    async with transaction(hall.town.engine) as connection:
        assert await mark_read(connection, await hall.town.person("fire_head"), await hall.town.now(), None) == 1
    async with hall.town.engine.connect() as connection:
        told = await who_was_told(connection, run)
    assert {one.department for one in told if one.read_at is not None} == {FIRE}

    host = (await hall.town.look("duty", case_no)).suggested_host
    await hall.town.do("duty", case_no, "dispatch", host=host)
    await hall.town.do("labour_handler", case_no, "complete", result="已处置")
    with pytest.raises(EmergencyOpen):
        await hall.town.do("reviewer", case_no, "pass_review", note="好")
    await hall.do("fire_handler", KIND, run.code, "confirm", step="fire")
    await hall.do("duty", KIND, run.code, "confirm", step="report", note="区值班室")
    await hall.do("duty", KIND, run.code, "close", summary="无人受伤")
    await hall.town.do("reviewer", case_no, "pass_review", note="好")
    await eventually(lambda: nothing_waits(hall))
    kinds = await hall.town.kinds(case_no)
    assert kinds.count("informed") == 2, "begun and closed"


async def test_a_supervisor_stops_a_run_so_that_the_case_has_a_way_out(hall: Hall) -> None:
    case_no = await accepted(hall)
    await eventually(lambda: has_run(hall, case_no))
    (run,) = await runs(hall, case_no)
    with pytest.raises(NotYours):
        await hall.do("duty", KIND, run.code, "stop", reason="误启动")
    await hall.do("supervisor", KIND, run.code, "stop", reason="误启动")
    (run,) = await runs(hall, case_no)
    assert run.status == "stopped"


async def test_a_case_that_becomes_grave_later_begins_its_plan_once(hall: Hall) -> None:
    case_no = await accepted(hall, "ordinary")
    for severity in (Severity.MAJOR, Severity.ORDINARY, Severity.MAJOR):
        await hall.town.do("duty", case_no, "recategorise", category="0201", severity=severity, reason="研判")
        await eventually(lambda: nothing_waits(hall))
    assert len(await runs(hall, case_no)) == 1


async def test_two_begin_the_same_plan_at_once_and_one_is_told(hall: Hall) -> None:
    case_no = await accepted(hall, "ordinary")
    sent = await asyncio.gather(
        *(begin(hall, who, case_no, "other") for who in ("duty", "duty_2")), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in sent) == ["EmergencyRuns", "MatterSent"]
    with pytest.raises(NoSuchCase):
        await begin(hall, "other_duty", case_no, "other")
    with pytest.raises(NotYours):
        await begin(hall, "worker", case_no, "fire")


async def has_run(hall: Hall, case_no: str) -> bool:
    """Whether a run has begun for the case."""
    return bool(await runs(hall, case_no))


async def nothing_waits(hall: Hall) -> bool:
    """Whether every effect was carried out."""
    return await hall.waiting_effects() == 0
