"""Enterprises with the real stores: the register, the cases about them, and the colour that follows from those."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.rollout import RolloutActivities
from infra.store.matters.enterprise import assess_named
from models.credit_code import check_character
from models.errors import (
    LeadOfOtherEnterprise,
    MatterEnded,
    MatterExists,
    MatterNotNow,
    NothingToChange,
    NotYours,
    TimeNotLater,
    TooLate,
    UnknownCalendar,
    UnknownDepartment,
    UnknownEnterprise,
    UnknownGrid,
    UnknownPerson,
)
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.enterprise import Enterprise
from models.messages import Rollout
from models.policy.colours import Colour, ColourRule, Colours
from models.policy.park import ParkPolicy
from tests.builders import ENVIRONMENT, GRID, MICRO, OTHER_GRID, a_policy, person_id, publish
from tests.services.matters.hall import Hall, eventually

KIND = MatterKind.ENTERPRISE


def credit_code(number: int) -> str:
    """A valid code."""
    first = f"91130100MA0{number:06d}"
    return first + check_character(first)


CODE, OTHER = credit_code(1), credit_code(2)


def plant(code: str = CODE, **changed: Any) -> dict[str, Any]:
    """What is said of an enterprise."""
    return {
        "code": code, "name": f"东方印染{code[-4:]}有限公司", "grid": GRID, "size": "above_scale", "industry": "印染",
        "headcount": 420, "work_rule": "every_day", "volunteer": "worker", "cadre": "fire_handler",
        "shifts": [
            {"name": "早班", "start": "08:00", "end": "20:00"}, {"name": "晚班", "start": "20:00", "end": "08:00"},
        ],
        "workshops": [{"number": "W1", "name": "染色车间"}], "department": ENVIRONMENT,
        "safety_officer": {"name": "王安", "phone": "13800138000"}, **changed,
    }  # fmt: skip


async def look(hall: Hall, code: str = CODE, username: str = "admin") -> Enterprise:
    found = await hall.look(KIND, code, username)
    assert isinstance(found, Enterprise)
    return found


async def becomes(hall: Hall, colour: Colour, code: str = CODE) -> Enterprise:
    """Wait until the computed colour is that."""

    async def is_so() -> bool:
        return (await look(hall, code)).colour is colour

    await eventually(is_so)
    return await look(hall, code)


#: Something that a duty can hang on, and a missed duty of an enterprise.
PLEDGE: dict[str, Any] = {
    "name": "承诺", "grid": GRID, "type": "pledge", "department": "fire", "statement": "承诺", "owner_name": "科",
    "due_on": "2099-01-01",
}  # fmt: skip
A_DUTY = """
    INSERT INTO duties (id, plan, batch, place, name, work, grid, grid_path, enterprise, day, shift, opens_at, due_at,
        status, policy_version, missed_at, failed, photos, cases)
    SELECT :id, m.id, 'b', 'p', '染色车间', 'pre_shift', u.code, u.path, :code, :day, '早班', :at, :at, 'missed', 1,
        :at, 0, '{}', '{}' FROM matters m, grid_units u WHERE m.code = :plan AND u.code = :grid
