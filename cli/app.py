"""The command line as a whole: each topic has a file of its own."""

import typer

from cli import bench, cases, clock, grids, import_, notices, org, people, policy, reconcile, simulate, supervision, up

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
app.command("board")(supervision.board)
app.command("overdue")(supervision.overdue)
app.command("notices")(notices.notices)
app.command("import")(import_.import_)
app.command("bench")(bench.bench)
app.command("clock")(clock.clock)
app.command("simulate")(simulate.simulate)
app.command("reconcile")(reconcile.reconcile)
app.add_typer(grids.app, name="grids")
app.add_typer(people.app, name="people")
app.add_typer(org.app, name="org")
app.add_typer(policy.app, name="policy")
app.add_typer(supervision.app, name="bulletin")


def main() -> None:
    """Runs the command line."""
    app()
