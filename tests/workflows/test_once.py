"""Resending is safe; refusals store nothing; a step recorded but never reported is neither lost nor repeated."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, WorkflowExecutionStatus

import workflows.case
from activities import errands, recording
from activities.recording import Recorder, record_step
from infra.case_client import act, open_case
from infra.store.cases import append_facts, read_case, read_facts
from models.case import Case
from models.commands import Accept, Comment, Report, WakeUp
from models.context import Context
from models.enums import Source, Stage
from models.errors import (
    AlreadyArchived,
    CommandIdReused,
    NotYours,
    RecordingFailed,
    ReportIdReused,
    StaleRevision,
    StoreAway,
    StoreBehind,
    UnknownCategory,
    WrongStage,
)
from models.facts import Actor, Fact
from models.ids import new_id, workflow_id
from models.messages import Act, CaseStart, Receipt, Step
from models.wire_names import STATE_QUERY
from rules.decide import decide
from rules.evolve import evolve
from services.commands import send
from services.reports import submit
from services.reports.report_input import ReportInput
from tests.builders import FIRE, LABOUR, MICRO, person_id, publish
from tests.timed import a_hasty_policy
from tests.town import Town, running_town, town_settings


async def test_one_report_sent_many_times_at_once_is_one_case(town: Town) -> None:
    report_id = new_id()
    sent = await asyncio.gather(*(town.submit(report_id=report_id) for _ in range(6)))
    numbers = {submitted.receipt.case_no for submitted in sent if submitted.receipt}
    assert len(numbers) == 1
    assert await town.kinds(numbers.pop()) == ["received"]
    assert sum(submitted.created for submitted in sent) == 1, "whoever began it, and nobody else"
    again = await town.submit(report_id=report_id)
    assert not again.created


async def test_whose_report_it_is_goes_by_the_day_where_the_case_lies(town: Town) -> None:
    """A grid worker's first day has begun in the park while it is still yesterday in UTC."""
    morning = datetime.combine(datetime.now(UTC).date() - timedelta(days=1), time(23, 30), UTC)
    async with town.engine.begin() as connection:
        await connection.execute(
            text("UPDATE grants SET since = :day WHERE person = :worker"),
            {"day": morning.date() + timedelta(days=1), "worker": person_id("worker")},
        )
    wanted = ReportInput(report_id=new_id(), category="0103", title="消防通道被堵", grid=MICRO)
    sent = await submit.submit(town.resources, await town.person("worker"), wanted, morning)
    assert sent.receipt is not None
    received = (await town.facts(sent.receipt.case_no))[0].body
    assert received.kind == "received"
    assert received.source is Source.GRID_WORKER


async def test_a_report_id_with_other_content_is_refused(town: Town) -> None:
    report_id = new_id()
    await town.report(report_id=report_id)
    with pytest.raises(ReportIdReused) as refused:
        await town.submit(report_id=report_id, title="另一件事")
    assert refused.value.pointer == "/report_id"


async def test_two_reports_under_one_id_at_once_are_one_case_and_one_refusal(town: Town) -> None:
    report_id = new_id()
    sent = await asyncio.gather(
        town.submit(report_id=report_id, title="甲"),
        town.submit(report_id=report_id, title="乙"),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, ReportIdReused) for outcome in sent) == 1
    assert sum(not isinstance(outcome, BaseException) for outcome in sent) == 1


async def test_numbers_follow_each_other_without_gap(town: Town) -> None:
    numbers = sorted(await asyncio.gather(*(town.report() for _ in range(12))))
    assert [int(number[17:23]) for number in numbers] == list(range(1, 13))


async def test_a_command_sent_many_times_at_once_counts_once(town: Town) -> None:
    no, id_ = await town.report(), new_id()
    await asyncio.gather(*(town.do("duty", no, "comment", id_=id_, note="请尽快") for _ in range(6)))
    assert await town.kinds(no) == ["received", "commented"]


async def test_a_command_id_with_another_command_is_refused(town: Town) -> None:
    no, id_ = await town.report(), new_id()
    await town.do("duty", no, "comment", id_=id_, note="甲")
    with pytest.raises(CommandIdReused):
        await town.do("duty", no, "comment", id_=id_, note="乙")


async def test_two_people_accept_at_once_and_one_is_refused(town: Town) -> None:
    no = await town.report()
    outcomes = await asyncio.gather(
        town.do("duty", no, "accept"), town.do("duty_2", no, "accept"), return_exceptions=True
    )
    assert sum(isinstance(outcome, WrongStage) for outcome in outcomes) == 1
    assert await town.kinds(no) == ["received", "accepted"]


