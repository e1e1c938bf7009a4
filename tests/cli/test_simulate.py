"""`simulate` on the command line: tables, JSON, a page; whatever is wrong is told, and nothing is half written."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from services.files.shipped import DEPLOY, POLICY
from tests.builders import a_policy
from tests.cli.conftest import Run, answer, refusal
from tests.servers import ROOT

HALF = DEPLOY / "policies" / "demo-half.yaml"
SAMPLE = DEPLOY / "demo" / "open311" / "requests.json"
KNOWN: dict[str, Any] = {
    "service_code": "Street Lighting", "title": "Lamp out", "lat": "51.45", "long": "0.01",
    "requested_datetime": "2026-03-02T01:00:00+00:00", "last_listed_open": "2026-03-03T17:00:00+00:00",
}  # fmt: skip


def requests(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "requests.json"
    path.write_text(json.dumps([{"service_request_id": n, **KNOWN, **r} for n, r in enumerate(records, 1)]))
    return path


def test_two_policies_side_by_side_need_no_server(run: Run, tmp_path: Path) -> None:
    result = run("simulate", "--policy", POLICY, "--policy", HALF, "--reports", requests(tmp_path, {}, {}))
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    for part in (
        "Simulation (mechanical): requests.json",
        "A = demo.yaml",
        "B = demo-half.yaml",
        "deadlines missed 0 / 2 = 0.0% 2 / 2 = 100.0%",
        "late under A only: 0; under B only: 2",
        "Acceptance and dispatch are taken as immediate",
        "people would have behaved differently",
    ):
        assert part in said, said


def test_the_figures_come_as_json_alone(run: Run, tmp_path: Path) -> None:
    told = answer(run("simulate", "--policy", POLICY, "--reports", requests(tmp_path, {}), "--json"))
    assert told["policies"][0]["clocks"] == 1
    assert told["comparisons"] == []
    assert told["mechanical_zh"].startswith("机械推演")


def test_the_sample_of_the_demonstration_is_still_open(run: Run) -> None:
    told = answer(run("simulate", "--policy", POLICY, "--reports", SAMPLE, "--json"))
    assert told["still_running"] == told["clocks"] > 0


def test_people_read_their_own_language(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDLOOP_LANG", "zh")
    said = run("simulate", "--policy", POLICY, "--policy", HALF, "--reports", requests(tmp_path, {})).stdout
    for part in ("推演(机械)", "超期:按环节", "处置", "社区 · 接手", "仅在 B 下超期", "机械推演:"):
        assert part in said


def test_a_page_is_written_atomically(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    result = run("simulate", "--policy", POLICY, "--policy", HALF, "--reports", requests(tmp_path, {}), "--html", page)
    assert result.exit_code == 0, result.output
    assert f"wrote {page}" in result.stderr
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.html", "requests.json"]
    told = refusal(
        run("simulate", "--policy", POLICY, "--reports", requests(tmp_path, {}), "--html", tmp_path / "no" / "out.html")
    )
    assert "No such file or directory" in told


def test_bad_rows_are_named_and_left_out(run: Run, tmp_path: Path) -> None:
    odd: list[dict[str, Any]] = [
        {"service_code": "Dragons"},
        {"last_listed_open": "2026-01-01T00:00:00Z"},
        *({"lat": None} for _ in range(20)),
    ]
    file = requests(tmp_path, {}, *odd)
    result = run("simulate", "--policy", POLICY, "--reports", file)
    assert result.exit_code == 0, result.output
    assert "22 row(s) can't be used and are left out" in result.stderr
    assert "row 2 (2): service_code: no category is mapped for “Dragons”" in result.stderr
    assert "row 3 (3): closed 2026-01-01T00:00:00+00:00, before it was opened" in result.stderr
    assert "2 more" in result.stderr
    page = tmp_path / "out.html"
    told = refusal(run("simulate", "--policy", POLICY, "--reports", file, "--strict", "--html", page))
    assert "22 row(s) can't be used, first row 2 (2): service_code" in told
    assert not page.exists()


def test_what_cannot_be_read_is_reported(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('[{"a": 1},\n {"a" 2}]')
    assert f"{broken}:2: broken JSON at column 7" in refusal(run("simulate", "--policy", POLICY, "--reports", broken))
    nothing = tmp_path / "nothing.json"
    assert "No such file" in refusal(run("simulate", "--policy", POLICY, "--reports", nothing))
    good = requests(tmp_path, {})
    assert "no column settled" in refusal(
        run("simulate", "--policy", POLICY, "--reports", good, "--closed-at", "settled")
    )
    assert "No such file" in refusal(run("simulate", "--policy", tmp_path / "none.yaml", "--reports", good))
    odd = tmp_path / "odd.yaml"
    odd.write_text(POLICY.read_text(encoding="utf-8").replace("zone: Asia/Shanghai\n", "zone: 7\n", 1))
    assert f"{odd}:6: " in refusal(run("simulate", "--policy", odd, "--reports", good))
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("services: {}")
    assert "system: Field required" in refusal(
        run("simulate", "--policy", POLICY, "--reports", good, "--mapping", mapping)
    )
    people = tmp_path / "people.yaml"
    people.write_text(
        'since: 2024-01-01\npeople:\n  - {username: u, name: n, grants: [{role: supervisor, grid: "1"}]}\n'
    )
    assert f"{people}:3: " in refusal(run("simulate", "--policy", POLICY, "--reports", good, "--people", people))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--policy", POLICY), "one of the two"),
        (("--policy", POLICY, "--from-facts", "--reports", SAMPLE), "one of the two"),
        (("--reports", SAMPLE), "at least one --policy"),
        ((*["--policy", POLICY] * 5, "--reports", SAMPLE), "at most 4 policies are compared, 5 were given"),
    ],
)
def test_options_that_make_no_sense_are_refused(run: Run, words: tuple[object, ...], told: str) -> None:
    result = run("simulate", *words, env={"COLUMNS": "200"})
    assert result.exit_code == 2, result.output
    assert told in " ".join(result.stderr.replace("│", " ").split())


def test_without_a_system_recorded_facts_and_versions_are_out_of_reach(run: Run, tmp_path: Path) -> None:
    assert "no running system found" in refusal(
        run("simulate", "--policy", POLICY, "--from-facts", "--data-dir", tmp_path)
    )
    assert "no running system found" in refusal(
        run("simulate", "--policy", "v1", "--reports", SAMPLE, "--data-dir", tmp_path)
    )


def test_a_published_version_is_taken_from_the_database(
    run: Run, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", database_url)
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "3" * 64)
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO policies (version, published_at, effective_from, digest, content)"
                " VALUES (1, now(), now(), 'x', CAST(:content AS jsonb))"
            ),
            {"content": a_policy().model_dump_json()},
        )
    engine.dispose()
    words = ("--policy", "v1", "--policy", POLICY, "--reports", requests(tmp_path, {}), "--json")
    told = answer(run("simulate", *words))
    assert [policy["label"] for policy in told["policies"]] == ["v1", "demo.yaml"]
    assert told["policies"][0]["not_covered"] == {"0506": 1}
    assert "policy version 7 was never published" in refusal(run("simulate", "--policy", "v7", "--reports", SAMPLE))
    assert "there is nothing to simulate" in refusal(run("simulate", "--policy", "v1", "--from-facts"))


def test_a_stop_leaves_nothing_half_written(tmp_path: Path) -> None:
    file = requests(tmp_path, *({} for _ in range(60_000)))
    before = sorted(path.name for path in tmp_path.iterdir())
    page = tmp_path / "out.html"
    words = ("simulate", "--policy", POLICY, "--policy", HALF, "--reports", file, "--html", page)
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "starter.py", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "GRIDLOOP_LANG": "en", "TERM": "xterm", "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=its_end,
        start_new_session=True,
        # Whoever runs the tests in the background has it ignore what a terminal sends.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(its_end)
    with process:
        seen = said_until(terminal, b"Simulating")
        process.send_signal(signal.SIGINT)
        seen += said_until(terminal, None)
        assert process.wait(60) == 130, seen
        assert process.stdout is not None
        assert process.stdout.read() == b""
    os.close(terminal)
    assert b"stopped; nothing was written" in seen
    assert b"Traceback" not in seen
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def said_until(terminal: int, word: bytes | None) -> bytes:
    """What is shown on a terminal up to a word, or (None) until nobody writes there any more."""
    seen = b""
    while word is None or word not in seen:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the last writer has gone
            break
        if not part:
            break
        seen += part
    return seen
