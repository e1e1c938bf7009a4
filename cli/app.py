"""The command line as a whole. The module of a command is imported only when the command is called.

So no command waits for the imports of another: `show` runs in a tenth of the time that importing `bench` takes.
"""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from infra.process_end import ending_early

#: Module and attribute of each command: a function, or the `app` of a group.
COMMANDS = {
    "up": "cli.up:up",
    "setup": "cli.setup:setup",
    "db": "cli.db:app",
    "report": "cli.cases:report",
    "show": "cli.cases:show",
    "as-of": "cli.as_of:as_of",
    "list": "cli.cases:list_",
    "act": "cli.cases:act",
    "inbox": "cli.cases:inbox",
    "board": "cli.supervision:board",
    "overdue": "cli.supervision:overdue",
    "work": "cli.supervision:work",
    "answers": "cli.answers:answers",
    "notices": "cli.notices:notices",
    "notifications": "cli.notifications:notifications",
    "import": "cli.import_:import_",
    "bench": "cli.bench.command:bench",
    "clock": "cli.policies.clock:clock",
    "simulate": "cli.policies.simulate:simulate",
    "reconcile": "cli.reconcile:reconcile",
    "attachments": "cli.attachments:app",
    "rebuild": "cli.history.rebuild:rebuild",
    "verify": "cli.history.verify:verify",
    "history": "cli.history.history:app",
    "keys": "cli.keys:app",
    "retention": "cli.retention:retention",
    "archive": "cli.archive:app",
    "settings": "cli.settings.command:settings",
    "park": "cli.park:app",
    "grids": "cli.organisation.grids:app",
    "people": "cli.organisation.people:app",
    "org": "cli.organisation.lint:app",
    "actions": "cli.actions:actions",
    "channels": "cli.channels:app",
    "tokens": "cli.tokens:app",
    "handovers": "cli.handovers:app",
    "open311": "cli.open311:app",
    "policy": "cli.policies.policy:app",
    "bulletin": "cli.supervision:app",
    "enterprises": "cli.enterprises:app",
    "plans": "cli.plans:app",
    "duties": "cli.duties:app",
    "points": "cli.points:points",
    "undertakings": "cli.undertakings:app",
    "topics": "cli.topics:app",
    "claims": "cli.claims:app",
    "meetings": "cli.meetings:app",
    "stations": "cli.stations:app",
    "emergencies": "cli.emergencies:app",
    "referral-desks": "cli.referrals:app",
    "suggestions": "cli.suggestions:app",
}


class Commands(TyperGroup):
    """The commands by name. Until one is called, its summary is read from the source text of its module."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = {name: TyperCommand(name, help=_read_summary(target)) for name, target in COMMANDS.items()}

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names in the order of COMMANDS."""
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the name, the imported command and its arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _load_command(args[0]) if command is not None else None, rest


def _load_command(name: str) -> Any:
    """Import a command."""
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    single = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
    single.command(name)(found)
    return typer.main.get_command(single)


@cache
def _read_summary(target: str) -> str:
    """Return the first paragraph of the docstring of a function, or the `help` of a group, without importing it."""
    module, _, attribute = target.partition(":")
    file = Path(__file__).parents[1].joinpath(*module.split(".")).with_suffix(".py")
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").partition("\n\n")[0]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and attribute == "app":
            for keyword in node.value.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    raise LookupError(f"{target} has no summary")


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Gridloop · 网格化治理事件流转引擎: every report a durable case, every deadline kept or told.",
)


@app.callback()
def gridloop() -> None:
    """All commands are below."""


def main() -> None:
    """Run the command line. The process ends with it."""
    with ending_early():
        app()