async def test_a_stale_revision_is_refused_by_the_recording_step_too(town: Town) -> None:
    """The service checks first; here two that saw the same revision pass it together."""
    no = await town.report()
    view = await town.look("duty", no)
    outcomes = await asyncio.gather(
        *(
            act(
                town.resources.temporal,
                view.report_id,
                Act(id=new_id(), actor=Actor(person=person_id("duty")), if_revision=1, command=Comment(note=note)),
            )
            for note in ("甲", "乙")
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, StaleRevision) for outcome in outcomes) == 1


def a_start(**fields: object) -> CaseStart:
    """The start of a case, without the checks of a service."""
    now = datetime.now(UTC)
    known = {
        "report_id": new_id(),
        "category": "0103",
        "title": "堵塞",
        "grid": MICRO,
        "occurred_at": now,
        "reported_at": now,
        "content_hash": "x",
    }
    return CaseStart(report=Report.model_validate({**known, **fields}), actor=Actor(person=person_id("worker")))


async def test_a_report_refused_in_the_recording_step_may_be_sent_again_corrected(town: Town) -> None:
    temporal, queue = town.resources.temporal, town.resources.settings.case_queue
    bad = a_start(category="9999")
    with pytest.raises(UnknownCategory) as refused:
        await open_case(temporal, bad, queue=queue)
    assert refused.value.pointer == "/category"
    described = await temporal.get_workflow_handle(workflow_id(bad.report.report_id)).describe()
    assert described.status is WorkflowExecutionStatus.FAILED
    good = a_start(report_id=bad.report.report_id)
    receipt = await open_case(temporal, good, queue=queue)
    assert int(receipt.case_no[17:23]) == 1, "the refused report used up no number"


async def test_a_command_refused_at_the_door_of_the_workflow_leaves_no_history(town: Town) -> None:
    no = await town.report()
    view = await town.look("duty", no)
    handle = town.resources.temporal.get_workflow_handle(workflow_id(view.report_id))
    before = (await handle.describe()).history_length
    with pytest.raises(WrongStage):
        await act(
            town.resources.temporal,
            view.report_id,
            Act.model_validate(
                {"id": new_id(), "actor": {"person": person_id("reviewer")}, "command": {"kind": "claim"}}
            ),
        )
    assert (await handle.describe()).history_length == before


async def test_what_was_recorded_but_never_reported_is_caught_up(town: Town) -> None:
    """As when a worker is killed between the commit and its word to Temporal."""
    no = await town.report()
    view = await town.look("duty", no)
    step = Step(
        report_id=view.report_id,
        known=1,
        id=new_id(),
        at=datetime.now(UTC),
        actor=Actor(person=person_id("duty")),
        command=Accept(),
    )
    async with town.engine.begin() as connection:
        await record_step(connection, step)
    async with town.engine.begin() as connection:
        again = await record_step(connection, step)
    assert [fact.body.kind for fact in again.facts] == ["accepted"], "told again, not done again"
    await town.do("duty", no, "dispatch", host="labour")
    assert await town.kinds(no) == ["received", "accepted", "dispatched"]
    handle = town.resources.temporal.get_workflow_handle(workflow_id(view.report_id))
    assert await handle.query(STATE_QUERY, result_type=Case) == await town.case(no)


async def test_one_step_tried_twice_at_once_is_recorded_once(town: Town) -> None:
    """As when a timed-out attempt still waits for the case while the next one records."""
    no = await town.report()
    step = Step(
        report_id=(await town.look("duty", no)).report_id,
        known=1,
        id=new_id(),
        at=datetime.now(UTC),
        actor=Actor(person=person_id("duty")),
        command=Comment(note="一次"),
    )

    async def one_try() -> list[str]:
        async with town.engine.begin() as connection:
            return [fact.body.kind for fact in (await record_step(connection, step)).facts]

    tries = await asyncio.gather(*(one_try() for _ in range(8)))
    assert tries == [["commented"]] * 8, "each try is told what was recorded"
    assert await town.kinds(no) == ["received", "commented"]


async def test_steps_decided_on_the_same_snapshot_are_recorded_one_after_the_other(town: Town) -> None:
    """When an old worker and the new one meet, one decides again on what the other recorded."""
    no = await town.report()
    report_id = (await town.look("duty", no)).report_id
    recorder = Recorder(town.engine)

    def step(number: int) -> Step:
        return Step(
            report_id=report_id,
            known=1,
            id=new_id(),
            at=datetime.now(UTC),
            actor=Actor(person=person_id("duty")),
            command=Comment(note=f"第 {number} 条"),
        )

    answers = await asyncio.gather(*(recorder.record(step(number)) for number in range(6)))
    assert all(answer.refusal is None for answer in answers)
    async with town.engine.connect() as connection:
        facts = await read_facts(connection, report_id)
    assert [fact.seq for fact in facts] == [1, 2, 3, 4, 5, 6, 7]
    assert len({fact.command_id for fact in facts}) == 7
    for answer in answers:
        assert answer.facts == facts[1 : 1 + len(answer.facts)], "everything after what was known, up to its own"


