"""What people set for themselves, kept with their account: they find it wherever they sign in."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen
from models.context import Person
from rules.quiet_hours import QuietHours

#: The columns of lists that may be hidden, in their order. Number, title and time left are always there.
COLUMNS = ("category", "grid", "source", "stage", "owner", "level", "round", "updated")
_USUAL = ("category", "grid", "source", "stage", "owner", "level", "updated")
_KEEP = text("""
INSERT INTO person_settings (person, content, updated_at) VALUES (:me, CAST(:content AS jsonb), :now)
ON CONFLICT (person) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
""")

_NAME_AND_SETTINGS = text("""
SELECT p.name, s.content FROM people p LEFT JOIN person_settings s ON s.person = p.id WHERE p.id = :me
""")


class PersonSettings(Frozen):
    """`columns`: which columns lists show; `home`: the tab that the queue opens with (empty: the first).

    `quiet`: the hours in which notices that can wait do not call; None: none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # what an older version kept does no harm

    columns: Annotated[tuple[str, ...], Field(max_length=len(COLUMNS))] = _USUAL
    home: Annotated[str, Field(max_length=40)] = ""
    quiet: QuietHours | None = None


async def read_settings(connection: AsyncConnection, person: Person) -> PersonSettings:
    """What the person has set, or the usual."""
    asked = text("SELECT content FROM person_settings WHERE person = :me")
    return _settings(await connection.scalar(asked, {"me": person.id}))


async def name_and_settings(connection: AsyncConnection, person: Person) -> tuple[str, PersonSettings]:
    """The person's name (empty when there is none any more), and what they have set."""
    row = (await connection.execute(_NAME_AND_SETTINGS, {"me": person.id})).one_or_none()
    return ("", PersonSettings()) if row is None else (row.name, _settings(row.content))


def _settings(content: object) -> PersonSettings:
    try:
        return PersonSettings.model_validate(content or {})
    except ValidationError:
        return PersonSettings()


async def save_settings(connection: AsyncConnection, person: Person, wanted: PersonSettings, now: datetime) -> None:
    """Keeps them; columns that do not exist are left out, and the order is always the same."""
    kept = wanted.model_copy(update={"columns": tuple(name for name in COLUMNS if name in wanted.columns)})
    await connection.execute(_KEEP, {"me": person.id, "content": kept.model_dump_json(), "now": now})
