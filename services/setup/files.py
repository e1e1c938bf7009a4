"""The files of this machine: master keys, and the places of attachments, archive, vault and anchors."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from infra.archive import open_archive
from infra.keys.ring import FileRing
from infra.objects import Objects, ObjectsAway, ObjectsMissing, is_bucket, open_objects
from infra.settings import Settings
from models.errors import KeysAway
from services.setup.report import Item, mend, ok

#: Below so many bytes a disk counts as full (our choice: a few uploads, and the logs of a day).
LEAST_FREE = 200 * 1024 * 1024


async def file_items(settings: Settings) -> AsyncIterator[Item]:
    """Yield each part. They are only looked at: keys and folders are the same for all machines."""
    yield await _keys(settings)
    yield await _store("attachments", settings, _open_attachments)
    yield await _store("vault", settings, lambda known: open_objects(known, known.vault_place, "vault"))
    yield await asyncio.to_thread(folder_item, "anchors", settings.anchors_dir)
    yield await _store("archive", settings, open_archive)


async def _keys(settings: Settings) -> Item:
    file = settings.key_ring
    try:
        current = await FileRing(file).current()
    except KeysAway:
        if not file.exists():
            return mend(
                "keys",
                f"没有主密钥文件 {file};请从其他机器复制,全新系统则执行 gridloop keys create",
                f"there is no file of master keys at {file}: copy it from another machine, or, for a new system, run"
                " gridloop keys create",
            )
        return mend(
            "keys", f"主密钥文件 {file} 无法读取", f"the file of master keys {file} can't be read: put back a copy"
        )
    return ok("keys", f"主密钥 {current}({file})", f"master key {current} ({file})")


def folder_item(part: str, folder: Path) -> Item:
    """Whether a folder, or the nearest one above it that exists, can be written, and its disk has room."""
    there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), Path("/"))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return mend(
            part,
            f"{folder} 不可写;请更改属主,或另设目录",
            f"{folder} can't be written: change its owner, or set another folder",
        )
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        return mend(
            part,
            f"{folder} 所在磁盘只剩 {free // 2**20} MB;请腾出空间",
            f"the disk of {folder} has {free // 2**20} MB left: make room",
        )
    return ok(part, f"{folder}", f"{folder}")


def _open_attachments(settings: Settings) -> Objects:
    place = settings.attachments or str(settings.attachments_dir)
    return open_objects(settings, place, "attachments")


async def _store(part: str, settings: Settings, opened: Callable[[Settings], Objects]) -> Item:
    """A folder, or a bucket that must answer and let us read."""
    try:
        store = opened(settings)
        if not is_bucket(store.place):
            return await asyncio.to_thread(folder_item, part, Path(store.place))
        await store.check()
    except ObjectsMissing as error:
        return mend(
            part,
            f"没有该存储桶:{_why(error)};请先建立",
            f"there is no such bucket: {_why(error)}; make it first",
        )
    except (ObjectsAway, ValueError) as error:
        return mend(
            part,
            f"对象存储无法访问:{_why(error)};请核对 GRIDLOOP_S3_* 与存储桶权限",
            f"the bucket can't be reached: {_why(error)}; look at GRIDLOOP_S3_* and the rights on the bucket",
        )
    return ok(part, store.place, store.place)


def _why(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
