"""The list of commands: told without reading what they need, and true to what they say of themselves."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from cli.app import COMMANDS, app
from cli.banner import print_banner
from tests.servers import ROOT


def test_every_command_of_the_list_is_there() -> None:
    told = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "400"}).output
    for name in COMMANDS:
        own = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "400"})
        assert own.exit_code == 0, name
        assert f"Usage: root {name} " in own.output
        first = next(line for line in own.output.splitlines()[2:] if line.strip())
        line = next(line for line in told.splitlines() if line.startswith(f"│ {name} "))
        assert first.strip() in line


def test_the_list_and_a_single_command_read_no_more_than_they_need() -> None:
    looks = (
        "import sys; from cli.app import app; app({words}, standalone_mode=False);"
        "print([m for m in {heavy} if m in sys.modules])"
    )
    heavy = ["temporalio", "sqlalchemy", "fastapi", "openpyxl", "worker"]
    for words in (["--help"], ["show", "--help"]):
        line = looks.format(words=words, heavy=heavy)
        done = subprocess.run([sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(("typed", "meant"), [("shwo", "show"), ("grid", "grids")])
def test_an_unknown_command_suggests_the_right_one(typed: str, meant: str) -> None:
    answer = CliRunner().invoke(app, [typed])
    assert answer.exit_code == 2
    assert f"Did you mean '{meant}'?" in answer.output


def test_a_command_without_a_summary_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "lost", "cli.cases:lost")
    with pytest.raises(LookupError, match=r"cli\.cases:lost"):
        typer.main.get_command(app)


#: Commands that change something and report it in a sentence; every other command reads, and prints JSON when asked.
WRITING = {
    "up", "db upgrade", "bench", "grids load", "people load", "people passwd", "people reset-second-factor",
    "people add-admin", "people disable", "people enable", "park template", "tokens revoke", "people absent",
    "people shift", "people interest", "policy publish", "import", "report", "act", "referral-desks ics",
    "history anchor", "history key", "keys create", "keys encrypt", "keys rotate", "keys remove",
    "keys token-secret", "channels save", "channels disable", "channels enable", "channels test", "channels hook",
    "channels remove",
    "channels unhook", "channels replay", "open311 revoke", "handovers settle", "handovers receiver",
}  # fmt: skip


def commands() -> dict[str, Any]:
    """Return every command by the words that call it."""
    root: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for name in COMMANDS:
        _, command, _ = root.resolve_command(typer.Context(root), [name])
        for below, one in getattr(command, "commands", {}).items():
            found[f"{name} {below}"] = one
        if not hasattr(command, "commands"):
            found[name] = command
    return found


def test_every_reading_command_prints_json_when_asked() -> None:
    all_commands = commands()
    assert set(all_commands) >= WRITING
    without = {name for name, one in all_commands.items() if not any("--json" in p.opts for p in one.params)}
    assert without - WRITING == set()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("", {"list", "import", "policy"}),
        ("po", {"policy"}),
        ("policy ", {"show", "preview"}),
        ("list --s", {"--stage", "--sort"}),
    ],
)
def test_a_shell_completes_commands_and_options(words: str, offered: set[str]) -> None:
    typed = f"root {words}"
    count = str(len(typed.split(" ")) - 1)
    environment = {"_ROOT_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": count}
    told = CliRunner().invoke(app, [], env=environment)
    assert offered <= set(told.output.split()), told.output


@pytest.mark.parametrize(
    ("closed", "said"), [("true", "by certificate"), ("false", "open to other accounts on this machine")]
)
def test_the_banner_says_who_reaches_temporal(tmp_path: Path, closed: str, said: str) -> None:
    environment = {
        "GRIDLOOP_WEB_URL": "http://127.0.0.1:1",
        "GRIDLOOP_TEMPORAL_CLOSED": closed,
        "TEMPORAL_ADDRESS": "127.0.0.1:2",
        "GRIDLOOP_DATABASE_URL": "postgresql://u:p@127.0.0.1:3/g",
    }
    console = Console(file=io.StringIO(), width=200)
    print_banner(console, tmp_path, environment)
    (line,) = [line for line in console.file.getvalue().splitlines() if "127.0.0.1:2" in line]  # type: ignore[attr-defined]
    assert said in line
