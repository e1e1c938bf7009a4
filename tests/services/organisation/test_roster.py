"""Deputies, shifts and vacancies with the real SQL: whom a step reaches, who may act, and when nobody may."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from activities.recording import Recorder, _Refused, record_step
from infra.store.cases import read_case
from infra.store.holders import with_holders
from infra.store.org_alarms import clear_alarms, list_open_alarms
from models.case import Case
from models.commands import Accept, Command, Report, WakeUp
from models.context import Unit
from models.enums import Level, Role
from models.errors import InputError, NotYours
from models.facts import Actor, Fact, StepFired
from models.ids import new_id
from models.messages import Step
from rules.escalation.recipients import holders
from rules.escalation.wake_ups import next_wake_up
from services.organisation.roster import (
    AbsenceDraft,
    ShiftDraft,
    cancel_absence,
    cancel_shift,
    put_absence,
    put_shift,
    read_roster,
)
from tests.builders import COMMUNITY, GRID, MICRO, PARK, Holder, add_people, person_id, publish, small_park
from tests.timed import a_timed_policy

ZONE = ZoneInfo("Asia/Shanghai")
#: A Monday, with office hours before it.
MONDAY = datetime(2026, 3, 2, 9, tzinfo=ZONE)
TODAY = MONDAY.date()


class Desk:
    """Records cases at any time, without a workflow, and changes the roster."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def report(self, at: datetime = MONDAY) -> UUID:
        """Report a case of waste water: two work hours to accept it."""
        report_id = new_id()
        command = Report(
            report_id=report_id, category="0302", title="排污", grid=MICRO, occurred_at=at, reported_at=at,
            content_hash="x",
        )  # fmt: skip
        await self.step(report_id, command, at, "worker")
        return report_id

    async def step(self, report_id: UUID, command: Command, at: datetime, username: str | None) -> tuple[Fact, ...]:
        """Run one recording step. Raises the DomainError of the refusal."""
        async with self.engine.begin() as connection:
            case = await read_case(connection, report_id)
            actor = Actor(person=person_id(username) if username else None)
            step = Step(
                report_id=report_id, known=case.seq if case else 0, id=new_id(), at=at, actor=actor, command=command
            )
            try:
                return (await record_step(connection, step)).facts
            except _Refused as refused:
                raise refused.error from None

    async def case(self, report_id: UUID) -> Case:
        async with self.engine.connect() as connection:
            found = await read_case(connection, report_id)
        assert found is not None
        return found

    async def wait_for_step(self, report_id: UUID, number: int) -> StepFired:
        """Let everything fall due, one moment at a time, until that step of the ladder has fired."""
        for _ in range(20):
            moment = next_wake_up(await self.case(report_id))
            assert moment is not None
            for fact in await self.step(report_id, WakeUp(moment=moment), moment, None):
                if isinstance(fact.body, StepFired) and fact.body.step == number:
                    return fact.body
        raise AssertionError(f"step {number} never fired")

    async def absent(self, person: str, since: date, until: date, deputy: str | None = None, **more: Any) -> bool:
        draft = AbsenceDraft.model_validate(
            {"person": person, "since": since, "until": until, "deputy": deputy, "reason": "年休假", **more}
        )
        async with self.engine.begin() as connection:
            return await put_absence(connection, draft, MONDAY)

    async def shift(
        self, person: str, starts_at: datetime, ends_at: datetime, unit: str = PARK, role: Role = Role.DUTY_OFFICER
    ) -> bool:
        draft = ShiftDraft(unit=unit, role=role, person=person, starts_at=starts_at, ends_at=ends_at)
        async with self.engine.begin() as connection:
            return await put_shift(connection, draft, MONDAY)

    async def held(self, unit: str, role: Role, at: datetime = MONDAY) -> set[str]:
        """Return who holds the role there at that time, as a step of a ladder looks it up."""
        async with self.engine.connect() as connection:
            (found,) = await with_holders(
                connection, [Unit(code=unit, level=Level.PARK)], at, at.astimezone(ZONE).date()
            )
            names = {row.id: row.username for row in await connection.execute(text("SELECT id, username FROM people"))}
        return {names[person] for person in holders(found, role)}


