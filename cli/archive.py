"""`gridloop archive`: cases that were retired to the archive, and their retirement."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.case_view import print_facts
from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.formatting import format_local
from cli.http import Api, As, AsJson, Password, build_path
from cli.labels import OUTCOMES, label, localize
from cli.operator import read_settings
from cli.output import err, fail, out, print_json, print_table
from infra.archive import open_archive
from infra.database import open_database
from infra.objects import ObjectsAway
from infra.settings import Settings
from infra.store.policies import NoPolicy, newest_version, policy_version
from infra.store.retired import latest_runs
from models.jobs.retirement import Obstacle, RetirementRun
from services.archive.retire import retire_cases
from services.archive.retired_figures import RetiredFigure, retired_figures

app = typer.Typer(no_args_is_help=True, help="Old cases in the archive: retire them, read one, count them.")

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
WHY: dict[Obstacle, tuple[str, str]] = {
    Obstacle.HELD: ("依法留存中", "under legal hold"),
    Obstacle.REPORTER: ("上报人信息仍在保存期内", "the reporter's data is kept"),
    Obstacle.UNMASKED: ("三年内有人查看过上报人", "somebody looked at its reporter"),
    Obstacle.REFERENCED: ("被未办结的案件或事项引用", "an open case or matter names it"),
    Obstacle.UNARCHIVED: ("事实尚未全部归入档案库", "the archive lacks facts of it"),
    Obstacle.DAMAGED: ("事实与哈希不符,请核验", "its facts do not fit their hashes"),
    Obstacle.ALTERED: ("档案文件缺失或不符", "its file in the archive is gone or another one"),
}


@app.command()
def show(
    case_no: str,
    as_: As = "auditor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Show the timeline of a case that was retired, for supervisors and auditors of its place."""
    api = Api(data_dir, as_, password)
    facts = api.call("GET", build_path("cases", case_no, "facts"), params={"archived": True})
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@app.command()
def retire(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only; change nothing.")] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
) -> None:
    """Retire what is due, as happens each night; in two steps, a week apart. Exits with 1 when a case has a fault."""
    settings = read_settings(data_dir)
    years = settings.case_years
    if years is None:
        fail(localize("未设置 GRIDLOOP_CASE_YEARS,案件永久保留", "GRIDLOOP_CASE_YEARS is not set: every case stays"))

    async def work(engine: AsyncEngine) -> RetirementRun:
        return await retire_cases(engine, open_archive(settings), years, datetime.now(UTC), dry=dry_run)

    try:
        done = _with_database(settings, work)
    except ObjectsAway as error:
        fail(localize(f"无法读写档案:{error}", f"the archive can't be used: {error}"))
    if as_json:
        print_json(done)
    else:
        _print_run(done)
    raise typer.Exit(1 if done.faults else 0)


@app.command()
def runs(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False) -> None:
    """List the latest runs, and the cases that were brought back."""

    async def work(engine: AsyncEngine) -> tuple[RetirementRun, ...]:
        async with engine.connect() as connection:
            return await latest_runs(connection)

    found = _with_database(read_settings(data_dir), work)
    if as_json:
        print_json(found)
        return
    headings = localize("时间 已转存 已备份 留存 移回", "When Retired Bundled Kept Brought-back").split()
    print_table(
        headings,
        (
            (format_local(one.at.isoformat()), str(one.retired), str(one.bundled), str(sum(one.kept.values())),
             one.brought_back or "")
            for one in found
        ),
    )  # fmt: skip


@app.command()
def figures(
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
) -> None:
    """Count retired cases by year, category, outcome and host department: lists and boards count them no more."""

    async def work(engine: AsyncEngine) -> tuple[RetiredFigure, ...]:
        async with engine.connect() as connection:
            zone = (await policy_version(connection, await newest_version(connection))).zone
            return await retired_figures(connection, zone, grid)

    try:
        found = _with_database(read_settings(data_dir), work)
    except NoPolicy:
        fail(localize("尚未发布政策", "no policy is published"))
    if as_json:
        print_json(found)
        return
    headings = localize("年份 园区 小类 结果 主办 件数 超期", "Year Park Category Outcome Host Cases Late").split()
    print_table(
        headings,
        (
            (str(one.year), one.park, one.category, label(OUTCOMES, one.outcome) if one.outcome else "",
             one.host or "", str(one.cases), str(one.late))
            for one in found
        ),
    )  # fmt: skip


def _print_run(done: RetirementRun) -> None:
    verb = localize("将转存", "would be retired") if done.dry else localize("已转存", "retired")
    bundled = localize("将写入档案备份", "would be written") if done.dry else localize("已写入档案备份", "written")
    out.print(localize(f"{verb} {done.retired} 件;{bundled} {done.bundled} 件", f"{verb}: {done.retired}; {bundled}"
                       f" to the archive first: {done.bundled}"), highlight=False)  # fmt: skip
    for why, amount in done.kept.items():
        out.print(f"  {amount}  {localize(*WHY[why])}", highlight=False)
    for number in done.faults:
        err.print(localize(f"✗ {number} 有问题,未转存", f"✗ {number} has a fault and stays"), style="bold red")


def _with_database(settings: Settings, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    async def run() -> T:
        engine = open_database(settings)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    with exit_when_away():
        return asyncio.run(run())
