"""`gridloop db`: the tables of the database and their revision."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import typer

from cli.database import DEFAULT_DATA_DIR, DataDir
from cli.http import PrintJson
from cli.labels import localize
from cli.operator import read_settings
from cli.output import fail, out, print_json
from infra.schema import Schema
from infra.settings import Settings
from services.setup.faults import SetupFault
from services.setup.tables import Tables, read_tables, refuse_pooler, upgrade_tables

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The tables of the database: upgrade, check, current. 数据表。"
)
_STATES: dict[Schema, tuple[str, str]] = {
    Schema.OK: ("一致", "as this program needs them"),
    Schema.OLDER: ("早于本程序,请执行 gridloop db upgrade", "older than this program: gridloop db upgrade"),
    Schema.NEWER: ("新于本程序,可继续运行", "newer than this program, which goes on working"),
    Schema.MISSING: ("尚未建表,请执行 gridloop db upgrade", "there are none yet: gridloop db upgrade"),
}


@app.command("upgrade")
def upgrade(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Brings the tables to the revision of this program. Safe to repeat, and beside a running system."""
    settings = read_settings(data_dir)
    before = _tell(settings, _before_upgrade)
    _tell(settings, _upgrade)
    after = _tell(settings, read_tables)
    if before.revision == after.revision:
        out.print(localize(f"✓ 未变,版本 {after.revision}", f"✓ unchanged, revision {after.revision}"))
    else:
        old = before.revision or "—"
        out.print(localize(f"✓ 版本 {old} → {after.revision}", f"✓ revision {old} → {after.revision}"))


@app.command("current")
def current(as_json: PrintJson = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Prints the revision of the tables and that of this program."""
    _print(_tell(read_settings(data_dir), read_tables), as_json=as_json)


@app.command("check")
def check(as_json: PrintJson = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Compares the tables with this program. Exit 1 when they are older or missing."""
    tables = _tell(read_settings(data_dir), read_tables)
    _print(tables, as_json=as_json)
    raise typer.Exit(0 if tables.state.serves else 1)


async def _before_upgrade(settings: Settings) -> Tables:
    await refuse_pooler(settings)
    return await read_tables(settings.as_owner())


async def _upgrade(settings: Settings) -> None:
    await asyncio.to_thread(upgrade_tables, settings)


def _print(tables: Tables, *, as_json: bool) -> None:
    if as_json:
        print_json(tables.model_dump(mode="json"))
        return
    state = localize(*_STATES[tables.state])
    out.print(
        localize(
            f"数据表版本 {tables.revision or '—'},本程序 {tables.known}:{state}",
            f"revision of the tables {tables.revision or '—'}, of this program {tables.known}: {state}",
        )
    )


def _tell(settings: Settings, work: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    """Run `work`. Exits with code 1 and the sentence of a fault."""
    try:
        return asyncio.run(work(settings))
    except SetupFault as fault:
        fail(localize(fault.zh, fault.en))
