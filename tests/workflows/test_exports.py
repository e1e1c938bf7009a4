"""Exports, through the API, the real Temporal server and the real PostgreSQL: made, joined, fetched, removed."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.exports import ExportActivities
from doors.dependencies import Services
from infra.database import open_database, transaction
from infra.store.context import read_person
from models.commands import Accept, Claim, Dispatch
from models.ids import new_id
from models.jobs.export import RETENTION, ExportOrder
from models.tables import EXPORT_PIECES, EXPORTS, metadata
from services.exports import jobs, request
from services.exports.jobs import MAX_UNDER_WAY
from services.exports.make import make_export, record_failure, remove_export
from services.runtime.resources import Resources
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, LABOUR, MICRO, OTHER_PARK, person_id
from tests.servers import Servers
from workflows.export import ExportWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = "/exports"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("exports")) as opened:
        now = datetime.now(UTC)
        taken: Any = (("duty", Accept()), ("duty", Dispatch(host=LABOUR)), ("labour_handler", Claim()))
        for hours in (100, 90):
            await opened.past(now - timedelta(hours=hours), *taken, title="=1+1")
        for hours in (50, 49, 1):
            await opened.past(now - timedelta(hours=hours), title="夜间 <噪音> & 扰民")
        yield opened


async def until_over(harness: ApiHarness, username: str, id_: str) -> Any:
    """The export when it is no longer running."""
    async with asyncio.timeout(60):
        while True:
            found = await harness.get(username, f"{ROOT}/{id_}")
            if found["status"] not in ("waiting", "making"):
                return found
            await asyncio.sleep(0.02)


async def exported(harness: ApiHarness, username: str, **body: Any) -> tuple[Any, Any]:
    """A finished export and its workbook."""
    asked = await harness.send(username, ROOT, body)
    assert asked.status_code == 202, asked.text
    done = await until_over(harness, username, asked.json()["id"])
    assert done["status"] == "done", done
    answer = await harness.ask(username, done["file"].removeprefix("/api/v1"))
    assert answer.status_code == 200
    assert len(answer.content) == done["size"]
    return done, openpyxl.load_workbook(io.BytesIO(answer.content))


async def recorded(harness: ApiHarness, username: str, **values: Any) -> str:
    """An export as it stands in the database, without a workflow."""
    id_ = new_id()
    row = {
        "id": id_, "owner": person_id(username), "kind": "cases", "wanted": {"kind": "cases"}, "digest": str(id_),
        "language": "zh", "status": "waiting", "asked_at": datetime.now(UTC), "made": 0, **values,
    }  # fmt: skip
    async with transaction(harness.engine) as connection:
        await connection.execute(insert(EXPORTS).values(row))
    return str(id_)


async def test_a_list_has_its_rows_on_the_first_sheet_and_what_it_is_on_the_second(harness: ApiHarness) -> None:
    told = [["灯色", "红"]]
    done, book = await exported(harness, "supervisor", kind="cases", cases={"light": "red"}, told=told)
    listed = await harness.get("supervisor", "/cases", light="red")
    rows, about = book.worksheets
    assert [row[0] for row in rows.iter_rows(min_row=2, values_only=True)] == [
        item["case_no"] for item in listed["items"]
    ]
    assert done["made"] == done["total"] == listed["total"] == 4
    assert all(cell.data_type != "f" for row in rows.iter_rows() for cell in row)
    said = dict(about.iter_rows(min_row=2, values_only=True))
    assert (said["规则版本"], said["灯色"], said["行数"]) == ("2", "红", "4")
    assert abs(said["导出时间"] - datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=8)) < timedelta(minutes=2)


async def test_the_overdue_list_keeps_its_filters_order_and_words(harness: ApiHarness) -> None:
    _, book = await exported(harness, "supervisor", kind="overdue", overdue={"category": "0201", "grid": COMMUNITY})
    page = await harness.get("supervisor", "/supervision/overdue", category="0201", grid=COMMUNITY)
    rows = list(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == [item["case_no"] for item in page["items"]]
    assert {row[5] for row in rows} == {"红"}
    assert {row[1] for row in rows} == {"'=1+1", "夜间 <噪音> & 扰民"}


async def test_the_board_is_exported_with_overdue_list_and_ranking(harness: ApiHarness) -> None:
    done, book = await exported(harness, "supervisor", kind="board", board={"grid": COMMUNITY})
    assert book.sheetnames == ["看板", "筛选条件", "超期", "排名", "部门", "比率"]
    board = await harness.get("supervisor", "/supervision/board", grid=COMMUNITY)
    assert book["看板"]["C2"].value == board["totals"]["open"]["count"]
    assert done["made"] == board["totals"]["overdue"]["count"]


async def test_a_list_longer_than_a_page_loses_and_doubles_nothing(harness: ApiHarness) -> None:
    for sort in ("reported_at", "-due_at"):
        _, book = await exported(harness, "auditor", kind="cases", cases={"sort": sort})
        listed = await harness.get("auditor", "/cases", sort=sort, limit=200)
        rows = [row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]
        assert rows == [item["case_no"] for item in listed["items"]]


async def test_nobody_else_sees_the_export(harness: ApiHarness) -> None:
    done, _ = await exported(harness, "supervisor", kind="cases")
    for reader in ("auditor", "admin", "community_supervisor"):
        for path in ("", "/file"):
            assert (await harness.ask(reader, f"{ROOT}/{done['id']}{path}")).status_code == 404
        assert done["id"] not in str(await harness.get(reader, ROOT))
    answer = await harness.http.delete(f"{ROOT}/{done['id']}", headers=harness.signed_in("admin"))
    assert answer.status_code == 404
    assert (await harness.http.get(f"{ROOT}/{done['id']}/file")).status_code == 401


async def test_the_file_has_what_its_asker_may_see(harness: ApiHarness) -> None:
    whole, _ = await exported(harness, "supervisor", kind="cases")
    own, book = await exported(harness, "labour_handler", kind="cases")
    assert own["made"] == (await harness.get("labour_handler", "/cases"))["total"] < whole["made"]
    assert book.worksheets[0].max_row == own["made"] + 1


async def test_who_has_lost_a_role_does_not_get_the_file(harness: ApiHarness) -> None:
    done, _ = await exported(harness, "fire_head", kind="cases")
    grants = metadata.tables["grants"]
    mine = grants.c.person == person_id("fire_head")
    async with transaction(harness.engine) as connection:
        kept = [dict(row._mapping) for row in await connection.execute(select(grants).where(mine))]
        await connection.execute(delete(grants).where(mine))
    try:
        answer = await harness.ask("fire_head", f"{ROOT}/{done['id']}/file")
    finally:
        async with transaction(harness.engine) as connection:
            await connection.execute(insert(grants).values(kept))
    assert (answer.status_code, answer.json()["code"]) == (403, "rights_changed")
    assert (await harness.ask("fire_head", f"{ROOT}/{done['id']}/file")).status_code == 200


async def test_a_file_with_a_case_to_step_aside_from_is_not_given_any_more(harness: ApiHarness) -> None:
    whole, _ = await exported(harness, "supervisor", kind="cases")
    other, _ = await exported(harness, "supervisor", kind="cases", cases={"q": "无此"})
    interests = metadata.tables["interests"]
    declared = {"id": new_id(), "person": person_id("supervisor"), "kind": "unit", "target": MICRO,
                "since": date(2024, 1, 1), "until": None, "reason": "亲属"}  # fmt: skip
    async with transaction(harness.engine) as connection:
        await connection.execute(insert(interests).values(declared))
    try:
        answer = await harness.ask("supervisor", f"{ROOT}/{whole['id']}/file")
        assert (answer.status_code, answer.json()["code"]) == (410, "export_holds_hidden")
        assert (await harness.ask("supervisor", f"{ROOT}/{other['id']}/file")).status_code == 200
        later, book = await exported(harness, "supervisor", kind="cases")
        assert (later["made"], book.worksheets[0].max_row) == (0, 1)
    finally:
        async with transaction(harness.engine) as connection:
            await connection.execute(delete(interests))
    assert (await harness.ask("supervisor", f"{ROOT}/{whole['id']}/file")).status_code == 200


async def test_a_file_that_is_removed_while_it_is_sent_arrives_whole(harness: ApiHarness) -> None:
    done, _ = await exported(harness, "supervisor", kind="cases")
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id("supervisor"))
    assert person is not None
    found = await jobs.find_file(harness.app.state.services.resources, person, UUID(done["id"]), datetime.now(UTC))
    async with transaction(harness.engine) as connection:
        await jobs.stop_export(connection, person, UUID(done["id"]), datetime.now(UTC))
    sent = b"".join([piece async for piece in found.pieces])
    assert len(sent) == found.size == done["size"]
    assert openpyxl.load_workbook(io.BytesIO(sent)).worksheets[0].max_row == done["made"] + 1
    gone = await harness.ask("supervisor", f"{ROOT}/{done['id']}/file")
    assert (gone.status_code, gone.json()["code"]) == (409, "export_not_ready")


async def test_the_same_list_asked_for_twice_is_made_once(harness: ApiHarness) -> None:
    same: dict[str, Any] = {"kind": "cases", "cases": {"grid": COMMUNITY}}
    first = await recorded(
        harness, "auditor", digest=request.ExportRequest.model_validate(same).digest("zh"), wanted=same
    )  # fmt: skip
    both = await asyncio.gather(
        *(harness.send("auditor", ROOT, {**same, "told": [["网格", "东一"]]}) for _ in range(2))
    )
    assert {answer.json()["id"] for answer in both} == {first}
    # The second request has started the workflow that never was.
    assert (await until_over(harness, "auditor", first))["status"] == "done"
    again = (await harness.send("auditor", ROOT, same)).json()
    assert again["id"] != first
    await until_over(harness, "auditor", again["id"])


async def test_concurrent_clicks_do_not_disturb_each_other(harness: ApiHarness) -> None:
    body = {"kind": "cases", "cases": {"q": "无此"}}
    answers = await asyncio.gather(*(harness.send("other_duty", ROOT, body) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {202}
    for id_ in {answer.json()["id"] for answer in answers}:
        assert (await until_over(harness, "other_duty", id_))["made"] == 0


async def test_only_so_many_at_once(harness: ApiHarness) -> None:
    held = [await recorded(harness, "reviewer") for _ in range(MAX_UNDER_WAY)]
    answer = await harness.send("reviewer", ROOT, {"kind": "cases"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_exports")
    stopped = await harness.http.delete(f"{ROOT}/{held[0]}", headers=harness.signed_in("reviewer"))
    assert stopped.status_code == 204
    answer = await harness.send("reviewer", ROOT, {"kind": "cases"})
    assert answer.status_code == 202
    await until_over(harness, "reviewer", answer.json()["id"])


async def test_what_is_stopped_is_not_made_and_what_is_made_is_removed(harness: ApiHarness) -> None:
    waiting = await recorded(harness, "duty")
    assert (await harness.http.delete(f"{ROOT}/{waiting}", headers=harness.signed_in("duty"))).status_code == 204
    beats: list[int] = []
    await make_export(harness.engine, UUID(waiting), beats.append)
    assert (await harness.get("duty", f"{ROOT}/{waiting}"))["status"] == "stopped"
    assert beats == []
    answer = await harness.ask("duty", f"{ROOT}/{waiting}/file")
    assert (answer.status_code, answer.json()["code"]) == (409, "export_not_ready")

    done, _ = await exported(harness, "duty", kind="cases")
    await harness.http.delete(f"{ROOT}/{done['id']}", headers=harness.signed_in("duty"))
    async with harness.engine.connect() as connection:
        left = await connection.scalar(
            select(func.count()).select_from(EXPORT_PIECES).where(EXPORT_PIECES.c.export == UUID(done["id"]))
        )
    assert left == 0


async def test_stopped_while_it_is_written_it_leaves_nothing(
    harness: ApiHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await recorded(harness, "duty")
    monkeypatch.setattr("services.exports.make.STORE_PROGRESS_EVERY", 0)

    def stop(rows: int) -> None:
        stopping.append(rows)

    stopping: list[int] = []

    async def stopped_meanwhile(*arguments: Any, **named: Any) -> Any:
        async with transaction(harness.engine) as connection:
            await jobs.stop_export(connection, await _person(harness, "duty"), UUID(id_), datetime.now(UTC))
        return await counted(*arguments, **named)

    counted = request.count_rows
    monkeypatch.setattr("services.exports.make.count_rows", stopped_meanwhile)
    await make_export(harness.engine, UUID(id_), stop)
    found = await harness.get("duty", f"{ROOT}/{id_}")
    assert (found["status"], found["size"], stopping) == ("stopped", None, [])


async def _person(harness: ApiHarness, username: str) -> Any:
    async with harness.engine.connect() as connection:
        return await read_person(connection, person_id(username))


async def test_what_the_list_refuses_is_refused_before_anything_is_kept(harness: ApiHarness) -> None:
    before = len((await harness.get("supervisor", ROOT))["items"])
    for body, status, pointer in (
        ({"kind": "gossip"}, 422, "/kind"),
        ({}, 422, "/kind"),
        ({"kind": "cases", "overdue": {}}, 422, ""),
        ({"kind": "cases", "cases": {"light": "blue"}}, 422, "/cases/light"),
        ({"kind": "cases", "tab": "everything"}, 422, "/tab"),
        ({"kind": "overdue", "overdue": {"sample": 0}}, 422, "/overdue/sample"),
        ({"kind": "overdue", "overdue": {"grid": OTHER_PARK}}, 404, None),
        ({"kind": "cases", "cases": {"from": "2026-01-01T00:00:00Z"}}, 422, "/query/figure"),
    ):
        answer = await harness.send("supervisor", ROOT, body)
        assert answer.status_code == status, answer.text
        if pointer is not None:
            assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer], answer.text
    assert (await harness.send("worker", ROOT, {"kind": "overdue"})).status_code == 403
    assert (await harness.ask("supervisor", f"{ROOT}/{new_id()}")).status_code == 404
    assert (await harness.ask("supervisor", f"{ROOT}/nonsense")).status_code == 422
    assert len((await harness.get("supervisor", ROOT))["items"]) == before


async def test_too_many_rows_are_refused(harness: ApiHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.exports.jobs.MAX_ROWS", 2)
    answer = await harness.send("supervisor", ROOT, {"kind": "cases"})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_rows")
    monkeypatch.setattr("services.exports.write.MAX_DIRECT_ROWS", 2)
    answer = await harness.ask("supervisor", "/supervision/export.xlsx")
    assert (answer.status_code, answer.json()["code"]) == (422, "too_long_to_wait_for")


async def test_with_temporal_away_nothing_is_kept(harness: ApiHarness) -> None:
    before = await harness.get("supervisor", ROOT)
    away = await Client.connect("127.0.0.1:9", lazy=True, data_converter=harness.temporal.data_converter)
    known = harness.app.state.services
    settings = harness.settings.model_copy(update={"answer_seconds": 1.0})
    harness.app.state.services = Services(Resources(settings, harness.engine, away))
    try:
        answer = await harness.send("supervisor", ROOT, {"kind": "cases", "cases": {"stage": ["closed"]}})
    finally:
        harness.app.state.services = known
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert await harness.get("supervisor", ROOT) == before


async def test_without_a_worker_it_says_that_it_waits(harness: ApiHarness) -> None:
    id_ = await recorded(harness, "supervisor", asked_at=datetime.now(UTC) - timedelta(seconds=30))
    assert (await harness.get("supervisor", f"{ROOT}/{id_}"))["stalled"] is True
    assert (await harness.get("supervisor", f"{ROOT}/{await recorded(harness, 'supervisor')}"))["stalled"] is False
    async with transaction(harness.engine) as connection:
        await connection.execute(update(EXPORTS).where(EXPORTS.c.status == "waiting").values(status="stopped"))


async def test_a_unit_retired_before_the_export_is_made_is_reported(harness: ApiHarness) -> None:
    wanted_ = {"kind": "overdue", "overdue": {"grid": OTHER_PARK}}
    id_ = await recorded(harness, "supervisor", kind="overdue", wanted=wanted_)
    await make_export(harness.engine, UUID(id_), lambda rows: None)
    found = await harness.get("supervisor", f"{ROOT}/{id_}")
    assert found["status"] == "failed"
    assert OTHER_PARK in found["why"]
    answer = await harness.ask("supervisor", f"{ROOT}/{id_}/file")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def run_to_its_end(binary: str, harness: ApiHarness, id_: str, make: Any) -> timedelta:
    """Run the workflow of an export on the time-skipping server, and return how long it took by its clock."""
    exports = ExportActivities(harness.engine, make, record_failure, remove_export)
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary, data_converter=harness.temporal.data_converter
    ) as environment:
        client = environment.client
        async with Worker(
            client, task_queue="exports", workflows=[ExportWorkflow],
            activities=[exports.make_export, exports.remove_export],
        ):  # fmt: skip
            handle = await client.start_workflow(
                "Export", ExportOrder(id=UUID(id_)), id=f"export-{uuid4()}", task_queue="exports"
            )
            await handle.result()
            told = await handle.describe()
    assert told.close_time is not None
    return told.close_time - told.start_time


async def test_it_is_removed_when_its_time_is_over(harness: ApiHarness, time_skipping_binary: str) -> None:
    id_ = await recorded(harness, "auditor")
    made: list[str] = []

    async def make(engine: AsyncEngine, export: UUID, beat: Any) -> None:
        await make_export(engine, export, beat)
        made.append((await harness.get("auditor", f"{ROOT}/{id_}"))["status"])

    took = await run_to_its_end(time_skipping_binary, harness, id_, make)
    assert made == ["done"]
    assert RETENTION <= took < RETENTION + timedelta(hours=1)
    assert (await harness.ask("auditor", f"{ROOT}/{id_}")).status_code == 404


async def test_an_internal_error_is_recorded_once(harness: ApiHarness) -> None:
    id_ = await recorded(harness, "auditor")

    async def make(engine: AsyncEngine, export: UUID, beat: Any) -> None:
        raise ZeroDivisionError

    exports = ExportActivities(harness.engine, make, record_failure, remove_export)
    with pytest.raises(ApplicationError) as told:
        await exports.make_export(ExportOrder(id=UUID(id_)))
    assert told.value.non_retryable
    found = await harness.get("auditor", f"{ROOT}/{id_}")
    assert (found["status"], found["why"] is not None) == ("failed", True)


async def test_a_database_that_is_away_is_retried(harness: ApiHarness, time_skipping_binary: str) -> None:
    id_ = await recorded(harness, "auditor")
    nowhere = open_database(
        harness.settings.model_copy(update={"database_url": SecretStr("postgresql://x@127.0.0.1:9/x")})
    )
    tries: list[int] = []

    async def make(engine: AsyncEngine, export: UUID, beat: Any) -> None:
        tries.append(1)
        await make_export(nowhere if len(tries) < 3 else engine, export, beat)

    await run_to_its_end(time_skipping_binary, harness, id_, make)
    await nowhere.dispose()
    assert len(tries) == 3
