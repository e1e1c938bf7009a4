"""Objects as files below a folder, for our own account alone."""

import asyncio
import errno
import os
import secrets
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypeVar

from infra.files import make_private_directory, sync_directory, write_private
from infra.objects.failures import told
from infra.objects.interface import Listed

T = TypeVar("T")


class FolderObjects:
    """See Objects. `store`: what the metrics call it."""

    def __init__(self, folder: Path, store: str) -> None:
        self.place = str(folder)
        self._folder = folder
        self._store = store

    async def put(self, name: str, content: bytes, *, replace: bool = False) -> None:
        """See Objects."""
        path = self._folder / name

        def write() -> None:
            try:
                write_private(path, content, replace=replace)
            except FileExistsError:
                if not path.is_file():
                    raise

        await self._do("put", write)

    async def put_file(self, name: str, path: Path, *, give: bool = False) -> None:
        """See Objects."""
        await self._do("put", lambda: _place(path, self._folder / name, give=give))

    async def get(self, name: str) -> bytes | None:
        """See Objects."""
        try:
            return await self._do("get", (self._folder / name).read_bytes)
        except FileNotFoundError:
            return None

    async def size(self, name: str) -> int | None:
        """See Objects."""
        try:
            return (await self._do("get", (self._folder / name).stat)).st_size
        except FileNotFoundError:
            return None

    async def open(self, name: str) -> "FileReader | None":
        """See Objects."""
        size = await self.size(name)
        return None if size is None else FileReader(self._folder / name, size, self._store)

    async def fetch(self, name: str, target: IO[bytes]) -> bool:
        """See Objects."""

        def copy() -> None:
            with (self._folder / name).open("rb") as source:
                shutil.copyfileobj(source, target)

        try:
            await self._do("get", copy)
        except FileNotFoundError:
            return False
        return True

    def local(self, name: str) -> Path | None:
        """See Objects."""
        return self._folder / name

    async def delete(self, *names: str) -> None:
        """See Objects."""

        def remove() -> None:
            for name in names:
                (self._folder / name).unlink(missing_ok=True)
            for folder in {(self._folder / name).parent for name in names}:
                if folder.is_dir():
                    sync_directory(folder)

        await self._do("delete", remove)

    async def list(self, folder: str) -> AsyncIterator[Listed]:
        """See Objects. Files that are being written are not listed."""
        for listed in await self._do("list", lambda: _list(self._folder, folder.strip("/"))):
            yield listed

    async def check(self) -> None:
        """See Objects. A folder that is still to be made is fine where it can be made."""

        def look() -> None:
            place = next(one for one in (self._folder, *self._folder.absolute().parents) if one.exists())
            if not place.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
            if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))

        await self._do("check", look)

    async def _do(self, operation: str, work: Callable[[], T]) -> T:
        with told(self._store, operation):
            return await asyncio.to_thread(work)


class FileReader:
    """See Reader."""

    def __init__(self, path: Path, size: int, store: str) -> None:
        self._path, self._size, self._store = path, size, store
        self._position = 0
        self._file: IO[bytes] | None = None
        self._closed = False
        #: A read goes on in its thread when whoever waits for it is cancelled, and the reader may be closed meanwhile.
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """See Reader."""
        return self._size

    async def seek(self, position: int) -> None:
        """See Reader."""
        self._position = position
        if self._file is not None:
            self._file.seek(position)

    async def read(self, most: int) -> bytes:
        """See Reader."""
        with told(self._store, "get"):
            return await asyncio.to_thread(self._read, most)

    async def close(self) -> None:
        """See Reader."""
        await asyncio.to_thread(self._close)

    def _read(self, most: int) -> bytes:
        with self._lock:
            if self._closed:
                raise ValueError("the reader is closed")
            if self._file is None:
                self._file = self._path.open("rb")
                self._file.seek(self._position)
            return self._file.read(most)

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()


def _place(source: Path, path: Path, *, give: bool) -> None:
    """Put the content of `source` at `path`, whole or not at all, durably and for our own account alone."""
    make_private_directory(path.parent)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if not give or not _linked(source, fresh):
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as target, source.open("rb") as content:
                shutil.copyfileobj(content, target)
                target.flush()
                os.fsync(target.fileno())
        fresh.replace(path)
        sync_directory(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def _linked(source: Path, fresh: Path) -> bool:
    """Link the file where both are on one file system that has links; its content must be durable already."""
    try:
        os.link(source, fresh)
    except OSError as error:
        if error.errno in {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK}:
            return False
        raise
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def _list(top: Path, folder: str) -> list[Listed]:
    found = []
    if top.exists() and not top.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(top))
    for path in (top / folder if folder else top).rglob("*"):
        try:
            if path.name.startswith(".") or not path.is_file():
                continue
            seen = path.stat()
        except FileNotFoundError:  # removed meanwhile
            continue
        written_at = datetime.fromtimestamp(seen.st_mtime, UTC)
        found.append(Listed(path.relative_to(top).as_posix(), seen.st_size, written_at))
    return sorted(found, key=lambda one: one.name)
