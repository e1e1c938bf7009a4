"""What administrators do that changes none of the tables whose changes are written down by themselves."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_RECORD = text("""
INSERT INTO admin_actions (at, actor, action, kind, object, before, after)
VALUES (clock_timestamp(), :actor, :action, :kind, :object, CAST(:before AS jsonb), CAST(:after AS jsonb))
""")


async def record_action(
    connection: AsyncConnection,
    actor: UUID | None,
    action: str,
    about: tuple[str, str],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Write an action down in the caller's transaction. `about`: kind and name of what it is done to.

    `before` and `after` hold no secret.
    """
    kind, name = about
    values = {
        "actor": actor, "action": action, "kind": kind, "object": name,
        "before": None if before is None else to_json(before).decode(),
        "after": None if after is None else to_json(after).decode(),
    }  # fmt: skip
    await connection.execute(_RECORD, values)
