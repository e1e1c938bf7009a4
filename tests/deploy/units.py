"""The unit files in `deploy/systemd/`, and their commands as they run on this checkout."""

import shlex
import sys
from pathlib import Path

from tests.deploy.sample import DEPLOY, ROOT

FOLDER = DEPLOY / "systemd"
#: Where the units expect the program.
INSTALLED = "/opt/gridloop"
#: What systemd writes for an instance.
INSTANCES = {"gridloop-web@.service": "8080", "gridloop-worker@.service": "1"}


def unit_files() -> list[Path]:
    """Every unit file."""
    return sorted(path for path in FOLDER.iterdir() if path.suffix in (".service", ".timer", ".target"))


def directives(path: Path) -> dict[str, list[str]]:
    """The values of each directive in a unit file."""
    found: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def command(name: str, instance: str = "1") -> list[str]:
    """The words of the one command of a unit, in this checkout with the running Python."""
    (line,) = directives(FOLDER / name)["ExecStart"]
    binaries = Path(sys.executable).parent
    return [
        word.replace("%i", instance).replace(f"{INSTALLED}/.venv/bin", str(binaries)).replace(INSTALLED, str(ROOT))
        for word in shlex.split(line)
    ]
