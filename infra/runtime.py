"""Where the running system is: `runtime.json` in the data directory, written by `up`.

It holds the environment that `up` gave its children, so that another command finds the same database,
Temporal server and web address without being told. Only its owner may read it.
"""

import json
import os
from pathlib import Path

FILE = "runtime.json"


def write_runtime(data_dir: Path, environment: dict[str, str]) -> None:
    """Publishes the environment of the running system, replacing an older one in one move."""
    fresh = data_dir / f"{FILE}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(environment, file, indent=1, sort_keys=True)
    fresh.replace(data_dir / FILE)


def read_runtime(data_dir: Path) -> dict[str, str]:
    """The environment of the system that runs on `data_dir`; empty when none has been started."""
    try:
        content = json.loads((data_dir / FILE).read_text())
    except FileNotFoundError:
        return {}
    return {str(name): str(value) for name, value in content.items()}


def adopt_runtime(data_dir: Path) -> None:
    """Fills this process's environment from `runtime.json`; what is set already wins."""
    for name, value in read_runtime(data_dir).items():
        os.environ.setdefault(name, value)


def forget_runtime(data_dir: Path) -> None:
    """Removes `runtime.json`: the system has stopped."""
    (data_dir / FILE).unlink(missing_ok=True)
