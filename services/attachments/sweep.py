"""Remove files that nothing names: an upload that no command has named for a day, and nothing else has."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.metrics import FILES_SWEPT
from infra.store.attachments import delete_files, expire_uploads, lock_unnamed
from services.attachments.files import path_of

#: How many files one transaction removes.
BATCH = 200


async def sweep_files(engine: AsyncEngine, directory: Path, before: datetime) -> int:
    """Remove the files whose uploads are older than `before` and were never named; return how many.

    A file and its small copies go first, its row after them: a row without its file never counts for long, and an
    upload of the same bytes meanwhile waits for the row and is then stored anew.
    """
    removed = 0
    while True:
        async with transaction(engine) as connection:
            looked_at, unnamed = await lock_unnamed(connection, before, BATCH)
            if not looked_at:
                break
            await asyncio.to_thread(_unlink, directory, unnamed)
            await delete_files(connection, unnamed)
            await expire_uploads(connection, looked_at, before)
        removed += len(unnamed)
        FILES_SWEPT.inc(len(unnamed))
    return removed


async def sweep_half_written(directory: Path, now: datetime, older_than: timedelta) -> None:
    """Remove what an interrupted upload left in the directory of incoming files."""
    limit = (now - older_than).timestamp()

    def remove() -> None:
        for one in (directory / "incoming").glob("*"):
            try:
                if one.stat().st_mtime < limit:
                    one.unlink()
            except FileNotFoundError:  # finished meanwhile
                continue

    await asyncio.to_thread(remove)


def _unlink(directory: Path, hashes: tuple[str, ...]) -> None:
    for sha256 in hashes:
        file = path_of(directory, sha256)
        for copy in file.parent.glob(f"{sha256}.*"):
            copy.unlink(missing_ok=True)
        file.unlink(missing_ok=True)
