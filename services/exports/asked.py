"""What an export is made of: the items of its list, for one person, as of one moment."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, true
from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from models.tables import CASES
from models.views import CaseItem
from services.cases.lists import stream_cases
from services.cases.placed import Placed
from services.exports.request import ExportRequest, tab_condition
from services.figures.viewpoint import Viewpoint, read_viewpoint
from services.figures.views import OverdueItem
from services.supervision.overdue import stream_overdue

#: Called with the number of rows written; raises to stop.
Progress = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Written:
    """A file in parts; the number of rows of its list, the policy version in force, and its bytes where known."""

    pieces: Iterator[bytes]
    rows: int
    policy_version: int
    size: int | None = None


async def ignore_progress(_: int) -> None:
    """The progress callback of a caller who waits for the whole."""


@dataclass(frozen=True)
class Asked:
    """An export for one person, on a connection whose transaction sees one state of the database."""

    connection: AsyncConnection
    person: Person
    request: ExportRequest
    now: datetime
    language: str

    async def cases(self) -> AsyncIterator[Sequence[Placed[CaseItem]]]:
        """Yield the cases of the list in batches. Raises BadFilter and NotYours, as the list itself."""
        extra = await tab_condition(self.connection, self.person, self.request, self.now)
        if self.request.only:
            extra = and_(true() if extra is None else extra, CASES.c.case_no.in_(self.request.only))
        stream = stream_cases(
            self.connection, self.person, self.request.case_filter, self.now, self.language, extra
        )  # fmt: skip
        async with aclosing(stream):
            async for items in stream:
                yield items

    async def overdue(self) -> AsyncIterator[Sequence[Placed[OverdueItem]]]:
        """Yield the overdue cases in batches. Raises NotYours and NoSuchPage, as the list itself."""
        stream = stream_overdue(self.connection, await self.viewpoint(), self.request.overdue_filter)
        async with aclosing(stream):
            async for items in stream:
                yield items

    async def viewpoint(self) -> Viewpoint:
        """Return the person's viewpoint. Raises NotYours for roles that read no figures."""
        return await read_viewpoint(self.connection, self.person, self.now, self.language)
