"""The photo by which a case is known in a list: the first of its attachments that a page can show."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import filter_pictures
from models.tables import CASES


async def read_first_photos(connection: AsyncConnection, case_nos: Sequence[str]) -> dict[str, str]:
    """Return the hash of the first photo by case number, for those of the cases that have one.

    Applies no scope rule: only for cases that the reader has been shown to see.
    """
    if not case_nos:
        return {}
    c = CASES.c
    statement = select(c.case_no, c.state["attachments"].label("attachments")).where(c.case_no.in_(case_nos))
    attached = {row.case_no: row.attachments or () for row in await connection.execute(statement)}
    hashes = [sha256 for given in attached.values() for sha256 in given]
    pictures = set(await filter_pictures(connection, hashes)) if hashes else set()
    first = {case_no: next((one for one in given if one in pictures), None) for case_no, given in attached.items()}
    return {case_no: photo for case_no, photo in first.items() if photo is not None}
