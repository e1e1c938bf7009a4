"""The command line as a whole: each topic has a file of its own, read when it is called for.

What one command needs another need not wait for: `show` answers in a tenth of the time that `bench` takes to be read.
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

#: Where each command stands: a function, or the `app` of a group of them.
COMMANDS = {
    "up": "cli.up:up",
    "report": "cli.cases:report",
    "show": "cli.cases:show",
    "list": "cli.cases:list_",
    "act": "cli.cases:act",
    "inbox": "cli.cases:inbox",
    "board": "cli.supervision:board",
    "overdue": "cli.supervision:overdue",
    "notices": "cli.notices:notices",
    "import": "cli.import_:import_",
    "bench": "cli.bench.command:bench",
    "clock": "cli.policies.clock:clock",
    "simulate": "cli.policies.simulate:simulate",
    "reconcile": "cli.reconcile:reconcile",
    "grids": "cli.organisation.grids:app",
    "people": "cli.organisation.people:app",
    "org": "cli.organisation.lint:app",
    "policy": "cli.policies.policy:app",
    "bulletin": "cli.supervision:app",
}


class Commands(TyperGroup):
    """The commands by name. Until one is called, it is told of from its file's text alone."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = {name: TyperCommand(name, help=_read_summary(place)) for name, place in COMMANDS.items()}

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the list above."""
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, as its name, itself and what it is given."""
        name, told, rest = super().resolve_command(ctx, args)
        return name, _load_command(args[0]) if told is not None else None, rest


def _load_command(name: str) -> Any:
    """The command, its file read."""
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
    alone.command(name)(found)
    return typer.main.get_command(alone)


def _read_summary(place: str) -> str:
    """The first paragraph of what a function says of itself, or of what a group is said to be for."""
    module, _, attribute = place.partition(":")
    file = Path(__file__).parents[1].joinpath(*module.split(".")).with_suffix(".py")
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").partition("\n\n")[0]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and attribute == "app":
            for word in node.value.keywords:
                if word.arg == "help" and isinstance(word.value, ast.Constant):
                    return str(word.value.value)
    raise LookupError(f"{place} says nothing of itself")


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Gridloop · 网格化治理事件流转引擎: every report a durable case, every deadline kept or told.",
)


@app.callback()
def gridloop() -> None:
    """All commands are below."""


def main() -> None:
    """Runs the command line."""
    app()
