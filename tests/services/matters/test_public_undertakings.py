"""What everybody sees of undertakings: a campaign counts its cases, and a missed day shows by itself."""

from datetime import UTC, date, datetime

import pytest

from models.errors import NotYours
from models.matters.base import MatterKind
from models.matters.undertaking import Undertaking
from services.undertakings.public import PublicUndertaking, public_undertakings
from tests.builders import LABOUR, MICRO, MICRO_2, PARK
from tests.services.matters.hall import Hall, eventually
from tests.services.matters.test_undertakings import pledge

KIND = MatterKind.UNDERTAKING


async def shown(hall: Hall, now: datetime) -> dict[str, PublicUndertaking]:
    """What the public page shows at `now`, by name."""
    async with hall.town.engine.connect() as connection:
        return {one.name: one for one in await public_undertakings(connection, now)}


async def test_a_campaign_is_as_far_as_its_closed_cases(hall: Hall) -> None:
    campaign = pledge(name="清理散乱污", type="campaign", category="0201", number=None, grid=PARK)
    code = (await hall.begin("supervisor", KIND, **campaign)).receipt.code
    places = [{"key": f"p{n:02}", "name": f"场所 {n}", "grid": MICRO if n % 2 else MICRO_2} for n in range(25)]
    await hall.do("supervisor", KIND, code, "add_places", places=places)

    async def all_open() -> bool:
        return not (await hall.look(KIND, code)).opening

    await eventually(all_open)
    found = await hall.look(KIND, code)
    assert isinstance(found, Undertaking)
    for place in found.places[:3]:
        assert place.case_no is not None
        await hall.town.do("duty", place.case_no, "accept")
        await hall.town.do("duty", place.case_no, "dispatch", host=LABOUR)
        await hall.town.do("labour_handler", place.case_no, "complete", result="已清理")
        await hall.town.do("reviewer", place.case_no, "pass_review")
    rejected = found.places[3].case_no
    assert rejected is not None
    await hall.town.do("duty", rejected, "reject", reason="不在辖区", right_channel="邻区")
    one = (await shown(hall, datetime.now(UTC)))["清理散乱污"]
    assert (one.progress.done, one.progress.all, one.progress.percent) == (3, 25, 12)


async def test_a_missed_day_shows_by_itself_and_nobody_takes_it_off(hall: Hall) -> None:
    name = "十件实事 #3"
    code = (await hall.begin("supervisor", KIND, **pledge(name=name, due_on="2099-11-30"))).receipt.code
    before = (await shown(hall, datetime(2099, 11, 30, 15, 59, tzinfo=UTC)))[name]
    after = (await shown(hall, datetime(2099, 11, 30, 16, 1, tzinfo=UTC)))[name]
    assert (before.days_late, before.missed) == (0, False)
    assert (after.days_late, after.missed, after.owner_name) == (1, True, "市政科")
    with pytest.raises(NotYours):
        await hall.do("fire_head", KIND, code, "end", reason="做不完")
    await hall.do("supervisor", KIND, code, "postpone", due_on="2100-01-31", reason="雨季延误")
    moved = (await shown(hall, datetime(2099, 12, 1, tzinfo=UTC)))[name]
    assert (moved.first_due_on, moved.due_on, moved.postponements) == (
        date(2099, 11, 30),
        date(2100, 1, 31),
        ("雨季延误",),
    )
    await hall.do("supervisor", KIND, code, "end", reason="项目取消")
    ended = (await shown(hall, datetime(2100, 6, 1, tzinfo=UTC)))[name]
    assert (ended.status, ended.end_reason) == ("ended", "项目取消")
