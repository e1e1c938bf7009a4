"""The case that a person might go on with after an action: the most pressing one of what waits for them."""

from datetime import date, datetime

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from models.tables import CASES
from models.views import CaseItem
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.desk.tabs import DeskTab, on_tab, tabs_of

#: The tabs in which the next case is looked for: what one has begun before what nobody has claimed.
_ORDER = (
    DeskTab.ACCEPTING, DeskTab.DISPATCHING, DeskTab.REVIEWING, DeskTab.DOING, DeskTab.DECIDING, DeskTab.URGED,
    DeskTab.HELPING, DeskTab.RETURNING, DeskTab.UNCLAIMED, DeskTab.OVERSEEN,
)  # fmt: skip


async def next_case(
    connection: AsyncConnection, person: Person, day: date, now: datetime, language: str, *, excluding: str
) -> CaseItem | None:
    """Return the case with the nearest deadline in the first of the person's tabs that has another, if any has."""
    mine = tabs_of(person, day)
    filters = CaseFilter(sort="due_at", limit=1)
    for tab in (one for one in _ORDER if one in mine):
        condition = and_(on_tab(tab, person, day, now), CASES.c.case_no != excluding)
        found = await list_cases(connection, person, filters, now, language, condition)
        if found.items:
            return found.items[0]
    return None
