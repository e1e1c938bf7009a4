"""PostgreSQL is away while people work: nothing accepted is lost, and no answer is wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs
from temporalio.client import Client
from temporalio.worker import Replayer

from infra import outages
from infra.database import ANSWER_TIMEOUT, AWAY_ERRORS, IDLE_SECONDS, open_database
from models.commands import Comment
from models.context import Person
from models.errors import StoreAway, UnknownCategory
from models.ids import new_id, workflow_id
from services.commands.send import send
from services.reports.report_input import ReportInput
from services.reports.submit import refresh_reference, submit
from tests.builders import MICRO
from tests.proxy import Wire, wire
from tests.town import Town, running_town, town_settings
from workflows.case import CaseWorkflow

pytestmark = [pytest.mark.faults, pytest.mark.timeout(90)]


@dataclass
class Outage:
    """A town whose connection to the database can be cut; its people are cached."""

    town: Town
    wire: Wire
    worker: Person
    duty: Person

    async def report(self, **fields: object) -> ReportInput:
        """A report with a new id."""
        known = {"report_id": new_id(), "category": "0201", "title": "欠薪", "grid": MICRO}
        return ReportInput.model_validate({**known, **fields})


@pytest.fixture
async def outage(database_url: str, temporal_client: Client) -> AsyncIterator[Outage]:
    """A town with everything available at first."""
    real = make_url(database_url)
    assert real.host is not None
    assert real.port is not None
    async with wire(real.host, real.port) as line:
        through = real.set(host="127.0.0.1", port=line.port).render_as_string(hide_password=False)
        settings = town_settings(through, answer_seconds=1.0)
        engine = open_database(settings.model_copy(update={"database_url": SecretStr(through)}), timeout=ANSWER_TIMEOUT)
        async with running_town(engine, temporal_client, settings) as town:
            await refresh_reference(town.resources, datetime.now(UTC))
            yield Outage(town, line, await town.person("worker"), await town.person("duty"))
        await engine.dispose()


async def kinds_once_back(outage: Outage, case_no: str, count: int) -> list[str]:
    """Wait for that many facts of the case, and return their kinds."""
    async with asyncio.timeout(40):
        while True:
            kinds = await outage.town.kinds(case_no)
            if len(kinds) >= count:
                return kinds
            await asyncio.sleep(0.1)


async def test_a_report_is_accepted_and_recorded_once_the_database_is_back(outage: Outage) -> None:
    now, resources = datetime.now(UTC), outage.town.resources
    wanted = await outage.report()
    await outage.wire.cut()
    first = await submit(resources, outage.worker, wanted, now)
    again = await submit(resources, outage.worker, wanted, now)
    assert first.receipt is None
    assert again.receipt is None
    await outage.wire.mend()
    async with asyncio.timeout(40):
        while (known := await submit(resources, outage.worker, wanted, datetime.now(UTC))).receipt is None:
            await asyncio.sleep(0.1)
    assert await outage.town.kinds(known.receipt.case_no) == ["received"]
    later = await submit(resources, outage.worker, wanted, datetime.now(UTC))
    assert (later.receipt, later.created) == (known.receipt, False)


async def test_an_outage_is_two_lines_in_the_log(outage: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages.DATABASE, "_since", None)  # another test's outage may not have been seen to end
    monkeypatch.setattr(outages.DATABASE, "_met", 0)
    with capture_logs() as said:
        await outage.wire.cut()
        for _ in range(4):
            await submit(outage.town.resources, outage.worker, await outage.report(), datetime.now(UTC))
        await outage.wire.mend()
        async with asyncio.timeout(60):
            while not [line for line in said if line["event"] == "database back"]:
                with suppress(StoreAway, *AWAY_ERRORS):
                    await outage.town.person("worker")
                await asyncio.sleep(0.1)
    lines = [line for line in said if "database" in line["event"] and line["log_level"] != "debug"]
    assert [line["event"] for line in lines] == ["database away", "database back"]
    assert lines[0]["reason"]
    assert lines[1]["failures"] > 4


async def test_a_command_is_accepted_counts_once_and_costs_no_history(outage: Outage) -> None:
    town = outage.town
    no, id_ = await town.report(), new_id()
    view = await town.do("duty", no, "comment", note="前")
    handle = town.resources.temporal.get_workflow_handle(workflow_id(view.report_id))
    await outage.wire.cut()

    async def comment() -> object:
        return (
            await send(
                town.resources, outage.duty, no, Comment(note="中"), command_id=id_, if_revision=None,
                now=datetime.now(UTC),
            )
        ).receipt  # fmt: skip

    assert await comment() is None
    assert await comment() is None
    async with asyncio.timeout(20):
        while not (await handle.describe()).raw_description.pending_activities:
            await asyncio.sleep(0.1)
    before = (await handle.describe()).history_length
    pending = (await handle.describe()).raw_description.pending_activities[0]
    async with asyncio.timeout(30):
        while (await handle.describe()).raw_description.pending_activities[0].attempt < pending.attempt + 2:
            await asyncio.sleep(0.1)
    assert (await handle.describe()).history_length == before, "waiting for the database writes no history"
    await outage.wire.mend()
    assert await kinds_once_back(outage, no, 3) == ["received", "commented", "commented"]


async def test_what_only_the_database_could_store_or_look_up_is_refused(outage: Outage) -> None:
    now, resources = datetime.now(UTC), outage.town.resources
    await outage.wire.cut()
    for told in ({"name": "王"}, {"mail": "a@b.example", "tell_by": "mail"}):
        with pytest.raises(StoreAway):
            await submit(resources, outage.worker, await outage.report(reporter=told), now)
    with pytest.raises(StoreAway):
        await submit(
            resources, outage.worker, await outage.report(grid=None, location={"lat": 38.005, "lon": 117.005}), now
        )


async def test_a_hanging_database_is_away_too(outage: Outage) -> None:
    """The connection stays open without answers, as with a frozen machine."""
    town = outage.town
    no, id_ = await town.report(), new_id()
    await town.do("duty", no, "comment", note="前")
    wanted = await outage.report()
    await asyncio.sleep(IDLE_SECONDS)  # the connections have been idle, so they are pinged
    outage.wire.stall()

    async def comment() -> object:
        now, said = datetime.now(UTC), Comment(note="中")
        sent = await send(town.resources, outage.duty, no, said, command_id=id_, if_revision=None, now=now)
        return sent.receipt

    async with asyncio.timeout(30):
        assert (await submit(town.resources, outage.worker, wanted, datetime.now(UTC))).receipt is None
    async with asyncio.timeout(30):
        try:
            assert await comment() is None
        except StoreAway:  # the worker waits for the database too and has not started it yet
            assert await comment() is None
    outage.wire.flow()
    assert await kinds_once_back(outage, no, 3) == ["received", "commented", "commented"]
    async with asyncio.timeout(40):
        while (known := await submit(town.resources, outage.worker, wanted, datetime.now(UTC))).receipt is None:
            await asyncio.sleep(0.1)
    assert await town.kinds(known.receipt.case_no) == ["received"]
    await replays_elsewhere(town, no)


async def replays_elsewhere(town: Town, case_no: str) -> None:
    """The recording step timed out inside its workflow task: another worker, that replays this, comes to the same."""
    client = town.resources.temporal
    report_id = (await town.look("admin", case_no)).report_id
    history = await client.get_workflow_handle(workflow_id(report_id)).fetch_history()
    failures = [event.marker_recorded_event_attributes.failure for event in history.events]
    assert any(failure.HasField("timeout_failure_info") for failure in failures), "no attempt has timed out"
    await Replayer(workflows=[CaseWorkflow], data_converter=client.data_converter).replay_workflow(history)


async def test_a_bad_report_is_refused_even_then(outage: Outage) -> None:
    await outage.wire.cut()
    with pytest.raises(UnknownCategory):
        await submit(outage.town.resources, outage.worker, await outage.report(category="9999"), datetime.now(UTC))


async def test_a_due_moment_waits_for_the_database_and_is_recorded_late_not_lost(outage: Outage) -> None:
    """The urge order's deadline passes while the database is away."""
    town = outage.town
    no = await town.report()
    soon = datetime.now(UTC).timestamp() + 2
    reply_by = datetime.fromtimestamp(soon, UTC)
    await town.do("supervisor", no, "urge", reply_by=reply_by, note="速报")
    await outage.wire.cut()
    async with asyncio.timeout(20):
        while datetime.now(UTC) < reply_by:
            await asyncio.sleep(0.1)
    await outage.wire.mend()
    assert await kinds_once_back(outage, no, 3) == ["received", "urged", "urge_overdue"]
