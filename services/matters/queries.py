"""Read matters under the scope rule: one, its timeline, a page of a list."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.matters import visible_matters
from infra.store.matters.rows import as_facts, read_state, read_stored_facts
from models.context import Person
from models.errors import NoSuchMatter
from models.matters.base import Matter, MatterKind
from models.tables import MATTERS
from models.text import clean_code, escape_controls, find_control
from rules.matters.kind import MatterRules
from rules.matters.registry import RULES
from services.cases.names import Names, read_names_by_id
from services.criteria.cursors import cursor_after, read_cursor, read_time_cursor, time_cursor
from services.matters.case_numbers import numbers_in, readable_cases, sees_all_numbers
from services.matters.filter import MatterFilter, matter_conditions
from services.matters.views import (
    MatterFactView,
    MatterPage,
    MatterView,
    called_parts,
    fact_view,
    matter_item,
    matter_view,
    parts_of,
)

#: How many facts of one matter are returned at once.
MOST_FACTS = 1_000
#: Later than any deadline, and still a datetime that Python can represent.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


async def find_matter(
    connection: AsyncConnection, person: Person, kind: MatterKind, code: str, now: datetime
) -> tuple[MatterRules, Matter]:
    """Return a matter that `person` may see. Raises NoSuchMatter, whether it is hidden or does not exist."""
    rules = RULES[kind]
    cleaned = clean_code(code)
    if find_control(cleaned):
        raise no_such_matter(rules, escape_controls(code))
    day = await local_day(connection, now)
    visible = visible_matters(person, rules, day)
    state = await connection.scalar(select(MATTERS.c.state).where(MATTERS.c.code == cleaned, visible))
    if state is None:
        raise no_such_matter(rules, code)
    return rules, read_state(rules, state)


def no_such_matter(rules: MatterRules, code: str) -> NoSuchMatter:
    """Return the refusal of a code that nobody has, or that the reader may not see."""
    return NoSuchMatter(code=code[:80], kind_zh=rules.name_zh, kind_en=rules.name_en)


async def find_matter_by_id(connection: AsyncConnection, kind: MatterKind, id_: UUID) -> Matter | None:
    """Return the matter of that id, whoever asks; None when there is none."""
    rules = RULES[kind]
    state = await connection.scalar(select(MATTERS.c.state).where(MATTERS.c.id == id_, MATTERS.c.kind == kind))
    return None if state is None else read_state(rules, state)


async def get_matter(
    connection: AsyncConnection, person: Person, kind: MatterKind, code: str, now: datetime, language: str
) -> MatterView:
    """Return the matter as it stands. Raises NoSuchMatter."""
    rules, matter = await find_matter(connection, person, kind, code, now)
    return await build_matter_view(connection, person, rules, matter, now, language)


async def build_matter_view(
    connection: AsyncConnection, person: Person, rules: MatterRules, matter: Matter, now: datetime, language: str
) -> MatterView:
    """Return the view of a matter for `person`."""
    names = await _names(connection, [matter], language)
    day = await local_day(connection, now)
    readable = await readable_cases(connection, person, day, numbers_in(matter.model_dump(mode="json")))
    return matter_view(rules, matter, parts_of(person, rules, matter, day), names, readable)


async def get_matter_facts(
    connection: AsyncConnection,
    person: Person,
    kind: MatterKind,
    code: str,
    now: datetime,
    language: str,
    *,
    after: int = 0,
    limit: int = MOST_FACTS,
    latest: bool = False,
) -> tuple[MatterFactView, ...]:
    """Return the timeline of a matter, up to `limit` facts after the first `after` ones; `latest`: the last ones.

    A plan has thousands of facts a year. Raises NoSuchMatter.
    """
    rules, matter = await find_matter(connection, person, kind, code, now)
    first = max(after, matter.seq - limit) if latest else after
    facts = as_facts(rules, await read_stored_facts(connection, matter.id, first, limit))
    actors = {fact.actor.person for fact in facts if fact.actor.person is not None}
    names = await _names(connection, [matter], language, actors)
    day = await local_day(connection, now)
    found = parts_of(person, rules, matter, day)
    bodies = [] if sees_all_numbers(person, rules, found) else [fact.body.model_dump(mode="json") for fact in facts]
    readable = await readable_cases(connection, person, day, numbers_in(bodies))
    called = called_parts(matter, language)
    return tuple(fact_view(rules, fact, found, names, readable, called) for fact in facts)


async def list_matters(
    connection: AsyncConnection,
    person: Person,
    kind: MatterKind,
    wanted: MatterFilter,
    now: datetime,
    language: str,
    extra: Sequence[ColumnElement[bool]] = (),
) -> MatterPage:
    """Return one page of the matters that fit, and how many fit in all; `extra` narrows further.

    Raises BadFilter for an invalid cursor.
    """
    rules = RULES[kind]
    day = await local_day(connection, now)
    condition = and_(visible_matters(person, rules, day), *matter_conditions(wanted), *extra)
    total = await connection.scalar(select(func.count()).select_from(MATTERS).where(condition)) or 0
    key, descending = _sort_key(wanted)
    query = select(MATTERS.c.state, MATTERS.c.id, key.label("key")).where(condition)
    if wanted.cursor is not None:
        query = query.where(_beyond(wanted, kind, key, descending))
    ordering = (key.desc(), MATTERS.c.id.desc()) if descending else (key, MATTERS.c.id)
    rows = (await connection.execute(query.order_by(*ordering).limit(wanted.limit + 1))).all()
    page, more = rows[: wanted.limit], len(rows) > wanted.limit
    matters = [read_state(rules, row.state) for row in page]
    names = await _names(connection, matters, language)
    states = [row.state for row in page] if rules.open_to_staff else []
    readable = await readable_cases(connection, person, day, numbers_in(states))
    items = tuple(
        matter_item(rules, matter, parts_of(person, rules, matter, day), names, readable) for matter in matters
    )
    return MatterPage(items=items, next_cursor=_cursor(wanted, kind, page[-1]) if more else None, total=total)


async def count_matters(
    connection: AsyncConnection, person: Person, kind: MatterKind, now: datetime
) -> tuple[int, int]:
    """Return how many matters that go on the person sees, and how many of them are overdue."""
    condition = and_(
        visible_matters(person, RULES[kind], await local_day(connection, now)), MATTERS.c.ended_at.is_(None)
    )
    overdue = func.count().filter(MATTERS.c.overdue_at.is_not(None))
    row = (await connection.execute(select(func.count(), overdue).where(condition))).one()
    return int(row[0]), int(row[1])


def _sort_key(wanted: MatterFilter) -> tuple[ColumnElement[Any], bool]:
    name = wanted.sort.removeprefix("-")
    column: ColumnElement[Any] = MATTERS.c[name]
    return (func.coalesce(column, literal(_NEVER)) if name == "due_at" else column), wanted.sort.startswith("-")


def _cursor(wanted: MatterFilter, kind: MatterKind, last: Any) -> str:
    name = f"{kind} {wanted.sort}"
    return cursor_after(name, last.key, str(last.id)) if wanted.sort == "code" else time_cursor(name, last.key, last.id)


def _beyond(wanted: MatterFilter, kind: MatterKind, key: ColumnElement[Any], descending: bool) -> ColumnElement[bool]:
    name = f"{kind} {wanted.sort}"
    assert wanted.cursor is not None
    if wanted.sort == "code":  # codes are unique within a kind
        return key > read_cursor(name, wanted.cursor, 2)[0]
    last = tuple_(*map(literal, read_time_cursor(name, wanted.cursor)))
    row = tuple_(key, MATTERS.c.id)
    return row < last if descending else row > last


async def _names(
    connection: AsyncConnection, matters: Iterable[Matter], language: str, people: Iterable[UUID] = ()
) -> Names:
    units = {code for matter in matters for code in matter.grid_path}
    named = {str(person) for matter in matters for person in matter.people} | {str(person) for person in people}
    return await read_names_by_id(connection, units, named, language)
