"""Statements that are put together once and asked many times: kept in the words and values that the driver takes.

To put a page's statement together, and to find that it is known, takes SQLAlchemy longer than PostgreSQL to answer it.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.raw import all_rows

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Spelled:
    """A statement with its values; those that were left open (`bindparam(name, None)`) are given when it is asked."""

    text: str
    values: Mapping[str, object]
    row: Callable[..., Any]


def spell(statement: Select[*tuple[Any, ...]]) -> Spelled:
    """Puts `statement` into words. Its columns must have names that Python can say."""
    expanded = statement.compile(dialect=_DIALECT).construct_expanded_state()
    given = {
        name: value if (told := expanded.processors.get(name)) is None else told(value)
        for name, value in expanded.parameters.items()
    }
    row: Any = namedtuple("Row", list(statement.selected_columns.keys()))  # type: ignore[misc]  # known here alone
    return Spelled(expanded.statement, given, row._make)


async def ask(connection: AsyncConnection, spelled: Spelled, **given: object) -> list[Any]:
    """All rows, their columns by name. `given`: the values that were left open. Raises as `raw.all_rows`."""
    return [spelled.row(row) for row in await all_rows(connection, spelled.text, {**spelled.values, **given})]
