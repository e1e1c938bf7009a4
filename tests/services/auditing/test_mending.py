"""The scheduled audit wakes the workflows that have not taken note of what is recorded, and says so; it leaves alone
what is too young, and whatever waking does not mend."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.auditing import looking
from activities.auditing.activity import AuditActivities
from activities.auditing.auditor import TOLERANCE
from activities.matters.recording import record_matter_step
from activities.recording import record_step
from infra.store.audits import latest_audit
from models.case import Case
from models.commands import Command, Comment, WakeUp
from models.facts import Actor
from models.ids import matter_workflow_id, new_id, workflow_id
from models.jobs.audit import AuditSummary, Drift
from models.matters.base import MatterKind
from models.matters.messages import MatterStanding, MatterStep
from models.messages import Step
from models.wire_names import STATE_QUERY
from tests.builders import person_id
from tests.town import Town, running_town, town_settings

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Town]:
    """The tiny park with its worker running."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        yield running


async def run_audit(town: Town, *, tolerance: timedelta = timedelta(), sample: int = 100) -> AuditSummary:
    """Run the audit as its schedule does, with a tolerance of its own, and return what it stored."""
    resources = town.resources

    async def nothing(*_: object) -> int:
        return 0

    activities = AuditActivities(
        resources.engine, resources.temporal, resources.settings.case_queue, nothing, nothing,
        sample=sample, tolerance=tolerance,
    )  # fmt: skip
    counts = await ActivityEnvironment().run(activities.audit)
    async with town.engine.connect() as connection:
        stored = await latest_audit(connection)
    assert stored is not None
    assert stored.counts == counts
    return stored


def named(summary: AuditSummary) -> list[tuple[Drift, str | None]]:
    """The kinds of what is left, each with its case or matter."""
    return [(finding.kind, finding.case_no or finding.matter_code) for finding in summary.findings]


async def fall_behind(town: Town, case_no: str, command: Command | None = None, at: datetime | None = None) -> None:
    """Record a step of which the workflow does not hear, as when its worker is killed after it."""
    case = await town.case(case_no)
    command = Comment(note="已派人") if command is None else command
    person = None if isinstance(command, WakeUp) else person_id("duty")
    step = Step(
        report_id=case.report_id, known=case.seq, id=new_id(), at=at or datetime.now(UTC),
        actor=Actor(person=person), command=command,
    )  # fmt: skip
    async with town.engine.begin() as connection:
        await record_step(connection, step)


async def known_to_workflow(town: Town, case_no: str) -> int:
    """How many facts the workflow of a case knows."""
    handle = town.resources.temporal.get_workflow_handle(workflow_id((await town.case(case_no)).report_id))
    known: Case = await handle.query(STATE_QUERY, result_type=Case)
    return known.seq


async def test_a_workflow_that_fell_behind_catches_up_and_the_record_says_so(town: Town) -> None:
    behind, well = await town.report(), await town.report(category="0201", title="欠薪")
    await fall_behind(town, behind)
    summary = await run_audit(town)
    assert named(summary) == []
    assert [(one.kind, one.case_no) for one in summary.mended] == [(Drift.WORKFLOW_BEHIND, behind)]
    assert await known_to_workflow(town, behind) == 2
    assert await town.kinds(behind) == ["received", "commented"]
    assert await town.kinds(well) == ["received"]
    again = await run_audit(town)
    assert (named(again), again.mended) == ([], ())


async def test_what_has_just_been_recorded_is_named_and_left_alone(town: Town) -> None:
    """Its step may be in flight."""
    no = await town.report()
    await fall_behind(town, no)
    summary = await run_audit(town, tolerance=TOLERANCE)
    assert named(summary) == [(Drift.WORKFLOW_BEHIND, no)]
    assert summary.mended == ()
    assert await known_to_workflow(town, no) == 1


async def test_steps_in_flight_and_two_audits_at_once_record_nothing_twice(
    town: Town, looks_soon_again: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "PAUSE", looks_soon_again)
    no = await town.report()
    await fall_behind(town, no)
    notes = [f"第 {number} 次" for number in range(8)]
    await asyncio.gather(
        run_audit(town), *(town.do("duty", no, "comment", note=note) for note in notes), run_audit(town)
    )
    comments = [getattr(fact.body, "note", "") for fact in (await town.facts(no))[1:]]
    assert sorted(comments) == sorted(["已派人", *notes])
    assert named(await run_audit(town)) == []


