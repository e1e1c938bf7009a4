"""Objects in a bucket of an S3-compatible server, below the path of its URL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import obstore
from obstore.store import ObjectStore, from_url

from infra.objects.failures import ObjectsMissing, told
from infra.objects.interface import Listed

if TYPE_CHECKING:  # these exist for type checkers alone
    from obstore import AsyncReadableFile
    from obstore.store import ClientConfig, RetryConfig, S3Config

#: Bytes that are asked for at a time while an object is read.
_PART = 2 * 1024 * 1024
#: How long one request may take, and how often one that failed is sent again: a person waits meanwhile.
_CLIENT: "ClientConfig" = {
    "connect_timeout": timedelta(seconds=3),
    "read_timeout": timedelta(seconds=15),
    "timeout": timedelta(minutes=5),
}
_RETRIES: "RetryConfig" = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}
#: A name that no object has.
_NOTHING = "gridloop-check"


class BucketObjects:
    """See Objects. `url`: `s3://bucket/path`; `store`: what the metrics call it.

    What `config` and `client` leave out is taken from the usual `AWS_*` variables.
    """

    def __init__(
        self, url: str, store: str, config: "S3Config | None" = None, client: "ClientConfig | None" = None
    ) -> None:
        self.place = url
        self._bucket: ObjectStore = from_url(
            url, config=config or {}, client_options={**_CLIENT, **(client or {})}, retry_config=_RETRIES
        )
        self._store = store

    async def put(self, name: str, content: bytes, *, replace: bool = False) -> None:
        """See Objects. Without `replace` the content is the same, and writing it again changes nothing."""
        await self._put(name, content)

    async def put_file(self, name: str, path: Path, *, give: bool = False) -> None:
        """See Objects. A large file goes in parts; an object appears once all of them are there."""
        await self._put(name, path)

    async def _put(self, name: str, content: bytes | Path) -> None:
        try:
            with told(self._store, "put"):
                await obstore.put_async(self._bucket, name, content)
        except FileNotFoundError as error:  # nothing else is missing when something is written
            raise ObjectsMissing(str(error)) from error

    async def get(self, name: str) -> bytes | None:
        """See Objects."""
        try:
            with told(self._store, "get"):
                found = await obstore.get_async(self._bucket, name)
                return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None

    async def size(self, name: str) -> int | None:
        """See Objects."""
        try:
            with told(self._store, "get"):
                return int((await obstore.head_async(self._bucket, name))["size"])
        except FileNotFoundError:
            return None

    async def open(self, name: str) -> "BucketReader | None":
        """See Objects."""
        try:
            with told(self._store, "get"):
                return BucketReader(await obstore.open_reader_async(self._bucket, name, buffer_size=_PART), self._store)
        except FileNotFoundError:
            return None

    async def fetch(self, name: str, target: IO[bytes]) -> bool:
        """See Objects."""

        def copy() -> None:
            for chunk in obstore.get(self._bucket, name).stream(min_chunk_size=_PART):
                target.write(chunk)

        try:
            with told(self._store, "get"):
                await asyncio.to_thread(copy)
        except FileNotFoundError:
            return False
        return True

    def local(self, name: str) -> Path | None:
        """See Objects."""
        return None

    async def delete(self, *names: str) -> None:
        """See Objects."""
        if names:
            with told(self._store, "delete"):
                await obstore.delete_async(self._bucket, list(names))

    async def list(self, folder: str) -> AsyncIterator[Listed]:
        """See Objects. Servers list by name."""
        with told(self._store, "list"):
            async for chunk in obstore.list(self._bucket, folder.strip("/") or None):
                for one in chunk:
                    yield Listed(one["path"], one["size"], one["last_modified"])

    async def check(self) -> None:
        """See Objects."""
        await self.get(_NOTHING)


class BucketReader:
    """See Reader. Bytes are asked for in parts, so that a slow reader keeps no request open."""

    def __init__(self, file: "AsyncReadableFile", store: str) -> None:
        self._file, self._store = file, store

    @property
    def size(self) -> int:
        """See Reader."""
        return self._file.size

    async def seek(self, position: int) -> None:
        """See Reader."""
        await self._file.seek(position)

    async def read(self, most: int) -> bytes:
        """See Reader."""
        parts, left = [], most
        with told(self._store, "get"):
            while left and (part := bytes(await self._file.read(left))):
                parts.append(part)
                left -= len(part)
        return b"".join(parts)

    async def close(self) -> None:
        """See Reader."""
        self._file.close()
