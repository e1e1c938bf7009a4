"""Settings of the processes: what is taken, and what is refused before anything starts."""

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
    {"WORKER_DEPLOYMENT": "grid.loop", "WORKER_BUILD": "1.4.0"},
])  # fmt: skip
def test_what_is_refused(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        process_settings(monkeypatch, **given)