async def test_a_step_that_is_held_up_is_neither_doubled_nor_overtaken(town: Town) -> None:
    """A command waits in its recording step while the audit wakes the same case."""
    no = await town.report()
    await fall_behind(town, no)
    async with town.engine.connect() as holding:
        await holding.execute(text("SELECT 1 FROM cases WHERE case_no = :no FOR UPDATE"), {"no": no})
        sent = asyncio.create_task(town.do("duty", no, "accept"))
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND database IS NOT NULL OR"
                       " (NOT granted AND locktype = 'transactionid')")  # fmt: skip
        async with asyncio.timeout(30), town.engine.connect() as watching:
            while not await watching.scalar(waiting):
                await asyncio.sleep(0.05)
        auditing = asyncio.create_task(run_audit(town))
        await asyncio.wait({auditing}, timeout=1)
        await holding.rollback()
    await asyncio.gather(sent, auditing)
    assert await town.kinds(no) == ["received", "commented", "accepted"]
    assert await known_to_workflow(town, no) == 3
    assert named(await run_audit(town)) == []


async def test_an_archived_case_whose_workflow_runs_on_is_ended(town: Town) -> None:
    no = await town.report()
    await town.do("duty", no, "reject", reason="重复", right_channel="原案件")
    archive_at = (await town.case(no)).archive_at
    assert archive_at is not None
    await fall_behind(town, no, WakeUp(moment=archive_at), archive_at + timedelta(minutes=1))
    # Its last fact lies in the future here; the tolerance is counted from it.
    summary = await run_audit(town, tolerance=datetime.now(UTC) - archive_at - timedelta(minutes=5))
    assert named(summary) == []
    assert [(one.kind, one.case_no) for one in summary.mended] == [(Drift.OUTLIVED, no)]


async def test_a_workflow_that_was_not_asked_is_woken_by_the_step_that_it_misses(town: Town) -> None:
    """Beyond the sample, a workflow that fell behind is noticed when a step that it does not know of is due."""
    no = await town.report()
    await fall_behind(town, no)
    async with town.engine.begin() as connection:
        await connection.execute(text("UPDATE cases SET wake_at = now() - interval '1 minute'"))
    await run_audit(town, sample=0)
    assert await known_to_workflow(town, no) == 2


async def test_what_went_on_lately_is_asked_before_the_rest(town: Town) -> None:
    numbers = [await town.report() for _ in range(8)]
    async with town.engine.begin() as connection:
        await connection.execute(text("UPDATE cases SET updated_at = updated_at - interval '2 hours'"))
    await fall_behind(town, numbers[3])
    summary = await run_audit(town, sample=2)
    assert summary.looked_into == 2
    assert [one.case_no for one in summary.mended] == [numbers[3]]


async def test_a_matter_that_fell_behind_catches_up(town: Town) -> None:
    code = await town.enterprise()
    async with asyncio.timeout(30), town.engine.connect() as connection:
        while await connection.scalar(text("SELECT count(*) FROM outbox")):  # its first assessment wakes it as well
            await asyncio.sleep(0.05)
    async with town.engine.begin() as connection:
        id_ = await connection.scalar(text("SELECT id FROM matters WHERE code = :code"), {"code": code})
        step = MatterStep(
            matter_kind=MatterKind.ENTERPRISE, matter_id=id_, known=1, id=new_id(), at=datetime.now(UTC),
            actor=Actor(person=person_id("duty")), command={"kind": "comment", "note": "已走访"},
        )  # fmt: skip
        recorded = await record_matter_step(connection, step)
    assert recorded.refusal is None
    summary = await run_audit(town)
    assert named(summary) == []
    assert [(one.kind, one.matter_code) for one in summary.mended] == [(Drift.WORKFLOW_BEHIND, code)]
    handle = town.resources.temporal.get_workflow_handle(matter_workflow_id(MatterKind.ENTERPRISE, id_))
    assert (await handle.query(STATE_QUERY, result_type=MatterStanding)).known == 2


async def test_what_people_must_decide_is_left_to_them(town: Town) -> None:
    """A workflow that was ended is not begun anew, and a lost row is not invented."""
    ended, ahead = await town.report(), await town.report(category="0201", title="欠薪")
    client = town.resources.temporal
    await client.get_workflow_handle(workflow_id((await town.case(ended)).report_id)).terminate("on purpose")
    older = await town.case(ahead)
    await town.do("duty", ahead, "comment", note="一")
    async with town.engine.begin() as connection:
        await connection.execute(
            text("UPDATE cases SET seq = 1, state = CAST(:state AS jsonb) WHERE case_no = :no"),
            {"state": older.model_dump_json(), "no": ahead},
        )
    summary = await run_audit(town)
    assert {(Drift.WORKFLOW_MISSING, ended), (Drift.ROW_BEHIND, ahead)} <= set(named(summary))
    assert summary.mended == ()
