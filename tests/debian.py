"""Programs of Debian that tests run, installed when they are missing, as the browser is (`tests/ui/chromium.py`)."""

import os
import shutil
import subprocess

import pytest

#: Where Debian keeps servers, which is not on everybody's path.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/lib/postgresql/18/bin"))


def program(name: str, package: str) -> str:
    """Return the path of a program; root on a Debian system gets it installed. Else the test says that it was left."""
    found = shutil.which(name, path=_PATH)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True, "check": False}
        subprocess.run(["apt-get", "-qq", "update"], **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", package], **quiet)  # type: ignore[call-overload]
        found = shutil.which(name, path=_PATH)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return found
