"""`import`: open cases from another system's list, with a progress bar. An interrupted import can be continued."""

import asyncio
import csv
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.http import DataDir, fail
from cli.labels import localize
from cli.operator import find_person, open_resources
from cli.output import err, language, out, print_table
from models.errors import DomainError
from services.files.service_requests import Row, UnreadableFile, read_rows
from services.reports.import_list import BadMapping, Mapping, Outcome, import_rows, read_mapping
from services.wording.refusals import refusal_message

#: How many rejected rows are printed; `--rejects` writes all of them.
MAX_REJECTED_ROWS = 20
SAMPLE_MAPPING = Path(__file__).parent.parent / "deploy" / "demo" / "open311" / "mapping.yaml"


def import_(
    file: Annotated[Path, typer.Argument(help="Open311 JSON, CSV or Excel", exists=True, dir_okay=False)],
    mapping: Annotated[
        Path, typer.Option(help="How the file maps to reports: YAML", exists=True, dir_okay=False)
    ] = SAMPLE_MAPPING,
    as_: Annotated[str, typer.Option("--as", metavar="USER", help="In whose name the cases are reported")] = "duty",
    park: Annotated[
        str | None, typer.Option(help="The park onto which coordinates are scaled; by default the first")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first rows")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Write every rejected row and its reason to this CSV")] = None,
    data_dir: DataDir = Path(".gridloop"),
) -> None:
    """Open cases from a list of service requests · 批量导入."""
    try:
        column_mapping = read_mapping(mapping)
        rows = list(read_rows(file))[:limit]
    except (UnreadableFile, BadMapping) as error:
        fail(localize(error.zh, error.en))
    if rejects is not None:
        _check_writable(rejects)
    outcome = Outcome()
    result = asyncio.run(_import(rows, column_mapping, as_, park, data_dir, outcome))
    if rejects is not None:
        _write_rejects(rejects, outcome)
    _print_outcome(outcome, rejects)
    if isinstance(result, str):
        err.print(f"[bold red]✗[/] {escape(result)}", highlight=False)
    elif result:
        err.print(localize("已停止;再次运行将从此处继续", "stopped; run it again and it goes on from here"))
        raise typer.Exit(130)
    if outcome.rejected or result:
        raise typer.Exit(1)


async def _import(
    rows: list[Row], mapping: Mapping, username: str, park: str | None, data_dir: Path, outcome: Outcome
) -> bool | str:
    """Return whether the import was interrupted, or a message when it failed."""
    failure, stop = "", asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with open_resources(data_dir) as resources:
        person = await find_person(resources, username)
        with Progress(*columns, console=out) as bar:
            task = bar.add_task(localize("导入", "Importing"), total=len(rows))
            try:
                await import_rows(
                    resources, person, rows, mapping,
                    outcome=outcome, park=park, stop=stop,
                    progress=lambda so_far: bar.update(task, completed=so_far.done),
                )  # fmt: skip
            except* DomainError as failed:
                failure = next(
                    refusal_message(error, language()) for error in failed.exceptions if isinstance(error, DomainError)
                )
            except* BadMapping as failed:
                failure = next(
                    localize(error.zh, error.en) for error in failed.exceptions if isinstance(error, BadMapping)
                )
    return failure or stop.is_set()


def _print_outcome(outcome: Outcome, rejects: Path | None) -> None:
    out.print(
        localize(
            f"新开 {outcome.opened} 件,已有 {outcome.known} 件,拒绝 {len(outcome.rejected)} 件",
            f"{outcome.opened} opened, {outcome.known} known already, {len(outcome.rejected)} rejected",
        )
    )
    if not outcome.rejected:
        return
    print_table(
        localize("行 原编号 原因", "Row Number Reason").split(),
        (
            (str(row.row), _printable(row.number), _printable(localize(row.zh, row.en)))
            for row in outcome.rejected[:MAX_REJECTED_ROWS]
        ),
    )
    more = len(outcome.rejected) - MAX_REJECTED_ROWS
    if more > 0 and rejects is None:
        out.print(localize(f"另有 {more} 行;--rejects FILE 可全部写出", f"{more} more; --rejects FILE writes them all"))


def _printable(text: str) -> str:
    """Return `text` escaped for rich, with lone surrogates as escape sequences."""
    return escape(text.encode("utf-8", "backslashreplace").decode())


def _check_writable(path: Path) -> None:
    """Exit with code 1, before anything is imported, when the file of rejected rows cannot be written."""
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        fail(localize(f"无法写入 {path}:{error.strerror}", f"cannot write {path}: {error.strerror}"))


def _write_rejects(path: Path, outcome: Outcome) -> None:
    # A row may hold lone surrogates, which are written as escape sequences.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "number", "reason"])
        writer.writerows([one.row, one.number, localize(one.zh, one.en)] for one in outcome.rejected)
