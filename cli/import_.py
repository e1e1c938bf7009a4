"""`import`: open cases from another system's list, with a progress bar. An interrupted import can be continued."""

import asyncio
import csv
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.http import DataDir, PrintJson, fail
from cli.labels import localize
from cli.operator import find_person, open_resources
from cli.output import Column, err, language, out, print_json, print_table
from models.english import counted
from models.errors import DomainError
from services.files.service_requests import Row, UnreadableFile, read_requests
from services.files.tables import Table
from services.reports.import_list import BadMapping, Mapping, Outcome, import_rows, read_mapping
from services.wording.refusals import refusal_message

#: How many rejected rows are printed; `--rejects` writes all of them.
MAX_REJECTED_ROWS = 20
#: How many rows a dry run prints of those that it would open.
MAX_PLANNED_ROWS = 50
SAMPLE_MAPPING = Path(__file__).parent.parent / "deploy" / "demo" / "open311" / "mapping.yaml"


def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV, Excel (.xlsx, .xls) or Open311 JSON · 表格", exists=True, dir_okay=False)
    ],
    mapping: Annotated[
        Path, typer.Option(help="How the file maps to reports: YAML", exists=True, dir_okay=False)
    ] = SAMPLE_MAPPING,
    as_: Annotated[str, typer.Option("--as", metavar="USER", help="In whose name the cases are reported")] = "duty",
    park: Annotated[
        str | None, typer.Option(help="The park onto which coordinates are scaled; by default the first")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first rows")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Write every rejected row and its reason to this CSV")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every row, print what would be opened, store nothing · 试运行")
    ] = False,
    suggest_mapping: Annotated[
        bool, typer.Option("--suggest-mapping", help="Print a first mapping for this file · 建议映射")
    ] = False,
    as_json: PrintJson = False,
    data_dir: DataDir = Path(".gridloop"),
) -> None:
    """Open cases from a list of service requests · 批量导入."""
    try:
        if suggest_mapping:
            from services.reports.suggest_mapping import suggest  # here, since it reads the policy

            typer.echo(suggest(file, language()), nl=False)
            return
        column_mapping = read_mapping(mapping)
        with err.status(localize("正在读入文件 …", "reading the file …")):
            table = read_requests(file, column_mapping.fields.required, column_mapping.fields.optional)
    except (UnreadableFile, BadMapping) as error:
        if isinstance(error, UnreadableFile) and error.missing:
            zh, en = (
                "用 --suggest-mapping 可按此文件的表头生成映射",
                "--suggest-mapping proposes a mapping by its headers",
            )
            fail(localize(f"{error.zh}\n{zh}", f"{error.en}\n{en}"))
        fail(localize(error.zh, error.en))
    if rejects is not None:
        _check_writable(rejects)
    outcome = Outcome()
    result = asyncio.run(
        _import(list(table.rows)[:limit], column_mapping, as_, park, data_dir, outcome, dry_run, as_json)
    )
    if rejects is not None:
        _write_rejects(rejects, outcome)
    if as_json:
        print_json({"read": asdict(table.recognised), "dry_run": dry_run, **asdict(outcome)})
    else:
        _print_result(table, outcome, rejects, dry_run)
    if isinstance(result, str):
        err.print(f"[bold red]✗[/] {escape(result)}", highlight=False)
    elif result:
        err.print(localize("已停止;再次运行将从此处继续", "stopped; run it again and it goes on from here"))
        raise typer.Exit(130)
    if outcome.rejected or result:
        raise typer.Exit(1)


async def _import(
    rows: list[Row],
    mapping: Mapping,
    username: str,
    park: str | None,
    data_dir: Path,
    outcome: Outcome,
    dry_run: bool,
    as_json: bool,
) -> bool | str:
    """Return whether the import was interrupted, or a message when it failed."""
    failure, stop = "", asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with open_resources(data_dir) as resources:
        person = await find_person(resources, username)
        with Progress(*columns, console=err if as_json else out) as bar:
            task = bar.add_task(
                localize("检查", "Checking") if dry_run else localize("导入", "Importing"), total=len(rows)
            )
            try:
                await import_rows(
                    resources, person, rows, mapping,
                    outcome=outcome, park=park, stop=stop, dry_run=dry_run,
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


def _print_result(table: Table, outcome: Outcome, rejects: Path | None, dry_run: bool) -> None:
    out.print(
        localize(f"读入:{table.recognised.zh}", f"read: {table.recognised.en}"),
        highlight=False, markup=False, soft_wrap=True,
    )  # fmt: skip
    if dry_run:
        _print_planned(outcome)
    _print_outcome(outcome, rejects, dry_run)


def _print_planned(outcome: Outcome) -> None:
    from cli.formatting import ZONE  # here, so that an import without a dry run does not need it

    headings = localize("行 标题 类别 网格 时间", "Row Title Category Grid Time").split()
    no_wrap = (True, False, True, False, True)
    print_table(
        [Column(heading, no_wrap=fixed) for heading, fixed in zip(headings, no_wrap, strict=True)],
        (
            (
                str(one.row), _printable(one.report.title or one.report.description), one.report.category,
                one.report.grid,
                f"{one.report.reported_at.astimezone(ZONE):%Y-%m-%d %H:%M}",
            )
            for one in outcome.planned[:MAX_PLANNED_ROWS]
        ),
        gap=1,
    )  # fmt: skip
    more = len(outcome.planned) - MAX_PLANNED_ROWS
    if more > 0:
        out.print(localize(f"另有 {more} 行", f"{counted(more, 'more row')}"), highlight=False)


def _print_outcome(outcome: Outcome, rejects: Path | None, dry_run: bool) -> None:
    doubles = outcome.doubles
    within = localize(f"(其中文件内编号重复 {doubles} 行)", f" ({doubles} of them doubles within the file)")
    opened = (
        localize(
            f"试运行,未保存:将新开 {outcome.opened} 件", f"dry run, nothing stored: {outcome.opened} would be opened"
        )
        if dry_run
        else localize(f"新开 {outcome.opened} 件", f"{outcome.opened} opened")
    )
    out.print(
        localize(
            f"{opened},已有 {outcome.known} 件,拒绝 {len(outcome.rejected)} 件",
            f"{opened}, {outcome.known} known already, {len(outcome.rejected)} rejected",
        )
        + (within if doubles else ""),
        soft_wrap=True,
    )
    if outcome.shortened:
        count, lines = len(outcome.shortened), _row_numbers(outcome.shortened)
        out.print(
            localize(
                f"{count} 行标题过长,已截短,全文写入描述:第 {lines} 行",
                f"{count} titles were too long; they are whole in the description: rows {lines}",
            ),
            highlight=False, soft_wrap=True,
        )  # fmt: skip
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


def _row_numbers(rows: list[int]) -> str:
    shown = ", ".join(map(str, rows[:MAX_REJECTED_ROWS]))
    return shown + ("…" if len(rows) > MAX_REJECTED_ROWS else "")


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
