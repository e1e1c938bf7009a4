"""Verification of an export without the database: every deed is named by case and fact, or by day."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.signing import load_signing_key
from models.jobs.history import Verification
from services.history.export import ExportExists, Manifest, export_history
from services.history.verify_export import NoExport, verify_export
from tests.town import Town

Lines = list[dict[str, Any]]


@pytest.fixture
def exported(lived: tuple[str, Path], tmp_path: Path) -> Path:
    """An export of the town, with two anchors."""
    return shutil.copytree(lived[1] / "export", tmp_path / "export")


def change(folder: Path, deed: Callable[[Lines], Lines]) -> None:
    path = folder / "facts.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in deed(lines)))


def named(result: Verification) -> list[tuple[str, str | None, int | None]]:
    return [(finding.fault.value, finding.number, finding.seq) for finding in result.findings]


def longest(lines: Lines) -> tuple[str, list[int]]:
    """The number of the case with the most facts, and the places of its lines."""
    numbers = [line["number"] for line in lines]
    number = max(set(numbers), key=numbers.count)
    return number, [place for place, line in enumerate(lines) if line["number"] == number]


async def test_an_export_that_nobody_touched(exported: Path, anchored: Town) -> None:
    public = load_signing_key(anchored.resources.settings.anchor_key).public
    result = verify_export(exported, public)
    assert result.findings == ()
    assert (result.origins, result.anchors, result.key) == (5, 2, public)
    packed = shutil.make_archive(str(exported), "zip", exported)
    assert verify_export(Path(packed), public).findings == ()
    with pytest.raises(ExportExists):
        await export_history(anchored.engine, anchored.resources.settings, exported)


async def test_a_zip_file_is_written_whole(anchored: Town, tmp_path: Path) -> None:
    await export_history(anchored.engine, anchored.resources.settings, tmp_path / "facts.zip")
    assert verify_export(tmp_path / "facts.zip").findings == ()
    assert sorted(path.name for path in tmp_path.iterdir() if "export" in path.name) == []


def flip_letter(lines: Lines) -> Lines:
    _, places = longest(lines)
    body = json.dumps(lines[places[6]]["body"], ensure_ascii=False)
    lines[places[6]]["body"] = json.loads(re.sub(r'("reason": ")(.)', r"\1某", body, count=1))
    return lines


def delete_seventh(lines: Lines) -> Lines:
    _, places = longest(lines)
    return lines[: places[6]] + lines[places[7] :]


def swap_lines(lines: Lines) -> Lines:
    _, places = longest(lines)
    seventh, eighth = places[6], places[7]
    lines[seventh], lines[eighth] = lines[eighth], lines[seventh]
    return lines


def swap_numbers(lines: Lines) -> Lines:
    swap_lines(lines)
    _, places = longest(lines)
    lines[places[6]]["seq"], lines[places[7]]["seq"] = 7, 8
    return lines


def append_forged(lines: Lines) -> Lines:
    _, places = longest(lines)
    last = lines[places[-1]]
    return [*lines[: places[-1] + 1], {**last, "seq": last["seq"] + 1}, *lines[places[-1] + 1 :]]


def insert_twice(lines: Lines) -> Lines:
    _, places = longest(lines)
    return [*lines, {**lines[places[2]], "body": {}}]


def delete_case(lines: Lines) -> Lines:
    number, _ = longest(lines)
    return [line for line in lines if line["number"] != number]


def cut_last(lines: Lines) -> Lines:
    _, places = longest(lines)
    return lines[: places[-1]] + lines[places[-1] + 1 :]


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        (flip_letter, [("edited", 7)]),
        (delete_seventh, [("missing", 7)]),
        (swap_lines, [("reordered", 8), ("reordered", 7)]),
        (swap_numbers, [("reordered", 7), ("reordered", 8)]),
        (append_forged, [("forged", -1)]),
        (insert_twice, [("forged", None)]),
        (delete_case, [("origin_missing", None)]),
        (cut_last, [("missing", -1)]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_deed_is_named(
    exported: Path, deed: Callable[[Lines], Lines], expected: list[tuple[str, int | None]]
) -> None:
    lines = [json.loads(line) for line in (exported / "facts.jsonl").read_text().splitlines()]
    number, places = longest(lines)
    ends = {("forged", -1): len(places) + 1, ("missing", -1): len(places)}
    change(exported, deed)
    wanted = [(fault, number, ends.get((fault, seq or 0), seq)) for fault, seq in expected]
    assert named(verify_export(exported)) == wanted


async def test_a_case_that_nobody_recorded(exported: Path) -> None:
    def forge(lines: Lines) -> Lines:
        return [*lines, {**lines[0], "origin": "00000000-0000-4000-8000-000000000001", "number": "X", "seq": 1}]

    change(exported, forge)
    assert named(verify_export(exported)) == [("forged", "X", None)]


async def test_the_last_anchor_is_gone(exported: Path) -> None:
    (path,) = (exported / "anchors").glob("000002-*.json")
    day = path.name[7:17]
    path.unlink()
    path.with_suffix(".heads").unlink()
    (finding,) = verify_export(exported).findings
    assert (finding.fault.value, finding.anchor, str(finding.day)) == ("anchor_missing", 2, day)


async def test_what_is_signed_anew_is_not_signed_by_our_key(exported: Path, tmp_path: Path, anchored: Town) -> None:
    """Whoever forges can compute all hashes and sign; the key that was published tells."""
    public = load_signing_key(anchored.resources.settings.anchor_key).public
    key = load_signing_key(tmp_path / "another.pem")
    manifest = Manifest.model_validate_json((exported / "manifest.json").read_bytes())
    forged = manifest.model_copy(update={"key": key.public, "facts": 1})
    forged = forged.model_copy(update={"signature": key.sign(forged.signed_part())})
    (exported / "manifest.json").write_text(forged.model_dump_json())
    shutil.rmtree(exported / "anchors")
    (exported / "anchors").mkdir()
    faults = {finding.fault.value for finding in verify_export(exported, public).findings}
    assert faults == {"manifest_forged", "anchor_missing"}


@pytest.mark.parametrize(("name", "old", "new"), [("heads.txt", "\n", "\n\n"), ("manifest.json", ": 5", ": 4")])
async def test_manifest_and_heads_are_signed(exported: Path, name: str, old: str, new: str) -> None:
    text = (exported / name).read_text()
    assert old in text
    (exported / name).write_text(text.replace(old, new, 1))
    with_fault = [finding.fault.value for finding in verify_export(exported).findings]
    assert "manifest_forged" in with_fault


async def test_lines_that_are_no_facts(exported: Path) -> None:
    with (exported / "facts.jsonl").open("a") as file:
        file.write('null\n{"origin": 3}\nnot json\n{"origin": "00000000-0000-4000-8000-000000000001", "seq": "x"}\n')
    assert [finding.fault.value for finding in verify_export(exported).findings] == ["forged"] * 4


def test_what_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text("{}")
    for name in ("empty", "text.zip", "other", "missing"):
        with pytest.raises(NoExport):
            verify_export(tmp_path / name)
