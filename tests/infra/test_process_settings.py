"""Settings of the processes: what is taken, and what is refused before anything starts."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from infra.settings import Settings


def process_settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> Settings:
    """The settings of a process with these variables, `GRIDLOOP_` left out."""
    known = {"DATABASE_URL": "postgresql://x", "TOKEN_SECRET": "0" * 64}
    for name, value in {**known, **given}.items():
        monkeypatch.setenv(f"GRIDLOOP_{name}", value)
    return Settings()


@pytest.mark.parametrize(("given", "queues"), [
    ({}, ("cases", "heavy")),
    ({"WORKER_QUEUES": "cases"}, ("cases",)),
    ({"WORKER_QUEUES": " heavy , cases, heavy"}, ("heavy", "cases")),
])  # fmt: skip
def test_the_queues_of_a_worker(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], queues: tuple[str]) -> None:
    assert process_settings(monkeypatch, **given).worker_queues == queues


@pytest.mark.parametrize("given", [
    {"WORKER_QUEUES": ""},
    {"WORKER_QUEUES": "case"},
    {"WORKER_HEAVY": "0"},
    {"DRAIN_SECONDS": "-1"},
    {"WORKER_PORT": "70000"},
    {"WORKER_NAME": "a name"},
    {"WORKER_DEPLOYMENT": "gridloop"},
    {"WORKER_BUILD": "1.4.0"},
    {"TOKEN_SECRETS_PREVIOUS": "short"},
    {"WORKER_DEPLOYMENT": "grid.loop", "WORKER_BUILD": "1.4.0"},
])  # fmt: skip
def test_what_is_refused(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        process_settings(monkeypatch, **given)


def test_secrets_lie_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As containers get them; a variable that is set comes first, and one that is empty does not hide the file."""
    (tmp_path / "gridloop_token_secret").write_text("f" * 64 + "\n")
    (tmp_path / "gridloop_token_secrets_previous").write_text(f"{'g' * 64}\n{'h' * 64}\n")
    (tmp_path / "gridloop_metrics_token").write_text("in the file, long enough")
    monkeypatch.setenv("GRIDLOOP_SECRETS_DIR", str(tmp_path))
    settings = process_settings(monkeypatch, TOKEN_SECRET="", METRICS_TOKEN="in the variable, long enough")
    assert settings.token_secret.get_secret_value() == "f" * 64
    assert [one.get_secret_value()[0] for one in settings.token_secrets_previous] == ["g", "h"]
    assert settings.metrics_token is not None
    assert settings.metrics_token.get_secret_value() == "in the variable, long enough"
    assert "f" * 64 not in repr(settings)
