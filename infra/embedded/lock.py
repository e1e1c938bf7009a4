"""Lock file: one `up` per data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "up.lock"


class DataDirInUse(Exception):
    """Another process holds the lock of the data directory."""


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Lock `data_dir` until the block ends or the process exits, however it exits.

    Raises DataDirInUse, naming the process that holds the lock.
    """
    descriptor = os.open(data_dir / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = file.read().strip() or "unknown"
            raise DataDirInUse(f"another `up` (process {holder}) already runs on {data_dir}") from error
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
