"""One `up` per data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "up.lock"


class InUse(Exception):
    """Another process holds the data directory."""


@contextmanager
def hold(data_dir: Path) -> Iterator[None]:
    """Holds `data_dir` for this process until the block ends, or the process does, however it ends.

    Raises InUse naming the process that has it.
    """
    descriptor = os.open(data_dir / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = file.read().strip() or "unknown"
            raise InUse(f"another `up` (process {holder}) already runs on {data_dir}") from error
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
