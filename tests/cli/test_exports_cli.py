"""`list` and `overdue` into files: whole or not at all, and never over a file that is there."""

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from tests.builders import MICRO
from tests.cli.conftest import Run, answer, refusal

REPORT = ("report", "--category", "0201", "--title", "For the export", "--grid", MICRO, "--as", "worker", "--json")
LIST = ("list", "--search", "export", "--as", "duty")


@pytest.fixture(autouse=True)
def asks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask often whether an export is done: here it is soon."""
    monkeypatch.setattr("cli.exports._ASK_EVERY_SECONDS", 0.05)


def test_the_list_in_every_format(api: Run, tmp_path: Path) -> None:
    no = answer(api(*REPORT))["case_no"]
    for name, more in (
        ("a.csv", ("--bom",)),
        ("a.jsonl", ()),
        ("a.geojson", ()),
        ("a.XLSX", ()),
        ("b", ("--format", "csv")),
    ):
        result = api(*LIST, "--output", tmp_path / name, *more)
        assert result.exit_code == 0, result.output
        assert "written to" in result.stderr
    text = (tmp_path / "a.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert no in {row["case"] for row in csv.DictReader(text.decode("utf-8-sig").splitlines())}
    assert no in {json.loads(line)["case_no"] for line in (tmp_path / "a.jsonl").read_text().splitlines()}
    assert no in {feature["id"] for feature in json.loads((tmp_path / "a.geojson").read_text())["features"]}
    rows = openpyxl.load_workbook(tmp_path / "a.XLSX").worksheets[0]
    assert no in {row[0] for row in rows.iter_rows(values_only=True)}
    assert (tmp_path / "b").read_bytes() == text[3:]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.XLSX", "a.csv", "a.geojson", "a.jsonl", "b"]


def test_a_file_is_replaced_only_by_force(api: Run, tmp_path: Path) -> None:
    file = tmp_path / "kept.csv"
    file.write_text("mine")
    assert "is there already" in refusal(api(*LIST, "--output", file))
    assert file.read_text() == "mine"
    assert api(*LIST, "--output", file, "--force").exit_code == 0
    assert file.read_text().startswith("case,title")
    assert api("overdue", "--output", tmp_path / "overdue.csv", "--category", "99").exit_code == 0
    assert (tmp_path / "overdue.csv").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("--format", "csv"), "--output"), (("--output", "a.pdf"), "--format"),
        (("--output", "a.jsonl", "--bom"), "CSV only"), (("--output", "none/a.csv"), "no folder"),
        (("--output", "a.csv", "--light", "blue"), "light"),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_no_file(
    api: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in refusal(api(*LIST, *typed))
    assert list(tmp_path.iterdir()) == []
