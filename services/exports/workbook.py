"""Write the workbook of an export: rows on the first sheet; filters, time and rule version on the second."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from models.jobs.export import ExportKind
from services.cases.placed import Placed
from services.directory.people import name_of
from services.exports.answer_columns import AnswerColumns
from services.exports.asked import Asked, Progress, Written
from services.exports.case_rows import case_header, case_row
from services.files.workbook import CellValue, Sheets
from services.supervision.board import read_board
from services.supervision.overview import board_rates, departments_by_light
from services.supervision.ranking import RankingFilter, ranking_period, read_ranking
from services.supervision.sheets import (
    add_board,
    add_departments,
    add_ranking,
    add_rates,
    localized,
    overdue_header,
    overdue_row,
)


@dataclass(frozen=True)
class WorkbookWriter:
    """Writes a workbook. `version`: the policy in force; times are shown in `zone`."""

    asked: Asked
    progress: Progress
    version: int
    zone: ZoneInfo
    answers: AnswerColumns

    async def write(self) -> Written:
        """Write it. Raises as `services.exports.write.Writer`."""
        sheets = Sheets(self.zone)
        try:
            if self.asked.request.kind is ExportKind.BOARD:
                rows = await self._board(sheets)
            else:
                title, header, chunks = self._list()
                rows = await self._rows(sheets, title, header, chunks)
                await self._about(sheets, rows)
        except BaseException:
            sheets.drop()
            raise
        return Written(await asyncio.to_thread(sheets.file), rows, self.version)

    def _list(self) -> tuple[str, list[str], AsyncIterator[list[list[CellValue]]]]:
        language = self.asked.language
        if self.asked.request.kind is ExportKind.OVERDUE:
            return self._localized("超期", "Overdue"), self._overdue_header(), self._overdue()
        return self._localized("案件", "Cases"), [*case_header(language), *self.answers.header()], self._cases()

    async def _cases(self) -> AsyncIterator[list[list[CellValue]]]:
        async for items in self.asked.cases():
            yield await asyncio.to_thread(self._rows_of, case_row, items)

    async def _overdue(self) -> AsyncIterator[list[list[CellValue]]]:
        async for items in self.asked.overdue():
            yield self._rows_of(overdue_row, items)

    def _overdue_header(self) -> list[str]:
        return [*overdue_header(self.asked.language), *self.answers.header()]

    def _rows_of(
        self, cells: Callable[[Any, str], list[CellValue]], items: Sequence[Placed[Any]]
    ) -> list[list[CellValue]]:
        return [[*cells(one.item, self.asked.language), *self.answers.cells(one.answers)] for one in items]

    async def _board(self, sheets: Sheets) -> int:
        """Write board, description, overdue list, ranking, departments and rates, all of the same moment."""
        connection, language, ranking_filter = self.asked.connection, self.asked.language, self._ranking_filter
        viewpoint = await self.asked.viewpoint()
        add_board(sheets, await read_board(connection, viewpoint, ranking_filter.grid), language)
        ranking = await read_ranking(connection, viewpoint, ranking_filter)
        await self._about(sheets, None)
        rows = await self._rows(sheets, self._localized("超期", "Overdue"), self._overdue_header(), self._overdue())
        add_ranking(sheets, ranking, language)
        add_departments(sheets, await departments_by_light(connection, viewpoint, ranking_filter.grid), language)
        period = ranking_period(viewpoint, ranking_filter)
        add_rates(sheets, await board_rates(connection, viewpoint, ranking_filter.grid, period), language)
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

    async def _about(self, sheets: Sheets, rows: int | None) -> None:
        about: list[list[CellValue]] = [
            [self._localized("导出时间", "Made at"), self.asked.now],
            [self._localized("导出人", "Made by"), await name_of(self.asked.connection, self.asked.person.id)],
            [self._localized("规则版本", "Rule version"), str(self.version)],
        ]
        if rows is not None:
            about.append([self._localized("行数", "Rows"), str(rows)])
        about += [[name, value] for name, value in self.asked.request.told]
        sheets.add(
            self._localized("筛选条件", "Filters"),
            [self._localized("条件", "Filter"), self._localized("取值", "Value")],
            about,
        )

    @property
    def _ranking_filter(self) -> RankingFilter:
        return self.asked.request.ranking_filter

    def _localized(self, zh: str, en: str) -> str:
        return localized(self.asked.language, zh, en)
