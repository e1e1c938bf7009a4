"""The first page of a tab of the desk, which is opened often: its statement is built once a day and cached."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import CACHE_SIZE, visible
from models.context import Person
from models.views import CasePage
from services.cases.filter import CaseFilter, Sort
from services.cases.lists import build_page, page_statement
from services.criteria.conditions import NOW
from services.desk.tabs import DeskTab, on_tab


async def first_page(
    connection: AsyncConnection, person: Person, tab: DeskTab, case_filter: CaseFilter, now: datetime, language: str
) -> CasePage:
    """Return what `list_cases` returns for the whole tab; of `case_filter` only the order and the limit apply."""
    day = await local_day(connection, now)
    rows = (
        await connection.execute(_statement(tab, person, day, case_filter.sort, case_filter.limit), {"now": now})
    ).all()
    return await build_page(connection, rows, case_filter, rows[0].total if rows else 0, now, language)


@lru_cache(maxsize=CACHE_SIZE)
def _statement(tab: DeskTab, person: Person, day: date, sort: Sort, limit: int) -> Select[Any]:
    condition = and_(visible(person, day), on_tab(tab, person, day, NOW))
    return page_statement(condition, CaseFilter(sort=sort, limit=limit), count=True)
