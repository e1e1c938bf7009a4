"""Files that only our own account may read, written whole or not at all."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

#: What a system says that has no room left for a file.
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write_private(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write `content` to `path` with mode 0600, durably; a directory that is missing gets mode 0700.

    Afterwards the file is there whole, also after a power cut. Raises FileExistsError when `replace` is False and the
    file exists, and OSError when it can't be written; then nothing is left behind.
    """
    make_private_directory(path.parent)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            fresh.replace(path)
        else:
            os.link(fresh, path)
        sync_directory(path.parent)
    finally:
        fresh.unlink(missing_ok=True)


def make_private_directory(folder: Path) -> None:
    """Create a directory, and the missing ones above it, with mode 0700. Raises OSError."""
    if not folder.is_dir():
        make_private_directory(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def sync_directory(folder: Path) -> None:
    """Make the names in `folder` durable."""
    if os.name == "nt":  # a folder can't be opened on Windows, and its entries are written through
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_private(data_dir: Path) -> None:
    """Let nobody but our own account read what is in the data directory, and what this process writes from now on.

    What an earlier version left readable is narrowed. What belongs to another account (PostgreSQL's own directory,
    where `up` runs under root) stays as it is, and its account may pass through the data directory.
    """
    os.umask(0o077)
    if not data_dir.is_dir():
        return
    for one in data_dir.iterdir():
        _narrow(one)
    if data_dir.stat().st_uid == os.geteuid():
        data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _narrow(top: Path) -> None:
    """Take the rights of others from `top` and all that is in it. Its own go last: a narrow one has been narrowed."""
    found = top.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid() or not found.st_mode & 0o077:
        return
    for folder, names, files in os.walk(top):
        for name in (*names, *files):
            inner = Path(folder, name)
            with suppress(FileNotFoundError):  # removed meanwhile
                mode = inner.lstat().st_mode
                if mode & 0o077 and not stat.S_ISLNK(mode):
                    inner.chmod(stat.S_IMODE(mode) & 0o700)
    top.chmod(stat.S_IMODE(found.st_mode) & 0o700)
