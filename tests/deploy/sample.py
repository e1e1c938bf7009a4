"""What the files in `deploy/` say, read as the programs that they are for read them."""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from typer.main import get_command

from cli.app import app

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
#: Programs that came with the Python packages of the tests.
BINARIES = Path(sys.executable).parent


def sample_environment() -> dict[str, str]:
    """Every variable of the sample file, in a comment or not, with its value as a shell reads it."""
    lines = re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", (DEPLOY / "env.example").read_text("utf-8"), re.MULTILINE)
    return {name: "".join(shlex.split(value)) for name, value in lines}


def command_exists(words: Sequence[str]) -> bool:
    """Whether the words start something of ours: `python -m PACKAGE`, `python FILE.py`, or a command with options that
    it knows."""
    program, *rest = words
    if program in ("python", "python3") and rest[0] == "-m":
        return (ROOT / rest[1] / "__main__.py").is_file()
    if program in ("python", "python3") and rest[0] == "starter.py":
        return _is_command(rest[1:])
    if program == "gridloop":
        return _is_command(rest)
    return (ROOT / rest[0]).is_file()


def _is_command(words: Sequence[str]) -> bool:
    """Whether the command line parses these words. Nothing is run."""
    found = get_command(app)
    context = typer.Context(found, info_name="gridloop")
    rest = list(words)
    while isinstance(found, typer.core.TyperGroup):
        _, inner, rest = found.resolve_command(context, rest)
        assert inner is not None
        found, context = inner, typer.Context(inner, parent=context)
    found.make_context("gridloop", rest, parent=context.parent)
    return True
