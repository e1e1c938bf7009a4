"""What the claim board reads for its decisions."""

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import first_row
from models.matters.base import MatterCommand
from models.matters.claim import Claim, ClaimItem
from models.matters.context import MatterContext

_NAME = """
    SELECT coalesce((SELECT name_zh FROM departments WHERE id = %(department)s),
        (SELECT name FROM grid_units WHERE code = %(unit)s))
"""


async def read_extra(
    connection: AsyncConnection, matter: Claim | None, command: MatterCommand, ctx: MatterContext
) -> str | None:
    """Return the name of the department or unit that claims; None for other commands."""
    if not isinstance(command, ClaimItem):
        return None
    row = await first_row(connection, _NAME, {"department": command.department, "unit": command.unit})
    return None if row is None or row[0] is None else str(row[0])
