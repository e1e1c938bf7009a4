"""The auditor finds drift between both stores, repairs it through the workflow, and leaves the rest unchanged."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, ScheduleActionStartWorkflow
from temporalio.common import WorkflowIDReusePolicy

from activities.auditing.activity import last_lint_due
from activities.auditing.auditor import Auditor
from activities.recording import record_step
from infra.store.audits import latest_audit
from infra.store.cases import read_facts
from models.case import Case
from models.commands import Comment, WakeUp
from models.facts import Actor
from models.ids import new_id, workflow_id
from models.jobs.audit import AuditReport, Drift, Finding
from models.messages import CaseStart, Step
from models.wire_names import AUDIT_WORKFLOW, CASE_WORKFLOW, STATE_QUERY, heavy_queue
from rules.restart import original_report, restart
from services.auditing.audit import audit
from services.auditing.schedule import schedule_audits
from tests.builders import COMMUNITY, FIRE, person_id, publish
from tests.timed import a_timed_policy, office
from tests.town import Town, running_town, town_settings

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Town]:
    """The tiny park with its worker running."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        yield running


async def audit_strictly(town: Town, **more: Any) -> AuditReport:
    """Run an audit without tolerance for late steps or grace for new reports."""
    resources = town.resources
    auditor = Auditor(
        resources.engine, resources.temporal, resources.settings.case_queue, tolerance=timedelta(), grace=timedelta()
    )
    return await auditor.audit(**more)


def kinds(report: AuditReport) -> dict[str, list[str | None]]:
    """Return the kinds of the findings, each with its cases."""
    found: dict[str, list[str | None]] = {}
    for finding in report.findings:
        found.setdefault(finding.kind.value, []).append(finding.case_no)
    return found


def only_finding(report: AuditReport) -> Finding:
    """Return the only finding."""
    (finding,) = report.findings
    return finding


async def change_by_hand(town: Town, statement: str, **values: Any) -> None:
    """Change the database behind the case's back."""
    async with town.engine.begin() as connection:
        await connection.execute(text(statement), values)


async def terminate(town: Town, case_no: str) -> Case:
    """Terminate the case's workflow from outside, as by an operator's mistake, and return the case."""
    case = await town.case(case_no)
    await town.resources.temporal.get_workflow_handle(workflow_id(case.report_id)).terminate("by mistake")
    return case


async def case_of_workflow(town: Town, case: Case) -> Case:
    """Return the case as its workflow knows it."""
    handle = town.resources.temporal.get_workflow_handle(workflow_id(case.report_id))
    answer: Case = await handle.query(STATE_QUERY, result_type=Case)
    return answer


async def test_a_healthy_town_has_no_findings(town: Town) -> None:
    first, second = await town.report(), await town.report(category="0201", title="欠薪")
    await town.do("duty", first, "accept")
    seen: list[tuple[str, int, int]] = []
    report = await audit(town.resources, progress=lambda *step: seen.append(step))
    assert report.findings == ()
    assert (report.cases, report.looked_into) == (2, 2)
    assert ("look", 2, 2) in seen
    assert all(count == 0 for count in report.counts.values())
    assert second


async def test_a_sample_queries_only_that_many_workflows(town: Town) -> None:
    for _ in range(3):
        await town.report()
    report = await audit(town.resources, sample=2)
    assert (report.cases, report.looked_into, report.findings) == (3, 2, ())


async def test_a_terminated_workflow_is_missed_and_its_case_lives_on_with_the_same_timers(town: Town) -> None:
    no = await town.report()
    view = await town.do("duty", no, "accept", id_=(accepted := new_id()))
    before = await terminate(town, no)
    assert kinds(await audit_strictly(town)) == {"workflow_missing": [no]}

    report = await audit_strictly(town, fix=True)
    assert report.repaired == 1
    assert report.findings == ()
    assert await case_of_workflow(town, before) == before == await town.case(no)
    await town.do("duty", no, "accept", id_=accepted)
    assert await town.kinds(no) == ["received", "accepted"], "a resent command is known to the new run"
    after = await town.do("duty", no, "dispatch", host=FIRE)
    assert after.revision == view.revision + 1


