"""Undertakings with the real stores: who may do what, once each, and a campaign whose places are cases."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.errors import (
    CommandIdReused,
    InputError,
    MatterEnded,
    MatterNotNow,
    NotYours,
    StaleRevision,
    UnknownGrid,
    UnknownPerson,
)
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.undertaking import Undertaking
from tests.builders import FIRE, GRID, MICRO, MICRO_2, OTHER_MICRO, PARK
from tests.services.matters.hall import Hall, eventually

KIND = MatterKind.UNDERTAKING
SOON = date(2099, 6, 30)


def pledge(**changed: Any) -> dict[str, Any]:
    """What is said of a pledge."""
    return {
        "name": "十件实事之三:增设路灯", "grid": GRID, "type": "yearly_item", "number": 3, "department": FIRE,
        "statement": "在第一网格增设路灯 20 盏。", "owner_name": "市政科", "due_on": SOON.isoformat(), **changed,
    }  # fmt: skip


async def test_from_pledge_to_done(hall: Hall) -> None:
    sent = await hall.begin(
        "supervisor", KIND, **pledge(milestones=[{"key": "m1", "name": "立项", "due_on": "2099-03-01"}])
    )
    code = sent.receipt.code
    assert sent.created
    assert code.startswith("U")
    await hall.do("fire_handler", KIND, code, "reach_milestone", milestone="m1", note="已立项")
    await hall.do("fire_handler", KIND, code, "report_progress", note="完成 12 盏", percent=60)
    await hall.do("fire_head", KIND, code, "complete", result="20 盏全部亮灯")
    found = await hall.look(KIND, code)
    assert isinstance(found, Undertaking)
    assert (found.status, found.percent, found.climbs, found.due_at) == ("done", 100, (), None)
    assert await hall.kinds(KIND, code) == ["undertaken", "milestone_reached", "progress_reported", "done"]

    await hall.do("supervisor", KIND, code, "reject_completion", reason="现场仅 18 盏")
    found = await hall.look(KIND, code)
    assert (found.status, found.due_at is not None) == ("open", True)


async def test_nobody_removes_it_but_a_supervisor_ends_it_with_a_reason(hall: Hall) -> None:
    code = (await hall.begin("supervisor", KIND, **pledge())).receipt.code
    for who in ("fire_handler", "fire_head", "duty", "worker"):
        with pytest.raises(NotYours):
            await hall.do(who, KIND, code, "end", reason="不办了")
    await hall.do("supervisor", KIND, code, "end", reason="项目并入市级工程")
    found = await hall.look(KIND, code)
    assert isinstance(found, Undertaking)
    assert found.end_reason == "项目并入市级工程"
    with pytest.raises(MatterEnded):
        await hall.do("fire_head", KIND, code, "complete", result="完成")
    assert (await hall.listed("worker", KIND, ended=True)).total == 1


async def test_sent_twice_counts_once(hall: Hall) -> None:
    id_ = new_id()
    first = await hall.begin("supervisor", KIND, id_=id_, **pledge())
    again = await hall.begin("supervisor", KIND, id_=id_, **pledge())
    assert (first.receipt, again.created) == (again.receipt, False)
    with pytest.raises(CommandIdReused):
        await hall.begin("supervisor", KIND, id_=id_, **pledge(owner_name="另一科"))
    with pytest.raises(CommandIdReused):
        await hall.begin("duty", KIND, id_=id_, **pledge())
    code, command = first.receipt.code, new_id()
    for _ in range(2):
        await hall.do("fire_head", KIND, code, "report_progress", id_=command, note="进展")
    with pytest.raises(CommandIdReused):
        await hall.do("fire_head", KIND, code, "report_progress", id_=command, note="别的进展")
    with pytest.raises(CommandIdReused):  # what somebody else sends is not lost behind an answer to another
        await hall.do("fire_handler", KIND, code, "report_progress", id_=command, note="进展")
    with pytest.raises(StaleRevision):
        await hall.do("fire_head", KIND, code, "report_progress", if_revision=1, note="进展")
    assert await hall.kinds(KIND, code) == ["undertaken", "progress_reported"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"due_on": "2020-01-01"}, InputError),
        ({"grid": "nowhere"}, UnknownGrid),
        ({"person": "nobody"}, UnknownPerson),
        ({"department": "nobody"}, InputError),
        ({"category": "0103"}, InputError),
        ({"type": "campaign"}, InputError),
        ({"milestones": [{"key": "m", "name": "节点", "due_on": "2099-07-01"}]}, InputError),
    ],
)
async def test_bad_input_stores_nothing(hall: Hall, changed: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        await hall.begin("supervisor", KIND, **pledge(**changed))
    assert (await hall.listed("admin", KIND)).total == 0


async def test_a_campaign_is_as_far_as_its_cases(hall: Hall) -> None:
    code = (
        await hall.begin("supervisor", KIND, **pledge(type="campaign", category="0103", number=None, grid=PARK))
    ).receipt.code
    places = [{"key": f"p{n}", "name": f"点位 {n}", "grid": MICRO if n % 2 else MICRO_2} for n in range(1, 6)]
    await hall.do("supervisor", KIND, code, "add_places", places=places)

    async def all_open() -> bool:
        found = await hall.look(KIND, code)
        return not found.opening and await hall.waiting_effects() == 0

    await eventually(all_open)
    found = await hall.look(KIND, code)
    assert isinstance(found, Undertaking)
    numbers = [place.case_no for place in found.places]
    assert len(set(numbers)) == 5
    assert numbers[0] is not None
    case = await hall.town.case(numbers[0])
    assert (case.grid, case.reported_by) == (MICRO, (await hall.town.person("supervisor")).id)

    again = [{"key": "p1", "name": "重复", "grid": MICRO}]
    outside = [{"key": "p9", "name": "园区外", "grid": OTHER_MICRO}]
    for wrong in (again, outside):
        with pytest.raises(InputError):
            await hall.do("supervisor", KIND, code, "add_places", places=wrong)
    with pytest.raises(MatterNotNow):
        await hall.do("supervisor", KIND, code, "reject_completion", reason="未办结")


async def test_what_the_lists_show(hall: Hall) -> None:
    codes = [(await hall.begin("supervisor", KIND, **pledge(name=f"事项 {n}"))).receipt.code for n in range(3)]
    page = await hall.listed("worker", KIND, sort="code", limit=2)
    assert (page.total, [item.code for item in page.items]) == (3, codes[:2])
    rest = await hall.listed("worker", KIND, sort="code", limit=2, cursor=page.next_cursor)
    assert [item.code for item in rest.items] == codes[2:]
    assert (await hall.listed("reporter", KIND)).total == 0
    assert [item.name for item in (await hall.listed("worker", KIND, q="事项 1")).items] == ["事项 1"]
    assert datetime.now(UTC) - page.items[0].created_at < timedelta(minutes=5)
