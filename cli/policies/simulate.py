"""`gridloop simulate`: policies side by side over recorded facts or a file of reports, as tables, JSON or a page."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.import_ import SAMPLE_MAPPING
from cli.labels import localize
from cli.output import err, exit_on_problems, out
from cli.policies.simulation_tables import print_result
from cli.terminal import escape_json
from services.files.service_requests import UnreadableFile, read_requests
from services.reports.import_mapping import BadMapping, read_mapping
from services.simulation.page import render_page
from services.simulation.results import Result
from services.simulation.run import (
    CannotSimulate,
    Choice,
    check_choice,
    is_version,
    read_choices,
    simulate_facts,
    simulate_reports,
)

#: How many rejected rows are printed.
MAX_REJECTED_ROWS = 20


def simulate(
    policy: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE|vN", help="A policy file, or a published version; up to four · 规则文件或版本"),
    ] = None,
    from_facts: Annotated[bool, typer.Option("--from-facts", help="Every recorded case · 已记录的案件")] = False,
    reports: Annotated[
        Path | None, typer.Option(help="Reports with their closing times: Open311 JSON, CSV, Excel · 上报文件")
    ] = None,
    mapping: Annotated[Path, typer.Option(help="How the file maps to reports: YAML")] = SAMPLE_MAPPING,
    closed_at: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column of the closing time; else closed_datetime, closed_date, "
            "last_listed_open, or updated_datetime of closed requests",
        ),
    ] = None,
    people: Annotated[
        Path | None, typer.Option(help="Who holds which role: YAML; else the database's, or the demonstration's")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="OUT.html", help="Write a page with charts")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop when a row can't be used")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Policies side by side on what has happened: breaches, escalations, load. Mechanical. 推演。

    Deadlines missed, whom the ladder would have reached, and which cases end differently: by the rules cases live by,
    with people doing what they did. A file of reports needs no server. Nothing is stored.
    """
    names = policy or []
    if from_facts == (reports is not None):
        zh, en = "--from-facts 与 --reports 二者取一", "give --from-facts or --reports FILE, one of the two"
        raise typer.BadParameter(localize(zh, en), param_hint="--from-facts / --reports")
    try:
        check_choice(names)
    except CannotSimulate as error:
        raise typer.BadParameter(localize(error.zh, error.en), param_hint="--policy") from error
    now = datetime.now(UTC)
    try:
        with exit_on_problems():
            if reports is None:
                result = _simulate_facts(names, data_dir, now, people, strict)
            else:
                result = _simulate_reports(names, data_dir, now, reports, mapping, closed_at, people, strict)
            if html is not None:
                _write_page(html, render_page(result))
    except KeyboardInterrupt:
        err.print(localize("已停止,未写出任何内容", "stopped; nothing was written"), markup=False)
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(escape_json(result.model_dump_json(indent=2)))
    else:
        print_result(out, result)
    _print_rejected(result)
    if html is not None:
        err.print(localize(f"已写出 {html}", f"wrote {html}"), highlight=False, markup=False, soft_wrap=True)


def _simulate_reports(
    names: list[str],
    data_dir: Path,
    now: datetime,
    reports: Path,
    mapping: Path,
    closed_at: str | None,
    people: Path | None,
    strict: bool,
) -> Result:
    choices = _read_choices(names, data_dir)
    with _translated_errors():
        column_mapping = read_mapping(mapping)
        fields = column_mapping.fields
        rows = read_requests(reports, fields.required, fields.optional).rows
    with _progress_bar() as bar:
        task = bar.add_task(localize("推演", "Simulating"), total=len(rows))
        with _translated_errors():
            return simulate_reports(
                choices, rows, column_mapping,
                source=reports.name, now=now, closed_at=closed_at, people=people, strict=strict,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )  # fmt: skip


def _read_choices(names: list[str], data_dir: Path) -> tuple[Choice, ...]:
    with _translated_errors():
        if not any(map(is_version, names)):
            return asyncio.run(read_choices(names, None))

        async def read(engine: AsyncEngine) -> tuple[Choice, ...]:
            async with engine.connect() as connection:
                return await read_choices(names, connection)

        return with_database(data_dir, read)


def _simulate_facts(names: list[str], data_dir: Path, now: datetime, people: Path | None, strict: bool) -> Result:
    with _progress_bar() as bar:
        task = bar.add_task(localize("推演", "Simulating"), total=None)

        async def run(engine: AsyncEngine) -> Result:
            return await simulate_facts(
                engine, names,
                source=localize("已记录的案件", "recorded cases"), now=now, people=people, strict=strict,
                progress=lambda done, of: bar.update(task, completed=done, total=of),
            )  # fmt: skip

        with _translated_errors():
            return with_database(data_dir, run)


def _progress_bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True)


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise an error in the reader's language for a simulation that can't run; `exit_on_problems` prints it."""
    try:
        yield
    except (CannotSimulate, UnreadableFile, BadMapping) as error:
        raise ValueError(localize(error.zh, error.en)) from error


def _write_page(path: Path, content: str) -> None:
    """Write the page atomically."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(content, encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _print_rejected(result: Result) -> None:
    if not result.rejected:
        return
    count = result.rejected
    err.print(localize(f"{count} 行不能用,未计入:", f"{count} row(s) can't be used and are left out:"), style="yellow")
    for row in result.rejected_rows[:MAX_REJECTED_ROWS]:
        line = (
            localize(f"第 {row.row} 行", f"row {row.row}")
            + f" ({row.number}): {localize(row.reason_zh or row.reason, row.reason)}"
        )
        err.print("  " + line, highlight=False, markup=False, soft_wrap=True)
    if count > MAX_REJECTED_ROWS:
        err.print(
            localize(
                f"  另有 {count - MAX_REJECTED_ROWS} 行;--json 全部列出",
                f"  {count - MAX_REJECTED_ROWS} more; --json lists them all",
            )
        )
