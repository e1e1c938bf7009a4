"""What the intake desk shows of possible duplicates beside the reported case: words and a photo."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.scope import visible
from models.base import Frozen
from models.context import Person
from models.personal_numbers import mask_numbers
from models.tables import CASES
from services.cases.first_photos import read_first_photos


class Compared(Frozen):
    """The description of a case, and the hash of its first photo; None without one."""

    description: str
    photo: str | None


async def read_compared(
    connection: AsyncConnection, person: Person, case_nos: Sequence[str], now: datetime
) -> dict[str, Compared]:
    """Return the words and the first photo of each of the cases that `person` may see, by case number."""
    if not case_nos:
        return {}
    c = CASES.c
    day = await local_day(connection, now)
    statement = select(c.case_no, c.description).where(c.case_no.in_(case_nos), visible(person, day))
    rows = (await connection.execute(statement)).all()
    photos = await read_first_photos(connection, [row.case_no for row in rows])
    return {
        row.case_no: Compared(description=mask_numbers(row.description), photo=photos.get(row.case_no)) for row in rows
    }
