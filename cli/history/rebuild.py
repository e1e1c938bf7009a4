"""`gridloop rebuild`: brings a lost store back from the other one and the archive."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from temporalio.service import RPCError

from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.labels import localize
from cli.operator import open_resources, read_settings
from cli.output import err, fail, out, print_json
from cli.progress import counting, counting_phases
from infra.archive import open_archive
from infra.database import open_database
from infra.objects import ObjectsAway
from infra.settings import Settings
from infra.store.place import Elsewhere, here, take
from infra.temporal import connect
from models.english import counted
from models.errors import DomainError, NoSuchCase
from models.jobs.rebuild import DatabaseRebuilt, RebuildFault, WorkflowsRebuilt
from models.jobs.retirement import RetirementRun
from services.archive.bring_back import bring_back
from services.archive.rebuild_database import Progress, rebuild_database
from services.archive.rebuild_workflows import OtherNamespace, Progress as Counting, rebuild_workflows

#: How many faults are listed; `--json` gives all.
MAX_FAULTS = 100


def rebuild(
    database: Annotated[
        bool, typer.Option("--database", help="Bring PostgreSQL forward from the archive and Temporal's histories.")
    ] = False,
    workflows: Annotated[
        bool, typer.Option("--workflows", help="Start the workflows that are missing in Temporal, from PostgreSQL.")
    ] = False,
    case: Annotated[
        str | None,
        typer.Option(metavar="CASE_NO", help="With --database: bring this one retired case back, and nothing else."),
    ] = None,
    archive_only: Annotated[
        bool, typer.Option("--archive-only", help="With --database: do not read Temporal's histories.")
    ] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Bring a lost store back: the database from histories and archive, or the workflows from the database.

    Safe to stop and to repeat. Exits with 1 when something could not be brought back.
    """
    if database == workflows:
        raise typer.BadParameter(
            localize("请指定 --database 或 --workflows 之一", "name one of --database, --workflows")
        )
    if case is not None:
        _bring_back(read_settings(data_dir), case, database=database, as_json=as_json)
        return
    if database:
        rebuilt = _rebuild_database(read_settings(data_dir), archive_only=archive_only)
        if as_json:
            print_json(rebuilt)
        else:
            _print_database(rebuilt)
        raise typer.Exit(1 if rebuilt.faults or rebuilt.drift else 0)
    started = _rebuild_workflows(data_dir)
    if as_json:
        print_json(started)
    else:
        _print_workflows(started)
    raise typer.Exit(1 if started.faults else 0)


def _rebuild_database(settings: Settings, *, archive_only: bool) -> DatabaseRebuilt:
    titles = {
        "archive": localize("读取档案", "reading the archive"),
        "histories": localize("读取流程历史", "reading histories"),
        "facts": localize("写入事实", "writing facts"),
        "compare": localize("逐条比对", "comparing fact by fact"),
    }
    with counting_phases(titles) as progress, exit_when_away():
        try:
            return asyncio.run(_run_database(settings, progress, archive_only=archive_only))
        except Elsewhere as error:
            fail(localize(error.zh, error.en))
        except ObjectsAway as error:
            fail(localize(f"无法读取档案:{error}", f"the archive can't be read: {error}"))
        except (RPCError, RuntimeError) as error:
            fail(localize(f"流程服务无法连接:{error}", f"Temporal cannot be reached: {error}"))
        except DomainError as error:
            fail(error.message("en"))


async def _run_database(settings: Settings, progress: Progress, *, archive_only: bool) -> DatabaseRebuilt:
    """Work as the role that owns the tables: damaged facts can't be put right otherwise."""
    client = None if archive_only else await connect(settings)
    place = None if client is None else await here(client)
    owner = open_database(settings.as_owner(), session=None if place is None else place.session)
    try:
        if place is not None:
            await take(owner, place)
        return await rebuild_database(owner, open_archive(settings), client, settings, progress)
    finally:
        await owner.dispose()


