"""`board`, `overdue`, `bulletin` at the terminal, against a served system."""

import time
from pathlib import Path

import openpyxl
import pytest

from tests.api.harness import RUSHED
from tests.builders import LABOUR, PARK
from tests.cli.conftest import Run, answer, refusal


@pytest.fixture(scope="module")
def late_case() -> list[str]:
    """The number of a case that is overdue as soon as it is dispatched; made by the first test that needs it."""
    return []


def an_overdue_case(api: Run, known: list[str]) -> str:
    if not known:
        place = f"{PARK}001001001"
        said = ("report", "--category", RUSHED, "--title", "[bold]立等[/]", "--grid", place, "--as", "worker", "--json")
        report = answer(api(*said))
        answer(api("act", report["case_no"], "accept", "--json"))
        answer(api("act", report["case_no"], "dispatch", f"host={LABOUR}", "--json"))
        known.append(report["case_no"])
        while not answer(api("overdue", "--json"))["total"]:  # due in a third of a second
            time.sleep(0.1)
    return known[0]


def test_the_board_and_the_overdue_list_agree(api: Run, late_case: list[str]) -> None:
    case_no = an_overdue_case(api, late_case)
    board = answer(api("board", "--json"))
    page = answer(api("overdue", "--limit", 1000, "--json"))
    assert board["totals"]["overdue"]["count"] == page["total"] >= 1
    assert case_no in [item["case_no"] for item in page["items"]]
    shown = api("overdue")
    assert case_no in shown.output
    assert "[bold]立等[/]" in shown.output
    table = api("board")
    assert "东一社区" in table.output
    assert "Total" in table.output


def test_a_bulletin_is_made_listed_shown_and_saved(api: Run, late_case: list[str], tmp_path: Path) -> None:
    an_overdue_case(api, late_case)
    file = tmp_path / "board.xlsx"
    made = api("bulletin", "make", "board", "--grid", PARK, "--export", file)
    assert made.exit_code == 0, made.output
    assert "看板" in openpyxl.load_workbook(file).sheetnames
    [first, *_] = answer(api("bulletin", "list", "--kind", "board", "--grid", PARK, "--json"))["items"]
    shown = api("bulletin", "show", first["id"])
    assert shown.exit_code == 0, shown.output
    assert "Daily board" in shown.output
    assert "东一社区" in shown.output
    for kind in ("visits", "consultation", "commendation"):
        [item, *_] = answer(api("bulletin", "make", kind, "--grid", PARK, "--json"))
        assert api("bulletin", "show", item["id"]).exit_code == 0


def test_what_is_wrong_is_reported(api: Run, tmp_path: Path) -> None:
    assert "there is no" in refusal(api("board", "--grid", "nowhere")).lower()
    assert "/kind" in refusal(api("bulletin", "make", "gossip"))
    assert "/period" in refusal(api("bulletin", "make", "board", "--period", "yesterday"))
    assert "one of these roles: supervisor" in refusal(api("overdue", "--as", "worker"))
