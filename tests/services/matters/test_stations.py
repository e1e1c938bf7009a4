"""Monitoring stations with the real stores: what becomes of readings, and the one case of a breach."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from infra.database import transaction
from infra.store.matters.station import project
from models.enums import Source
from models.errors import (
    DomainError,
    InputError,
    NoReadings,
    NoReadingTaken,
    NotYours,
    StationKeyOfAnother,
    StationKeyWrong,
    TooManyReadings,
)
from models.facts import Actor
from models.ids import new_id
from models.matters.base import MatterFact, MatterKind
from models.matters.readings import ReadingState, Taken
from models.matters.station import HeardUntil, Station
from services.cases.queries import get_facts
from services.stations.curves import read_pieces, read_readings
from services.stations.intake import take_readings
from services.stations.keys import give_key
from services.stations.show import read_now
from services.wording.informed import informed_text
from tests.builders import ENVIRONMENT, MICRO
from tests.rules.matters.test_stations import CHECK_12
from tests.services.matters.hall import Hall, eventually

KIND = MatterKind.STATION
VOC = {
    "code": "voc", "name": "挥发性有机物", "unit": "mg/m³", "above": 2.0, "hysteresis": 0.2, "minutes": 5,
    "lowest": 0, "highest": 100, "category": "0103",
}  # fmt: skip
MINUTE = timedelta(minutes=1)


async def a_station(hall: Hall, code: str = "ST-01", **changed: Any) -> str:
    """Register a station, and return its key."""
    fields = {"code": code, "name": "一号站", "grid": MICRO, "medium": "air", "metrics": [VOC], **changed}
    await hall.begin("duty", KIND, department=ENVIRONMENT, **fields)
    given = await give_key(hall.town.resources, await hall.town.person("duty"), code, new_id(), await hall.town.now())
    assert given.key is not None
    return given.key


async def send(hall: Hall, key: str | None, *readings: Any, code: str = "ST-01") -> Taken:
    """Send readings: pairs of moment and value, or whole objects."""
    items = [
        r if not isinstance(r, tuple) else {"metric": "voc", "at": r[0].isoformat(), "value": r[1]} for r in readings
    ]
    return await take_readings(hall.town.resources, code, key, items, datetime.now(UTC), "zh")


async def station(hall: Hall, code: str = "ST-01") -> Station:
    """The station as it is recorded."""
    found = await hall.look(KIND, code)
    assert isinstance(found, Station)
    return found


async def cases_of_sensors(hall: Hall) -> list[str]:
    """The numbers of all cases that stations have opened, the first one first."""
    async with hall.town.engine.connect() as connection:
        query = text("SELECT case_no FROM cases WHERE source = 'sensor' ORDER BY received_at")
        return list((await connection.execute(query)).scalars())


async def settled(hall: Hall) -> bool:
    """Whether nothing waits to be carried out."""
    return await hall.waiting_effects() == 0


async def test_check_12_exactly_one_case_whatever_is_sent_twice_or_late(hall: Hall) -> None:
    key = await a_station(hall)
    began = datetime.now(UTC) - (len(CHECK_12) + 1) * MINUTE
    moments = [began + number * MINUTE for number in range(len(CHECK_12))]
    old = await send(hall, key, (began - timedelta(hours=2), 50.0))
    assert (old.late, old.stored) == (1, 0), "the clock of two hours ago"
    opened_after = None
    for number, (at, value) in enumerate(zip(moments, CHECK_12, strict=True)):
        assert (await send(hall, key, (at, value))).stored == 1
        assert (await send(hall, key, (at, value))).duplicates == 1
        await eventually(lambda: settled(hall))
        if opened_after is None and await cases_of_sensors(hall):
            opened_after = number
    assert opened_after == 10, "after the fifth minute of the second run"
    (case_no,) = await cases_of_sensors(hall)
    kinds = [kind for kind in await hall.kinds(KIND, "ST-01") if kind.startswith("breach")]
    assert kinds == ["breach_began", "breach_joined", "breach_ended"]
    view = await hall.town.look("duty", case_no)
    assert (view.source, view.category) == (Source.SENSOR, "0103")
    facts = await hall.town.facts(case_no)
    assert [fact.body.kind for fact in facts] == ["received", "informed", "informed"]
    assert [json.loads(fact.body.model_dump_json())["what"] for fact in facts[1:]] == ["breach_again", "breach_ended"]
    assert facts[0].at - began > 10 * MINUTE, "no clock of the case begins in the past"
    async with hall.town.engine.connect() as connection:
        told = await get_facts(connection, await hall.town.person("duty"), case_no, datetime.now(UTC), "zh")
    said = informed_text(told[1].body, "zh", lambda at: f"{at - began}"[:7])
    assert said == "挥发性有机物超标未除又一次持续:自 0:12:00 起,0:17:00 为 2.1 mg/m³(限值 2)"
    late = await send(hall, key, (began + timedelta(seconds=30), 9.0), (began - timedelta(hours=2, minutes=1), 9.0))
    assert (late.late, late.stored) == (2, 0)
    assert await cases_of_sensors(hall) == [case_no]
    async with hall.town.engine.connect() as connection:
        rows = await read_readings(
            connection, (await station(hall)).id, "voc", began - timedelta(hours=3), datetime.now(UTC), 100
        )
        pieces = await read_pieces(connection, (await station(hall)).id, "voc", began, datetime.now(UTC))
        now = await read_now(connection, [await station(hall)])
    assert [row.state for row in rows].count(ReadingState.LATE) == 3
    assert len(rows) == len(CHECK_12) + 3, "each reading once"
    assert max(piece.greatest for piece in pieces) == 9.0
    (metric,) = now[(await station(hall)).id].metrics
    assert (metric.state, metric.value, metric.case_no) == ("normal", 1.7, case_no)


async def test_a_batch_in_any_order_is_folded_in_the_order_of_its_moments(hall: Hall) -> None:
    key = await a_station(hall)
    began = datetime.now(UTC) - (len(CHECK_12) + 1) * MINUTE
    batch = [(began + number * MINUTE, value) for number, value in enumerate(CHECK_12)]
    taken = await send(hall, key, *reversed(batch))
    assert (taken.stored, taken.items) == (len(CHECK_12), ())
    await eventually(lambda: settled(hall))
    assert len(await cases_of_sensors(hall)) == 1
    again = await send(hall, key, *batch)
    assert (again.duplicates, again.stored) == (len(CHECK_12), 0)


async def test_a_new_breach_opens_a_new_case_only_once_the_first_has_closed(hall: Hall) -> None:
    key = await a_station(hall, metrics=[{**VOC, "minutes": 0}])
    at = datetime.now(UTC) - 30 * MINUTE
    await send(hall, key, (at, 3.0), (at + MINUTE, 1.0), (at + 2 * MINUTE, 3.0), (at + 3 * MINUTE, 1.0))
    await eventually(lambda: settled(hall))
    (first,) = await cases_of_sensors(hall)
    assert await hall.town.kinds(first) == ["received", "informed", "informed", "informed"]
    await hall.town.do("duty", first, "reject", reason="校准期间误报", right_channel="环境监测站")
    await send(hall, key, (at + 4 * MINUTE, 3.0))
    await eventually(lambda: settled(hall))
    assert len(await cases_of_sensors(hall)) == 2


def at_(minutes: float, value: Any = 1.0, **more: Any) -> dict[str, Any]:
    """A reading so many minutes from now."""
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return {"metric": "voc", "at": moment.isoformat(), "value": value, **more}


@pytest.mark.parametrize(
    ("reading", "code", "said"),
    [
        (at_(60 * 24), "reading_in_future", "未来"),
        (at_(-60 * 24 * 500), "reading_too_old", "保存期"),
        (at_(-1, float("nan")), "bad_input", "value 须为有限的数字"),
        (at_(-1, float("inf")), "bad_input", "有限"),
        (at_(-1, "2.1"), "bad_input", "数字"),
        (at_(-1, True), "bad_input", "数字"),
        (at_(-1, None), "bad_input", "数字"),
        (at_(-1, metric="so2"), "unknown_metric", "voc"),
        (at_(-1, at=1764400000), "bad_input", "ISO 8601"),
        (at_(-1, at="2026-11-29T10:00:00"), "bad_input", "时区"),
        (at_(-1, extra=1), "bad_input", "没有这个字段"),
        ({"metric": "voc"}, "bad_input", "必填"),
        ("voc", "bad_input", "对象"),
        (None, "bad_input", "对象"),
    ],
)
async def test_a_reading_that_makes_no_sense_is_refused_and_the_others_are_taken(
    hall: Hall, reading: Any, code: str, said: str
) -> None:
    key = await a_station(hall)
    with pytest.raises(NoReadingTaken) as refused:
        await send(hall, key, reading)
    assert said in refused.value.message("zh")
    taken = await send(hall, key, at_(-2), reading, at_(-1))
    assert (taken.stored, taken.refused) == (2, 1)
    (item,) = taken.items
    assert (item.index, item.code) == (1, code)
    assert item.detail is not None
    assert said in item.detail


async def test_another_value_at_the_same_moment_is_a_conflict(hall: Hall) -> None:
    key = await a_station(hall)
    first = at_(-1, 1.0)
    taken = await send(hall, key, first, {**first, "value": 1.5, "id": "a7"}, first)
    assert (taken.stored, taken.refused, taken.duplicates) == (1, 1, 1)
    assert [(item.id, item.code) for item in taken.items] == [("a7", "reading_conflict"), (None, None)]
    with pytest.raises(NoReadingTaken):
        await send(hall, key, {**first, "value": 1.5})


async def test_what_is_not_plausible_is_stored_and_not_evaluated(hall: Hall) -> None:
    key = await a_station(hall, metrics=[{**VOC, "minutes": 0}])
    taken = await send(hall, key, at_(-2, 101.0), at_(-1, 1.0))
    assert (taken.suspect, taken.stored) == (1, 1)
    await eventually(lambda: settled(hall))
    assert await cases_of_sensors(hall) == []


async def test_a_station_whose_clock_is_slow_counts_as_silent(hall: Hall) -> None:
    key = await a_station(hall)
    late = await send(hall, key, at_(-120), at_(-119))
    assert late.late == 2
    async with hall.town.engine.connect() as connection:
        (now,) = (await read_now(connection, [await station(hall)])).values()
        assert now.heard_at is None
    await send(hall, key, at_(-1))
    async with hall.town.engine.connect() as connection:
        (now,) = (await read_now(connection, [await station(hall)])).values()
    assert now.heard_at is not None


@pytest.mark.parametrize(
    ("readings", "error"),
    [([], NoReadings), ([at_(-1)] * 10_000, TooManyReadings), ([at_(-1)] * 1_001, TooManyReadings)],
)
async def test_a_batch_of_no_or_of_too_many_readings_is_refused_whole(
    hall: Hall, readings: list[Any], error: type[DomainError]
) -> None:
    key = await a_station(hall)
    with pytest.raises(error):
        await send(hall, key, *readings)
    async with hall.town.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM readings")) == 0


async def test_only_the_stations_own_key_opens(hall: Hall) -> None:
    key, other = await a_station(hall), await a_station(hall, "ST-02")
    for wrong, error in ((None, StationKeyWrong), ("glst_nothing", StationKeyWrong), (other, StationKeyOfAnother)):
        with pytest.raises(error):
            await send(hall, wrong, at_(-1))
    duty, now, id_ = await hall.town.person("duty"), await hall.town.now(), new_id()
    newer = await give_key(hall.town.resources, duty, "ST-01", id_, now)
    assert newer.key not in (None, key)
    assert (await give_key(hall.town.resources, duty, "ST-01", id_, now)).key is None, "shown once"
    with pytest.raises(StationKeyWrong):
        await send(hall, key, at_(-1))
    assert (await send(hall, newer.key, at_(-1))).stored == 1
    await hall.do("duty", KIND, "ST-01", "revoke_key", reason="检修")
    with pytest.raises(StationKeyWrong):
        await send(hall, newer.key, at_(-1))
    with pytest.raises(NotYours):
        await give_key(hall.town.resources, await hall.town.person("worker"), "ST-01", new_id(), now)
    told = json.dumps([fact.model_dump(mode="json") for fact in await hall.facts(KIND, "ST-01")])
    assert "digest" not in told


async def test_the_same_batch_sent_ten_times_at_once_counts_once(hall: Hall) -> None:
    key = await a_station(hall, metrics=[{**VOC, "minutes": 0}])
    batch = [at_(-5 + n / 10, 3.0) for n in range(20)]
    taken = await asyncio.gather(*(send(hall, key, *batch) for _ in range(10)))
    assert sum(one.stored for one in taken) == 20
    assert sum(one.duplicates for one in taken) == 180
    await eventually(lambda: settled(hall))
    assert len(await cases_of_sensors(hall)) == 1


async def test_only_a_station_reports_as_a_sensor(hall: Hall) -> None:
    for who in ("worker", "duty", "reporter"):
        with pytest.raises(InputError) as refused:
            await hall.town.report(who, source="sensor")
        assert "监测站" in refused.value.message("zh")


async def test_readings_are_forgotten_when_the_policy_keeps_them_no_longer(hall: Hall) -> None:
    key = await a_station(hall)
    await send(hall, key, at_(-3), at_(-2), at_(-1))
    found = await station(hall)
    moment = datetime.now(UTC)
    body = HeardUntil(heard_at=moment, forget_before=moment - 2.5 * MINUTE)
    fact = MatterFact(
        seq=found.seq + 1, at=moment, actor=Actor(), command_id=new_id(), command="wake", digest="", body=body
    )
    async with transaction(hall.town.engine) as connection:
        await project(connection, found, found, [fact])
    async with hall.town.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM readings")) == 2
