"""What the claim board reads for its decisions."""

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import first_row
from models.matters.base import MatterCommand
from models.matters.claim import Claim, ClaimItem, PostItem
from models.matters.context import MatterContext

_NAME = """
    SELECT coalesce((SELECT name_zh FROM departments WHERE id = %(department)s),
        (SELECT name FROM grid_units WHERE code = %(unit)s))
"""
_TOPIC = "SELECT name FROM matters WHERE kind = 'topic' AND code = %(topic)s AND grid_path <@ %(park)s::ltree"


async def read_extra(
    connection: AsyncConnection, matter: Claim | None, command: MatterCommand, ctx: MatterContext
) -> str | None:
    """Return the name of the department or unit that claims, or of the topic an item is made of; None if unknown."""
    match command:
        case ClaimItem(department=department, unit=unit):
            row = await first_row(connection, _NAME, {"department": department, "unit": unit})
        case PostItem(topic=str(topic)) if ctx.units:
            row = await first_row(connection, _TOPIC, {"topic": topic, "park": ctx.units[-1].code})
        case _:
            return None
    return None if row is None or row[0] is None else str(row[0])
