"""The board as it was at an earlier moment, for who may see the cases both as they were then and as they are."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import snapshot_connection
from infra.store.past import put_past_before
from models.context import Person
from services.cases.past import check_past
from services.figures.viewpoint import read_viewpoint
from services.figures.views import Board
from services.supervision.board import read_board


async def read_past_board(
    engine: AsyncEngine, person: Person, moment: datetime, now: datetime, language: str, grid: str | None
) -> Board:
    """Return the board as `moment` showed it; roles, units and names are those of today.

    Its numbers open no lists, for lists show cases as they are, and vacancies are not kept. Raises NotYet for a moment
    to come, NotYours for roles that read no figures, and NoSuchPage for a unit out of scope.
    """
    check_past(moment, now)
    async with snapshot_connection(engine) as connection:
        present = await read_viewpoint(connection, person, now, language)
        past = replace(present, now=moment, scope_day=present.day)
        await put_past_before(connection, moment, past.today.since, present.cases_in())
        return await read_board(connection, past, grid, past=True)
