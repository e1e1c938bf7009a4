"""Plans with the real stores: duties given out and reported by whoever holds the role, failed items that are cases."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from infra.store.matters.enterprise import read_evidence
from infra.store.org_alarms import list_open_alarms
from models.enums import Role
from models.errors import DutyDoneAlready, NoSuchDuty, NoSuchMatter, NotYours, SamePlan, UnknownAttachment
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.plan import DutyStatus, ReportDuty
from models.personal_numbers import mask_numbers
from services.matters.masking import mask_everywhere
from services.matters.queries import get_matter_facts
from services.plans.duties import get_duty, list_duties
from services.plans.figures import read_duty_figures
from services.plans.filter import DutyFilter
from services.plans.load import read_load
from services.plans.own import read_own_duties
from services.plans.report import report_duty
from services.plans.views import DutyItem, DutyView
from services.policies.preview import preview_all
from tests.builders import CHECKLIST, COMMUNITY, GRID, MICRO, a_policy, put_photo
from tests.services.matters.hall import Hall, eventually
from tests.services.matters.test_enterprises import CODE, plant

KIND = MatterKind.PLAN
SHANGHAI = ZoneInfo("Asia/Shanghai")
ITEMS = [item["code"] for item in CHECKLIST["items"]]


def patrol(**changed: Any) -> dict[str, Any]:
    """A patrol of a micro-grid, every day, due at the end of this one."""
    places = [{"grid": MICRO, "name": "一号楼 13912345678"}]
    return {
        "name": "每日巡查", "grid": COMMUNITY, "work": "patrol", "places": places,
        "workers": {"role": "grid_worker"}, "rhythm": {"kind": "every", "n": 1, "unit": "day", "at": "24:00"},
        "plant_days": {"weekdays": [1, 2, 3, 4, 5, 6, 7], "on_holidays": True}, "checklist": "pre-shift", **changed,
    }  # fmt: skip


async def planned(hall: Hall, **changed: Any) -> tuple[str, DutyItem]:
    """A plan, and its duty of today once it is given out."""
    code = (await hall.begin("supervisor", KIND, **patrol(**changed))).receipt.code

    async def issued() -> bool:
        return bool(await duties(hall, "supervisor", plan=code))

    await eventually(issued)
    return code, (await duties(hall, "supervisor", plan=code))[0]


async def duties(hall: Hall, username: str, **wanted: Any) -> tuple[DutyItem, ...]:
    """The duties as that person finds them."""
    person = await hall.town.person(username)
    async with hall.town.engine.connect() as connection:
        found = DutyFilter.model_validate(wanted)
        return (await list_duties(connection, person, found, await hall.town.now(), "zh")).items


async def report(hall: Hall, username: str, duty: UUID, id_: UUID | None = None, **body: Any) -> DutyView:
    """Report a duty, everything in order unless said otherwise."""
    items = [{"item": item, "outcome": "ok"} for item in ITEMS]
    command = ReportDuty.model_validate({"duty": duty, "items": items, **body})
    person = await hall.town.person(username)
    now = await hall.town.now()
    await report_duty(hall.town.resources, person, command, command_id=id_ or new_id(), now=now)
    async with hall.town.engine.connect() as connection:
        return await get_duty(connection, person, duty, now, "zh")


async def an_attachment(hall: Hall) -> str:
    """The hash of a stored photo."""
    await put_photo(hall.town.engine, "a" * 64)
    return "a" * 64


async def test_from_plan_to_done(hall: Hall) -> None:
    code, duty = await planned(hall)
    today = datetime.now(SHANGHAI).date()
    assert (duty.status, duty.day, duty.who) == (DutyStatus.DUE, today, "网格员")
    assert "13912345678" not in duty.place
    mine = await duties(hall, "worker", mine=True)
    assert [item.day for item in mine] == [today + timedelta(days=n) for n in range(len(mine))]
    assert 7 <= len(mine) <= 8, "a bounded horizon"
    assert await duties(hall, "volunteer", mine=True) == ()
    assert len(await duties(hall, "community_duty", grid=GRID, open=True)) == 1
    assert await duties(hall, "other_duty") == ()

    id_ = new_id()
    done = await report(hall, "worker", duty.id, id_, note="一切正常")
    assert (done.status, done.done_by, [item.outcome for item in done.items]) == ("done", "网格员", ["ok", "ok"])
    again = await report(hall, "worker", duty.id, id_, note="一切正常")
    assert again == done
    twice = await report(hall, "worker", duty.id, note="一切正常")
    assert twice == done
    with pytest.raises(DutyDoneAlready) as refused:
        await report(hall, "supervisor", duty.id)
    assert "网格员" in refused.value.message("zh")
    assert (await hall.kinds(KIND, code)).count("duty_done") == 1


async def test_a_failed_item_is_one_case(hall: Hall) -> None:
    _, duty = await planned(hall)
    photo = await an_attachment(hall)
    items = [
        {"item": "exits", "outcome": "ok"},
        {"item": "guards", "outcome": "failed", "note": "防护罩缺失", "photos": [photo]},
    ]
    id_ = new_id()
    for _ in range(2):
        await report(hall, "worker", duty.id, id_, items=items)

    async def opened() -> bool:
        return bool((await report(hall, "worker", duty.id, id_, items=items)).cases)

    await eventually(opened)
    found = await report(hall, "worker", duty.id, id_, items=items)
    assert found.items[1].case_no == found.cases[0]
    case = await hall.town.case(found.cases[0])
    assert (case.category, case.grid, case.attachments) == ("0103", MICRO, (photo,))
    assert case.reported_by == (await hall.town.person("worker")).id
    async with hall.town.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM cases")) == 1


async def test_a_long_timeline_is_read_in_parts(hall: Hall) -> None:
    """Facts are returned after a number, a bounded count at a time; a page shows the last ones."""
    code, duty = await planned(hall)
    await report(hall, "worker", duty.id)
    person, now = await hall.town.person("supervisor"), await hall.town.now()
    async with hall.town.engine.connect() as connection:
        read = partial(get_matter_facts, connection, person, KIND, code, now, "zh")
        assert [fact.seq for fact in await read(after=1, limit=1)] == [2]
        assert [fact.kind for fact in await read(limit=1, latest=True)] == ["duty_done"]
        assert [fact.seq for fact in await read()] == [1, 2, 3]


async def test_two_people_at_once(hall: Hall) -> None:
    """Both were offline and both did it: the first counts, the second is told who was faster."""
    code, duty = await planned(hall)
    both = (report(hall, "worker", duty.id, note="甲"), report(hall, "supervisor", duty.id, note="乙"))
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DutyDoneAlready", "DutyView"]
    assert (await hall.kinds(KIND, code)).count("duty_done") == 1


async def test_a_need_becomes_a_topic(hall: Hall) -> None:
    """Once, by whoever noted it; the duty knows its code."""
    _, duty = await planned(hall, work="visit", checklist=None)
    needs = [{"text": "希望增设充电桩", "topic": True}, {"text": "只想说说"}]
    id_ = new_id()

    async def begun() -> bool:
        return (await report(hall, "worker", duty.id, id_, items=[], needs=needs)).needs[0].topic is not None

    await eventually(begun)
    found = await report(hall, "worker", duty.id, id_, items=[], needs=needs)
    (topic,) = (await hall.listed("supervisor", MatterKind.TOPIC)).items
    assert (topic.code, topic.name, topic.grid) == (found.needs[0].topic, "希望增设充电桩", MICRO)
    assert (found.cases, found.needs[1].topic) == ((), None)


async def test_who_may_report(hall: Hall) -> None:
    _, duty = await planned(hall, workers={"person": "fire_handler"})
    with pytest.raises(NoSuchDuty):
        await report(hall, "labour_handler", duty.id)
    with pytest.raises(NotYours):
        await report(hall, "worker", duty.id)
    assert [item.id for item in await duties(hall, "fire_handler", mine=True, open=True)] == [duty.id]
    assert (await report(hall, "fire_handler", duty.id)).status is DutyStatus.DONE


async def test_a_volunteer_has_a_tour(hall: Hall) -> None:
    """A volunteer signs in, finds the duty with its checklist as the phone keeps it, and reports it."""
    _, duty = await planned(hall, work="volunteer_tour", workers={"role": "volunteer"})
    person = await hall.town.person("volunteer")
    async with hall.town.engine.connect() as connection:
        kept = await read_own_duties(connection, person, datetime.now(UTC), "zh")
    assert kept.duties[0].id == duty.id
    assert [item.text for item in kept.checklists[0].items] == ["通道畅通", "防护完好"]
    assert kept.duties[0].list == kept.checklists[0].key
    assert (await report(hall, "volunteer", duty.id)).may_report is False


async def test_the_same_plan_twice(hall: Hall) -> None:
    """Of those that say the same one counts, sent at once or in turn; once it ended it may be made again."""
    many = [hall.begin("supervisor", KIND, **patrol(name=f"名字 {n}", work="visit")) for n in range(3)]
    outcomes = await asyncio.gather(*many, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["MatterSent", "SamePlan", "SamePlan"]
    code, _ = await planned(hall)
    with pytest.raises(SamePlan) as refused:
        await hall.begin("supervisor", KIND, **patrol(name="另一个名字"))
    assert code in refused.value.message("en")
    await hall.do("supervisor", KIND, code, "end_plan", reason="并入")
    await planned(hall)


async def test_a_role_that_falls_vacant_is_an_alarm(hall: Hall) -> None:
    """The plan goes on; whoever sees the board sees that nobody holds the role, until somebody does."""
    code, _ = await planned(hall)
    async with hall.town.engine.begin() as connection:
        await connection.execute(text("UPDATE grants SET until = '2024-01-02' WHERE role = 'grid_worker'"))
    await hall.do("supervisor", KIND, code, "pause_plan", reason="换岗")
    await hall.do("supervisor", KIND, code, "resume_plan")
    now = await hall.town.now()

    async def alarmed() -> bool:
        async with hall.town.engine.connect() as connection:
            alarms = await list_open_alarms(connection, now, now.date())
        return (MICRO, Role.GRID_WORKER) in {(alarm.unit, alarm.role) for alarm in alarms}

    await eventually(alarmed)
    assert (await duties(hall, "supervisor", plan=code, status=["due"]))[0].who == "网格员"


async def test_hidden_from_others(hall: Hall) -> None:
    code, duty = await planned(hall)
    for username in ("other_duty", "reporter"):
        with pytest.raises(NoSuchMatter):
            await hall.look(KIND, code, username)
        with pytest.raises(NoSuchDuty):
            await report(hall, username, duty.id)
    with pytest.raises(UnknownAttachment):
        await report(hall, "worker", duty.id, photos=["f" * 64])


async def test_what_was_withdrawn_falls_away(hall: Hall) -> None:
    code, duty = await planned(hall)
    await hall.do("supervisor", KIND, code, "pause_plan", reason="停电检修")
    assert {item.status for item in await duties(hall, "supervisor", plan=code)} == {DutyStatus.WITHDRAWN}
    await hall.do("supervisor", KIND, code, "resume_plan")

    async def back() -> bool:
        return (await duties(hall, "supervisor", plan=code))[0].status is DutyStatus.DUE

    await eventually(back)
    assert (await report(hall, "worker", duty.id)).status is DutyStatus.DONE


async def test_the_checks_of_an_enterprise(hall: Hall) -> None:
    """Its shifts say when, its rule on which days; what failed is a case about it, and counts for its colour."""
    soon = datetime.now(SHANGHAI) + timedelta(minutes=10)
    shifts = [{"name": "当班", "start": f"{soon:%H:%M}", "end": f"{soon - timedelta(hours=1):%H:%M}"}]
    await hall.begin("supervisor", MatterKind.ENTERPRISE, **plant(grid=MICRO, shifts=shifts))
    _, duty = await planned(
        hall, work="pre_shift", rhythm={"kind": "per_shift"}, plant_days=None,
        places=[{"grid": MICRO, "name": "染色车间", "enterprise": CODE}],
    )  # fmt: skip
    assert (duty.shift, duty.due_at) == ("当班", soon.replace(second=0, microsecond=0))
    items = [{"item": "exits", "outcome": "failed"}, {"item": "guards", "outcome": "ok"}]
    await report(hall, "worker", duty.id, items=items)

    async def opened() -> bool:
        return bool((await duties(hall, "supervisor", enterprise=CODE))[0].cases)

    await eventually(opened)
    case = await hall.town.case((await duties(hall, "supervisor", enterprise=CODE))[0].cases[0])
    assert case.enterprise == CODE
    other = [{"name": "长白班", "start": "09:00", "end": "18:00"}]
    await hall.do("supervisor", MatterKind.ENTERPRISE, CODE, "amend", shifts=other)

    async def follows() -> bool:
        due = await duties(hall, "supervisor", enterprise=CODE, status=["due"])
        return bool(due) and {item.shift for item in due} == {"长白班"}

    await eventually(follows)
    async with hall.town.engine.connect() as connection:
        evidence = await read_evidence(connection, CODE, datetime.now(UTC))
    assert [mark.code for mark in evidence.failed_rounds] == [f"{duty.plan} {duty.day} 当班 染色车间"]


async def test_visits_follow_the_colour(hall: Hall) -> None:
    """When an enterprise turns red its visits are given out anew, a week apart."""
    await hall.begin("supervisor", MatterKind.ENTERPRISE, **plant())
    code, _ = await planned(
        hall, work="visit", workers={"person": "fire_handler"}, rhythm={"kind": "as_rated"}, checklist=None,
        places=[{"grid": GRID, "enterprise": CODE}],
    )  # fmt: skip
    until = (datetime.now(SHANGHAI) + timedelta(days=20)).date().isoformat()
    override: dict[str, Any] = {"colour": "red", "until": until, "reason": "重大隐患复查前从严"}
    await hall.do("supervisor", MatterKind.ENTERPRISE, CODE, "override_colour", **override)

    async def weekly() -> bool:
        found = await duties(hall, "supervisor", plan=code, status=["due"])
        return bool(found) and (found[0].day - datetime.now(SHANGHAI).date()).days <= 7

    await eventually(weekly)
    assert "enterprise_followed" in await hall.kinds(KIND, code)


async def test_figures_and_load(hall: Hall) -> None:
    """Each duty counts once, by community and enterprise; the load is shared by those who hold the role."""
    code, duty = await planned(hall, places=[{"grid": MICRO}, {"grid": MICRO, "name": "二号楼"}])
    await report(hall, "worker", duty.id)
    person, now = await hall.town.person("supervisor"), await hall.town.now()
    async with hall.town.engine.connect() as connection:
        figures = await read_duty_figures(connection, person, now, "zh")
        load = await read_load(connection, person, now, "zh", days=10)
        nothing = await read_load(connection, None, now, "en", days=10, policy=a_policy(park={}))
        counts = await preview_all(connection, a_policy(park={"duties_a_day": 1, "checklists": [CHECKLIST]}), 0, now)
        hidden = await read_load(connection, await hall.town.person("other_duty"), now, "zh")
    assert (figures.totals.done, figures.totals.due, figures.totals.total) == (1, 1, 2)
    assert [(row.key, row.done) for row in figures.units] == [(COMMUNITY, 1)]
    assert [(one.name, one.total, one.most) for one in load.bearers] == [("网格员", 20, 2)]
    assert (counts.plans, counts.plans_broken, counts.people_overloaded) == (1, 0, 1)
    assert (nothing.duties, [plan.code for plan in nothing.broken]) == (0, [code])
    assert hidden.plans == 0


def test_codes_are_not_taken_for_the_numbers_of_people() -> None:
    """A code of 18 digits may read like the number of an identity card; only what people write is masked."""
    code = "110101199003070011"
    assert mask_numbers(code) != code
    shown = mask_everywhere({"places": [{"grid": code, "name": f"楼长 {code}"}]})
    assert shown["places"][0]["grid"] == code
    assert code not in shown["places"][0]["name"]
