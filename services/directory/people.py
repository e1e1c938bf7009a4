"""Look up colleagues, departments and categories."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.driver import all_rows
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.context import Person
from models.policy.document import Category, Policy
from rules.deadlines.standards import openings
from services.criteria.cursors import cursor_after, read_cursor
from services.directory.scope import people_scope
from services.directory.views import (
    CategoryList,
    CategoryView,
    ConditionView,
    DepartmentList,
    DepartmentView,
    GroupView,
    PersonPage,
    PersonView,
)

_ZONE = ZoneInfo(str(Policy.model_fields["zone"].default))

#: Escapes the wildcards of LIKE.
_LITERAL, _ESCAPED = re.compile(r"([\\%_])"), r"\\\1"

_DEPARTMENTS = """
    SELECT d.id, d.name_zh, d.name_en, EXISTS (SELECT 1 FROM grants g WHERE g.department = d.id AND g.role = 'helper')
    FROM departments d WHERE d.active ORDER BY d.id
"""
_PEOPLE = text("""
SELECT p.id, p.username, p.name, coalesce(
    (SELECT json_agg(json_build_object('role', g.role, 'grid', g.grid, 'department', g.department)
                     ORDER BY g.role, g.grid, g.department)
     FROM grants g WHERE g.person = p.id AND g.since <= :day AND (g.until IS NULL OR g.until >= :day)),
    '[]'::json) AS roles
FROM people p
WHERE p.active AND p.username > :after
  AND (p.name ILIKE :like OR p.username ILIKE :like)
  AND (CAST(:among AS uuid[]) IS NULL OR p.id = ANY (CAST(:among AS uuid[])))
  AND (:everybody OR p.id = :me OR EXISTS (
    SELECT 1 FROM grants g LEFT JOIN grid_units u ON u.code = g.grid
    WHERE g.person = p.id AND g.since <= :day AND (g.until IS NULL OR g.until >= :day)
      AND (u.path <@ CAST(:roots AS ltree[]) OR g.department = ANY (CAST(:departments AS text[])))))
ORDER BY p.username LIMIT :most
""")


async def local_today(connection: AsyncConnection, now: datetime) -> date:
    """Return the date at `now` in the zone of the newest policy; in the default zone while none is published."""
    try:
        day: date = await local_day(connection, now)
    except NoPolicy:
        return now.astimezone(_ZONE).date()
    return day


async def local_zone(connection: AsyncConnection) -> ZoneInfo:
    """Return the zone of the newest policy; the default zone while none is published."""
    try:
        return ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    except NoPolicy:
        return _ZONE


async def name_of(connection: AsyncConnection, person: UUID) -> str:
    """Return the person's name; empty for a person that does not exist."""
    return str(await connection.scalar(text("SELECT name FROM people WHERE id = :id"), {"id": person}) or "")


async def names_of(connection: AsyncConnection, people: Sequence[UUID]) -> tuple[str, ...]:
    """Return the names of these people, in the order given; a person that does not exist is left out."""
    if not people:
        return ()
    statement = text("SELECT id, name FROM people WHERE id = ANY (:ids)")
    rows = await connection.execute(statement, {"ids": list(people)})
    names: dict[UUID, str] = {row.id: row.name for row in rows}
    return tuple(names[person] for person in people if person in names)


async def names_by_username(connection: AsyncConnection, usernames: Iterable[str]) -> dict[str, str]:
    """Return the names of people by their user names, including people who have left."""
    statement = text("SELECT username, name FROM people WHERE username = ANY (:usernames)")
    rows = await connection.execute(statement, {"usernames": sorted(usernames)})
    return dict(rows.all())


async def unit_names(connection: AsyncConnection, codes: Iterable[str]) -> dict[str, str]:
    """Return the names of grid units by their codes, including retired ones."""
    statement = text("SELECT code, name FROM grid_units WHERE code = ANY (:codes)")
    rows = await connection.execute(statement, {"codes": sorted(codes)})
    return dict(rows.all())


async def department_names(connection: AsyncConnection, codes: Iterable[str], language: str) -> dict[str, str]:
    """Return the names of departments by their codes, including those out of use."""
    name = "name_en" if language.startswith("en") else "name_zh"
    statement = text(f"SELECT id, {name} FROM departments WHERE id = ANY (:codes)")  # noqa: S608 only names of our own code are put in, values are parameters
    rows = await connection.execute(statement, {"codes": sorted(codes)})
    return dict(rows.all())


async def list_people(
    connection: AsyncConnection,
    person: Person,
    now: datetime,
    *,
    limit: int,
    cursor: str | None = None,
    query: str = "",
    among: Sequence[UUID] | None = None,
) -> PersonPage:
    """Return the colleagues whom `person` may look up, by user name, with the roles they hold today; always themselves.

    `query` narrows to names or user names that contain it; `among` to these people. Raises BadFilter for an invalid
    cursor.
    """
    day = await local_today(connection, now)
    scope = await people_scope(connection, person, day)
    rows = (
        await connection.execute(
            _PEOPLE,
            {
                "day": day,
                "after": "" if cursor is None else read_cursor("people", cursor, 1)[0],
                "everybody": scope.everybody,
                "me": person.id,
                "roots": list(scope.roots),
                "departments": list(scope.departments),
                "most": limit + 1,
                "like": f"%{_LITERAL.sub(_ESCAPED, query)}%",
                "among": None if among is None else list(among),
            },
        )
    ).all()
    items = tuple(PersonView.model_validate(dict(row._mapping)) for row in rows[:limit])
    more = len(rows) > limit
    return PersonPage(items=items, next_cursor=cursor_after("people", items[-1].username) if more else None)


async def list_departments(connection: AsyncConnection) -> DepartmentList:
    """Return the departments in use."""
    rows = await all_rows(connection, _DEPARTMENTS, {})
    return DepartmentList(
        items=tuple(DepartmentView(id=id_, name_zh=zh, name_en=en, help_group=helps) for id_, zh, en, helps in rows)
    )


async def list_categories(connection: AsyncConnection) -> CategoryList:
    """Return what can be reported under the newest policy, in its order. Raises NoPolicy."""
    version = await newest_version(connection)
    key = (str(connection.engine.url), version)
    if key not in _category_lists:
        _category_lists[key] = _categories(await policy_version(connection, version), version)
    return _category_lists[key]


#: By database and version; entries never expire, because a published policy never changes.
_category_lists: dict[tuple[str, int], CategoryList] = {}


def _categories(policy: Policy, version: int) -> CategoryList:
    categories = [_category(policy, category) for category in policy.categories]
    groups = tuple(
        GroupView(**dict(group), categories=tuple(c for c in categories if c.group == group.code))
        for group in policy.groups
    )
    return CategoryList(
        policy_version=version,
        answers_required=policy.answers_required,
        everyday_words=policy.everyday_words,
        groups=groups,
    )


def _category(policy: Policy, category: Category) -> CategoryView:
    conditions = tuple(
        ConditionView(
            **condition.model_dump(exclude={"standard"}),
            **{name: getattr(standard, name) for name in ("accept", "dispatch", "handle", "review", "whole", "ladder")},
        )
        for condition, standard in openings(policy, category)
    )
    shown = {name: getattr(category, name) for name in CategoryView.model_fields if name != "conditions"}
    return CategoryView(**shown, conditions=conditions)
