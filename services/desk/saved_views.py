"""Saved views: a list with its filters under a name, for oneself or for a department."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.driver import all_rows
from models.base import Code, Frozen, Line, Text
from models.context import Person
from models.errors import NoSuchPage, OutsideYourDepartments, TooManyViews
from models.ids import new_id
from rules.scope import in_force

#: How many views a person may keep (our choice): the cases of each are counted whenever the list is opened.
MAX_VIEWS = 20


class SavedView(Frozen):
    """A saved view. `query` is the query string of the list's address. `mine`: the reader may remove it."""

    id: UUID
    name: str
    query: str
    shared_with: str | None
    mine: bool


class NewView(Frozen):
    """A view to save; `shared_with` is a department of the owner's, whose people see it too."""

    name: Annotated[Line, StringConstraints(min_length=1, max_length=40)]
    query: Annotated[Text, StringConstraints(max_length=1_000)]
    shared_with: Code | None = None


_VISIBLE = """
SELECT id, name, query, shared_with, owner = %(me)s FROM saved_views
WHERE owner = %(me)s OR shared_with = ANY (%(departments)s::text[])
ORDER BY owner <> %(me)s, created_at LIMIT %(most)s
"""
_INSERT = text("""
INSERT INTO saved_views (id, owner, shared_with, name, query, created_at)
VALUES (:id, :me, :shared_with, :name, :query, :now)
""")


async def list_saved_views(connection: AsyncConnection, person: Person, now: datetime) -> tuple[SavedView, ...]:
    """Return the person's own views, the oldest first, then those that their departments share."""
    parameters = {"me": person.id, "departments": await departments_of(connection, person, now), "most": 2 * MAX_VIEWS}
    return tuple(
        SavedView(id=id_, name=name, query=query, shared_with=shared_with, mine=mine)
        for id_, name, query, shared_with, mine in await all_rows(connection, _VISIBLE, parameters)
    )


async def save_view(connection: AsyncConnection, person: Person, view: NewView, now: datetime) -> UUID:
    """Save a view. Raises TooManyViews, and OutsideYourDepartments for a department that is not the person's own."""
    if view.shared_with and view.shared_with not in await departments_of(connection, person, now):
        raise OutsideYourDepartments(department=view.shared_with, pointer="/shared_with")
    count = await connection.scalar(text("SELECT count(*) FROM saved_views WHERE owner = :me"), {"me": person.id})
    if (count or 0) >= MAX_VIEWS:
        raise TooManyViews(most=MAX_VIEWS)
    id_ = new_id()
    await connection.execute(_INSERT, {"id": id_, "me": person.id, "now": now, **view.model_dump()})
    return id_


async def remove_view(connection: AsyncConnection, person: Person, id_: UUID) -> None:
    """Remove one of the person's own views. Raises NoSuchPage for any other."""
    deleted = await connection.execute(
        text("DELETE FROM saved_views WHERE id = :id AND owner = :me"), {"id": id_, "me": person.id}
    )
    if not deleted.rowcount:
        raise NoSuchPage(what=str(id_))


async def departments_of(connection: AsyncConnection, person: Person, now: datetime) -> list[str]:
    """Return the departments that the person acts for today."""
    day = await local_day(connection, now)
    return sorted({grant.department for grant in in_force(person, day) if grant.department})
