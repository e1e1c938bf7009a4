"""Programs of Debian that check the files in `deploy/`. `python -m tests.deploy.tools` installs them if possible."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Program and package.
PACKAGES = {
    "nginx": "nginx-light",
    "promtool": "prometheus",
    "pgbouncer": "pgbouncer",
    "pgbackrest": "pgbackrest",
    "systemd-analyze": "systemd",
}
#: Servers lie beside what everybody runs.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
#: Debian asks this program whether it may start a server that has been installed.
_POLICY = Path("/usr/sbin/policy-rc.d")
MISSING = (
    "The files in deploy/ are checked by {name}, which is not installed{why}. Install it by your system's means "
    "(on Debian and Ubuntu, as root: apt-get install {package})."
)


def find(name: str) -> str | None:
    """The path of a program; None if it is not installed."""
    return shutil.which(name, path=_PATH)


def need(name: str) -> str:
    """The path of a program. Raises AssertionError when it is not installed."""
    path = find(name)
    assert path is not None, MISSING.format(name=name, why="", package=PACKAGES[name])
    return path


def main() -> None:
    """Install what is missing with Debian's package manager; no server is started by that."""
    missing = [name for name in PACKAGES if find(name) is None]
    if not missing:
        return
    if not can_install():
        why = ", and only root on a Debian system can have it installed from here"
        sys.exit(MISSING.format(name=missing[0], why=why, package=PACKAGES[missing[0]]))
    packages = [PACKAGES[name] for name in missing]
    print(f"Installing {', '.join(packages)} for the tests of deploy/ (once; a minute) …", flush=True)
    failure = install(packages)
    if failure is not None:
        sys.exit(MISSING.format(name=missing[0], why=f": {failure}", package=packages[0]))


def can_install() -> bool:
    """Whether packages can be installed from here."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: list[str]) -> str | None:
    """Install packages without starting any server. Return why that failed, or None."""
    with _nothing_started():
        _apt("update")
        done = _apt("install", "-y", "--no-install-recommends", *packages)
    return (done.stderr or done.stdout).strip().splitlines()[-1] if done.returncode else None


@contextmanager
def _nothing_started() -> Iterator[None]:
    if _POLICY.exists():  # a container's, which says the same
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def _apt(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(["apt-get", "-qq", *words], env=environment, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    main()
