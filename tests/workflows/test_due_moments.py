"""Due moments of a case over months, on the time-skipping server."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.recording import record_step
from infra.temporal import make_converter
from models.commands import Accept
from models.enums import Light, Stage
from models.facts import Actor
from models.ids import new_id, workflow_id
from models.messages import Step
from tests.builders import person_id
from tests.town import Town, running_town, town_settings


class Jumping(Town):
    """A town whose time can be skipped."""

    env: WorkflowEnvironment

    async def wait(self, **span: float) -> None:
        """Skip that much time, with everything that falls due in it."""
        await self.env.sleep(timedelta(**span))


@pytest.fixture
async def town(
    engine: AsyncEngine, database_url: str, time_skipping_binary: str, key_file: Path
) -> AsyncIterator[Jumping]:
    """The tiny park on the time-skipping server."""
    async with (
        await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=time_skipping_binary, data_converter=make_converter(key_file)
        ) as env,
        running_town(engine, env.client, town_settings(database_url), env.get_current_time) as running,
    ):
        jumping = Jumping(running.resources, env.get_current_time)
        jumping.env = env
        yield jumping


async def handled_by_labour(town: Town) -> str:
    """A wage case that the labour department has claimed (72 hours to handle)."""
    no = await town.report(category="0201", title="欠薪")
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host="labour")
    await town.do("labour_handler", no, "claim")
    return no


async def test_a_passed_deadline_is_one_fact_and_then_a_daily_reminder(town: Jumping) -> None:
    no = await town.report()
    await town.wait(hours=1, minutes=29)
    assert await town.kinds(no) == ["received"]
    await town.wait(minutes=30)
    assert await town.kinds(no) == ["received", "light_changed"]
    assert (await town.look("duty", no)).clocks[0].light is Light.YELLOW
    await town.wait(minutes=2)
    assert await town.kinds(no) == ["received", "light_changed", "overdue"]
    view = await town.look("duty", no)
    assert view.light is Light.RED
    await town.wait(hours=49)
    assert await town.kinds(no) == ["received", "light_changed", "overdue", "reminded", "reminded"]


async def test_a_suspended_case_resumes_by_itself_with_the_time_that_was_left(town: Jumping) -> None:
    no = await handled_by_labour(town)
    await town.wait(hours=10)
    until = await town.now() + timedelta(days=40)
    await town.do("labour_handler", no, "request_suspension", until=until, reason="当事人失联")
    suspended = await town.do("supervisor", no, "grant_suspension")
    assert (suspended.light, suspended.due_at) == (Light.GREY, None)
    await town.wait(days=39)
    assert (await town.look("duty", no)).suspended_until == until
    await town.wait(days=1, minutes=1)
    resumed = await town.look("duty", no)
    assert resumed.suspended_until is None
    assert resumed.due_at is not None
    left = resumed.due_at - until
    assert timedelta(hours=61, minutes=59) < left < timedelta(hours=62, minutes=1)
    await town.wait(hours=63)
    assert (await town.kinds(no))[-2:] == ["light_changed", "overdue"]


async def test_a_question_without_an_answer_does_not_stop_the_clock_for_ever(town: Jumping) -> None:
    no = await town.report("reporter")
    await town.do("duty", no, "request_info", question="哪个仓库?")
    assert (await town.look("duty", no)).due_at is None
    await town.wait(hours=73)
    view = await town.look("duty", no)
    assert view.due_at is not None
    assert await town.kinds(no) == ["received", "info_requested", "info_supplied"]


async def test_an_urge_order_has_its_own_deadline(town: Jumping) -> None:
    no = await handled_by_labour(town)
    await town.do("supervisor", no, "urge", reply_by=await town.now() + timedelta(hours=5), note="请说明进展")
    await town.wait(hours=6)
    assert (await town.kinds(no))[-1] == "urge_overdue"
    view = await town.do("labour_handler", no, "answer_urge", note="已约谈雇主")
    assert view.urges[0].answered_at is not None
    assert view.stage is Stage.HANDLE, "an urge order never changes the stage"


async def test_a_closed_case_is_archived_after_its_window_and_its_workflow_ends(town: Jumping) -> None:
    no = await town.report()
    closed = await town.do("duty", no, "reject", reason="已进入仲裁", right_channel="劳动仲裁")
    await town.wait(days=29)
    assert (await town.look("duty", no)).archived_at is None
    await town.wait(days=1, minutes=1)
    archived = await town.look("duty", no)
    assert archived.archived_at is not None
    assert archived.allowed_commands == ()
    handle = town.resources.temporal.get_workflow_handle(workflow_id(closed.report_id))
    receipt = await handle.result()
    assert receipt["case_no"] == no


async def test_an_undecided_reopening_keeps_a_case_from_the_archive_and_reminds(town: Jumping) -> None:
    no = await town.report("reporter")
    await town.do("duty", no, "reject", reason="重复", right_channel="原案件")
    await town.wait(days=29)
    await town.do("reporter", no, "request_reopen", reason="不是同一件事")
    await town.wait(days=3)
    kinds = await town.kinds(no)
    assert "reminded" in kinds[kinds.index("reopen_requested") :]
    assert "archived" not in kinds
    reopened = await town.do("duty", no, "grant_reopen")
    assert (reopened.stage, reopened.round) == (Stage.RECEIVE, 2)


async def test_what_fell_due_before_a_command_is_recorded_before_it(town: Jumping) -> None:
    """Nobody gets ahead of a deadline because a timer came late: here no worker runs when it falls due."""
    no = await town.report()
    facts = await town.facts(no)
    late = facts[0].at + timedelta(hours=3)
    view = await town.look("duty", no)
    step = Step(
        report_id=view.report_id, known=1, id=new_id(), at=late, actor=Actor(person=person_id("duty")), command=Accept()
    )
    async with town.engine.begin() as connection:
        recorded = await record_step(connection, step)
    assert [fact.body.kind for fact in recorded.facts] == ["light_changed", "overdue", "accepted"]
    assert [fact.actor.person is None for fact in recorded.facts] == [True, True, False]