@pytest.fixture
async def desk(engine: AsyncEngine) -> Desk:
    """The tiny park under a policy with calendars and ladders."""
    await small_park(engine)
    async with engine.begin() as connection:
        await publish(connection, a_timed_policy(), version=2)
        await add_people(connection, Holder("substitute", "代理人", Role.REPORTER, grid=PARK))
    return Desk(engine)


async def refused(work: Any) -> tuple[str, str]:
    """Return the field that a draft is refused for, and the reason."""
    with pytest.raises(InputError) as error:
        await work
    assert error.value.params["why_zh"]
    return str(error.value.pointer), error.value.params["why_en"]


# --- deputies -------------------------------------------------------------------------------------------------------


async def test_a_step_reaches_the_deputy_of_somebody_away_and_only_within_the_dates(desk: Desk) -> None:
    await desk.absent("worker", TODAY, TODAY + timedelta(days=1), "substitute")
    during, after = await desk.report(), await desk.report(MONDAY + timedelta(days=2))
    reached = (await desk.wait_for_step(during, 2)).reached[0]
    assert (reached.role, reached.unit, reached.people) == (Role.GRID_WORKER, GRID, (person_id("substitute"),))
    assert (await desk.wait_for_step(after, 2)).reached[0].people == (person_id("worker"),)


async def test_a_deputy_may_act_with_the_absent_persons_roles_within_the_dates_only(desk: Desk) -> None:
    for username in ("duty", "duty_2", "community_duty"):
        await desk.absent(username, TODAY + timedelta(days=1), TODAY + timedelta(days=2), "substitute")
    for day in range(4):
        at = MONDAY + timedelta(days=day)
        report_id = await desk.report(at)
        accept = desk.step(report_id, Accept(), at + timedelta(minutes=5), "substitute")
        if day in (1, 2):
            assert (await accept)[-1].body.kind == "accepted", "both days inclusive"
        else:
            with pytest.raises(NotYours):
                await accept


async def test_nobody_acts_with_the_roles_of_somebody_who_has_left(desk: Desk) -> None:
    """The absence may still run for months: the person's rights ended with their leaving, for the deputy too."""
    for username in ("duty", "duty_2", "community_duty"):
        await desk.absent(username, TODAY, TODAY + timedelta(days=90), "substitute")
    async with desk.engine.begin() as connection:
        await connection.execute(text("UPDATE people SET active = false WHERE username LIKE '%duty%'"))
    report_id = await desk.report()
    with pytest.raises(NotYours):
        await desk.step(report_id, Accept(), MONDAY + timedelta(minutes=5), "substitute")


async def test_a_deputy_who_is_away_too_stands_in_for_nobody(desk: Desk) -> None:
    await desk.absent("worker", TODAY, TODAY, "substitute")
    assert await desk.held(GRID, Role.GRID_WORKER) == {"substitute"}
    await desk.absent("substitute", TODAY, TODAY)
    assert await desk.held(GRID, Role.GRID_WORKER) == set()
    fired = await desk.wait_for_step(await desk.report(), 2)
    assert fired.vacancies[0].unit == GRID
    assert fired.reached[0].unit == COMMUNITY, "it falls through to the level above at once"