async def test_nothing_is_appended_to_a_case_that_has_gone_on(town: Town) -> None:
    no = await town.report()
    seen = await town.case(no)
    await town.do("duty", no, "accept")
    async with town.engine.begin() as connection:
        (_, accepted) = await read_facts(connection, seen.report_id)
        later = accepted.model_copy(update={"command_id": new_id()})
        assert not await append_facts(connection, seen, [later], evolve(seen, later))
    assert await town.kinds(no) == ["received", "accepted"]
    assert (await town.case(no)).seq == 2


async def test_a_database_that_knows_less_than_the_workflow_is_never_appended_to(town: Town) -> None:
    """As after a backup was restored."""
    no = await town.report()
    before = await town.case(no)
    await town.do("duty", no, "accept")
    async with town.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE facts DISABLE TRIGGER facts_stay"))
        await connection.execute(text("DELETE FROM facts WHERE seq > 1"))
        await connection.execute(
            text("UPDATE cases SET seq = 1, stage = 'receive', state = CAST(:state AS jsonb)"),
            {"state": before.model_dump_json()},
        )
    with pytest.raises(StoreBehind):
        await act(
            town.resources.temporal,
            before.report_id,
            Act(id=new_id(), actor=Actor(person=person_id("duty")), command=Comment(note="在吗")),
        )
    async with town.engine.connect() as connection:
        stored = await read_case(connection, before.report_id)
    assert stored == before


async def test_a_step_that_can_t_be_recorded_is_refused_and_blocks_nothing(town: Town) -> None:
    """With an error that no retry repairs, the case is not blocked, and the same id counts once it is repaired."""
    no, id_ = await town.report(), new_id()
    async with town.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE tasks RENAME COLUMN due_at TO lost"))
    with pytest.raises(RecordingFailed):
        await town.do("duty", no, "accept", id_=id_)
    async with town.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE tasks RENAME COLUMN lost TO due_at"))
    assert await town.kinds(no) == ["received"]
    await town.do("duty", no, "comment", note="在")
    await town.do("duty", no, "accept", id_=id_)
    await town.do("duty", no, "accept", id_=id_)
    assert await town.kinds(no) == ["received", "commented", "accepted"]


async def test_a_report_that_can_t_be_recorded_yet_is_kept_until_it_can(
    engine: AsyncEngine, database_url: str, temporal_client: Client
) -> None:
    """It may have been acknowledged already. Here its store is half restored."""
    settings = town_settings(database_url, answer_seconds=1.5)
    async with running_town(engine, temporal_client, settings) as town:
        async with town.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE tasks RENAME TO lost"))
        submitted = await town.submit()
        assert submitted.receipt is None, "accepted, not yet recorded"
        async with town.engine.begin() as connection:
            await connection.execute(text("ALTER TABLE lost RENAME TO tasks"))
        async with asyncio.timeout(20):
            while (again := await town.submit(report_id=submitted.report_id)).receipt is None:
                await asyncio.sleep(0.1)
        assert not again.created
        assert await town.kinds(again.receipt.case_no) == ["received"]


