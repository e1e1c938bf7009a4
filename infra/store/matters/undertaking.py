"""What undertakings read for their decisions."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from infra.store.matters.people import find_people
from models.matters.base import MatterCommand
from models.matters.context import MatterContext
from models.matters.undertaking import AddPlaces, Undertake, Undertaking

_UNITS = """
    SELECT code FROM grid_units WHERE code = ANY (%(codes)s) AND (retired_on IS NULL OR retired_on > %(today)s)
        AND path <@ (SELECT path FROM grid_units WHERE code = %(root)s)
"""


async def read_extra(
    connection: AsyncConnection, matter: Undertaking | None, command: MatterCommand, ctx: MatterContext
) -> dict[str, Any]:
    """Return the people and units that the command names, as far as they exist."""
    match command:
        case Undertake(person=username):
            return {"people": await find_people(connection, [username])}
        case AddPlaces(places=places) if matter is not None:
            codes = [place.grid for place in places]
            rows = await all_rows(connection, _UNITS, {"codes": codes, "today": ctx.today, "root": matter.grid})
            return {"units": {code for (code,) in rows}}
    return {}