async def test_a_workflow_that_was_lost_altogether_is_started_from_the_facts(town: Town) -> None:
    """Temporal's store is new, so there is no run to query."""
    no = await town.report(description="堆放木料", title="消防通道被堵")
    case = await terminate(town, no)
    async with town.engine.connect() as connection:
        facts = await read_facts(connection, case.report_id)
    start = restart(case, facts)
    assert start.report.report_id == case.report_id
    assert (start.report.description, start.report.title) == ("堆放木料", "消防通道被堵")
    assert start.done == tuple(fact.command_id for fact in facts)
    with pytest.raises(ValueError, match="do not add up"):
        restart(case.model_copy(update={"seq": 9}), facts)


async def test_an_older_row_never_starts_a_run_that_would_lose_a_fact(town: Town) -> None:
    """A restored backup and a workflow that has ended: starting it from the row would lose a fact."""
    no = await town.report()
    older = await town.case(no)
    await town.do("duty", no, "comment", note="现场已拍照")
    await terminate(town, no)
    await change_by_hand(
        town,
        "UPDATE cases SET seq = 1, state = CAST(:state AS jsonb) WHERE case_no = :no",
        state=older.model_dump_json(),
        no=no,
    )
    report = await audit_strictly(town, fix=True)
    assert Drift.ROW_BEHIND in {finding.kind for finding in report.findings}
    assert not any(finding.fixable for finding in report.findings)


async def test_a_row_lost_by_a_restored_backup_is_reported_and_not_invented(town: Town) -> None:
    no = await town.report()
    case = await town.case(no)
    async with town.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE facts DISABLE TRIGGER USER"))
        for table in ("tasks", "facts", "cases"):
            await connection.execute(text(f"DELETE FROM {table} WHERE report_id = :id"), {"id": case.report_id})
    finding = only_finding(await audit_strictly(town, fix=True))
    assert (finding.kind, finding.report_id, finding.fixable) == (Drift.ROW_MISSING, case.report_id, False)
    assert "restore" in finding.en
    assert "备份" in finding.zh


async def test_a_report_accepted_just_now_is_given_time_to_be_recorded(town: Town) -> None:
    """The workflow runs and the database has no row yet: no drift within the grace period, drift after it."""
    no = await town.report()
    case = await town.case(no)
    async with town.engine.connect() as connection:
        received = (await read_facts(connection, case.report_id))[0].body
    lost = original_report(received).model_copy(update={"report_id": new_id()})  # type: ignore[arg-type]
    queue = town.resources.settings.case_queue
    await town.resources.temporal.start_workflow(
        CASE_WORKFLOW,
        CaseStart(
            report=lost,
            actor=Actor(person=person_id("worker")),
            case=case.model_copy(update={"report_id": lost.report_id}),
        ),
        id=workflow_id(lost.report_id),
        task_queue=queue,
    )
    await wait_until_listed(town, 2)
    assert (await audit(town.resources)).findings == ()
    assert kinds(await audit_strictly(town)) == {"row_missing": [None]}


async def wait_until_listed(town: Town, count: int) -> None:
    """Wait until Temporal lists that many running cases of the town."""
    queue = town.resources.settings.case_queue
    query = f"WorkflowType = 'Case' AND ExecutionStatus = 'Running' AND TaskQueue = '{queue}'"
    while (await town.resources.temporal.count_workflows(query)).count != count:
        pass


async def test_a_recorded_step_without_an_answer_is_caught_up_by_a_system_command(town: Town) -> None:
    """The worker was killed between the commit and its answer."""
    no = await town.report()
    case = await town.case(no)
    step = Step(
        report_id=case.report_id, known=1, id=new_id(), at=datetime.now(UTC),
        actor=Actor(person=person_id("duty")), command=Comment(note="已派人"),
    )  # fmt: skip
    async with town.engine.begin() as connection:
        await record_step(connection, step)
    assert kinds(await audit_strictly(town)) == {"workflow_behind": [no]}
    assert (await audit_strictly(town, fix=True)).findings == ()
    assert (await case_of_workflow(town, case)).seq == 2


