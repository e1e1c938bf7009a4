"""`import`: cases from another system's list, with a progress bar; stopped and run again it goes on."""

import asyncio
import csv
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from cli.http import DataDir, console, errors, fail
from cli.labels import say
from cli.operator import backstage, somebody
from cli.output import language
from models.errors import DomainError
from services.files.service_requests import Row, UnreadableFile, read_rows
from services.reports.import_list import BadMapping, Mapping, Outcome, import_rows, read_mapping
from services.wording.refusals import told

#: How many rejected rows are shown; `--rejects` writes them all.
SHOWN = 20
SAMPLE_MAPPING = Path(__file__).parent.parent / "deploy" / "demo" / "open311" / "mapping.yaml"


def import_(
    file: Annotated[Path, typer.Argument(help="Open311 JSON, CSV or Excel", exists=True, dir_okay=False)],
    mapping: Annotated[
        Path, typer.Option(help="What is what in the file", exists=True, dir_okay=False)
    ] = SAMPLE_MAPPING,
    as_: Annotated[str, typer.Option("--as", metavar="USER", help="In whose name the cases are reported")] = "duty",
    park: Annotated[str | None, typer.Option(help="Onto which park places are scaled; the first, unless said")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first rows")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Write every rejected row and its reason to this CSV")] = None,
    data_dir: DataDir = Path(".gridloop"),
) -> None:
    """Open cases from a list of service requests · 批量导入."""
    try:
        how = read_mapping(mapping)
        rows = list(read_rows(file))[:limit]
    except (UnreadableFile, BadMapping) as error:
        fail(say(error.zh, error.en))
    if rejects is not None:
        _check_writable(rejects)
    outcome = Outcome()
    ending = asyncio.run(_import(rows, how, as_, park, data_dir, outcome))
    if rejects is not None:
        _write_rejects(rejects, outcome)
    _print_outcome(outcome, rejects)
    if isinstance(ending, str):
        errors.print(f"[bold red]✗[/] {escape(ending)}", highlight=False)
    elif ending:
        errors.print(say("已停止;再次运行将从此处继续", "stopped; run it again and it goes on from here"))
        raise typer.Exit(130)
    if outcome.rejected or ending:
        raise typer.Exit(1)


async def _import(
    rows: list[Row], how: Mapping, username: str, park: str | None, data_dir: Path, outcome: Outcome
) -> bool | str:
    """Whether it was stopped; or what stood in its way."""
    why, stop = "", asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with backstage(data_dir) as stage:
        person = await somebody(stage, username)
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(say("导入", "Importing"), total=len(rows))
            try:
                await import_rows(
                    stage, person, rows, how,
                    outcome=outcome, park=park, stop=stop,
                    progress=lambda so_far: bar.update(task, completed=so_far.done),
                )  # fmt: skip
            except* DomainError as failed:
                why = next(told(error, language()) for error in failed.exceptions if isinstance(error, DomainError))
            except* BadMapping as failed:
                why = next(say(error.zh, error.en) for error in failed.exceptions if isinstance(error, BadMapping))
    return why or stop.is_set()


def _print_outcome(outcome: Outcome, rejects: Path | None) -> None:
    console.print(
        say(
            f"新开 {outcome.opened} 件,已有 {outcome.known} 件,拒绝 {len(outcome.rejected)} 件",
            f"{outcome.opened} opened, {outcome.known} known already, {len(outcome.rejected)} rejected",
        )
    )
    if not outcome.rejected:
        return
    table = Table(box=None, padding=(0, 2))
    for column in (say("行", "Row"), say("原编号", "Number"), say("原因", "Reason")):
        table.add_column(column, overflow="fold")
    for rejected in outcome.rejected[:SHOWN]:
        fields = (
            text.encode("utf-8", "backslashreplace").decode()
            for text in (rejected.number, say(rejected.zh, rejected.en))
        )
        table.add_row(str(rejected.row), *map(escape, fields))
    console.print(table, highlight=False)
    more = len(outcome.rejected) - SHOWN
    if more > 0 and rejects is None:
        console.print(say(f"另有 {more} 行;--rejects FILE 可全部写出", f"{more} more; --rejects FILE writes them all"))


def _check_writable(path: Path) -> None:
    """Ends with exit code 1, before anything is imported, where the rejected rows could not be written afterwards."""
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        fail(say(f"无法写入 {path}:{error.strerror}", f"cannot write {path}: {error.strerror}"))


def _write_rejects(path: Path, outcome: Outcome) -> None:
    # What a row holds may be no text at all: half a character is told by its number.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "number", "reason"])
        writer.writerows([one.row, one.number, say(one.zh, one.en)] for one in outcome.rejected)
