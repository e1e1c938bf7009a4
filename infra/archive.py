"""The archive: files that are written once, in a folder or in an S3-compatible bucket.

A name never changes its content, so writing twice is safe and everything may be copied while the system runs.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

from infra.files import write_private
from infra.settings import Settings

#: Schemes of a bucket; anything else is a folder.
BUCKET_SCHEMES = ("s3://", "s3a://")


class ArchiveAway(Exception):
    """The archive can't be reached, or refuses."""


class Archive(Protocol):
    """Files by name: words parted by `/`."""

    async def put(self, name: str, content: bytes) -> None:
        """Store a file durably; one of that name is left as it is. Raises ArchiveAway."""

    async def get(self, name: str) -> bytes | None:
        """Return a file; None when there is none. Raises ArchiveAway."""

    async def delete(self, name: str) -> None:
        """Remove a file; none of that name is fine. Raises ArchiveAway."""

    def names(self, prefix: str) -> AsyncIterator[str]:
        """Yield the names that begin with `prefix`, in order. Raises ArchiveAway."""


class FolderArchive:
    """Files below a folder, for our own account alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, content: bytes) -> None:
        """See Archive."""
        path = self._folder / name
        try:
            await asyncio.to_thread(write_private, path, content, replace=False)
        except OSError as error:
            if isinstance(error, FileExistsError) and path.is_file():
                return
            raise ArchiveAway(str(error)) from error

    async def get(self, name: str) -> bytes | None:
        """See Archive."""
        try:
            return await asyncio.to_thread((self._folder / name).read_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArchiveAway(str(error)) from error

    async def delete(self, name: str) -> None:
        """See Archive."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise ArchiveAway(str(error)) from error

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """See Archive."""
        found = await asyncio.to_thread(self._list)
        for name in found:
            if name.startswith(prefix):
                yield name

    def _list(self) -> list[str]:
        paths = (path for path in self._folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        return sorted(path.relative_to(self._folder).as_posix() for path in paths)


class BucketArchive:
    """Objects in a bucket, below the path of its URL. Address and credentials come from the usual `AWS_*` variables."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = from_url(url)

    async def put(self, name: str, content: bytes) -> None:
        """See Archive. The names of files are made of their content, so that writing one again changes nothing."""
        try:
            await obstore.put_async(self._store, name, content)
        except (BaseError, OSError) as error:
            raise ArchiveAway(str(error)) from error

    async def get(self, name: str) -> bytes | None:
        """See Archive."""
        try:
            found = await obstore.get_async(self._store, name)
            return bytes(await found.bytes_async())
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise ArchiveAway(str(error)) from error

    async def delete(self, name: str) -> None:
        """See Archive."""
        try:
            await obstore.delete_async(self._store, name)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise ArchiveAway(str(error)) from error

    async def names(self, prefix: str) -> AsyncIterator[str]:
        """See Archive."""
        try:
            found = [one["path"] async for chunk in obstore.list(self._store, prefix) for one in chunk]
        except (BaseError, OSError) as error:
            raise ArchiveAway(str(error)) from error
        for name in sorted(found):
            yield name


def open_archive(settings: Settings) -> Archive:
    """Return the archive that the settings name; nothing is read yet."""
    place = settings.archive or str(settings.data_dir / "archive")
    return BucketArchive(place) if place.startswith(BUCKET_SCHEMES) else FolderArchive(Path(place))
