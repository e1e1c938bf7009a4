"""Parameters as GeoReport v2 has them: an empty one counts as absent, an unknown one is ignored, a list has commas."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request

from doors.client import client_address
from doors.dependencies import ServicesDep
from doors.security import Now
from models.errors import InputError
from services.accounts.limits import OPEN311_READS


def given(values: Mapping[str, str], name: str) -> str | None:
    """Return the value of a parameter; None for an empty one."""
    value = values.get(name)
    return value.strip() or None if isinstance(value, str) else None


def listed(request: Request, name: str) -> tuple[str, ...]:
    """Return the values of a parameter that takes several, with commas between them or given several times."""
    parts = (part.strip() for value in request.query_params.getlist(name) for part in value.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def whole_number(request: Request, name: str, usual: int, most: int) -> int:
    """Return a number from 1 to `most`. Raises InputError for anything else."""
    value = given(request.query_params, name)
    if value is None:
        return usual
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and 0 < int(value) <= most):
        raise InputError(
            why_zh=f"{name} 须为 1 到 {most} 的整数", why_en=f"{name} must be a whole number from 1 to {most}",
            pointer=f"/query/{name}",
        )  # fmt: skip
    return int(value)


async def _count_read(request: Request, services: ServicesDep, now: Now) -> None:
    """Count what an address reads. Raises TooManyAttempts."""
    await OPEN311_READS.use(services.engine, client_address(request), now)


#: For every route that is read without a key.
COUNTED = Depends(_count_read)

Suffix = Annotated[str, "the format: xml or json"]
