"""What people set for themselves, kept with their account: they find it wherever they sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import first_row
from models.base import Frozen
from models.context import Grant, Person
from rules.deadlines.quiet_hours import QuietHours

#: The columns of lists that may be hidden, in their order. Number, title and time left are always there.
COLUMNS = ("category", "grid", "source", "stage", "owner", "level", "round", "updated")
_USUAL = ("category", "grid", "source", "stage", "owner", "level", "updated")
_KEEP = text("""
INSERT INTO person_settings (person, content, updated_at) VALUES (:me, CAST(:content AS jsonb), :now)
ON CONFLICT (person) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
""")

#: A grant without department or unit is for every park there is.
_ACTS_FOR = """
SELECT array_agg(name ORDER BY level, code) FROM grid_units
WHERE code = ANY (%(units)s::text[]) OR (%(everywhere)s AND parent IS NULL AND retired_on IS NULL)
"""
_WHO = f"""
SELECT p.name, s.content, ({_ACTS_FOR}) AS units,
  (SELECT array_agg(CASE WHEN %(english)s THEN name_en ELSE name_zh END ORDER BY id) FROM departments
   WHERE id = ANY (%(departments)s::text[])) AS departments
FROM people p LEFT JOIN person_settings s ON s.person = p.id WHERE p.id = %(me)s
"""


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


@dataclass(frozen=True)
class Known:
    """Their name (empty when there is none any more), what they have set, and the names of the units and departments
    that they act for: of a role in a department, the department; else the unit, else every park."""

    name: str
    settings: PersonSettings
    acts_for: tuple[str, ...]


async def known_of(connection: AsyncConnection, person: Person, grants: Sequence[Grant], language: str) -> Known:
    """What every page tells of its reader, who acts by `grants`."""
    by_unit = [grant for grant in grants if grant.department is None]
    asked = {
        "me": person.id,
        "units": sorted({grant.grid for grant in by_unit if grant.grid is not None}),
        "everywhere": any(grant.grid is None for grant in by_unit),
        "departments": sorted({grant.department for grant in grants if grant.department is not None}),
        "english": language == "en",
    }
    row = await first_row(connection, _WHO, asked)
    if row is None:
        return Known("", PersonSettings(), ())
    name, content, units, departments = row
    return Known(name, _settings(content), (*(departments or ()), *(units or ())))


def _settings(content: object) -> PersonSettings:
    try:
        return PersonSettings.model_validate(content or {})
    except ValidationError:
        return PersonSettings()


async def save_settings(connection: AsyncConnection, person: Person, wanted: PersonSettings, now: datetime) -> None:
    """Keeps them; columns that do not exist are left out, and the order is always the same."""
    kept = wanted.model_copy(update={"columns": tuple(name for name in COLUMNS if name in wanted.columns)})
    await connection.execute(_KEEP, {"me": person.id, "content": kept.model_dump_json(), "now": now})
