"""Imported lists: every row becomes a case once or is rejected with its reason, however often it is imported."""

import asyncio
import csv
import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from infra.database import transaction
from services.files.cells import BEYOND_HEADER, FaultyCell
from services.files.service_requests import Row, UnreadableFile, read_rows
from services.files.shipped import DEPLOY, POLICY
from services.policies.files import read_policy
from services.reports.import_list import BadMapping, Mapping, Outcome, import_rows, read_mapping
from services.reports.import_mapping import Fields
from tests.builders import FALLBACK, OTHER_PARK, publish
from tests.town import Town, running_town, town_settings

SAMPLE = DEPLOY / "demo" / "open311" / "requests.json"
MAPPING = DEPLOY / "demo" / "open311" / "mapping.yaml"


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Town]:
    """The tiny park under the policy of the demonstration, whose categories the mapping names."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        policy = read_policy(POLICY).model_copy(update={"fallback_owner": FALLBACK})
        async with transaction(engine) as connection:
            await publish(connection, policy, version=2)
        yield running


@pytest.fixture
def mapping() -> Mapping:
    """The mapping of the demonstration, for a system of this test alone, since ids follow from its name."""
    return read_mapping(MAPPING).model_copy(update={"system": f"test-{uuid4().hex[:12]}"})


async def bring_in(
    town: Town,
    rows: list[Row],
    mapping: Mapping,
    stop: asyncio.Event | None = None,
    progress: Callable[[Outcome], None] = lambda _: None,
    park: str | None = None,
) -> Outcome:
    return await import_rows(
        town.resources,
        await town.person("duty"),
        rows,
        mapping,
        outcome=Outcome(),
        progress=progress,
        park=park,
        stop=stop,
    )


async def numbers(town: Town) -> list[str]:
    """Return the external numbers of all cases."""
    async with town.engine.connect() as connection:
        return list((await connection.scalars(text("SELECT external_number FROM cases ORDER BY 1"))).all())


def request(number: int, **changed: Any) -> dict[str, Any]:
    """Return a valid record, with changes."""
    known = {
        "service_request_id": number,
        "service_code": "Tree",
        "title": f"Fallen tree {number}",
        "description": "",
        "lat": "51.47",
        "long": "-0.01",
        "requested_datetime": "2026-03-03T00:18:00+00:00",
    }
    return {name: value for name, value in {**known, **changed}.items() if value is not None}


def write_json(folder: Path, content: object) -> Path:
    path = folder / "requests.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


# --- opening ----------------------------------------------------------------------------------------------------------


async def test_the_sample_opens_a_case_for_each_row_and_never_twice(town: Town, mapping: Mapping) -> None:
    rows = list(read_rows(SAMPLE))
    told: list[int] = []
    outcome = await bring_in(town, rows, mapping, progress=lambda so_far: told.append(so_far.done))
    assert (outcome.opened, outcome.known, outcome.rejected) == (60, 0, [])
    assert told == list(range(1, 61))
    assert await numbers(town) == [str(record["service_request_id"]) for _, record in rows]
    again = await bring_in(town, rows, mapping)
    assert (again.opened, again.known, again.rejected) == (0, 60, [])
    assert len(await numbers(town)) == 60
    await check_cases_match_rows(town, mapping.system, {str(r["service_request_id"]): r for _, r in rows})


async def test_answers_of_a_list_are_taken_as_far_as_they_fit(town: Town, mapping: Mapping) -> None:
    """Nobody was asked: what does not fit, or is missing, loses no report."""
    fields = mapping.fields.model_copy(update={"answers": {"form": "现象", "going-on": "持续", "colour": "颜色"}})
    listed = mapping.model_copy(update={"fields": fields, "services": {"Tree": "0301"}})
    rows = [(2, request(1, 现象="异味;smoke", 持续="是")), (3, request(2, 现象="none", 颜色="红")), (4, request(3))]
    outcome = await bring_in(town, rows, listed)
    assert (outcome.opened, outcome.rejected) == (3, [])
    async with town.engine.connect() as connection:
        query = text("SELECT state FROM cases WHERE external_system = :system ORDER BY external_number")
        states = (await connection.scalars(query, {"system": mapping.system})).all()
    kept = [{one["question"]: one["values"] for one in state.get("answers", ())} for state in states]
    assert kept == [{"form": ["smoke", "smell"], "going-on": ["yes"]}, {}, {}]
    unread = [[one["question"] for one in state.get("unread", ())] for state in states]
    assert unread == [[], ["form", "colour"], []]


async def check_cases_match_rows(town: Town, system: str, records: dict[str, dict[str, Any]]) -> None:
    """Check that each case has the content of its row, with the times of the row."""
    services = read_mapping(MAPPING).services
    assert read_mapping(MAPPING).system == "open311"
    async with town.engine.connect() as connection:
        cases = (await connection.execute(text("SELECT * FROM cases"))).all()
    for case in cases:
        record = records[case.external_number]
        then = datetime.fromisoformat(record["requested_datetime"])
        assert (case.occurred_at, case.reported_at) == (then, then)
        assert abs((case.received_at - datetime.now(UTC)).total_seconds()) < 600
        assert (case.category, case.source) == (services[record["service_code"]], "import")
        assert (case.title, case.external_system) == (record["title"], system)
        assert case.stage == "receive"
        assert 117.00 <= case.lon <= 117.02
        assert 38.00 <= case.lat <= 38.01
    assert len({case.grid for case in cases}) == 2, "the pattern of places is kept"
    west = sorted(cases, key=lambda case: float(case.lon))
    then_west = sorted(records.values(), key=lambda record: float(record["long"]))
    assert [case.external_number for case in west] == [str(record["service_request_id"]) for record in then_west]


async def test_an_import_stopped_midway_continues_where_it_was(town: Town, mapping: Mapping) -> None:
    rows = list(read_rows(SAMPLE))[:40]
    stop = asyncio.Event()

    def after_ten(so_far: Outcome) -> None:
        if so_far.done >= 10:
            stop.set()

    first = await bring_in(town, rows, mapping, stop=stop, progress=after_ten)
    assert 10 <= first.opened < 40
    assert len(await numbers(town)) == first.opened
    second = await bring_in(town, rows, mapping)
    assert (second.opened, second.known) == (40 - first.opened, first.opened)
    assert len(await numbers(town)) == 40


async def test_a_row_that_comes_twice_in_a_file_is_one_case(town: Town, mapping: Mapping) -> None:
    rows = [(1, request(7)), (2, request(7)), (3, request(8))]
    for opened, known in ((2, 0), (0, 2)):  # a double is told as one, whether or not its number is known already
        outcome = await bring_in(town, rows, mapping)
        assert (outcome.opened, outcome.known, outcome.doubles) == (opened, known, 1)
        (double,) = outcome.rejected
        assert (double.row, double.number) == (2, "7")
        assert double.en.startswith("service_request_id: 7 is in row 1 already")
        assert "第 1 行" in double.zh
        assert "第 2 行" in double.zh
    assert await numbers(town) == ["7", "8"]


async def test_another_row_under_a_number_of_the_same_file_is_rejected(town: Town, mapping: Mapping) -> None:
    outcome = await bring_in(town, [(1, request(7)), (2, request(7, title="Something else"))], mapping)
    assert await numbers(town) == ["7"]
    assert outcome.opened == 1
    (rejected,) = outcome.rejected
    assert "7 is in row 1 already" in rejected.en


async def test_places_are_scaled_onto_the_named_park(town: Town, mapping: Mapping) -> None:
    outcome = await bring_in(town, [(1, request(1))], mapping, park=OTHER_PARK)
    assert [rejected.en for rejected in outcome.rejected] == [
        "lat, long: Grid unit 330603010001001001 is outside your scope."
    ]
    with pytest.raises(BadMapping, match="no park with a geometry"):
        await bring_in(town, [(1, request(1))], mapping, park="999999999")


# --- rejecting --------------------------------------------------------------------------------------------------------


async def test_what_cannot_become_a_case_is_rejected_with_its_reason(town: Town, mapping: Mapping) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        (request(1, service_code="Dragons"), "service_code: no category is mapped for “Dragons”"),
        (request(2, requested_datetime="yesterday"),
         "requested_datetime: “yesterday” is no time; write 2026-11-20 08:30 or 2026/11/20 8:30"),
        (request(3, requested_datetime=None), "requested_datetime: missing"),
        (request(4, lat="48.85", long="2.35"), "lat, long: 48.85, 2.35 lies outside the mapping's place"),
        (request(5, lat=None), "lat, long: no place"),
        (request(6, lat="north"), "lat: “north” is no number"),
        (request(7, lat="nan"), "lat: “nan” is no number"),
        (request(8, service_request_id=""), "service_request_id: missing"),
        ({}, "service_request_id: missing"),
        (request(9, requested_datetime="2999-01-01T00:00:00+00:00"),
         "requested_datetime: The time 2999-01-01T00:00:00+00:00 is in the future."),
        (request(10, title="  "), "title: must not be empty"),
        (request(11, description="长" * 10_001), "description: must have at most 10000 characters"),
        (request(12, service_request_id="9" * 81), "service_request_id: must have at most 80 characters"),
    ]  # fmt: skip
    rows = [(line, record) for line, (record, _) in enumerate(wrong, 2)]
    outcome = await bring_in(town, [(1, request(100)), *rows, (99, request(101))], mapping)
    assert (outcome.opened, outcome.known, outcome.done) == (2, 0, len(wrong) + 2)
    assert [(rejected.row, rejected.en) for rejected in outcome.rejected] == [
        (line, reason) for line, (_, reason) in enumerate(wrong, 2)
    ]
    assert all(re.search(r"[\u4e00-\u9fff]", rejected.zh) for rejected in outcome.rejected)
    assert (outcome.rejected[0].zh, outcome.rejected[10].zh) == (
        "service_code: “Dragons”没有对应的类别", "title: 不能为空",
    )  # fmt: skip
    assert outcome.rejected[0].number == "1"
    assert await numbers(town) == ["100", "101"]


async def test_a_default_category_takes_the_services_nobody_has_mapped(town: Town, mapping: Mapping) -> None:
    mapping = mapping.model_copy(update={"default_category": "9901", "zone": "Asia/Shanghai"})
    row = request(1, service_code="Dragons", requested_datetime="2026-03-03T08:00:00", title=None)
    outcome = await bring_in(town, [(1, row)], mapping)
    assert outcome.rejected == []
    async with town.engine.connect() as connection:
        case = (await connection.execute(text("SELECT * FROM cases"))).one()
    assert (case.category, case.title) == ("9901", "Dragons")
    assert case.reported_at == datetime(2026, 3, 3, 0, 0, tzinfo=UTC), "a time without a zone is of the mapping's"


async def test_a_long_title_is_kept_whole_in_the_description(town: Town, mapping: Mapping) -> None:
    title = "井盖" * 100
    rows = [(1, request(1, title=title, description="急")), (2, request(2, title="字" * 120))]
    outcome = await bring_in(town, rows, mapping)
    assert (outcome.opened, outcome.shortened, outcome.rejected) == (2, [1], [])
    async with town.engine.connect() as connection:
        found = (await connection.execute(text("SELECT title, description FROM cases ORDER BY external_number"))).all()
    assert found[0] == (title[:119] + "…", f"{title}\n急")
    assert found[1] == ("字" * 120, "")


CHINESE = Mapping(
    system="x", services={"树木": "0507"}, zone="Asia/Shanghai",
    fields=Fields(number="工单编号", service="类别", title="标题", description="内容", lat="纬度", lon="经度",
                  reported_at="上报时间"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "zh"),
    [
        ({"工单编号": 140172202611200001.0}, "工单编号: “1.401722026112e+17”是被 Excel 改成数字的长编号"),
        ({"工单编号": "1.40172E+17"}, "工单编号: “1.40172E+17”是被 Excel"),
        ({"工单编号": "9" * 81}, "工单编号: 最多 80 个字符"),
        ({"纬度": "114.66", "经度": "38.01"}, "纬度, 经度: 114.66 不是纬度,两列可能互换了"),
        ({"纬度": "1141"}, "纬度: 须不大于 90"),
        ({"经度": "1141"}, "经度: 须不大于 180"),
        ({"纬度": "0", "经度": "0"}, "纬度, 经度: "),
        ({"上报时间": "昨天"}, "上报时间: “昨天”不是能认出的时间"),
        ({"标题": FaultyCell("公式没有算出的值", "a formula")}, "标题: 公式没有算出的值"),
        ({"类别": " "}, "类别: “”没有对应的类别"),
        ({BEYOND_HEADER: FaultyCell("多出“x”", "beyond")}, "多出“x”"),
    ],
)
async def test_a_rejection_names_the_column_of_the_file(town: Town, changed: dict[str, Any], zh: str) -> None:
    mapping = CHINESE.model_copy(update={"system": f"test-{uuid4().hex[:12]}"})
    row = dict(zip(CHINESE.fields.required, ("A1", "树木", 38.0, 114.7, "2026/3/3", "倒树", ""), strict=True))
    outcome = await bring_in(town, [(2, {**row, **changed})], mapping)
    (rejected,) = outcome.rejected
    assert rejected.zh.startswith(zh)
    for name in ("lat", "lon", "report_id", "occurred_at", "^["):
        assert name not in rejected.zh


async def test_a_dry_run_says_what_would_be_opened_and_stores_nothing(town: Town, mapping: Mapping) -> None:
    await bring_in(town, [(1, request(1))], mapping)
    rows = [(1, request(1)), (2, request(2)), (3, request(2)), (4, request(3, lat="48.85"))]
    outcome = await import_rows(
        town.resources, await town.person("duty"), rows, mapping, outcome=Outcome(), dry_run=True
    )  # fmt: skip
    assert (outcome.opened, outcome.known, outcome.doubles) == (1, 1, 1)
    assert [rejected.row for rejected in outcome.rejected] == [3, 4]
    (planned,) = outcome.planned
    assert (planned.row, planned.number, planned.report.title) == (2, "2", "Fallen tree 2")
    assert planned.report.grid
    assert await numbers(town) == ["1"]


async def test_a_column_of_grid_codes_places_a_row_without_coordinates(town: Town, mapping: Mapping) -> None:
    opened = await bring_in(town, [(1, request(1))], mapping)
    async with town.engine.connect() as connection:
        grid = str(await connection.scalar(text("SELECT grid FROM cases")))
    with_grid = mapping.model_copy(update={"fields": Fields(grid="网格编码")})
    rows = [
        (2, request(2, 网格编码=grid, lat=None, long=None)),
        (3, request(3, 网格编码=float(grid), lat=None, long=None)),
    ]
    outcome = await bring_in(town, rows, with_grid)
    assert (opened.opened, outcome.opened) == (1, 1)
    assert outcome.rejected[0].zh.startswith("网格编码: ")
    assert "Excel" in outcome.rejected[0].zh


# --- files ------------------------------------------------------------------------------------------------------------


async def test_json_csv_and_excel_of_the_same_rows_read_alike(town: Town, mapping: Mapping, tmp_path: Path) -> None:
    records = [request(n, description="中文, “引号”\n第二行" if n == 2 else "") for n in range(1, 6)]
    as_csv, as_excel = tmp_path / "r.csv", tmp_path / "r.xlsx"
    with as_csv.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, records[0])
        writer.writeheader()
        writer.writerows(records)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(records[0]))
    for record in records:
        moment = datetime.fromisoformat(record["requested_datetime"]).replace(tzinfo=None)
        sheet.append([*list(record.values())[:4], float(record["lat"]), float(record["long"]), moment])
    for row in range(8, 12):  # a deleted cell of a spreadsheet
        sheet.cell(row, 1).value = ""
        sheet.cell(row, 1).value = None
    book.save(as_excel)
    wrapped = write_json(tmp_path, {"requests": records})

    first = await bring_in(town, list(read_rows(wrapped)), mapping)
    assert (first.opened, first.rejected) == (5, [])
    # The content must be the same under the same id, or it would be refused as another report.
    async with transaction(town.engine) as connection:
        await connection.execute(text("UPDATE cases SET external_number = 'was ' || external_number"))
    for path in (as_csv, as_excel):
        outcome = await bring_in(town, list(read_rows(path)), mapping)
        assert (outcome.opened, outcome.known, outcome.rejected) == (0, 5, []), path.name


def test_rows_are_numbered_as_people_count_them(tmp_path: Path) -> None:
    plain = tmp_path / "r.csv"
    plain.write_text('a,b\n1,"two\nlines"\n\n3,4\n', encoding="utf-8")
    assert [(line, row["a"]) for line, row in read_rows(plain)] == [(3, "1"), (5, "3")]
    assert [line for line, _ in read_rows(write_json(tmp_path, [{}, 7, {}]))] == [1, 2, 3]
    book = openpyxl.Workbook()
    for values in (["a", "b"], [1, 2], [None, None], [3, 4]):
        book.worksheets[0].append(values)
    book.save(tmp_path / "r.xlsx")
    assert list(read_rows(tmp_path / "r.xlsx")) == [(2, {"a": 1, "b": 2}), (4, {"a": 3, "b": 4})]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("r.json", b'[{"a": 1},\n {"a" 2}]', r"r\.json:2: broken JSON at column 7"),
        ("r.json", b"[\xff]", r"r\.json:1: not UTF-8 at byte 1"),
        ("r.json", b'"text"', r"r\.json: a list of service requests is expected"),
        ("r.json", b'{"a": [], "b": []}', r"r\.json: a list of service requests is expected"),
        ("r.csv", 'a,b\n1,"乱'.encode("gbk"), r"r\.csv:2: broken CSV: unexpected end of data"),
        ("r.csv", b'a,b\n1,2\n3,"4\n', r"r\.csv:3: broken CSV: unexpected end of data"),
        ("r.csv", b'a,b\n1,2\n"3"x,4\n', r"r\.csv:3: "),
        ("r.xlsx", b"no zip at all", r"r\.xlsx: not an Excel file"),
        ("r.doc", b"a", r"r\.doc: \.doc is none of \.csv, \.txt, \.xlsx, \.xls"),
    ],
)
def test_an_unreadable_file_says_where(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=told) as bad:
        list(read_rows(path))
    assert bad.value.zh.startswith(str(path))
    assert re.search(r"[\u4e00-\u9fff]", bad.value.zh)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("services: {}", "system: Field required"),
        ("system: a\nservices: {a: b c}", "services.a: String should match"),
        ("system: a\nservices: {}\ncolour: red", "colour: Extra inputs"),
        ("system: a\nservices: {}\nzone: Mars/Olympus", "zone: .*Mars/Olympus"),
        ("system: a\nservices: {}\nplace: {west: 1, east: 1, south: 0, north: 1}", "place: .*west of"),
        ("system: a\nservices: {}\nplace: {west: 0, east: 1, south: 2, north: 1}", "place: .*south of"),
        ("system: [a", "mapping.yaml:1: broken YAML"),
        ("", "mapping.yaml"),
    ],
)
def test_a_wrong_mapping_says_where(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(content)
    with pytest.raises(BadMapping, match=told) as bad:
        read_mapping(path)
    assert str(path) in str(bad.value)
    assert str(path) in bad.value.zh
    assert re.search(r"[\u4e00-\u9fff]", bad.value.zh)


def test_a_mapping_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_bytes("system: 乱".encode("gbk"))
    with pytest.raises(BadMapping, match=r"mapping\.yaml:1: this is not UTF-8"):
        read_mapping(path)