async def test_a_refusal_after_the_caller_gave_up_is_not_called_accepted(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer came too late for the caller; asked whether the command is durable, the server says no."""
    no = await town.report()
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host=FIRE)

    async def too_late(client: Client, report_id: UUID, wanted: Act) -> Receipt:
        with contextlib.suppress(NotYours):
            await act(client, report_id, wanted)
        raise TimeoutError

    monkeypatch.setattr(send, "act", too_late)
    with pytest.raises(NotYours):
        await town.do("fire_handler", no, "transfer", to_department=LABOUR, reason="属人社")


async def test_a_command_id_of_somebody_else_is_refused(town: Town) -> None:
    no, id_ = await town.report(), new_id()
    await town.do("duty", no, "comment", id_=id_, note="甲")
    with pytest.raises(CommandIdReused):
        await town.do("duty_2", no, "comment", id_=id_, note="甲")


async def test_merging_tells_the_lead_and_splitting_opens_cases(town: Town) -> None:
    lead = await town.report(category="0201", title="欠薪")
    other = await town.report(category="0201", title="还是欠薪")
    merged = await town.do("duty", other, "merge", into=lead, reason="同一事项")
    assert (merged.stage, merged.merged_into) == (Stage.CLOSED, lead)
    split = await town.do(
        "duty", lead, "split", parts=[{"category": "0103", "title": "宿舍消防通道被堵"}], reason="两件事"
    )
    assert split.stage is Stage.RECEIVE
    case = await settled(town, lead)
    assert case.absorbed == (other,)
    assert (await settled(town, other)).merged_into == lead
    opened = next(f.body.case_no for f in await town.facts(lead) if f.body.kind == "errand_settled")
    assert opened is not None
    part = (await town.facts(opened))[0].body
    assert part.kind == "received"
    assert (part.split_from, part.title, part.grid) == (lead, "宿舍消防通道被堵", MICRO)


async def test_an_errand_that_can_t_be_done_yet_keeps_no_deadline_from_the_case(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is retried until it works, while the case's timers run; a store that is away loses no errand."""
    names = {"split": "open_case", "merge": "notify_lead"}
    done = {name: getattr(errands, name) for name in names.values()}
    refused = {name: asyncio.Event() for name in names.values()}

    def refusing(name: str) -> Callable[..., Awaitable[None]]:
        async def refuse(*_: object, **__: object) -> None:
            refused[name].set()
            raise StoreAway()

        return refuse

    monkeypatch.setattr(errands, "REFUSAL_RETRY_DELAY", timedelta(milliseconds=100))
    for name in names.values():
        monkeypatch.setattr(errands, name, refusing(name))
    async with town.engine.begin() as connection:
        await connection.execute(text("DELETE FROM policies"))
        await publish(connection, a_hasty_policy(), version=2)
    lead = await town.report(category="0201")
    numbers = {errand: await town.report(category="0201") for errand in names}
    await town.do("duty", numbers["split"], "split", parts=[{"category": "0103", "title": "另一件事"}], reason="两件事")
    await town.do("duty", numbers["merge"], "merge", into=lead, reason="同一事项")
    await town.do("duty", numbers["merge"], "unmerge", reason="不是一回事")
    for event in refused.values():
        async with asyncio.timeout(20):
            await event.wait()
    for errand, no in numbers.items():
        async with asyncio.timeout(20):
            while "overdue" not in await town.kinds(no):
                await asyncio.sleep(0.1)
        assert (await town.case(no)).errands, f"{errand}: it is not forgotten"
    for name, carry_out in done.items():
        monkeypatch.setattr(errands, name, carry_out)
    for no in numbers.values():
        async with asyncio.timeout(20):
            while (await town.case(no)).errands:
                await asyncio.sleep(0.1)
    told = [kind for kind in await town.kinds(lead) if kind in ("absorbed", "separated")]
    assert told == ["absorbed", "separated"], "both, and in order"


async def test_a_due_moment_that_is_refused_does_not_end_the_case(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is retried whatever refuses it: a failed run would leave a case without timers."""
    refused = asyncio.Event()

    def refuse_once(case: Case | None, step: Step, ctx: Context) -> tuple[Fact, ...]:
        if isinstance(step.command, WakeUp) and not refused.is_set():
            refused.set()
            raise UnknownCategory(category="0103")
        return decide(case, step, ctx)

    monkeypatch.setattr(recording, "decide", refuse_once)
    monkeypatch.setattr(workflows.case, "REBUILD_PAUSE", timedelta(milliseconds=100))
    async with town.engine.begin() as connection:
        await connection.execute(text("DELETE FROM policies"))
        await publish(connection, a_hasty_policy(), version=2)
    no = await town.report()
    await asyncio.wait_for(refused.wait(), 20)
    async with asyncio.timeout(20):
        while "overdue" not in await town.kinds(no):
            await asyncio.sleep(0.1)


async def settled(town: Town, case_no: str) -> Case:
    """The case when it has no open errand."""
    async with asyncio.timeout(20):
        while (case := await town.case(case_no)).errands or (case.stage is Stage.RECEIVE and not case.absorbed):
            await asyncio.sleep(0.05)
    return case


async def test_an_archived_case_takes_no_command_but_knows_those_it_took(town: Town) -> None:
    no, id_ = await town.report(), new_id()
    view = await town.do("duty", no, "reject", id_=id_, reason="仲裁中", right_channel="仲裁委")
    handle = town.resources.temporal.get_workflow_handle(workflow_id(view.report_id))
    await handle.terminate("as if its retention had passed")
    await town.do("duty", no, "reject", id_=id_, reason="仲裁中", right_channel="仲裁委")
    with pytest.raises(AlreadyArchived):
        await act(
            town.resources.temporal,
            view.report_id,
            Act(id=new_id(), actor=Actor(person=person_id("worker")), command=Comment(note="?")),
        )
