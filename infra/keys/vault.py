"""The vault: the wrapped key of every reporter as a file of its own, beside the database.

With it and the sealed record in the workflow's history, a lost database gets its reporters back. When a person is
erased, the file gives way to a mark: whatever copy of the database is put back, the person stays unreadable.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from infra.files import sync_directory, write_private
from infra.keys.ring import WrappedKey
from models.errors import KeysAway

_KEY, _ERASED = ".key", ".erased"


class Vault:
    """The files below `folder`, in directories by the first two digits of the id. Only our account reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, id_: UUID, wrapped: WrappedKey) -> None:
        """Store the wrapped key durably, in place of an earlier one. An erased person's key is not stored again.

        Raises OSError when it can't be written.
        """
        if not self.is_erased(id_):
            content = {"key_id": wrapped.key_id, "wrapped": wrapped.content.hex()}
            write_private(self._path(id_, _KEY), (json.dumps(content) + "\n").encode())

    def has(self, id_: UUID) -> bool:
        """Return whether there is a key of that reporter."""
        return self._path(id_, _KEY).exists()

    def find(self, id_: UUID) -> WrappedKey | None:
        """Return the wrapped key; None where there is none. Raises KeysAway when the file is damaged."""
        try:
            content = json.loads(self._path(id_, _KEY).read_text("utf-8"))
            return WrappedKey(str(content["key_id"]), bytes.fromhex(content["wrapped"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KeysAway() from error

    def erase(self, id_: UUID) -> None:
        """Destroy the key and mark the person as erased, durably."""
        write_private(self._path(id_, _ERASED), b"")
        self.forget(id_)

    def forget(self, id_: UUID) -> None:
        """Remove the key of a report that became no case. None is fine."""
        path = self._path(id_, _KEY)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            sync_directory(path.parent)

    def is_erased(self, id_: UUID) -> bool:
        """Return whether the person was erased."""
        return self._path(id_, _ERASED).exists()

    def erased(self) -> Iterator[UUID]:
        """Yield the reporters that were erased."""
        return (UUID(path.stem) for path in self.folder.glob(f"??/*{_ERASED}"))

    def key_ids(self) -> Iterator[tuple[UUID, str]]:
        """Yield each reporter with the id of the master key that its file is wrapped by."""
        for path in self.folder.glob(f"??/*{_KEY}"):
            found = self.find(UUID(path.stem))
            if found is not None:
                yield UUID(path.stem), found.key_id

    def _path(self, id_: UUID, suffix: str) -> Path:
        return self.folder / id_.hex[:2] / f"{id_}{suffix}"