"""


# --- the register -----------------------------------------------------------------------------------------------------


async def test_registered_amended_moved_closed_and_registered_again(hall: Hall) -> None:
    sent = await hall.begin("duty", KIND, **plant(code=f" {CODE.lower()[:9]} {CODE[9:]}"))
    assert sent.receipt.code == CODE
    found = await look(hall)
    assert (found.colour, found.visits, found.status) == ("green", "monthly", "active")
    assert found.people == (person_id("fire_handler"), person_id("worker"))
    await hall.do("fire_handler", KIND, CODE, "amend", headcount=430, department=None)
    found = await look(hall)
    assert (found.headcount, found.department, found.industry) == (430, None, "印染"), "what was not given stays"
    await hall.do("duty", KIND, CODE, "rename", name="东方印染集团")
    await hall.do("duty", KIND, CODE, "move", grid=MICRO)
    await hall.do("duty", KIND, CODE, "assign_people", volunteer=None, safety_officer={"name": "李全"})
    found = await look(hall)
    assert (found.name, found.grid, found.grid_path[-1]) == ("东方印染集团", MICRO, MICRO)
    assert (found.volunteer, found.cadre) == (None, person_id("fire_handler"))
    assert found.safety_officer is not None
    assert found.safety_officer.name == "李全"
    await hall.do("duty", KIND, CODE, "close", reason="已停产")
    with pytest.raises(MatterEnded):
        await hall.do("duty", KIND, CODE, "rename", name="别名")
    await hall.do("duty", KIND, CODE, "reopen", reason="恢复生产")
    with pytest.raises(MatterNotNow):
        await hall.do("duty", KIND, CODE, "reopen", reason="再来")
    assert await hall.kinds(KIND, CODE) == [
        "registered", "amended", "renamed", "moved", "people_assigned", "closed", "reopened",
    ]  # fmt: skip


async def test_one_of_each_code_and_resent_safely(hall: Hall) -> None:
    id_ = new_id()
    await hall.begin("duty", KIND, id_=id_, **plant())
    again = await hall.begin("duty", KIND, id_=id_, **plant())
    assert not again.created
    with pytest.raises(MatterExists):
        await hall.begin("duty", KIND, **plant(name="另一家"))
    assert (await hall.listed("duty", KIND)).total == 1


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code": CODE[:-1]}, ValidationError),
        ({"code": CODE[:-1] + ("0" if CODE[-1] != "0" else "1")}, ValidationError),
        ({"code": "O" + CODE[1:]}, ValidationError),
        ({"grid": "nowhere"}, UnknownGrid),
        ({"volunteer": "nobody"}, UnknownPerson),
        ({"cadre": "nobody"}, UnknownPerson),
        ({"department": "nobody"}, UnknownDepartment),
        ({"calendar": "moon"}, UnknownCalendar),
        ({"headcount": -1}, ValidationError),
        ({"shifts": [{"name": "班", "start": "08:00", "end": "08:00"}]}, ValidationError),
        ({"workshops": [{"number": "W", "name": "甲"}, {"number": "W", "name": "乙"}]}, ValidationError),
        ({"name": ""}, ValidationError),
    ],
)  # fmt: skip
async def test_bad_input_stores_nothing(hall: Hall, changed: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        await hall.begin("duty", KIND, **plant(**changed))
    assert (await hall.listed("admin", KIND, ended=None)).total == 0


async def test_who_may_do_what(hall: Hall) -> None:
    with pytest.raises(NotYours):
        await hall.begin("worker", KIND, **plant())
    with pytest.raises(NotYours):
        await hall.begin("duty", KIND, **plant(grid=OTHER_GRID))
    await hall.begin("duty", KIND, **plant())
    for who, command, body in (
        ("worker", "close", {"reason": "x"}),
        ("labour_handler", "amend", {"headcount": 1}),
        ("duty", "override_colour", {"colour": "green", "until": "2099-01-01", "reason": "x"}),
        ("fire_handler", "override_colour", {"colour": "green", "until": "2099-01-01", "reason": "x"}),
    ):
        with pytest.raises(NotYours):
            await hall.do(who, KIND, CODE, command, **body)


# --- colour -----------------------------------------------------------------------------------------------------------


async def test_a_major_hazard_makes_it_red_and_its_end_begins_the_hold(hall: Hall) -> None:
    await hall.begin("duty", KIND, **plant())
    town = hall.town
    case = await town.report(category="0201", severity="major", enterprise=CODE)
    found = await becomes(hall, Colour.RED)
    assert [(cause.rule, [line.code for line in cause.lines]) for cause in found.causes] == [("major-case", [case])]
    assert found.visits == "weekly"
    await town.do("duty", case, "accept")
    await town.do("duty", case, "dispatch", host="labour")
    await town.do("labour_handler", case, "complete", result="已整改")
    assert (await look(hall)).held == ()
    await town.do("reviewer", case, "pass_review")

    async def is_held() -> bool:
        return bool((await look(hall)).held)

    await eventually(is_held)
    found = await look(hall)
    assert (found.colour, found.causes) == ("red", ())
    (held,) = found.held
    assert held.until - held.ended_at == timedelta(days=30)
    assert found.check_at == held.until
    assert await hall.kinds(KIND, CODE) == ["registered", "assessed", "colour_changed", "assessed"]

    async def no_effect_waits() -> bool:
        return await hall.waiting_effects() == 0

    await eventually(no_effect_waits)


async def test_linked_later_corrected_and_rejected(hall: Hall) -> None:
    for code in (CODE, OTHER):
        await hall.begin("duty", KIND, **plant(code))
    town = hall.town
    case = await town.report(category="0103", severity="major")
    with pytest.raises(UnknownEnterprise):
        await town.do("duty", case, "link_enterprise", enterprise=credit_code(9))
    await town.do("duty", case, "link_enterprise", enterprise=CODE, reason="现场核实")
    await becomes(hall, Colour.RED)
    with pytest.raises(NothingToChange):
        await town.do("duty", case, "link_enterprise", enterprise=CODE)
    await town.do("duty", case, "link_enterprise", enterprise=OTHER, reason="是隔壁厂")
    await becomes(hall, Colour.RED, OTHER)
    found = await becomes(hall, Colour.GREEN)
    assert found.held == (), "what was about somebody else leaves nothing behind"
    await town.do("duty", case, "reject", reason="查无此事", right_channel="无")
    assert (await becomes(hall, Colour.GREEN, OTHER)).held == ()
    await town.do("duty", case, "link_enterprise")
    await hall.do("duty", KIND, CODE, "close", reason="停产")
    with pytest.raises(UnknownEnterprise):
        await town.report(category="0103", enterprise=CODE)


async def test_a_merge_keeps_the_enterprise(hall: Hall) -> None:
    await hall.begin("duty", KIND, **plant())
    town = hall.town
    lead = await town.report(category="0103")
    case = await town.report(category="0103", severity="major", enterprise=CODE)
    with pytest.raises(LeadOfOtherEnterprise):
        await town.do("duty", case, "merge", into=lead, reason="同一事项")
    await town.do("duty", lead, "link_enterprise", enterprise=CODE)
    await town.do("duty", case, "merge", into=lead, reason="同一事项")
    await becomes(hall, Colour.GREEN)


async def test_set_by_hand_until_its_day(hall: Hall) -> None:
    await hall.begin("duty", KIND, **plant())
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    for until, error in (("2020-01-01", TimeNotLater), ("2099-01-01", TooLate)):
        with pytest.raises(error):
            await hall.do("supervisor", KIND, CODE, "override_colour", colour="red", until=until, reason="约谈")
    with pytest.raises(ValidationError):
        await hall.do("supervisor", KIND, CODE, "override_colour", colour="red", until=tomorrow.isoformat())
    await hall.do("supervisor", KIND, CODE, "override_colour", colour="red", until=tomorrow.isoformat(), reason="约谈")
    found = await look(hall)
    assert (found.colour, found.shown_colour, found.visits) == ("green", "red", "weekly")
    await hall.do("supervisor", KIND, CODE, "lift_override", reason="已约谈")
    found = await look(hall)
    assert (found.override, found.shown_colour, found.visits) == (None, "green", "monthly")
    with pytest.raises(MatterNotNow):
        await hall.do("supervisor", KIND, CODE, "lift_override", reason="再来")


async def test_two_that_register_one_code_at_once(hall: Hall) -> None:
    sent = await asyncio.gather(
        *(hall.begin("duty", KIND, **plant(name=f"第{number}家")) for number in range(4)), return_exceptions=True
    )
    refused = [error for error in sent if isinstance(error, BaseException)]
    assert len(refused) == 3
    assert all(isinstance(error, MatterExists) for error in refused), refused
    assert (await hall.listed("duty", KIND)).total == 1


async def test_new_colour_rules_reach_every_enterprise(hall: Hall) -> None:
    for code in (CODE, OTHER):
        await hall.begin("duty", KIND, **plant(code))
    await hall.town.report(category="0103", enterprise=CODE)
    await hall.begin("duty", KIND, **plant(credit_code(3)))
    await hall.do("duty", KIND, credit_code(3), "close", reason="停产")
    rule = {"code": "fire", "colour": "red", "name_zh": "消防", "name_en": "fire", "counts": "cases"}
    rules = ColourRule.model_validate({**rule, "categories": ["0103"], "hold_days": 0})
    park = ParkPolicy(colours=Colours(rules=(rules,)))
    async with hall.town.engine.begin() as connection:
        await publish(connection, a_policy().model_copy(update={"park": park}), version=2)
    rollout = RolloutActivities(hall.town.engine, hall.town.resources.temporal, partial(asyncio.sleep, 0))
    for _ in range(2):  # safe to repeat
        await ActivityEnvironment().run(rollout.roll_out, Rollout(version=2))
    found = await becomes(hall, Colour.RED)
    assert [cause.rule for cause in found.causes] == ["fire"]
    assert (await look(hall, OTHER)).colour is Colour.GREEN
    assert (await hall.kinds(KIND, CODE)).count("colour_changed") == 1

    async def is_empty() -> bool:
        return await hall.waiting_effects() == 0

    await eventually(is_empty)


async def test_a_missed_round_counts(hall: Hall) -> None:
    rule = {"code": "checks", "colour": "yellow", "name_zh": "检查", "name_en": "checks", "counts": "missed_rounds"}
    missed = ColourRule.model_validate({**rule, "within_days": 30})
    park = ParkPolicy(colours=Colours(rules=(missed,)))
    async with hall.town.engine.begin() as connection:
        await publish(connection, a_policy().model_copy(update={"park": park}), version=2)
    await hall.begin("duty", KIND, **plant())
    async with hall.town.engine.begin() as connection:
        at = datetime.now(UTC)
        plan = (await hall.begin("supervisor", MatterKind.UNDERTAKING, **PLEDGE)).receipt.code
        values = {"id": new_id(), "plan": plan, "code": CODE, "grid": GRID, "at": at, "day": at.date()}
        await connection.execute(text(A_DUTY), values)
        await assess_named(connection, ("plan", new_id()), 1, [CODE], at)
    found = await becomes(hall, Colour.YELLOW)
    assert [line.of for line in found.causes[0].lines] == ["round"]
    assert found.check_at == found.causes[0].until
