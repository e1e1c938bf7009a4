"""The command line as a whole: each topic has a file of its own."""

import typer

from cli import bench, cases, clock, grids, import_, people, policy, up

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Gridloop · 网格化治理事件流转引擎: every report a durable case, every deadline kept or told.",
)
app.command("up")(up.up)
app.command("report")(cases.report)
app.command("show")(cases.show)
app.command("list")(cases.list_)
app.command("act")(cases.act)
app.command("inbox")(cases.inbox)
app.command("import")(import_.import_)
app.command("bench")(bench.bench)
app.command("clock")(clock.clock)
app.add_typer(grids.app, name="grids")
app.add_typer(people.app, name="people")
app.add_typer(policy.app, name="policy")


def main() -> None:
    """Runs the command line."""
    app()
