"""An outage is two lines in the log, however often it is met."""

import pytest
from structlog.testing import capture_logs

from infra import outages
from infra.outages import Outage


def told(*events: str) -> list[tuple[str, int | None]]:
    """What is logged, debug left out, with the failures that a line counts."""
    outage = Outage("database")
    with capture_logs() as said:
        for event in events:
            outage.note_away("refused") if event == "away" else outage.note_answer()
    return [(line["event"], line.get("failures")) for line in said if line["log_level"] != "debug"]


@pytest.mark.parametrize(("events", "lines"), [
    ("answer answer", []),
    ("away", [("database away", None)]),
    ("away away away", [("database away", None)]),
    ("away away answer answer", [("database away", None), ("database back", 2)]),
    ("away answer away", [("database away", None), ("database back", 1), ("database away", None)]),
])  # fmt: skip
def test_one_line_for_each_change(monkeypatch: pytest.MonkeyPatch, events: str, lines: list[object]) -> None:
    monkeypatch.setattr(outages, "SETTLED_SECONDS", 0.0)
    assert told(*events.split()) == lines


def test_an_answer_that_was_under_way_ends_no_outage() -> None:
    assert told("away", "answer", "away", "answer") == [("database away", None)]
