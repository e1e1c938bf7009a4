"""`gridloop grids`: load, check and list the grid tree."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.http import PrintJson
from cli.labels import localize
from cli.output import err, exit_on_problems, out, print_json, print_table
from cli.park import tell_next
from infra.database import Acting
from models.english import counted
from models.enums import Level
from rules.organisation.tiling import Box
from services.organisation.grid_registry import LoadSummary, load_file, read_checked

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Load, check and list the grid tree. 网格树。")

_COLUMNS = "code,name,level,parent_code[,type,households,enterprise]"
File = Annotated[Path, typer.Argument(help=f"Registry: CSV or Excel, {_COLUMNS}; or GeoJSON with these as properties.")]


@app.command()
def load(
    file: File,
    make_lower_levels: Annotated[
        bool, typer.Option("--make-lower-levels", help="Make grids and micro-grids where the file has none.")
    ] = False,
    micro_grids: Annotated[
        int | None, typer.Option(min=1, help="Make exactly so many micro-grids; else 4 grids of 6 per community.")
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(help="Draw made-up rectangles inside WEST,SOUTH,EAST,NORTH (degrees)."),
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Loads a registry; with any problem in it, nothing. Loading it again changes nothing."""
    if micro_grids is not None and not make_lower_levels:
        raise typer.BadParameter("--micro-grids goes with --make-lower-levels", param_hint="--micro-grids")
    bounds = _parse_box(box)
    with exit_on_problems():
        summary = with_database(data_dir, lambda engine: _load(engine, file, make_lower_levels, micro_grids, bounds))
    out.print(
        localize(
            f"{summary.total} 个单位:新增 {summary.inserted},更新 {summary.updated},未变 {summary.unchanged};"
            f"跳过上级区划 {summary.skipped} 行",
            f"{counted(summary.total, 'unit')}: {summary.inserted} added, {summary.updated} updated, "
            f"{summary.unchanged} unchanged; {counted(summary.skipped, 'line')} above level 1 skipped",
        )
    )
    tell_next(data_dir)


async def _load(
    engine: AsyncEngine, file: Path, make_lower: bool, micro_grids: int | None, box: Box | None
) -> LoadSummary:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bar:
        task = bar.add_task(localize("读取与检查", "reading and checking"), total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, description=localize("写入", "storing"), completed=done, total=total)

        return await load_file(engine, file, make_lower, micro_grids, box, progress, Acting("grids load"))


def _parse_box(value: str | None) -> Box | None:
    if value is None:
        return None
    try:
        west, south, east, north = (float(part) for part in value.split(","))
        return Box.degrees(west, south, east, north)
    except ValueError as error:
        raise typer.BadParameter(f"WEST,SOUTH,EAST,NORTH in degrees: {error}", param_hint="--box") from error


@app.command("check")
def check_file(file: File, as_json: PrintJson = False) -> None:
    """Checks a registry on its own, without a database. Exit 1 with every problem."""
    with exit_on_problems():
        checked = read_checked(file)
    if as_json:
        print_json({"units": len(checked.units), "skipped": checked.skipped})
        return
    out.print(
        localize(
            f"没有问题:{len(checked.units)} 个单位,跳过上级区划 {checked.skipped} 行",
            f"no problems: {counted(len(checked.units), 'unit')}, "
            f"{counted(checked.skipped, 'line')} above level 1 skipped",
        )
    )


@app.command("list")
def list_units(
    under: Annotated[str | None, typer.Option(help="The units directly below this code; else the parks.")] = None,
    as_json: PrintJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Lists the parks, or the units directly below one, with how many units each holds."""
    rows = with_database(data_dir, lambda engine: _read_children(engine, under))
    if rows is None:
        err.print(localize(f"没有单位 {under}", f"there is no unit {under}"), style="bold red", markup=False)
        raise typer.Exit(code=1)
    if as_json:
        names = ("code", "name", "level", "type", "below", "households")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    print_table(
        localize("编码 名称 层级 类型 下辖 户数", "code name level type below households").split(),
        (
            (code, name, Level(level).name.lower(), kind, str(below), str(households))
            for code, name, level, kind, below, households in rows
        ),
        boxed=True,
    )


_BELOW = text("""
SELECT u.code, u.name, u.level, u.type, count(*) - 1, coalesce(sum(b.households), 0)
FROM grid_units u JOIN grid_units b ON b.path <@ u.path AND b.retired_on IS NULL
WHERE u.parent IS NOT DISTINCT FROM :under AND u.retired_on IS NULL
GROUP BY u.code ORDER BY u.code
""")


async def _read_children(engine: AsyncEngine, under: str | None) -> list[tuple[str, str, int, str, int, int]] | None:
    async with engine.connect() as connection:
        exists = text("SELECT 1 FROM grid_units WHERE code = :code AND retired_on IS NULL")
        if under is not None and (await connection.execute(exists, {"code": under})).first() is None:
            return None
        rows = await connection.execute(_BELOW, {"under": under})
        return [(r[0], r[1], r[2], r[3], r[4], r[5]) for r in rows]
