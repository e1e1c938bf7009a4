"""Jurisdictions: the parks, which are the units at the top. Where there is only one, nobody has to name it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.errors import JurisdictionMissing, NoSuchJurisdiction

_PARKS = text("SELECT code FROM grid_units WHERE parent IS NULL AND retired_on IS NULL ORDER BY code")


async def read_jurisdiction(connection: AsyncConnection, given: str | None) -> str:
    """Return the code of the park that is meant. Raises JurisdictionMissing where there are several, and
    NoSuchJurisdiction."""
    parks = (await connection.execute(_PARKS)).scalars().all()
    if given:
        if given not in parks:
            raise NoSuchJurisdiction(jurisdiction=given[:80])
        return given
    if len(parks) != 1:
        raise JurisdictionMissing(known=", ".join(parks))
    return str(parks[0])
