"""The audit of matters: what it finds when a workflow or an effect is lost, and that it mends it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from activities.auditing.auditor import Auditor
from infra.store.outbox import insert_effects
from models.errors import StoreAway
from models.ids import matter_workflow_id, new_id
from models.jobs.audit import AuditReport, Drift
from models.matters.base import MatterKind
from models.matters.effects import ActOnMatter
from tests.services.matters.hall import Hall, eventually
from tests.services.matters.test_undertakings import KIND, pledge


def auditor(hall: Hall) -> Auditor:
    """The auditor of the town."""
    resources = hall.town.resources
    return Auditor(resources.engine, resources.temporal, resources.settings.case_queue)


async def audited(hall: Hall, *, fix: bool = False) -> AuditReport:
    """The report of a whole audit."""
    return await auditor(hall).audit(fix=fix)


async def test_a_lost_workflow_is_found_and_started_again(hall: Hall) -> None:
    code = (await hall.begin("supervisor", KIND, **pledge())).receipt.code
    report = await audited(hall)
    assert (report.matters, report.findings) == (1, ())

    matter = await hall.look(KIND, code)
    await hall.town.resources.temporal.get_workflow_handle(matter_workflow_id(KIND, matter.id)).terminate()

    async def is_found() -> bool:
        found = (await audited(hall)).findings
        return [(finding.kind, finding.matter_code) for finding in found] == [(Drift.WORKFLOW_MISSING, code)]

    await eventually(is_found)
    mended = await audited(hall, fix=True)
    assert (mended.repaired, mended.findings) == (1, ())
    await hall.do("fire_head", KIND, code, "report_progress", note="恢复后继续")


async def test_an_effect_that_is_refused_is_kept_and_told(hall: Hall) -> None:
    """An effect that the rules refuse is not dropped silently: the audit names it."""
    code = (await hall.begin("supervisor", KIND, **pledge())).receipt.code
    matter = await hall.look(KIND, code)
    wrong = ActOnMatter(
        matter_kind=KIND, matter_id=matter.id, command={"kind": "reject_completion", "reason": "尚未办结"}
    )
    async with hall.town.engine.begin() as connection:
        await insert_effects(connection, (KIND, matter.id), new_id(), [wrong], datetime.now(UTC))

    async def is_set_aside() -> bool:
        async with hall.town.engine.connect() as connection:
            failure = await connection.scalar(text("SELECT failure FROM outbox WHERE next_try_at = 'infinity'"))
        return str(failure) == "matter_not_now"

    await eventually(is_set_aside)
    found = (await audited(hall)).findings
    assert [(finding.kind, finding.matter_kind, finding.matter_code) for finding in found] == [
        (Drift.EFFECT_STUCK, KIND, code)
    ]


async def test_an_effect_to_a_matter_that_never_was_is_dropped(hall: Hall) -> None:
    lost = ActOnMatter(matter_kind=MatterKind.UNDERTAKING, matter_id=new_id(), command={"kind": "wake"})
    async with hall.town.engine.begin() as connection:
        await insert_effects(connection, ("case", new_id()), 1, [lost], datetime.now(UTC) - timedelta(hours=1))

    async def is_done() -> bool:
        return await hall.waiting_effects() == 0

    await eventually(is_done)


async def test_a_matter_whose_workflow_is_lost_loses_nothing_that_is_sent_to_it(hall: Hall) -> None:
    """A person hears that it can't be taken now; an effect waits until the audit has started the workflow again."""
    code = (await hall.begin("supervisor", KIND, **pledge())).receipt.code
    matter = await hall.look(KIND, code)
    await hall.town.resources.temporal.get_workflow_handle(matter_workflow_id(KIND, matter.id)).terminate()
    with pytest.raises(StoreAway):
        await hall.do("fire_head", KIND, code, "report_progress", note="进展")
    done = ActOnMatter(matter_kind=KIND, matter_id=matter.id, command={"kind": "complete", "result": "完工"})
    async with hall.town.engine.begin() as connection:
        await insert_effects(connection, (KIND, matter.id), new_id(), [done], datetime.now(UTC))

    async def is_put_back() -> bool:
        async with hall.town.engine.connect() as connection:
            return str(await connection.scalar(text("SELECT failure FROM outbox"))) == "workflow_missing"

    await eventually(is_put_back)
    await audited(hall, fix=True)

    async def is_done() -> bool:
        return (await hall.look(KIND, code)).status == "done" and await hall.waiting_effects() == 0

    await eventually(is_done)