async def test_a_wake_up_changed_by_hand_is_found_and_the_workflow_is_right(town: Town) -> None:
    no = await town.report()
    await change_by_hand(town, "UPDATE cases SET wake_at = wake_at + interval '1 day' WHERE case_no = :no", no=no)
    finding = only_finding(await audit_strictly(town))
    assert (finding.kind, finding.case_no, finding.fixable) == (Drift.WAKE_UP_DIFFERS, no, False)
    await town.do("duty", no, "accept")
    assert (await audit_strictly(town)).findings == (), "the row follows with the next fact"


async def test_a_due_step_that_has_not_fired_is_missed(town: Town) -> None:
    """Found from the row alone, without a query to the workflow."""
    no = await town.report()
    await change_by_hand(town, "UPDATE cases SET wake_at = now() - interval '5 minutes' WHERE case_no = :no", no=no)
    finding = only_finding(await audit(town.resources, sample=0))
    assert (finding.kind, finding.fixable) == (Drift.STEP_MISSED, True)


async def test_owners_that_are_gone_are_found(town: Town) -> None:
    by_desk, by_department = await town.report(), await town.report(category="0201", title="欠薪")
    await town.do("duty", by_department, "accept")
    await town.do("duty", by_department, "dispatch", host="labour")
    assert (await audit_strictly(town)).findings == ()
    await change_by_hand(town, "UPDATE departments SET active = false WHERE id = 'labour'")
    await change_by_hand(town, "UPDATE grid_units SET retired_on = '2024-06-01' WHERE code = :code", code=COMMUNITY)
    report = await audit_strictly(town, fix=True)
    assert {(f.kind, f.case_no) for f in report.findings} == {
        (Drift.OWNER_GONE, by_desk),
        (Drift.OWNER_GONE, by_department),
    }
    assert not any(finding.fixable for finding in report.findings)


async def test_a_record_with_a_gap_is_damage(town: Town) -> None:
    no = await town.report()
    await town.do("duty", no, "comment", note="一")
    async with town.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE facts DISABLE TRIGGER USER"))
        await connection.execute(text("DELETE FROM facts WHERE seq = 2"))
    assert kinds(await audit_strictly(town)) == {"facts_differ": [no]}


async def test_a_published_calendar_that_has_not_reached_a_case_is_pending_and_sent(town: Town) -> None:
    async with town.engine.begin() as connection:
        await publish(connection, a_timed_policy(), version=2)
    no = await town.report(category="0302", title="排污")
    assert (await audit_strictly(town)).findings == ()
    longer = office(week=dict.fromkeys(("monday", "wednesday"), ("09:00-10:00",)))
    async with town.engine.begin() as connection:
        await publish(connection, a_timed_policy(calendars=[longer.model_dump()]), version=3)
    before = await town.case(no)
    assert kinds(await audit_strictly(town)) == {"recount_pending": [no]}
    assert (await audit_strictly(town, fix=True)).findings == ()
    after = await town.case(no)
    assert before.clock is not None
    assert after.clock is not None
    assert after.clock.due_at != before.clock.due_at
    assert (await town.kinds(no))[-1] == "recomputed"


async def test_an_archived_case_whose_workflow_runs_on_is_ended(town: Town) -> None:
    """The archiving was recorded, but the workflow did not get the answer."""
    no = await town.report()
    await town.do("duty", no, "reject", reason="重复", right_channel="原案件")
    case = await town.case(no)
    assert case.archive_at is not None
    step = Step(
        report_id=case.report_id, known=case.seq, id=new_id(), at=case.archive_at + timedelta(minutes=1),
        actor=Actor(), command=WakeUp(moment=case.archive_at),
    )  # fmt: skip
    async with town.engine.begin() as connection:
        await record_step(connection, step)
    assert (await town.case(no)).archived_at is not None
    assert kinds(await audit_strictly(town)) == {"outlived": [no]}
    assert (await audit_strictly(town, fix=True)).findings == ()