async def test_an_absence_taken_back_gives_the_roles_back_from_today_on(desk: Desk) -> None:
    await desk.absent("worker", TODAY - timedelta(days=3), TODAY + timedelta(days=3), "substitute")
    async with desk.engine.begin() as connection:
        await cancel_absence(connection, "worker", TODAY, MONDAY)
    assert await desk.held(GRID, Role.GRID_WORKER, MONDAY) == {"worker"}
    assert await desk.held(GRID, Role.GRID_WORKER, MONDAY - timedelta(days=1)) == {"substitute"}, "what was, was"
    await desk.absent("worker", TODAY + timedelta(days=7), TODAY + timedelta(days=8))
    async with desk.engine.begin() as connection:
        await cancel_absence(connection, "worker", TODAY + timedelta(days=8), MONDAY)
        assert (await read_roster(connection, MONDAY)).absences == ()
        pointer, why = await refused(cancel_absence(connection, "worker", TODAY, MONDAY))
    assert (pointer, "not away" in why) == ("/since", True)


# --- shifts ---------------------------------------------------------------------------------------------------------


async def test_while_a_shift_runs_only_those_on_it_hold_the_role(desk: Desk) -> None:
    noon = MONDAY + timedelta(hours=3)
    assert await desk.held(PARK, Role.DUTY_OFFICER) == {"duty", "duty_2"}
    assert await desk.shift("duty_2", MONDAY, noon)
    assert not await desk.shift("duty_2", MONDAY, noon), "the same again changes nothing"
    assert await desk.held(PARK, Role.DUTY_OFFICER) == {"duty_2"}
    assert await desk.held(PARK, Role.DUTY_OFFICER, noon) == {"duty", "duty_2"}, "the end is not part of it"
    assert await desk.held(PARK, Role.SUPERVISOR) == {"supervisor"}, "other roles are not on shift"
    async with desk.engine.begin() as connection:
        await cancel_shift(connection, PARK, Role.DUTY_OFFICER, "duty_2", MONDAY, MONDAY - timedelta(days=1))
    assert await desk.held(PARK, Role.DUTY_OFFICER) == {"duty", "duty_2"}


async def test_a_step_reaches_those_on_shift_and_their_deputy_when_they_fall_ill(desk: Desk) -> None:
    async with desk.engine.begin() as connection:
        await add_people(connection, Holder("worker_2", "网格员二", Role.GRID_WORKER, grid=GRID))
    await desk.shift("worker_2", MONDAY, MONDAY + timedelta(hours=9), GRID, Role.GRID_WORKER)
    assert (await desk.wait_for_step(await desk.report(), 2)).reached[0].people == (person_id("worker_2"),)
    await desk.absent("worker_2", TODAY, TODAY, "substitute", reason="病假")
    assert (await desk.wait_for_step(await desk.report(), 2)).reached[0].people == (person_id("substitute"),)


# --- vacancies ------------------------------------------------------------------------------------------------------


def counted(role: Role) -> float:
    return REGISTRY.get_sample_value("gridloop_org_alarms_total", {"role": role.value}) or 0.0


async def alarms(connection: AsyncConnection, at: datetime) -> list[tuple[str, Role, int]]:
    found = await list_open_alarms(connection, at, at.astimezone(ZONE).date())
    return [(alarm.unit, alarm.role, alarm.times) for alarm in found]


async def test_a_vacancy_falls_through_raises_an_alarm_and_is_cleared_when_the_role_is_held_again(desk: Desk) -> None:
    """Nobody is a supervisor of the grid."""
    first, second = await desk.report(), await desk.report()
    fired = await desk.wait_for_step(first, 3)
    assert [(v.role, v.unit) for v in fired.vacancies] == [(Role.SUPERVISOR, GRID)]
    assert (fired.reached[0].unit, fired.level) == (COMMUNITY, Level.COMMUNITY)
    async with desk.engine.connect() as connection:
        assert await alarms(connection, MONDAY) == [(GRID, Role.SUPERVISOR, 1)]
    await desk.wait_for_step(second, 3)
    async with desk.engine.begin() as connection:
        assert await alarms(connection, MONDAY) == [(GRID, Role.SUPERVISOR, 2)]
        assert await clear_alarms(connection, MONDAY, TODAY) == 0, "it is still vacant"
        await add_people(connection, Holder("grid_supervisor", "网格督查员", Role.SUPERVISOR, grid=GRID))
        assert await alarms(connection, MONDAY) == []
        assert await clear_alarms(connection, MONDAY, TODAY) == 1
        assert await connection.scalar(text("SELECT count(*) FROM org_alarms")) == 0
    third = await desk.report()
    assert (await desk.wait_for_step(third, 3)).vacancies == ()


