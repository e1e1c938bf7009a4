"""A served system, and fixtures that run the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import cli.app
import cli.http
import cli.output
from infra.settings import settings
from tests.builders import PASSWORD
from tests.servers import ROOT, VARIABLE, Servers, to_json

#: Runs a command: `run("list", "--json")`.
Run = Callable[..., Result]


@dataclass(frozen=True)
class Served:
    """The URL of the API, and the environment of an operator's command for the system behind it."""

    environment: dict[str, str]

    @property
    def url(self) -> str:
        return self.environment["GRIDLOOP_WEB_URL"]


@pytest.fixture(scope="session")
def served(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The tiny park, served by a separate process."""
    folder = tmp_path_factory.mktemp("served")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.served", str(folder)],
            cwd=ROOT,
            env={**os.environ, VARIABLE: to_json(servers)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (folder / "log").read_text()
        yield Served(json.loads(line))
        process.communicate(timeout=60)


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """Clean the environment before and after each test: commands read it, and some add to it.

    With patches of its own: what a test patches must be undone before.
    """
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("GRIDLOOP_", "TEMPORAL_", "LC_", "LANG")) and name != VARIABLE:
            del os.environ[name]
    os.environ["GRIDLOOP_LANG"] = "en"
    with pytest.MonkeyPatch.context() as patched:
        for console in (cli.http.console, cli.http.errors, cli.output.out, cli.output.err):
            patched.setattr(console, "_width", 200)
        settings.cache_clear()
        yield
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()


@pytest.fixture
def run() -> Run:
    """Run a command where no system is known."""

    def typed(*words: object, **more: Any) -> Result:
        return CliRunner().invoke(cli.app.app, [str(word) for word in words], **more)

    return typed


@pytest.fixture
def api(served: Served, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against the served system, with the password that everybody has."""
    monkeypatch.setenv("GRIDLOOP_WEB_URL", served.url)
    monkeypatch.setenv("GRIDLOOP_PASSWORD", PASSWORD)
    return run


def answer(result: Result) -> Any:
    """The JSON of a successful command."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(result: Result) -> str:
    """The error text of a command that failed with exit code 1."""
    assert result.exit_code == 1, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert result.stdout == ""
    return " ".join(result.stderr.split())