async def test_without_a_worker_no_workflow_is_queried_and_the_report_says_so(
    engine: AsyncEngine, database_url: str, temporal_client: Client
) -> None:
    settings = town_settings(database_url)
    async with running_town(engine, temporal_client, settings) as town:
        no = await town.report()
    # Its worker is gone; the same cases under a queue that never had one.
    elsewhere = Auditor(engine, temporal_client, f"{settings.case_queue}-nobody", tolerance=timedelta())
    report = await elsewhere.audit(fix=True)
    assert kinds(report) == {"no_worker": [None]}, f"{no} runs: nothing else is known to be wrong"


async def test_a_scheduled_audit_is_kept_with_the_nights_check_of_the_organisation(town: Town) -> None:
    no = await town.report()
    await terminate(town, no)
    client, queue = town.resources.temporal, town.resources.settings.case_queue

    async def run() -> dict[str, int]:
        found: dict[str, int] = await client.execute_workflow(
            AUDIT_WORKFLOW,
            id=f"audit-now-{queue}",
            task_queue=queue,
            result_type=dict[str, int],
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        return found

    assert (await run())["workflow_missing"] == 1
    async with town.engine.connect() as connection:
        first = await latest_audit(connection)
    assert first is not None
    assert [finding.case_no for finding in first.findings] == [no]
    assert first.lint, "the first audit of a night checks the organisation as well"
    await run()
    async with town.engine.connect() as connection:
        second = await latest_audit(connection)
        assert await connection.scalar(text("SELECT count(*) FROM audits")) == 2
    assert second is not None
    assert second.lint is None


async def test_a_reporter_whose_report_became_no_case_is_deleted_after_a_day(town: Town) -> None:
    """Temporal was away when the report came, and it was never sent again; a report still on its way stays."""
    no = await town.report(reporter={"name": "某人", "phone": "13800000000"})
    now = datetime.now(UTC)
    async with town.engine.begin() as connection:
        await connection.execute(text("UPDATE reporters SET created_at = :then"), {"then": now - timedelta(days=9)})
        await connection.execute(
            text("INSERT INTO reporters (id, name, anonymous, created_at) VALUES (:old, '甲', false, :then),"
                 " (:new, '乙', false, :now)"),
            {"old": new_id(), "new": new_id(), "then": now - timedelta(days=2), "now": now},
        )  # fmt: skip
    resources = town.resources
    await resources.temporal.execute_workflow(
        AUDIT_WORKFLOW, id=f"audit-{no}", task_queue=resources.settings.case_queue, result_type=dict[str, int]
    )
    async with town.engine.connect() as connection:
        rows = await connection.execute(text("SELECT name, ciphertext IS NOT NULL FROM reporters ORDER BY created_at"))
    assert [tuple(row) for row in rows] == [(None, True), ("乙", False)]


async def test_the_schedule_is_set_up_as_often_as_the_system_starts_and_stays_paused(
    temporal_client: Client, database_url: str
) -> None:
    queue = town_settings(database_url).case_queue
    await schedule_audits(temporal_client, queue)
    handle = temporal_client.get_schedule_handle(f"audit-{queue}")
    try:
        await handle.pause(note="the database moves")
        await schedule_audits(temporal_client, queue)
        described = await handle.describe()
        assert (described.schedule.state.paused, described.schedule.state.note) == (True, "the database moves")
        action = described.schedule.action
        assert isinstance(action, ScheduleActionStartWorkflow)
        assert action.task_queue == heavy_queue(queue)
        assert described.schedule.spec.intervals[0].every == timedelta(minutes=10)
    finally:
        await handle.delete()


@pytest.mark.parametrize(
    ("now", "night"),
    [
        ("2026-03-02T02:00:00+08:00", "2026-03-02T02:00:00+08:00"),
        ("2026-03-02T01:59:59+08:00", "2026-03-01T02:00:00+08:00"),
        ("2026-03-01T18:30:00+00:00", "2026-03-02T02:00:00+08:00"),
    ],
)
def test_the_night_is_in_the_zone_of_the_park(now: str, night: str) -> None:
    found = last_lint_due(datetime.fromisoformat(now), ZoneInfo("Asia/Shanghai"))
    assert found == datetime.fromisoformat(night)
