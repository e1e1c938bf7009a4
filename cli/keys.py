"""`gridloop keys`: the master keys that protect reporters' records."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.labels import localize
from cli.operator import read_settings
from cli.output import fail, out, print_json
from cli.progress import counting
from infra.database import open_database
from infra.keys.ring import add_key, create_ring, remove_key
from infra.settings import Settings
from models.errors import KeysAway
from services.reporters.keys import KeysState, encrypt_clear_rows, keys_state, settle_vault, wrap_anew
from services.reporters.prepare import remove_old_versions

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Keys of reporters' records: create, count, change, remove master keys.")


@app.command()
def create(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Create the file of master keys, for a system that is not started by `up`. An existing file is kept.

    Keep a copy apart from the database and its backups: without it no reporter can be reached again.
    """
    settings = read_settings(data_dir)
    _require_file(settings)
    try:
        id_ = create_ring(settings.key_ring)
    except FileExistsError:
        fail(localize(f"{settings.key_ring} 已存在,未改动", f"{settings.key_ring} exists already and was not changed"))
    out.print(localize(f"✓ 主密钥 {id_} 已写入 {settings.key_ring}", f"✓ master key {id_} in {settings.key_ring}"))


@app.command()
def status(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Say how many records each master key wraps, and how many are left to an older one.

    Exit 1 while any are left, are in clear, or have no file in the vault.
    """
    state = _run(read_settings(data_dir), keys_state)
    if as_json:
        print_json({**state.__dict__, "left": state.left})
    else:
        _print_state(state)
    if state.left or state.clear or state.without_file:
        raise typer.Exit(1)


def _print_state(state: KeysState) -> None:
    for id_ in sorted({state.current, *state.rows, *state.files}):
        mark = localize(" (当前)", " (current)") if id_ == state.current else ""
        rows, files = state.rows.get(id_, 0), state.files.get(id_, 0)
        out.print(localize(f"{id_}{mark}:库内 {rows} 条,密钥库 {files} 个", f"{id_}{mark}: {rows} rows, {files} files"))
    out.print(
        localize(
            f"待换密钥 {state.left};明文待加密 {state.clear};缺密钥文件 {state.without_file};已删除的人 {state.erased}",
            f"left under older keys {state.left}; in clear {state.clear}; without a file {state.without_file};"
            f" people erased {state.erased}",
        )
    )


@app.command()
def encrypt(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Encrypt records that an earlier version stored in clear, and settle rows and vault, as workers do at their start.

    Run once by the owner of the database after the upgrade, it also rewrites the table, so that its file holds nothing
    of what was in clear.
    """

    async def work(engine: AsyncEngine) -> tuple[int, int]:
        return await encrypt_clear_rows(engine, lambda done: progress(done, done)), await settle_vault(engine)

    with counting(localize("加密", "encrypting")) as progress:
        settings = read_settings(data_dir)
        encrypted, settled = _run(settings, work)
        if settings.database_owner_url is not None:
            _run(settings.model_copy(update={"database_url": settings.database_owner_url}), remove_old_versions)
    out.print(localize(f"✓ 加密 {encrypted} 条,补正 {settled} 条", f"✓ {encrypted} encrypted, {settled} settled"))


@app.command()
def rotate(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    resume: Annotated[bool, typer.Option("--resume", help="Make no new key; go on with what is left.")] = False,
) -> None:
    """Make a new master key and wrap the key of every record by it, while everything runs.

    May be stopped and resumed, and run several times at once. With a key service, the service names the new key.
    """
    settings = read_settings(data_dir)
    if not resume and settings.key_service_url is None:
        try:
            id_ = add_key(settings.key_ring)
        except KeysAway as error:
            fail(error.message(localize("zh", "en")))
        out.print(localize(f"✓ 新主密钥 {id_}", f"✓ new master key {id_}"))

    async def work(engine: AsyncEngine) -> int:
        total = (await keys_state(engine)).left
        return await wrap_anew(engine, lambda done: progress(done, total))

    with counting(localize("更换密钥", "wrapping anew")) as progress:
        done = _run(settings, work)
    out.print(localize(f"✓ 已更换 {done} 条", f"✓ {done} wrapped anew"))


@app.command()
def remove(
    key_id: Annotated[str, typer.Argument(help="Id of the older master key, as `keys status` shows it.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Remove an older master key from the file, once it wraps nothing. Copies of the database older than the rotation
    can then no longer be read.
    """
    settings = read_settings(data_dir)
    _require_file(settings)
    left = _run(settings, keys_state).left_under(key_id)
    if left:
        fail(localize(f"{key_id} 仍有 {left} 条在用,未删除", f"{key_id} still wraps {left} keys and was not removed"))
    try:
        remove_key(settings.key_ring, key_id)
    except ValueError:
        fail(localize(f"没有可删除的旧密钥 {key_id}", f"no older key {key_id} to remove"))
    out.print(localize(f"✓ 已删除 {key_id}", f"✓ {key_id} removed"))


def _require_file(settings: Settings) -> None:
    if settings.key_service_url is not None:
        fail(localize("密钥由密钥服务保管", "the keys are held by the key service"))


def _run(settings: Settings, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    async def run() -> T:
        engine = open_database(settings)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    with exit_when_away():
        try:
            return asyncio.run(run())
        except KeysAway as error:
            fail(error.message(localize("zh", "en")))
