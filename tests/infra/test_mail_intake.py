"""Who is told of what facts leave for mailboxes: roles and absences count by the local day."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.store.mail.intake import give_out
from models.ids import new_id
from tests.builders import LABOUR, PARK, person_id, small_park

#: One hour after midnight of 2 December in Shanghai, which is still the first in UTC.
NIGHT = datetime(2026, 12, 1, 17, tzinfo=UTC)
_ADDRESS = """
    INSERT INTO mail_addresses (id, person, channel, hint, rank, created_at, verified_at, tries)
    VALUES (:id, :person, 'mail', 'x', 1, :at, :at, 0)
"""
_ENTRY = """
    INSERT INTO mail_intake (receiver_kind, receiver, origin_kind, origin_id, seq, at, place, path, detail)
    VALUES ('department', :receiver, 'case', :id, 1, :at, :place, :path, CAST('{"mode": "act"}' AS jsonb))
"""


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ({"since": date(2026, 12, 2), "until": None}, True),
        ({"since": date(2026, 12, 3), "until": None}, False),
        ({"since": date(2026, 1, 1), "until": date(2026, 12, 2)}, True),
        ({"since": date(2026, 1, 1), "until": date(2026, 12, 1)}, False),
    ],
)
async def test_a_role_counts_by_the_local_day(engine: AsyncEngine, role: dict[str, Any], told: bool) -> None:
    await small_park(engine)
    person = person_id("labour_handler")
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE grants SET since = :since, until = :until WHERE person = :p"), {**role, "p": person}
        )
        await connection.execute(text(_ADDRESS), {"id": new_id(), "person": person, "at": NIGHT})
        await connection.execute(
            text(_ENTRY), {"id": new_id(), "receiver": LABOUR, "at": NIGHT, "place": PARK, "path": [PARK]}
        )
        assert await give_out(connection) == 1
        found = (await connection.execute(text("SELECT person FROM mail_items"))).scalars().all()
    assert found == [person] * told
