"""Plans with the real stores: duties given out and reported by whoever holds the role, failed items that are cases."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, text

from models.errors import DutyDoneAlready, NoSuchDuty, NoSuchMatter, NotYours, SamePlan, UnknownAttachment
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.plan import DutyStatus, ReportDuty
from models.policy.checklists import Checklist, ChecklistItem
from models.policy.park import ParkPolicy
from models.tables import AttachmentRow
from services.plans.duties import get_duty, list_duties
from services.plans.filter import DutyFilter
from services.plans.own import read_own_duties
from services.plans.report import report_duty
from services.plans.views import DutyItem, DutyView
from tests.builders import COMMUNITY, GRID, MICRO, a_policy, publish
from tests.services.matters.hall import Hall, eventually

KIND = MatterKind.PLAN
SHANGHAI = ZoneInfo("Asia/Shanghai")
ITEMS = tuple(
    ChecklistItem(code=code, text_zh=zh, text_en=en, category="0103", photo=photo)
    for code, zh, en, photo in (
        ("exits", "通道畅通", "exits are clear", False),
        ("guards", "防护完好", "guards work", True),
    )
)
PARK_POLICY = ParkPolicy(checklists=(Checklist(code="pre-shift", name_zh="班前", name_en="Pre-shift", items=ITEMS),))


def patrol(**changed: Any) -> dict[str, Any]:
    """A patrol of a micro-grid, every day, due at the end of this one."""
    places = [{"grid": MICRO, "name": "一号楼 13912345678"}]
    return {
        "name": "每日巡查", "grid": COMMUNITY, "work": "patrol", "places": places,
        "workers": {"role": "grid_worker"}, "rhythm": {"kind": "every", "n": 1, "unit": "day", "at": "24:00"},
        "plant_days": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True}, "checklist": "pre-shift", **changed,
    }  # fmt: skip


@pytest.fixture
async def site(hall: Hall) -> Hall:
    """The hall, whose policy has a checklist."""
    async with hall.town.engine.begin() as connection:
        await publish(connection, a_policy(park=PARK_POLICY), version=2)
    return hall


async def planned(site: Hall, **changed: Any) -> tuple[str, DutyItem]:
    """A plan, and its duty of today once it is given out."""
    code = (await site.begin("supervisor", KIND, **patrol(**changed))).receipt.code

    async def issued() -> bool:
        return bool(await duties(site, "supervisor", plan=code))

    await eventually(issued)
    return code, (await duties(site, "supervisor", plan=code))[0]


async def duties(site: Hall, username: str, **wanted: Any) -> tuple[DutyItem, ...]:
    """The duties as that person finds them."""
    person = await site.town.person(username)
    async with site.town.engine.connect() as connection:
        found = DutyFilter.model_validate(wanted)
        return (await list_duties(connection, person, found, await site.town.now(), "zh")).items


async def report(site: Hall, username: str, duty: UUID, id_: UUID | None = None, **body: Any) -> DutyView:
    """Report a duty, everything in order unless said otherwise."""
    items = [{"item": item.code, "outcome": "ok"} for item in ITEMS]
    command = ReportDuty.model_validate({"duty": duty, "items": items, **body})
    person = await site.town.person(username)
    now = await site.town.now()
    await report_duty(site.town.resources, person, command, command_id=id_ or new_id(), now=now)
    async with site.town.engine.connect() as connection:
        return await get_duty(connection, person, duty, now, "zh")


async def an_attachment(site: Hall) -> str:
    """The hash of a stored photo."""
    row = {
        "sha256": "a" * 64,
        "media_type": "image/jpeg",
        "size": 1,
        "uploaded_by": [],
        "uploaded_at": datetime.now(UTC),
    }
    async with site.town.engine.begin() as connection:
        await connection.execute(insert(AttachmentRow).values(row))
    return str(row["sha256"])


async def test_from_plan_to_done(site: Hall) -> None:
    code, duty = await planned(site)
    today = datetime.now(SHANGHAI).date()
    assert (duty.status, duty.day, duty.who) == (DutyStatus.DUE, today, "网格员")
    assert "13912345678" not in duty.place
    mine = await duties(site, "worker", mine=True)
    assert [item.day for item in mine] == [today + timedelta(days=n) for n in range(len(mine))]
    assert 7 <= len(mine) <= 8, "a bounded horizon"
    assert await duties(site, "volunteer", mine=True) == ()
    assert len(await duties(site, "community_duty", grid=GRID, open=True)) == 1
    assert await duties(site, "other_duty") == ()

    id_ = new_id()
    done = await report(site, "worker", duty.id, id_, note="一切正常")
    assert (done.status, done.done_by, [item.outcome for item in done.items]) == ("done", "网格员", ["ok", "ok"])
    again = await report(site, "worker", duty.id, id_, note="一切正常")
    assert again == done
    twice = await report(site, "worker", duty.id, note="一切正常")
    assert twice == done
    with pytest.raises(DutyDoneAlready) as refused:
        await report(site, "supervisor", duty.id)
    assert "网格员" in refused.value.message("zh")
    assert (await site.kinds(KIND, code)).count("duty_done") == 1


async def test_a_failed_item_is_one_case(site: Hall) -> None:
    _, duty = await planned(site)
    photo = await an_attachment(site)
    items = [
        {"item": "exits", "outcome": "ok"},
        {"item": "guards", "outcome": "failed", "note": "防护罩缺失", "photos": [photo]},
    ]
    id_ = new_id()
    for _ in range(2):
        await report(site, "worker", duty.id, id_, items=items)

    async def opened() -> bool:
        return bool((await report(site, "worker", duty.id, id_, items=items)).cases)

    await eventually(opened)
    found = await report(site, "worker", duty.id, id_, items=items)
    assert found.items[1].case_no == found.cases[0]
    case = await site.town.case(found.cases[0])
    assert (case.category, case.grid, case.attachments) == ("0103", MICRO, (photo,))
    assert case.reported_by == (await site.town.person("worker")).id
    async with site.town.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM cases")) == 1


async def test_who_may_report(site: Hall) -> None:
    _, duty = await planned(site, workers={"person": "fire_handler"})
    with pytest.raises(NoSuchDuty):
        await report(site, "labour_handler", duty.id)
    with pytest.raises(NotYours):
        await report(site, "worker", duty.id)
    assert [item.id for item in await duties(site, "fire_handler", mine=True, open=True)] == [duty.id]
    assert (await report(site, "fire_handler", duty.id)).status is DutyStatus.DONE


async def test_a_volunteer_has_a_tour(site: Hall) -> None:
    """A volunteer signs in, finds the duty with its checklist as the phone keeps it, and reports it."""
    _, duty = await planned(site, work="volunteer_tour", workers={"role": "volunteer"})
    person = await site.town.person("volunteer")
    async with site.town.engine.connect() as connection:
        kept = await read_own_duties(connection, person, datetime.now(UTC), "zh")
    assert kept.duties[0].id == duty.id
    assert [item.text for item in kept.checklists[0].items] == ["通道畅通", "防护完好"]
    assert kept.duties[0].list == kept.checklists[0].key
    assert (await report(site, "volunteer", duty.id)).may_report is False


async def test_the_same_plan_twice(site: Hall) -> None:
    """Of those that say the same one counts, sent at once or in turn; once it ended it may be made again."""
    many = [site.begin("supervisor", KIND, **patrol(name=f"名字 {n}", work="visit")) for n in range(3)]
    outcomes = await asyncio.gather(*many, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["MatterSent", "SamePlan", "SamePlan"]
    code, _ = await planned(site)
    with pytest.raises(SamePlan) as refused:
        await site.begin("supervisor", KIND, **patrol(name="另一个名字"))
    assert code in refused.value.message("en")
    await site.do("supervisor", KIND, code, "end_plan", reason="并入")
    await planned(site)


async def test_hidden_from_others(site: Hall) -> None:
    code, duty = await planned(site)
    for username in ("other_duty", "reporter"):
        with pytest.raises(NoSuchMatter):
            await site.look(KIND, code, username)
        with pytest.raises(NoSuchDuty):
            await report(site, username, duty.id)
    with pytest.raises(UnknownAttachment):
        await report(site, "worker", duty.id, photos=["f" * 64])


async def test_what_was_withdrawn_falls_away(site: Hall) -> None:
    code, duty = await planned(site)
    await site.do("supervisor", KIND, code, "pause_plan", reason="停电检修")
    assert {item.status for item in await duties(site, "supervisor", plan=code)} == {DutyStatus.WITHDRAWN}
    await site.do("supervisor", KIND, code, "resume_plan")

    async def back() -> bool:
        return (await duties(site, "supervisor", plan=code))[0].status is DutyStatus.DUE

    await eventually(back)
    assert (await report(site, "worker", duty.id)).status is DutyStatus.DONE