async def test_alarms_and_the_lateness_of_due_steps_are_counted(desk: Desk) -> None:
    report_id, before = await desk.report(), counted(Role.SUPERVISOR)
    case = await desk.case(report_id)
    late = {"what": "step_fired"}
    steps_before = REGISTRY.get_sample_value("gridloop_due_lateness_seconds_count", late) or 0.0
    moment = MONDAY + timedelta(days=1)
    step = Step(
        report_id=report_id, known=case.seq, id=new_id(), at=moment, actor=Actor(), command=WakeUp(moment=moment)
    )
    recorded = await Recorder(desk.engine).record(step)
    fired = [fact.body for fact in recorded.facts if isinstance(fact.body, StepFired)]
    assert fired
    assert counted(Role.SUPERVISOR) - before == sum(len(body.vacancies) for body in fired)
    assert REGISTRY.get_sample_value("gridloop_due_lateness_seconds_count", late) == steps_before + len(fired)
    lights = REGISTRY.get_sample_value("gridloop_due_lateness_seconds_count", {"what": "overdue"})
    assert lights


# --- bad input ------------------------------------------------------------------------------------------------------


async def test_each_fault_of_an_absence_names_its_field(desk: Desk) -> None:
    tomorrow = TODAY + timedelta(days=1)
    assert (await refused(desk.absent("nobody", TODAY, tomorrow)))[0] == "/person"
    assert (await refused(desk.absent("worker", TODAY, tomorrow, "nobody")))[0] == "/deputy"
    assert (await refused(desk.absent("worker", TODAY, tomorrow, "worker")))[0] == "/deputy"
    assert (await refused(desk.absent("worker", tomorrow, TODAY)))[0] == "/until"
    assert (await refused(desk.absent("worker", TODAY - timedelta(days=9), TODAY - timedelta(days=8))))[0] == "/until"
    assert await desk.absent("worker", TODAY, tomorrow, "substitute")
    assert not await desk.absent("worker", TODAY, tomorrow, "substitute"), "the same again changes nothing"
    pointer, why = await refused(desk.absent("worker", tomorrow, tomorrow))
    assert (pointer, str(TODAY) in why) == ("/since", True)
    async with desk.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM absences")) == 1


async def test_each_fault_of_a_shift_names_its_field(desk: Desk) -> None:
    evening, night = MONDAY + timedelta(hours=9), MONDAY + timedelta(hours=15)
    assert (await refused(desk.shift("nobody", evening, night)))[0] == "/person"
    assert (await refused(desk.shift("duty", evening, night, unit="999")))[0] == "/unit"
    assert (await refused(desk.shift("duty", night, evening)))[0] == "/ends_at"
    assert (await refused(desk.shift("duty", evening, night, role=Role.HANDLER)))[0] == "/role"
    pointer, why = await refused(desk.shift("community_duty", evening, night))
    assert (pointer, PARK in why) == ("/role", True), "a community's duty officer has no say in the whole park"
    assert await desk.shift("duty", evening, night, unit=COMMUNITY), "whoever holds it above holds it below"
    assert (await refused(desk.shift("duty", evening, night)))[0] == "/starts_at", "nobody is in two places"
    await desk.absent("duty_2", TODAY, TODAY)
    assert (await refused(desk.shift("duty_2", evening, night)))[0] == "/person"
    past = MONDAY - timedelta(days=1)
    assert (await refused(desk.shift("duty", past, past + timedelta(hours=1))))[0] == "/ends_at"
