"""The first page of a tab of the desk, which is opened again and again: its statement is put together once a day."""

from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.spelled import Spelled, ask, spell
from infra.store.world import local_day
from models.context import Person
from models.views import CasePage
from services.conditions import NOW
from services.desk_tabs import DeskTab, on_tab
from services.queries import CaseFilter, Sort, page_of_rows, page_statement
from services.scope import KEPT, visible


async def first_page(
    connection: AsyncConnection, person: Person, tab: DeskTab, wanted: CaseFilter, now: datetime, language: str
) -> CasePage:
    """What `queries.list_cases` answers for all of the tab; of `wanted` only the order and the limit count."""
    day = await local_day(connection, now)
    rows = await ask(connection, _statement(tab, person, day, wanted.sort, wanted.limit), now=now)
    return await page_of_rows(connection, rows, wanted, rows[0].total if rows else 0, now, language)


@lru_cache(maxsize=KEPT)
def _statement(tab: DeskTab, person: Person, day: date, sort: Sort, limit: int) -> Spelled:
    fits = and_(visible(person, day), on_tab(tab, person, day, NOW))
    return spell(page_statement(fits, CaseFilter(sort=sort, limit=limit), count=True))
