"""Programs of Debian that single tests run, installed when they are missing; those of `make tests` are in
`tests/deploy/tools.py`."""

import pytest

from tests.deploy import tools


def program(name: str, package: str) -> str:
    """Return the path of a program; root on a Debian system gets it installed. Else the test says that it was left."""
    found = tools.find(name)
    if found is None and tools.can_install():
        tools.install([package])
        found = tools.find(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return found