def _bring_back(settings: Settings, case_no: str, *, database: bool, as_json: bool) -> None:
    if not database:
        raise typer.BadParameter(localize("--case 与 --database 一起使用", "--case goes with --database"))

    async def run() -> RetirementRun:
        owner = open_database(settings.as_owner())
        try:
            return await bring_back(owner, open_archive(settings), case_no, datetime.now(UTC))
        finally:
            await owner.dispose()

    with exit_when_away():
        try:
            done = asyncio.run(run())
        except NoSuchCase:
            fail(localize(f"没有已转存的案件 {case_no}", f"no case {case_no} is retired"))
        except DomainError as error:
            fail(localize(error.message("zh"), error.message("en")))
    if as_json:
        print_json(done)
        return
    number = done.brought_back
    out.print(
        localize(
            f"✓ {number} 的 {done.facts} 条事实已移回数据库",
            f"✓ {number} is back with {counted(done.facts, 'fact')}",
        ),
        style="green", highlight=False,
    )  # fmt: skip


def _rebuild_workflows(data_dir: Path) -> WorkflowsRebuilt:
    async def run(progress: Counting) -> WorkflowsRebuilt:
        async with open_resources(data_dir, writes=True) as resources:
            return await rebuild_workflows(resources, progress)

    with counting(localize("案件与事项", "cases and matters")) as progress, exit_when_away():
        try:
            return asyncio.run(run(progress))
        except OtherNamespace as error:
            fail(
                localize(
                    f"另一命名空间的工作进程正在使用此数据库:{error}。请先停止它。",
                    f"a worker of another namespace works on this database: {error}. Stop it first.",
                )
            )
        except RPCError as error:
            fail(localize(f"流程服务无法连接:{error}", f"Temporal cannot be reached: {error}"))


def _print_database(rebuilt: DatabaseRebuilt) -> None:
    copy = f"{rebuilt.copy_of:%Y-%m-%d %H:%M} UTC" if rebuilt.copy_of else "—"
    out.print(
        localize(
            f"来源:档案文件 {rebuilt.files} 个、流程 {rebuilt.runs} 个,共 {rebuilt.origins} 件、{rebuilt.facts} 条事实;"
            f"基础资料副本 {copy},用时 {rebuilt.seconds:.1f} 秒",
            f"sources: {counted(rebuilt.files, 'file')} of the archive, {counted(rebuilt.runs, 'run')}; "
            f"{rebuilt.origins} cases and matters, {counted(rebuilt.facts, 'fact')}; "
            f"copy of the organisation {copy}; {rebuilt.seconds:.1f} s",
        ),
        highlight=False,
    )
    out.print(
        localize(
            f"新写入 {rebuilt.new} 件,补全 {rebuilt.extended} 件,修复 {rebuilt.replaced} 件,"
            f"更正 {rebuilt.corrected} 件,完好 {rebuilt.whole} 件,已转存档案库 {rebuilt.retired} 件;"
            f"基础资料补 {rebuilt.reference} 行,上报人 {rebuilt.reporters} 名",
            f"new {rebuilt.new}, extended {rebuilt.extended}, replaced {rebuilt.replaced}, corrected"
            f" {rebuilt.corrected}, whole {rebuilt.whole}, retired {rebuilt.retired}; "
            f"{counted(rebuilt.reference, 'row')} of the organisation, {rebuilt.reporters} reporters",
        ),
        highlight=False,
    )
    _print_faults(rebuilt.faults)
    if rebuilt.drift:
        err.print(
            localize(f"✗ {rebuilt.drift} 条事实不一致", f"✗ facts that differ: {rebuilt.drift}"), style="bold red"
        )
    elif not rebuilt.faults:
        out.print(localize("✓ 事实逐条一致", "✓ every fact agrees"), style="green")


def _print_workflows(started: WorkflowsRebuilt) -> None:
    out.print(
        localize(
            f"{started.cases} 件案件、{started.matters} 件事项:已启动流程 {started.started} 个,"
            f"原在运行 {started.running} 个,用时 {started.seconds:.1f} 秒",
            f"{counted(started.cases, 'case')}, {counted(started.matters, 'matter')}: "
            f"{counted(started.started, 'workflow')} started, {started.running} were running, {started.seconds:.1f} s",
        ),
        highlight=False,
    )
    _print_faults(started.faults)
    if not started.faults:
        out.print(localize("✓ 每件均有流程看守", "✓ a workflow keeps each of them"), style="green")


def _print_faults(faults: Sequence[RebuildFault]) -> None:
    for fault in faults[:MAX_FAULTS]:
        line = f"{fault.number or '—'}: {localize(fault.zh, fault.en)}"
        err.print(line, style="red", highlight=False, markup=False, soft_wrap=True)
    if faults:
        err.print(localize(f"✗ {len(faults)} 处问题", f"✗ faults: {len(faults)}"), style="bold red", highlight=False)
