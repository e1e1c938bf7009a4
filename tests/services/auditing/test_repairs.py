"""Repairs in several runs at once, in runs that are stopped, and of more findings than are listed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from activities.auditing import auditor, case_rows, looking
from activities.recording import record_step
from models.commands import Comment, WakeUp
from models.facts import Actor
from models.ids import new_id
from models.jobs.audit import AuditReport
from models.messages import Step
from tests.builders import person_id, publish
from tests.services.auditing.test_auditing import audit_strictly, terminate, town
from tests.timed import a_timed_policy, office
from tests.town import Town

__all__ = ["town"]
pytestmark = pytest.mark.timeout(120)


async def many_faults(town: Town) -> dict[str, list[str]]:
    """Cases whose workflows are lost, lag behind, run on after the archive, or wait for a recount; with their facts."""
    async with town.engine.begin() as connection:
        await publish(connection, a_timed_policy(), version=2)
    recount = await town.report(category="0302", title="排污")
    longer = office(week=dict.fromkeys(("monday", "wednesday"), ("09:00-10:00",)))
    async with town.engine.begin() as connection:
        await publish(connection, a_timed_policy(calendars=[longer.model_dump()]), version=3)
    lost = [await town.report() for _ in range(4)]
    for no in lost:
        await terminate(town, no)
    behind, outlived = await town.report(), await town.report()
    await record_unseen(town, behind, Comment(note="已派人"), datetime.now(UTC))
    await town.do("duty", outlived, "reject", reason="重复", right_channel="原案件")
    moment = (await town.case(outlived)).archive_at
    assert moment is not None
    await record_unseen(town, outlived, WakeUp(moment=moment), moment + timedelta(minutes=1))
    facts = {no: await town.kinds(no) for no in (*lost, behind, outlived)}
    return {**facts, recount: [*await town.kinds(recount), "recomputed"]}


async def record_unseen(town: Town, no: str, command: Comment | WakeUp, at: datetime) -> None:
    """Record a step whose answer the workflow did not get."""
    case = await town.case(no)
    actor = Actor(person=person_id("duty")) if isinstance(command, Comment) else Actor()
    step = Step(report_id=case.report_id, known=case.seq, id=new_id(), at=at, actor=actor, command=command)
    async with town.engine.begin() as connection:
        await record_step(connection, step)


async def test_two_repairs_at_the_same_moment_do_not_disturb_each_other(
    town: Town, looks_soon_again: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "PAUSE", looks_soon_again)
    facts = await many_faults(town)
    found = (await audit_strictly(town)).counts
    assert {kind: number for kind, number in found.items() if number} == {
        "workflow_missing": 4, "workflow_behind": 1, "outlived": 1, "recount_pending": 1,
    }  # fmt: skip
    for report in await asyncio.gather(audit_strictly(town, fix=True), audit_strictly(town, fix=True)):
        assert (report.findings, report.failures) == ((), ())
    assert {no: await town.kinds(no) for no in facts} == facts, "nothing is recorded twice"
    assert (await audit_strictly(town)).findings == ()


async def test_a_repair_that_is_stopped_is_finished_by_the_next(town: Town) -> None:
    facts = await many_faults(town)
    stopped: asyncio.Task[AuditReport]

    def stop(phase: str, done: int, _: int) -> None:
        if phase == "repair" and done == 2:
            stopped.cancel()

    stopped = asyncio.create_task(audit_strictly(town, fix=True, progress=stop))
    with pytest.raises(asyncio.CancelledError):
        await stopped
    rest = await audit_strictly(town, fix=True)
    assert (rest.findings, rest.failures) == ((), ())
    assert rest.repaired <= 5, "two were repaired before"
    assert {no: await town.kinds(no) for no in facts} == facts


async def test_findings_beyond_the_first_of_a_kind_are_counted(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "MOST_LISTED", 1)
    monkeypatch.setattr(case_rows, "PAGE_SIZE", 2)
    for no in [await town.report() for _ in range(5)]:
        await terminate(town, no)
    report = await audit_strictly(town)
    assert (len(report.findings), report.counts["workflow_missing"]) == (1, 5)
    fixed = await audit_strictly(town, fix=True)
    assert (fixed.repaired, fixed.findings) == (5, ()), "those that are not listed are repaired too"
