"""Write the workbook of an export: rows on the first sheet; filters, time and rule version on the second."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.context import Person
from models.errors import TooLongToWaitFor
from models.jobs.export import ExportKind
from models.views import CaseItem
from services.cases.lists import find_items, stream_cases
from services.directory.people import name_of
from services.exports.case_rows import case_header, case_row
from services.exports.request import MAX_DIRECT_ROWS, ExportRequest, count_rows, tab_condition
from services.figures.viewpoint import read_viewpoint
from services.files.workbook import CellValue, Sheets
from services.supervision.board import read_board
from services.supervision.overdue import stream_overdue
from services.supervision.overview import board_rates, departments_by_light
from services.supervision.ranking import ranking_period, read_ranking
from services.supervision.sheets import (
    add_board,
    add_departments,
    add_ranking,
    add_rates,
    localized,
    overdue_header,
    overdue_row,
)

#: Called with the number of rows written; raises to stop.
Progress = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Written:
    """A workbook in parts; the number of rows of its list, and the policy version in force."""

    pieces: Iterator[bytes]
    rows: int
    policy_version: int


async def _ignore_progress(_: int) -> None:
    """The progress callback of a caller who waits for the whole."""


@dataclass(frozen=True)
class Writer:
    """Writes for one person, as of one moment, on a connection whose transaction sees one state of the database."""

    connection: AsyncConnection
    person: Person
    request: ExportRequest
    now: datetime
    language: str
    progress: Progress = _ignore_progress

    async def write(self) -> Written:
        """Write the workbook. Raises NotYours, NoSuchPage and BadFilter, as the list itself; and what `progress`
        raises.
        """
        version = await newest_version(self.connection)
        zone = ZoneInfo((await policy_version(self.connection, version)).zone)
        sheets = Sheets(zone)
        try:
            if self.request.kind is ExportKind.BOARD:
                rows = await self._board(sheets, version)
            else:
                title, header, chunks = await self._list()
                rows = await self._rows(sheets, title, header, chunks)
                await self._about(sheets, rows, version)
        except BaseException:
            sheets.drop()
            raise
        return Written(await asyncio.to_thread(sheets.file), rows, version)

    async def _list(self) -> tuple[str, list[str], AsyncIterator[list[list[CellValue]]]]:
        if self.request.kind is ExportKind.OVERDUE:
            return self._localized("超期", "Overdue"), overdue_header(self.language), self._overdue()
        return self._localized("案件", "Cases"), case_header(self.language), self._cases()

    async def _cases(self) -> AsyncIterator[list[list[CellValue]]]:
        case_filter, language = self.request.case_filter, self.language
        extra = await tab_condition(self.connection, self.person, self.request, self.now)
        if self.request.only:
            items = await find_items(
                self.connection, self.person, self.request.only, case_filter, self.now, language, extra
            )  # fmt: skip
            yield [case_row(item, language) for item in items]
            return
        stream = stream_cases(self.connection, self.person, case_filter, self.now, language, extra)
        async with aclosing(stream):
            async for items in stream:
                yield await asyncio.to_thread(_case_rows, items, language)

    async def _overdue(self) -> AsyncIterator[list[list[CellValue]]]:
        viewpoint = await read_viewpoint(self.connection, self.person, self.now, self.language)
        stream = stream_overdue(self.connection, viewpoint, self.request.overdue_filter)
        async with aclosing(stream):
            async for items in stream:
                yield [overdue_row(item, self.language) for item in items]

    async def _board(self, sheets: Sheets, version: int) -> int:
        """Write board, description, overdue list, ranking, departments and rates, all of the same moment."""
        viewpoint = await read_viewpoint(self.connection, self.person, self.now, self.language)
        ranking_filter = self.request.ranking_filter
        add_board(sheets, await read_board(self.connection, viewpoint, ranking_filter.grid), self.language)
        ranking = await read_ranking(self.connection, viewpoint, ranking_filter)
        await self._about(sheets, None, version)
        title, header = self._localized("超期", "Overdue"), overdue_header(self.language)
        rows = await self._rows(sheets, title, header, self._overdue())
        add_ranking(sheets, ranking, self.language)
        add_departments(
            sheets, await departments_by_light(self.connection, viewpoint, ranking_filter.grid), self.language
        )
        add_rates(
            sheets,
            await board_rates(
                self.connection, viewpoint, ranking_filter.grid, ranking_period(viewpoint, ranking_filter)
            ),
            self.language,
        )
        return rows

    async def _rows(
        self, sheets: Sheets, title: str, header: Sequence[str], chunks: AsyncIterator[list[list[CellValue]]]
    ) -> int:
        count = 0
        sheet = sheets.begin(title, header)
        async for rows in chunks:
            await asyncio.to_thread(sheet.extend, rows)
            count += len(rows)
            await self.progress(count)
        return count

    async def _about(self, sheets: Sheets, rows: int | None, version: int) -> None:
        about: list[list[CellValue]] = [
            [self._localized("导出时间", "Made at"), self.now],
            [self._localized("导出人", "Made by"), await name_of(self.connection, self.person.id)],
            [self._localized("规则版本", "Rule version"), str(version)],
        ]
        if rows is not None:
            about.append([self._localized("行数", "Rows"), str(rows)])
        about += [[name, value] for name, value in self.request.told]
        sheets.add(
            self._localized("筛选条件", "Filters"),
            [self._localized("条件", "Filter"), self._localized("取值", "Value")],
            about,
        )

    def _localized(self, zh: str, en: str) -> str:
        return localized(self.language, zh, en)


def _case_rows(items: Sequence[CaseItem], language: str) -> list[list[CellValue]]:
    return [case_row(item, language) for item in items]


async def write_now(
    connection: AsyncConnection, person: Person, request: ExportRequest, now: datetime, language: str
) -> Written:
    """Write the workbook of a short list while a person waits. Raises TooLongToWaitFor, and what the list itself
    refuses.
    """
    count = await count_rows(connection, person, request, now)
    if count > MAX_DIRECT_ROWS:
        raise TooLongToWaitFor(count=count, most=MAX_DIRECT_ROWS)
    return await Writer(connection, person, request, now, language).write()
