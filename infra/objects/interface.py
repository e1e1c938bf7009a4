"""What a store of objects does, wherever it keeps them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol


@dataclass(frozen=True)
class Listed:
    """An object in a listing: its name, its bytes, and when it was written."""

    name: str
    size: int
    written_at: datetime


class Reader(Protocol):
    """An object that is being read, from its beginning or from a position. Nothing is read before `read`."""

    @property
    def size(self) -> int:
        """The bytes of the whole object."""

    async def seek(self, position: int) -> None:
        """Go on at `position`."""

    async def read(self, most: int) -> bytes:
        """Return the next `most` bytes, fewer only at the end. Raises ObjectsAway."""

    async def close(self) -> None:
        """Let go of what the reading holds."""


class Objects(Protocol):
    """Objects by name: words parted by `/`. Writing the same twice is safe.

    Every method raises ObjectsAway, or the kind of it that fits; then nothing is half stored.
    """

    @property
    def place(self) -> str:
        """Where the objects are, as an operator writes it."""

    def __hash__(self) -> int:
        """A store is itself alone."""

    async def put(self, name: str, content: bytes, *, replace: bool = False) -> None:
        """Store an object durably; one of that name may stay as it is, unless it is to be replaced."""

    async def put_file(self, name: str, path: Path, *, give: bool = False) -> None:
        """Store the content of a file durably, in place of an object of that name.

        `give`: the caller has no further use for the file, so that it may become the object itself.
        """

    async def get(self, name: str) -> bytes | None:
        """Return an object's content; None when there is none. For small objects: it is in memory as a whole."""

    async def size(self, name: str) -> int | None:
        """Return the bytes of an object; None when there is none."""

    async def open(self, name: str) -> Reader | None:
        """Open an object for reading; None when there is none."""

    async def fetch(self, name: str, target: IO[bytes]) -> bool:
        """Write the content of an object to `target`; return False when there is none."""

    def local(self, name: str) -> Path | None:
        """Return the path at which the object is a file of this machine, whether it exists or not; else None."""

    async def delete(self, *names: str) -> None:
        """Remove objects durably; none of that name is fine."""

    def list(self, folder: str) -> AsyncIterator[Listed]:
        """Yield the objects whose names begin with the words `folder` (empty: all), in the order of their names."""

    async def check(self) -> None:
        """Return when the store answers and lets us read."""
