"""`runtime.json` in the data directory: the environment of the running system, written by `up`.

Other commands read it to find the same database, Temporal server and web address. Only its owner may read it.
"""

import json
import os
from pathlib import Path

FILE_NAME = "runtime.json"


def write_runtime(data_dir: Path, environment: dict[str, str]) -> None:
    """Write the environment of the running system, replacing an older file atomically."""
    fresh = data_dir / f"{FILE_NAME}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(environment, file, indent=1, sort_keys=True)
    fresh.replace(data_dir / FILE_NAME)


def read_runtime(data_dir: Path) -> dict[str, str]:
    """Return the environment of the system running on `data_dir`; empty when there is none."""
    try:
        content = json.loads((data_dir / FILE_NAME).read_text())
    except FileNotFoundError:
        return {}
    return {str(name): str(value) for name, value in content.items()}


def apply_runtime(data_dir: Path) -> None:
    """Set the variables of `runtime.json` in this process, except those that are already set."""
    for name, value in read_runtime(data_dir).items():
        os.environ.setdefault(name, value)


def remove_runtime(data_dir: Path) -> None:
    """Remove `runtime.json` because the system has stopped."""
    (data_dir / FILE_NAME).unlink(missing_ok=True)
