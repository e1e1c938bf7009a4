"""Saved views: a list with its filters under a name, for oneself or for a department."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.driver import all_rows
from models.base import Code, Frozen, Text
from models.context import Person
from models.errors import NoSuchPage, OutsideYourDepartments, TooManyViews
from models.ids import new_id
from rules.scope import in_force

#: How many views somebody may keep (our choice): each is counted whenever the list is opened.
MOST = 20


class SavedView(Frozen):
    """`query` is what the list's address has after the question mark. `mine`: it may be removed by the reader."""

    id: UUID
    name: str
    query: str
    shared_with: str | None
    mine: bool


class NewView(Frozen):
    """A view to be kept; `shared_with` is a department of the owner's, whose people see it too."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=40)]
    query: Annotated[Text, StringConstraints(max_length=1_000)]
    shared_with: Code | None = None


_SEEN = """
SELECT id, name, query, shared_with, owner = %(me)s FROM saved_views
WHERE owner = %(me)s OR shared_with = ANY (%(departments)s::text[])
ORDER BY owner <> %(me)s, created_at LIMIT %(most)s
"""
_KEEP = text("""
INSERT INTO saved_views (id, owner, shared_with, name, query, created_at)
VALUES (:id, :me, :shared_with, :name, :query, :now)
""")


async def saved_views(connection: AsyncConnection, person: Person, now: datetime) -> tuple[SavedView, ...]:
    """The person's own views, the oldest first, then those that their departments share."""
    told = {"me": person.id, "departments": await departments_of(connection, person, now), "most": 2 * MOST}
    return tuple(
        SavedView(id=id_, name=name, query=query, shared_with=shared_with, mine=mine)
        for id_, name, query, shared_with, mine in await all_rows(connection, _SEEN, told)
    )


async def save_view(connection: AsyncConnection, person: Person, wanted: NewView, now: datetime) -> UUID:
    """Keeps a view. Raises TooManyViews, and OutsideYourDepartments for sharing with others than one's own."""
    if wanted.shared_with and wanted.shared_with not in await departments_of(connection, person, now):
        raise OutsideYourDepartments(department=wanted.shared_with, pointer="/shared_with")
    count = await connection.scalar(text("SELECT count(*) FROM saved_views WHERE owner = :me"), {"me": person.id})
    if (count or 0) >= MOST:
        raise TooManyViews(most=MOST)
    id_ = new_id()
    await connection.execute(_KEEP, {"id": id_, "me": person.id, "now": now, **wanted.model_dump()})
    return id_


async def remove_view(connection: AsyncConnection, person: Person, id_: UUID) -> None:
    """Removes a view of the person's own. Raises NoSuchPage for any other."""
    gone = await connection.execute(
        text("DELETE FROM saved_views WHERE id = :id AND owner = :me"), {"id": id_, "me": person.id}
    )
    if not gone.rowcount:
        raise NoSuchPage(what=str(id_))


async def departments_of(connection: AsyncConnection, person: Person, now: datetime) -> list[str]:
    """The departments that the person acts for today."""
    day = await local_day(connection, now)
    return sorted({grant.department for grant in in_force(person, day) if grant.department})
