"""Due moments of stations, emergency runs and referral desks, on the time-skipping server."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from infra.database import transaction
from infra.temporal import make_converter
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.referral_desk import Book
from models.policy.emergency import EmergencyPlan, EmergencyPolicy, PlanStep
from models.policy.park import ParkPolicy
from models.policy.stations import StationPolicy
from services.emergencies.begin import begin_by_hand
from services.referrals.slots import book
from services.stations.intake import take_readings
from services.stations.keys import give_key
from tests.builders import FIRE, LABOUR, MICRO, a_policy, publish
from tests.services.matters.hall import Hall, eventually
from tests.town import running_town, town_settings
from tests.workflows.test_due_moments import Jumping

STEPS = (
    PlanStep(code="fire", name_zh="通知消防", name_en="call the fire service", department=FIRE, minutes=10),
    PlanStep(code="up", name_zh="上报", name_en="report", role="duty_officer", minutes=60, report=True),
)
PARK = ParkPolicy(
    stations=StationPolicy(silence_category="0201", silence_case_hours=4),
    emergencies=EmergencyPolicy(plans=(EmergencyPlan(code="spill", name_zh="泄漏", name_en="spill", steps=STEPS),)),
)


@pytest.fixture
async def hall(
    engine: AsyncEngine, database_url: str, time_skipping_binary: str, key_file: Path
) -> AsyncIterator[Hall]:
    """The tiny park on the time-skipping server, with a policy for the work of the park."""
    async with (
        await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=time_skipping_binary, data_converter=make_converter(key_file)
        ) as env,
        running_town(engine, env.client, town_settings(database_url), env.get_current_time) as running,
    ):
        async with transaction(engine) as connection:
            await publish(connection, a_policy().model_copy(update={"park": PARK}), 2)
        jumping = Jumping(running.resources, env.get_current_time)
        jumping.env = env
        yield Hall(jumping)


async def wait(hall: Hall, **span: float) -> None:
    """Skip that much time."""
    assert isinstance(hall.town, Jumping)
    await hall.town.wait(**span)


async def carry_out(hall: Hall) -> None:
    """Have every effect carried out: the relay goes by the machine's clock, which has not been skipped."""

    async def nothing_waits() -> bool:
        async with transaction(hall.town.engine) as connection:
            await connection.execute(text("UPDATE outbox SET next_try_at = now() WHERE next_try_at > now()"))
            await connection.execute(text("NOTIFY gridloop_outbox"))
        return await hall.waiting_effects() == 0

    await eventually(nothing_waits)


async def send(hall: Hall, key: str, value: float = 1.0) -> None:
    """A reading of now."""
    now = await hall.town.now()
    reading = {"metric": "voc", "at": now.isoformat(), "value": value}
    await take_readings(hall.town.resources, "ST-01", key, [reading], now, "zh")


async def test_a_station_is_silent_climbs_opens_a_case_and_is_heard_again(hall: Hall) -> None:
    metric = {"code": "voc", "name": "VOC", "unit": "mg/m³"}
    await hall.begin(
        "duty", MatterKind.STATION, code="ST-01", name="一号站", grid=MICRO, medium="air", metrics=[metric],
        silence_minutes=30,
    )  # fmt: skip
    given = await give_key(
        hall.town.resources, await hall.town.person("duty"), "ST-01", new_id(), await hall.town.now()
    )
    key = given.key or ""
    await wait(hall, minutes=20)
    await send(hall, key)
    await wait(hall, minutes=15)
    assert (await hall.kinds(MatterKind.STATION, "ST-01"))[2:] == ["heard_until"], "heard 15 minutes ago"
    await wait(hall, minutes=20)
    kinds = await hall.kinds(MatterKind.STATION, "ST-01")
    assert kinds[3:] == ["fell_silent", "climbed"]
    await wait(hall, hours=4)

    await carry_out(hall)
    assert (await hall.kinds(MatterKind.STATION, "ST-01"))[5:] == ["silence_reported", "opening_settled"]
    async with hall.town.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM cases WHERE source = 'sensor'")) == 1
    await send(hall, key)

    await carry_out(hall)
    assert (await hall.look(MatterKind.STATION, "ST-01")).status == "working"
    await wait(hall, hours=24)
    kinds = await hall.kinds(MatterKind.STATION, "ST-01")
    assert kinds[7:10] == ["heard_again", "fell_silent", "climbed"], "and silent once more"
    async with hall.town.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM cases WHERE source = 'sensor'")) == 1, "still open"


async def test_a_step_that_nobody_confirms_climbs_at_its_minutes(hall: Hall) -> None:
    case_no = await hall.town.report(category="0201")
    person, now = await hall.town.person("duty"), await hall.town.now()
    sent = await begin_by_hand(hall.town.resources, person, case_no, "spill", id_=new_id(), now=now)
    code = sent.receipt.code
    await wait(hall, minutes=9)
    assert await hall.kinds(MatterKind.EMERGENCY, code) == ["begun"]
    await wait(hall, minutes=2)
    assert (await hall.kinds(MatterKind.EMERGENCY, code))[1:] == ["step_missed", "climbed"]
    await wait(hall, minutes=10)
    assert (await hall.kinds(MatterKind.EMERGENCY, code))[3:] == ["climbed"], "the park's duty officer"
    await hall.do("fire_handler", MatterKind.EMERGENCY, code, "confirm", step="fire")
    await wait(hall, minutes=30)
    assert (await hall.kinds(MatterKind.EMERGENCY, code))[4:] == ["step_confirmed"], "what is done climbs no further"
    await wait(hall, minutes=15)
    assert (await hall.kinds(MatterKind.EMERGENCY, code))[5:] == ["step_missed", "climbed"]


async def test_a_slot_without_an_outcome_climbs_a_day_later(hall: Hall) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    sittings = [{"weekday": n, "start": "09:00", "end": "10:00"} for n in range(1, 8)]
    fields: dict[str, Any] = {
        "code": "LAW", "name": "坐诊", "grid": MICRO, "desk_kind": "lawyer", "place": "二楼", "department": LABOUR,
        "persons": [{"name": "律师一"}], "sittings": sittings,
    }  # fmt: skip
    await hall.begin("duty", MatterKind.REFERRAL_DESK, **fields)
    case_no = await hall.town.report(category="0201")
    now = await hall.town.now()
    at = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(9), zone)
    person = await hall.town.person("duty")
    command = Book(at=at, case_no=case_no)
    await book(hall.town.resources, person, "LAW", command, command_id=new_id(), now=now)
    await wait(hall, seconds=(at - now).total_seconds() + 24 * 3600)
    assert (await hall.kinds(MatterKind.REFERRAL_DESK, "LAW"))[1:] == ["slot_booked"]
    await wait(hall, minutes=31)
    assert (await hall.kinds(MatterKind.REFERRAL_DESK, "LAW"))[2:] == ["outcome_missing", "climbed"]
    await hall.do("labour_head", MatterKind.REFERRAL_DESK, "LAW", "record_outcome", number=1, outcome="advised")
    await wait(hall, days=5)
    assert (await hall.kinds(MatterKind.REFERRAL_DESK, "LAW"))[4:] == ["outcome_recorded"]
