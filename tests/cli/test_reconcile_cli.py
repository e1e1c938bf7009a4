"""`reconcile` on a served system: a list and exit 1 on drift, words otherwise."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from activities.auditing import looking
from cli.reconcile import DRIFT_NAMES
from models.ids import new_id
from models.jobs.audit import Drift
from tests.builders import MICRO
from tests.cli.conftest import Run, Served, answer, refusal

WAGES = ("--category", "0201", "--title", "Three months unpaid", "--as", "worker", "--json", "--grid", MICRO)


@pytest.fixture
def operator(api: Run, served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command on the served system's own machine. A difference is looked at again at once."""
    monkeypatch.setattr(looking, "PAUSE", timedelta(milliseconds=50))
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)
    return api


def change(served: Served, statement: str, *values: Any) -> None:
    """Writes into the database behind everybody's back."""
    with psycopg.connect(served.environment["GRIDLOOP_DATABASE_URL"]) as connection:
        connection.execute(statement, values)


def test_agreement_is_reported_and_drift_is_listed(operator: Run, served: Served) -> None:
    case = answer(operator("report", *WAGES))
    good = operator("reconcile")
    assert good.exit_code == 0, good.output
    assert "both sides agree" in good.stdout
    assert answer(operator("reconcile", "--json", "--sample", "1"))["looked_into"] == 1

    change(served, "UPDATE cases SET owner_id = 'nowhere' WHERE case_no = %s", case["case_no"])
    try:
        bad = operator("reconcile", "--fix")
        assert bad.exit_code == 1
        assert "owner gone" in bad.stdout
        assert case["case_no"] in bad.stdout
        assert "findings: 1 (owner gone 1)" in bad.stderr
        listed = operator("reconcile", "--json")
        assert listed.exit_code == 1
        (finding,) = json.loads(listed.stdout)["findings"]
        assert (finding["kind"], finding["case_no"], finding["fixable"]) == ("owner_gone", case["case_no"], False)
    finally:
        change(
            served,
            "UPDATE cases SET owner_id = state #>> '{owner,id}' WHERE case_no = %s",
            case["case_no"],
        )


def test_every_kind_of_finding_has_a_name(operator: Run, served: Served) -> None:
    assert set(DRIFT_NAMES) == set(Drift)
    id_ = str(new_id())
    change(
        served,
        "INSERT INTO outbox (id, origin_kind, origin_id, effect, written_at, next_try_at, tries, failure)"
        " VALUES (%s, 'case', %s, '{\"kind\": \"tell_case\"}', now(), 'infinity', 1, 'refused')",
        id_, str(new_id()),
    )  # fmt: skip
    try:
        bad = operator("reconcile")
        assert (bad.exit_code, "findings: 1 (effect stuck 1)" in bad.stderr) == (1, True), bad.output
    finally:
        change(served, "DELETE FROM outbox WHERE id = %s", id_)


def test_without_a_system_there_is_a_plain_error(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(run("reconcile", "--data-dir", tmp_path))
    assert "not running" in told
    assert "Temporal" not in told
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "3" * 64)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    assert "cannot be reached" in refusal(run("reconcile", "--data-dir", tmp_path))
