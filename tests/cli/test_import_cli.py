"""`import`: progress, what was opened, what was rejected and why, on the command line."""

import csv
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.reports.import_mapping import Fields, read_mapping
from tests.builders import PASSWORD
from tests.cli.conftest import Run, Served, answer, refusal


@pytest.fixture
def importer(served: Served, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types `import` on the machine where the system runs."""
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        f"system: test-{uuid4().hex[:12]}\nservices: {{Wages: '0201'}}\n"
        "place: {west: 0, south: 50, east: 1, north: 51}\n"
    )

    def typed(*words: str, **more: Any) -> Any:
        return run("import", *words, "--mapping", mapping, "--data-dir", tmp_path, **more)

    return typed


def requests(folder: Path, *records: dict[str, Any]) -> Path:
    known = {"service_code": "Wages", "title": "Unpaid", "lat": 50.5, "long": 0.25,
             "requested_datetime": "2026-03-03T00:18:00Z"}  # fmt: skip
    path = folder / "requests.json"
    path.write_text(json.dumps([{"service_request_id": n, **known, **r} for n, r in enumerate(records, 1)]))
    return path


def test_rows_become_cases_once(importer: Run, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = uuid4().hex
    file = requests(tmp_path, *({"title": f"{mark} {n}"} for n in range(3)))
    first = importer(file)
    assert first.exit_code == 0, first.output
    assert "3 opened, 0 known already, 0 rejected" in first.output
    assert "3/3" in first.output
    again = importer(file)
    assert again.exit_code == 0
    assert "0 opened, 3 known already, 0 rejected" in again.output
    page = answer(run("list", "--search", mark, "--json", "--password", PASSWORD))
    assert page["total"] == 3


def test_only_the_first_rows_if_asked(importer: Run, tmp_path: Path) -> None:
    file = requests(tmp_path, {}, {}, {})
    assert "2 opened" in importer(file, "--limit", "2").output
    assert "1 opened, 2 known already" in importer(file).output


def test_rejected_rows_are_listed_with_their_reason_in_the_language_of_the_command_line(
    importer: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd: list[dict[str, Any]] = [{"service_code": "[/Dragons]"}, {"lat": None}, *({"title": " "} for _ in range(20))]
    file, rejects = requests(tmp_path, {}, *odd), tmp_path / "rejects.csv"
    result = importer(file)
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "1 opened, 0 known already, 22 rejected" in result.output
    assert "no category is mapped for “[/Dragons]”" in result.output
    assert "2 more; --rejects FILE writes them all" in result.output
    written = importer(file, "--rejects", rejects)
    assert written.exit_code == 1
    with rejects.open(encoding="utf-8", newline="") as content:
        rows = list(csv.DictReader(content))
    assert len(rows) == 22
    assert rows[0] == {"row": "2", "number": "2", "reason": "service_code: no category is mapped for “[/Dragons]”"}
    assert rows[1]["reason"] == "lat, long: no place"
    monkeypatch.setenv("GRIDLOOP_LANG", "zh")
    in_chinese = importer(file, "--rejects", rejects)
    assert "“[/Dragons]”没有对应的类别" in in_chinese.output
    with rejects.open(encoding="utf-8", newline="") as content:
        assert [row["reason"] for row in csv.DictReader(content)][1:3] == [
            "lat, long: 没有位置",
            "title: 不能为空",
        ]


def test_what_cannot_be_read_is_reported(importer: Run, run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('[{"a": 1},\n {"a" 2}]')
    assert f"{broken}:2: broken JSON at column 7" in refusal(importer(broken)).replace("\n", "")
    broken.write_text("[" * 100_000)
    assert "nested too deeply" in refusal(importer(broken))
    mapping = tmp_path / "odd.yaml"
    mapping.write_text("[" * 2_000)
    told = refusal(run("import", requests(tmp_path, {}), "--mapping", mapping, "--data-dir", tmp_path))
    assert "nested too deeply" in told
    mapping.write_text("services: {}")
    told = refusal(run("import", requests(tmp_path, {}), "--mapping", mapping, "--data-dir", tmp_path))
    assert "system: Field required" in told
    missing = run("import", tmp_path / "nothing.json")
    assert missing.exit_code == 2
    assert "does not exist" in missing.output


def test_a_lone_surrogate_is_printed_as_an_escape(importer: Run, tmp_path: Path) -> None:
    file, rejects = tmp_path / "half.json", tmp_path / "rejects.csv"
    file.write_text('[{"service_request_id": "a\\ud800"}]')
    result = importer(file, "--rejects", rejects)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert "a\\ud800" in result.output
    assert "a\\ud800" in rejects.read_text("utf-8")


def test_where_rejects_cannot_be_written_nothing_is_imported(importer: Run, tmp_path: Path) -> None:
    file = requests(tmp_path, {"service_request_id": "untouched"})
    assert "cannot write" in refusal(importer(file, "--rejects", tmp_path / "nowhere" / "rejects.csv"))
    assert "1 opened" in importer(file).output


def test_a_failure_is_not_called_a_stop(importer: Run, tmp_path: Path) -> None:
    result = importer(requests(tmp_path, {}), "--park", "999999999")
    assert result.exit_code == 1
    assert "no park with a geometry is loaded" in result.stderr
    assert "stopped" not in result.stderr


def test_somebody_must_report(importer: Run, tmp_path: Path) -> None:
    file = requests(tmp_path, {})
    assert "there is no person nobody" in refusal(importer(file, "--as", "nobody"))
    outsider = importer(file, "--as", "auditor")
    assert outsider.exit_code == 1
    assert "You may not do “report”" in outsider.output


def test_without_a_system_the_error_says_how_to_start_one(run: Run, tmp_path: Path) -> None:
    told = refusal(run("import", requests(tmp_path, {}), "--data-dir", tmp_path))
    assert "the system is not running; start it with: make up" in told


def test_a_dry_run_prints_what_would_be_opened_and_rejected(importer: Run, run: Run, tmp_path: Path) -> None:
    mark = uuid4().hex[:8]
    file = requests(tmp_path, {"title": f"{mark} a"}, {"title": f"{mark} b", "service_request_id": 1}, {"lat": None})
    planned = importer(file, "--dry-run")
    assert planned.exit_code == 1
    assert "read: JSON, UTF-8, 3 records" in planned.output
    assert "nothing stored: 1 would be opened, 0 known already, 2 rejected (1 of them doubles" in planned.output
    assert re.search(rf"1 +{mark} a +0201 +\d+ +2026-03-03 08:18", planned.output)
    assert f"{mark} b" not in planned.output
    assert answer(run("list", "--search", mark, "--json", "--password", PASSWORD))["total"] == 0


def test_a_proposed_mapping_imports_the_file_that_it_was_made_for(run: Run, tmp_path: Path) -> None:
    file, mapping = tmp_path / "2026年11月 工单.csv", tmp_path / "proposed.yaml"
    file.write_bytes(
        "11月台账\n流水号;问题类型;诉求标题;诉求内容;登记时间;X;Y\n"
        "A1;绿化;倒树;急;2026/3/3 8:30;114.7001;38.0001\nA2;没有这类;灯;;2026/3/4 8:30;114.7002;38.0002\n".encode("gbk")
    )
    proposed = answer_text(run("import", file, "--suggest-mapping"))
    mapping.write_text(proposed, encoding="utf-8")
    read = read_mapping(mapping)
    assert read.fields == Fields(
        number="流水号",
        service="问题类型",
        title="诉求标题",
        description="诉求内容",
        reported_at="登记时间",
        lat="Y",
        lon="X",
    )
    assert read.system == "2026-11"
    assert '# "没有这类": ""   # 1 row, which category?' in proposed
    assert "GB18030" in proposed.splitlines()[0]
    strange = tmp_path / "strange.csv"
    strange.write_text("甲,乙\n1,2\n", encoding="utf-8")
    assert "# reported_at:   # no column was recognised" in answer_text(run("import", strange, "--suggest-mapping"))


def answer_text(result: Any) -> str:
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def test_a_missing_column_is_one_message(importer: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f.csv"
    file.write_text("工单编号,标题\n1,2\n3,4\n", encoding="utf-8")
    told = refusal(importer(file)).strip()
    assert told == (
        f"✗ {file}: columns missing: service_request_id, service_code, lat, long, requested_datetime;"
        " the file has: 工单编号, 标题 --suggest-mapping proposes a mapping by its headers"
    )
    file.write_text("")
    assert "the file is empty" in refusal(importer(file))
