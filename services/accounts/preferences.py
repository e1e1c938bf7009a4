"""Preferences of people, stored with their account, so that they apply wherever they sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import first_row
from models.base import STORED, Frozen
from models.context import Grant, Person
from models.quiet_hours import QuietHours

#: The columns of lists that may be hidden, in their order. Number, title and time left are always shown.
COLUMNS = ("category", "answers", "grid", "source", "stage", "owner", "level", "round", "updated")
_DEFAULT = ("category", "grid", "source", "stage", "owner", "level", "updated")
_UPSERT = text("""
INSERT INTO person_settings (person, content, updated_at) VALUES (:me, CAST(:content AS jsonb), :now)
ON CONFLICT (person) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at
""")

#: A grant without department or unit holds for every park.
_ACTS_FOR = """
SELECT array_agg(name ORDER BY level, code) FROM grid_units
WHERE code = ANY (%(units)s::text[]) OR (%(everywhere)s AND parent IS NULL AND retired_on IS NULL)
"""
_READER = f"""
SELECT p.name, s.content, ({_ACTS_FOR}) AS units,
  (SELECT array_agg(CASE WHEN %(english)s THEN name_en ELSE name_zh END ORDER BY id) FROM departments
   WHERE id = ANY (%(departments)s::text[])) AS departments
FROM people p LEFT JOIN person_settings s ON s.person = p.id WHERE p.id = %(me)s
"""  # noqa: S608 only names of our own code are put in, values are parameters


class PersonSettings(Frozen):
    """A person's settings. `columns`: the columns of lists; `home`: the tab the queue opens with (empty: the first).

    `quiet`: the hours in which notices that can wait do not alert; None: no such hours.
    """

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore"
    )  # settings stored by an older version are ignored

    columns: Annotated[tuple[str, ...], Field(max_length=len(COLUMNS))] = _DEFAULT
    home: Annotated[str, Field(max_length=40)] = ""
    quiet: QuietHours | None = None


async def read_settings(connection: AsyncConnection, person: Person) -> PersonSettings:
    """Return the person's settings, or the defaults."""
    statement = text("SELECT content FROM person_settings WHERE person = :me")
    return _settings(await connection.scalar(statement, {"me": person.id}))


@dataclass(frozen=True)
class ReaderDetails:
    """The name of a reader (empty if they do not exist), their settings, and the names of what they act for.

    `acts_for`: for a role in a department, the department; else the unit, else every park.
    """

    name: str
    settings: PersonSettings
    acts_for: tuple[str, ...]


async def read_details(
    connection: AsyncConnection, person: Person, grants: Sequence[Grant], language: str
) -> ReaderDetails:
    """Return the details of a page's reader, who acts by `grants`."""
    by_unit = [grant for grant in grants if grant.department is None]
    parameters = {
        "me": person.id,
        "units": sorted({grant.grid for grant in by_unit if grant.grid is not None}),
        "everywhere": any(grant.grid is None for grant in by_unit),
        "departments": sorted({grant.department for grant in grants if grant.department is not None}),
        "english": language == "en",
    }
    row = await first_row(connection, _READER, parameters)
    if row is None:
        return ReaderDetails("", PersonSettings(), ())
    name, content, units, departments = row
    return ReaderDetails(name, _settings(content), (*(departments or ()), *(units or ())))


def _settings(content: object) -> PersonSettings:
    try:
        return PersonSettings.model_validate(content or {}, context=STORED)
    except ValidationError:
        return PersonSettings()


async def save_settings(connection: AsyncConnection, person: Person, settings: PersonSettings, now: datetime) -> None:
    """Store the settings; columns that do not exist are left out, and the order is always the same."""
    stored = settings.model_copy(update={"columns": tuple(name for name in COLUMNS if name in settings.columns)})
    await connection.execute(_UPSERT, {"me": person.id, "content": stored.model_dump_json(), "now": now})
