"""Every reading command at 80 columns, with real content: no date, number or code of it is broken."""

import re
from collections import Counter
from typing import Any

import pytest

import cli.output
from tests.builders import MICRO, PASSWORD
from tests.cli.conftest import Run, Served, answer

#: Dates with their times, and whatever is long and has digits: numbers of cases, codes of grids, ids.
_WHOLE = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?|\b[0-9a-f-]*\d[0-9a-f-]{8,}\b")
ASKED = (
    "list", "inbox", "show {case}", "show {case} --forecast", "overdue --as supervisor", "board --as supervisor",
    "notices --as supervisor", "bulletin list --as supervisor", "people list", "people roster", "grids list",
    "grids list --under 130172100", "policy show", "org lint",
)  # fmt: skip


@pytest.fixture(scope="module")
def case(served: Served) -> str:
    """The number of a case with a long title that has a date in it."""
    from typer.testing import CliRunner

    import cli.app

    title = "三个月工资未发,自2026-03-02 08:30起催要无果" * 2
    words = ["report", "--category", "0201", "--title", title, "--grid", MICRO, "--as", "worker", "--json"]
    words += ["--password", PASSWORD]
    made = CliRunner().invoke(cli.app.app, words, env=served.environment)
    return str(answer(made)["case_no"])


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_at_eighty_columns_everything_stays_whole(
    asked: str, lang: str, case: str, served: Served, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**served.environment, "GRIDLOOP_LANG": lang}.items():
        monkeypatch.setenv(name, value)
    words: list[Any] = asked.format(case=case).split()
    if words[0] in ("list", "inbox", "show", "overdue", "board", "notices", "bulletin"):
        words += ["--password", PASSWORD]
    shown = {}
    for width in (80, 400):
        monkeypatch.setattr(cli.output.out, "_width", width)
        shown[width] = run(*words).stdout
        assert all(len(line) <= width for line in shown[width].splitlines() if "--cursor" not in line)
    assert shown[400].strip()
    assert Counter(_WHOLE.findall(shown[80])) == Counter(_WHOLE.findall(shown[400]))
