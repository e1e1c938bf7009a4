"""`gridloop keys`: the master keys that protect reporters' records and what Temporal stores."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError

from cli.database import DEFAULT_DATA_DIR, DataDir, exit_when_away
from cli.labels import localize
from cli.operator import read_settings
from cli.output import fail, out, print_json
from cli.progress import counting
from infra.database import open_database, transaction
from infra.keys.ring import FileRing, add_key, create_ring, remove_key
from infra.objects import ObjectsAway
from infra.payload_usage import PayloadKeys, count_payload_keys
from infra.settings import KEY_FILE, Settings
from infra.temporal import connect
from models.english import counted
from models.errors import KeysAway
from services.accounts.second_factor import encrypt_anew
from services.auditing.schedule import schedule_audits
from services.bulletins.schedules import schedule_bulletins
from services.history.schedule import schedule_anchors
from services.reporters.keys import KeysState, encrypt_clear_rows, keys_state, settle_vault, wrap_anew
from services.reporters.prepare import remove_old_versions

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Master keys: create, count, change, remove them.")


@app.command()
def create(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Create the file of master keys, for a system that is not started by `up`, or whose file is lost for good. An
    existing file is kept.

    Keep a copy apart from the databases and their backups: without it no reporter can be reached again, and no open
    case goes on.
    """
    path = Path(os.environ.get("GRIDLOOP_KEY_FILE") or data_dir / KEY_FILE)
    try:
        id_ = create_ring(path)
    except FileExistsError:
        fail(localize(f"{path} 已存在,未改动", f"{path} exists already and was not changed"))
    out.print(localize(f"✓ 主密钥 {id_} 已写入 {path}", f"✓ master key {id_} in {path}"))


