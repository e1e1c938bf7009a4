"""Two people decide about one matter in the same moment: exactly one of them does, and no matter is lost."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from activities.recording import record_step
from infra.case_client import act_as_system
from models.case import Case
from models.commands import Merge, WakeUp
from models.enums import Outcome, Stage
from models.errors import DomainError, LeadIsYounger, LeadOfOthers, NoSuchLead
from models.facts import Actor
from models.ids import new_id
from models.messages import Step, SystemAct
from models.views import CaseView
from rules.tasks import open_tasks
from services.auditing.audit import audit
from tests.builders import person_id
from tests.town import Town

#: How often each race is run.
TRIES = 6

pytestmark = pytest.mark.timeout(180)


async def two_reports(town: Town, *, received_together: bool) -> tuple[str, str]:
    """Two reports of one matter. Of cases received in one moment each may lead."""
    first, second = await town.report(category="0201", title="欠薪"), await town.report(category="0201", title="欠薪")
    if received_together:
        async with town.engine.begin() as connection:
            statement = "UPDATE cases SET received_at = '2026-01-01' WHERE case_no IN (:first, :second)"
            await connection.execute(text(statement), {"first": first, "second": second})
    return first, second


async def both(*commands: Awaitable[CaseView]) -> tuple[int, list[DomainError]]:
    """How many of the commands went through, and the refusals of the others."""
    answers = await asyncio.gather(*commands, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    won = [answer for answer in answers if isinstance(answer, CaseView)]
    assert len(won) + len(refused) == len(commands), answers
    return len(won), refused


async def until(town: Town, case_no: str, kind: str) -> None:
    """Waits until the case has such a fact."""
    async with asyncio.timeout(30):
        while kind not in await town.kinds(case_no):
            await asyncio.sleep(0.05)


async def until_settled(town: Town, *numbers: str) -> list[Case]:
    """The cases once none has anything to tell another.

    They are read one after another, so they are read anew then: a lead read first may have been told since.
    """
    async with asyncio.timeout(30):
        while True:
            found = [await town.case(no) for no in numbers]
            if not any(case.errands for case in found):
                return [await town.case(no) for no in numbers]
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("received_together", [True, False])
async def test_a1_two_merges_that_name_each_other(town: Town, *, received_together: bool) -> None:
    for _ in range(TRIES):
        first, second = await two_reports(town, received_together=received_together)
        won, refused = await both(
            town.do("duty", first, "merge", into=second, reason="同一事项"),
            town.do("duty_2", second, "merge", into=first, reason="同一事项"),
        )
        assert won == 1
        expected = (NoSuchLead,) if received_together else (NoSuchLead, LeadIsYounger)
        assert isinstance(refused[0], expected)
        cases = await until_settled(town, first, second)
        (lead,) = (case for case in cases if case.is_open)
        (member,) = (case for case in cases if not case.is_open)
        assert member.outcome is Outcome.MERGED
        assert lead.absorbed == (member.case_no,)
        assert open_tasks(lead)
    assert (await audit(town.resources)).findings == ()


async def test_a_lead_that_closes_before_it_hears_of_the_merge_gives_the_case_back(town: Town) -> None:
    """Recorded, and the lead rejected before the workflow could tell it: no case is merged into a closed one."""
    lead, member = await two_reports(town, received_together=False)
    case = await town.case(member)
    step = Step(
        report_id=case.report_id, known=case.seq, id=new_id(), at=datetime.now(UTC),
        actor=Actor(person=person_id("duty")), command=Merge(into=lead, reason="同一事项"),
    )  # fmt: skip
    async with town.engine.connect() as connection:
        await record_step(connection, step)
        await connection.commit()
    assert (await town.case(member)).outcome is Outcome.MERGED
    await town.do("duty_2", lead, "reject", reason="不归我们", right_channel="仲裁")
    wake = SystemAct(id=new_id(), command=WakeUp(moment=datetime.now(UTC)))
    await act_as_system(town.resources.temporal, case.report_id, wake)
    await until(town, member, "unmerged")
    (back,) = await until_settled(town, member)
    assert (back.stage, back.owner, back.merged_into) == (Stage.RECEIVE, case.owner, None)
    assert open_tasks(back) == open_tasks(case)
    await town.do("duty", member, "accept")
    assert (await audit(town.resources)).findings == ()


async def test_a_merge_and_the_end_of_its_lead_at_the_same_moment(town: Town) -> None:
    """Whatever comes first, the matter is open somewhere afterwards."""
    for _ in range(TRIES):
        lead, member = await two_reports(town, received_together=False)
        _, refused = await both(
            town.do("duty", member, "merge", into=lead, reason="同一事项"),
            town.do("duty_2", lead, "reject", reason="不归我们", right_channel="仲裁"),
        )
        assert all(isinstance(error, NoSuchLead | LeadOfOthers) for error in refused)
        leading, merged = await until_settled(town, lead, member)
        if leading.is_open:
            assert leading.absorbed == (member,)
        else:
            assert merged.is_open
            assert open_tasks(merged)
    assert (await audit(town.resources)).findings == ()


async def test_redispatched_and_completed_at_the_same_moment(town: Town) -> None:
    for _ in range(TRIES):
        no = await town.report(category="0201", title="欠薪")
        await town.do("duty", no, "accept")
        await town.do("duty", no, "dispatch", host="labour")
        won, refused = await both(
            town.do("labour_handler", no, "complete", result="已付"),
            town.do("duty", no, "redispatch", host="environment", reason="派错"),
        )
        assert won == 1
        case = await town.case(no)
        by_host = case.stage is Stage.REVIEW
        assert refused[0].code == ("wrong_stage" if by_host else "not_yours")
        assert case.host == ("labour" if by_host else "environment")
        assert open_tasks(case)
    assert (await audit(town.resources)).findings == ()
