"""The version of Gridloop."""

import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, version as installed
from pathlib import Path


@cache
def version() -> str:
    """Return the version of the installed package, or of the source tree when it is not installed."""
    try:
        return installed("gridloop")
    except PackageNotFoundError:
        source = Path(__file__).parent.parent / "pyproject.toml"
        return str(tomllib.loads(source.read_text(encoding="utf-8"))["project"]["version"])