@app.command()
def status(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Say how many records each master key wraps, how many are left to an older one, and which keys open workflows
    still name.

    Exit 1 while any are left, are in clear, or have no file in the vault, and when a workflow names a key that is not
    in the file.
    """
    settings = read_settings(data_dir)
    state, payloads = _run(settings, keys_state), _payload_keys(settings)
    missing = sorted({*payloads.workflows, *payloads.schedules} - set(FileRing(settings.key_ring).ids()))
    if as_json:
        print_json({**state.__dict__, "left": state.left, **payloads.__dict__, "missing": missing})
    else:
        _print_state(state)
        _print_payload_keys(payloads, missing)
    if state.left or state.clear or state.without_file or missing:
        raise typer.Exit(1)


def _print_state(state: KeysState) -> None:
    for id_ in sorted({state.current, *state.rows, *state.files}):
        mark = localize(" (当前)", " (current)") if id_ == state.current else ""
        rows, files = state.rows.get(id_, 0), state.files.get(id_, 0)
        out.print(
            localize(
                f"{id_}{mark}:库内 {rows} 条,密钥库 {files} 个",
                f"{id_}{mark}: {counted(rows, 'row')}, {counted(files, 'file')}",
            )
        )
    out.print(
        localize(
            f"待换密钥 {state.left};明文待加密 {state.clear};缺密钥文件 {state.without_file};已删除的人 {state.erased}",
            f"left under older keys {state.left}; in clear {state.clear}; without a file {state.without_file};"
            f" people erased {state.erased}",
        )
    )


def _print_payload_keys(payloads: PayloadKeys, missing: list[str]) -> None:
    for id_ in sorted({*payloads.workflows, *payloads.schedules}):
        mark = localize(" (文件中没有)", " (not in the file)") if id_ in missing else ""
        open_, planned = payloads.workflows.get(id_, 0), payloads.schedules.get(id_, 0)
        out.print(
            localize(
                f"{id_}{mark}:在办流程 {open_},定时任务 {planned}",
                f"{id_}{mark}: {counted(open_, 'open workflow')}, {counted(planned, 'schedule')}",
            )
        )
    out.print(
        localize(
            f"当前密钥之前开始、已结束的流程:{payloads.closed}(到保存期满为止)",
            f"closed workflows from before the current key: {payloads.closed}, kept until the retention ends",
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
            _run(settings.as_owner(), remove_old_versions)
    out.print(localize(f"✓ 加密 {encrypted} 条,补正 {settled} 条", f"✓ {encrypted} encrypted, {settled} settled"))


@app.command()
def rotate(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    resume: Annotated[bool, typer.Option("--resume", help="Make no new key; go on with what is left.")] = False,
) -> None:
    """Make a new master key, wrap the key of every record by it, and write the schedules anew, while everything runs.
    From now on workflows are encrypted by it; what they stored before stays readable while the older key is kept.

    May be stopped and resumed, and run several times at once. With a key service, the service names the key that wraps
    records.
    """
    settings = read_settings(data_dir)
    if not resume:
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
    _run(settings, lambda engine: _with_temporal(settings, lambda client: _renew_schedules(engine, client, settings)))


@app.command()
def remove(
    key_id: Annotated[str, typer.Argument(help="Id of the older master key, as `keys status` shows it.")],
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Remove an older master key from the file, once it wraps nothing and no open workflow names it. Copies of the
    databases older than the rotation, and the histories of workflows that closed before, can then no longer be read.
    """
    settings = read_settings(data_dir)
    named = _payload_keys(settings).named(key_id)
    if named:
        fail(
            localize(
                f"{named} 个在办流程或定时任务仍用 {key_id},未删除",
                f"{named} open workflows or schedules still name {key_id}; it was not removed",
            )
        )
    left = _run(settings, keys_state).left_under(key_id)
    if left:
        fail(
            localize(
                f"{key_id} 仍有 {left} 条在用,未删除",
                f"{key_id} still wraps {counted(left, 'key')} and was not removed",
            )
        )
    try:
        remove_key(settings.key_ring, key_id)
    except ValueError:
        fail(localize(f"没有可删除的旧密钥 {key_id}", f"no older key {key_id} to remove"))
    out.print(localize(f"✓ 已删除 {key_id}", f"✓ {key_id} removed"))


@app.command("token-secret")
def token_secret(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Encrypt every second factor under the current token secret, after a change of it. Safe to repeat.

    Exit 1 when some are under a secret that is neither previous nor retired: their people can't sign in.
    """
    settings = read_settings(data_dir)

    async def work(engine: AsyncEngine) -> tuple[int, int]:
        async with transaction(engine) as connection:
            return await encrypt_anew(connection, settings)

    total, unreadable = _run(settings, work)
    if unreadable:
        fail(
            localize(
                f"{unreadable} 人的二次验证由环中没有的密钥加密",
                f"the second factors of {unreadable} people are under a secret that is not in the ring",
            )
        )
    out.print(localize(f"✓ {total} 人的二次验证已由当前密钥加密", f"✓ {total} second factors under the current secret"))


def _payload_keys(settings: Settings) -> PayloadKeys:
    ring = FileRing(settings.key_ring)
    return _run(
        settings,
        lambda _: _with_temporal(settings, lambda client: count_payload_keys(client, ring, settings.case_queue)),
    )


async def _with_temporal(settings: Settings, work: Callable[[Client], Awaitable[T]]) -> T:
    try:
        return await work(await connect(settings))
    except (RPCError, RuntimeError):  # RuntimeError: not even the port is open
        fail(localize("Temporal 无法连接", "Temporal cannot be reached"))


async def _renew_schedules(engine: AsyncEngine, client: Client, settings: Settings) -> None:
    """Write the schedules anew, so that the current key encrypts what they hold."""
    await schedule_audits(client, settings.case_queue)
    await schedule_anchors(client, settings.case_queue)
    await schedule_bulletins(client, engine, settings.case_queue)


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
        except ObjectsAway as error:
            fail(localize(f"上报人密钥库无法写入:{error}", f"the vault of reporters' keys can't be written: {error}"))
