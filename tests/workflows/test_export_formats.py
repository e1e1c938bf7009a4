"""Exports as CSV, JSON lines and GeoJSON: what the list shows, whole or not at all."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import delete, insert, text
from sqlalchemy.exc import DBAPIError

from infra.database import is_away, snapshot_connection, transaction
from infra.store.context import read_person
from models.commands import Accept, Claim, Dispatch
from models.ids import new_id
from models.jobs.export import BoardTable, ExportFormat, ExportKind
from models.tables import EXPORTS, metadata
from services.exports.request import ExportRequest
from services.exports.write import Writer
from tests.api.harness import ApiHarness, open_harness
from tests.builders import COMMUNITY, LABOUR, MICRO, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = "/exports"
PLACE = {"lat": 37.9, "lon": 114.6}
FLAT = ("csv", "jsonl", "geojson")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("formats")) as opened:
        now = datetime.now(UTC)
        taken: Any = (("duty", Accept()), ("duty", Dispatch(host=LABOUR)), ("labour_handler", Claim()))
        await opened.past(now - timedelta(hours=90), *taken, title='=1+1,“引号”"', location=PLACE)
        await opened.past(now - timedelta(hours=50), title="来电 13912345678 反映噪音")
        await opened.past(now - timedelta(hours=1), title="夜间 <噪音> & 扰民")
        yield opened


async def exported(harness: ApiHarness, username: str, **body: Any) -> tuple[Any, Any]:
    """A finished export and the answer that gives its file."""
    asked = await harness.send(username, ROOT, body)
    assert asked.status_code == 202, asked.text
    async with asyncio.timeout(60):
        while (done := await harness.get(username, f"{ROOT}/{asked.json()['id']}"))["status"] in ("waiting", "making"):
            await asyncio.sleep(0.02)
    assert done["status"] == "done", done
    answer = await harness.ask(username, done["file"].removeprefix("/api/v1"))
    assert answer.status_code == 200
    assert len(answer.content) == done["size"] == int(answer.headers["Content-Length"])
    return done, answer


def items_of(format_: str, content: bytes) -> list[Any]:
    """The rows of a file."""
    if format_ == "csv":
        return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    if format_ == "jsonl":
        return [json.loads(line) for line in content.splitlines()]
    return [feature["properties"] for feature in json.loads(content)["features"]]


@pytest.mark.parametrize("format_", FLAT)
@pytest.mark.parametrize("kind", ["cases", "overdue"])
async def test_a_file_has_the_rows_of_the_list_in_its_order(harness: ApiHarness, kind: str, format_: str) -> None:
    done, answer = await exported(harness, "supervisor", kind=kind, format=format_)
    listed = await harness.get("supervisor", "/cases" if kind == "cases" else "/supervision/overdue")
    rows = items_of(format_, answer.content)
    number = {"csv": "案件编号"}.get(format_, "case_no")
    assert [row[number] for row in rows] == [item["case_no"] for item in listed["items"]]
    assert (done["made"], done["format"]) == (listed["total"], format_)
    assert answer.headers["Content-Disposition"].endswith(f'.{format_}"')
    assert "13912345678" not in answer.text
    if format_ == "jsonl":  # what stands still is as the API gives it
        keys = ("title", "category", "stage", "owner", "reported_at", "revision")
        assert [[row[key] for key in keys] for row in rows] == [[i[key] for key in keys] for i in listed["items"]]


async def test_csv_is_for_spreadsheets(harness: ApiHarness) -> None:
    _, answer = await exported(harness, "supervisor", kind="cases", format="csv", bom=True)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    row = next(row for row in items_of("csv", answer.content) if "引号" in row["标题"])
    assert row["标题"] == "'=1+1,“引号”\""
    assert row["环节"] == "处置"
    assert row["上报"].endswith("+08:00")


async def test_geojson_has_points_on_wgs_84_and_cases_without_one(harness: ApiHarness) -> None:
    _, answer = await exported(harness, "supervisor", kind="cases", format="geojson")
    assert answer.headers["Content-Type"] == "application/geo+json"
    read = answer.json()
    assert (read["rows"], read["policy_version"]) == (3, 2)
    shapes = {feature["properties"]["title"][:2]: feature["geometry"] for feature in read["features"]}
    assert shapes == {"=1": {"type": "Point", "coordinates": [114.6, 37.9]}, "来电": None, "夜间": None}
    assert all(feature["id"] == feature["properties"]["case_no"] for feature in read["features"])


@pytest.mark.parametrize("format_", FLAT)
@pytest.mark.parametrize("table", list(BoardTable))
async def test_one_table_of_the_board(harness: ApiHarness, format_: str, table: str) -> None:
    path = f"/supervision/export.{format_}"
    answer = await harness.ask("supervisor", path, table=table, grid=COMMUNITY)
    assert answer.status_code == 200, answer.text
    assert len(answer.content) == int(answer.headers["Content-Length"])
    rows = items_of(format_, answer.content)
    figures = f"/supervision/{table if table in ('board', 'overdue', 'ranking') else 'board'}"
    page = await harness.get("supervisor", figures, grid=COMMUNITY)
    if table == "overdue":
        assert len(rows) == page["total"] > 0
    elif table in ("board", "ranking"):
        assert len(rows) == 1 + len(page["rows"])
    else:
        assert rows
    if table == "board" and format_ != "csv":
        counts = [row["open"]["count"] if format_ == "jsonl" else row["open_count"] for row in rows]
        assert counts == [page["totals"]["open"]["count"], *(row["open"]["count"] for row in page["rows"])]


@pytest.mark.parametrize("format_", FLAT)
async def test_a_file_with_a_case_to_step_aside_from_is_not_given_any_more(harness: ApiHarness, format_: str) -> None:
    whole, _ = await exported(harness, "supervisor", kind="cases", format=format_)
    none, _ = await exported(harness, "supervisor", kind="cases", format=format_, cases={"q": "无此"})
    interests = metadata.tables["interests"]
    declared = {"id": new_id(), "person": person_id("supervisor"), "kind": "unit", "target": MICRO,
                "since": date(2024, 1, 1), "until": None, "reason": "亲属"}  # fmt: skip
    async with transaction(harness.engine) as connection:
        await connection.execute(insert(interests).values(declared))
    try:
        answer = await harness.ask("supervisor", f"{ROOT}/{whole['id']}/file")
        assert (answer.status_code, answer.json()["code"]) == (410, "export_holds_hidden")
        assert (await harness.ask("supervisor", f"{ROOT}/{none['id']}/file")).status_code == 200
    finally:
        async with transaction(harness.engine) as connection:
            await connection.execute(delete(interests))


async def test_what_no_format_has_is_refused(harness: ApiHarness) -> None:
    for body, pointer in (
        ({"kind": "cases", "format": "pdf"}, "/format"),
        ({"kind": "cases", "format": "jsonl", "bom": True}, ""),
        ({"kind": "cases", "format": "csv", "table": "ranking"}, ""),
        ({"kind": "board", "table": "ranking"}, ""),
        ({"kind": "board", "format": "csv", "table": "gossip"}, "/table"),
    ):
        answer = await harness.send("supervisor", ROOT, body)
        assert answer.status_code == 422, answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    for format_, params in (("pdf", {}), ("csv", {"table": "gossip"}), ("xlsx", {"bom": 1}), ("jsonl", {"grids": 1})):
        answer = await harness.ask("supervisor", f"/supervision/export.{format_}", **params)
        assert answer.status_code == 422, (format_, params)
    assert (await harness.ask("worker", "/supervision/export.csv")).status_code == 403


async def test_the_same_list_in_two_formats_is_two_exports_and_an_older_one_reads(harness: ApiHarness) -> None:
    digests = {
        ExportRequest(kind=ExportKind.CASES, format=format_, bom=bom).digest("zh")
        for format_, bom in [*((one, False) for one in ExportFormat), (ExportFormat.CSV, True)]
    }
    assert len(digests) == 5
    assert ExportRequest(kind=ExportKind.CASES).stored() == {"kind": "cases", "only": [], "told": []}
    id_ = new_id()
    row = {"id": id_, "owner": person_id("auditor"), "kind": "cases", "wanted": {"kind": "cases"}, "digest": "x",
           "language": "zh", "status": "stopped", "asked_at": datetime.now(UTC), "made": 0}  # fmt: skip
    async with transaction(harness.engine) as connection:
        await connection.execute(insert(EXPORTS).values(row))
    assert (await harness.get("auditor", f"{ROOT}/{id_}"))["format"] == "xlsx"


@pytest.mark.parametrize("format_", list(ExportFormat))
async def test_a_database_that_goes_away_meanwhile_leaves_no_part_of_a_file(
    harness: ApiHarness, format_: ExportFormat
) -> None:
    written: list[int] = []

    async def write() -> None:
        async with snapshot_connection(harness.engine) as connection:
            person = await read_person(connection, person_id("supervisor"))
            assert person is not None
            backend = await connection.scalar(text("SELECT pg_backend_pid()"))

            async def progress(rows: int) -> None:
                written.append(rows)
                async with harness.engine.connect() as other:
                    await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
                await connection.execute(text("SELECT 1"))

            request = ExportRequest(kind=ExportKind.CASES, format=format_)
            await Writer(connection, person, request, datetime.now(UTC), "zh", progress).write()

    with pytest.raises(DBAPIError) as told:
        await write()
    assert is_away(told.value)
    assert written == [3]


async def test_a_reader_who_goes_away_half_way_holds_nothing(harness: ApiHarness) -> None:
    done, _ = await exported(harness, "supervisor", kind="cases", format="csv")
    held = harness.engine.pool.checkedout()  # type: ignore[attr-defined]

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            raise OSError("the client has gone away")

    headers = [(name.lower().encode(), value.encode()) for name, value in harness.signed_in("supervisor").items()]
    scope = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
             "scheme": "http", "path": f"/api/v1{ROOT}/{UUID(done['id'])}/file", "raw_path": b"", "query_string": b"",
             "headers": [(b"host", b"gridloop.test"), *headers], "client": ("127.0.0.1", 1),
             "server": ("gridloop.test", 80)}  # fmt: skip
    await harness.app(scope, receive, send)
    assert sent == ["http.response.start", "http.response.body"]
    assert harness.engine.pool.checkedout() == held  # type: ignore[attr-defined]
    assert (await harness.ask("supervisor", f"{ROOT}/{done['id']}/file")).status_code == 200
