"""Write an export as CSV, JSON lines or GeoJSON: one table, with the rows of the workbook.

CSV has the columns and words of the workbook. JSON has the items as the API gives them, with the answers to questions:
names of members and codes there are the same in every language. A feature of GeoJSON has such an item, made flat, as
its properties.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from models.jobs.export import BoardTable, ExportFormat, ExportKind
from services.cases.placed import Placed
from services.exports.answer_columns import AnswerColumns, answer_members
from services.exports.asked import Asked, Progress, Written
from services.exports.case_rows import case_header, case_row
from services.files.flat import CsvFile, Features, Geometry, JsonLines, point
from services.files.workbook import CellValue
from services.supervision.board import read_board
from services.supervision.map import read_shapes
from services.supervision.overview import board_rates, departments_by_light
from services.supervision.ranking import ranking_period, read_ranking
from services.supervision.sheets import (
    add_board,
    add_departments,
    add_ranking,
    add_rates,
    overdue_header,
    overdue_row,
)


@dataclass(frozen=True)
class _Table:
    """One of the board's tables: as a table of cells, and as records, each with the unit that it is about."""

    add: Callable[[CsvFile], None]
    records: Sequence[tuple[str | None, BaseModel]]


@dataclass(frozen=True)
class FlatWriter:
    """Writes one table as text. `version`: the policy in force; CSV shows times in `zone`."""

    asked: Asked
    progress: Progress
    version: int
    zone: ZoneInfo
    answers: AnswerColumns

    async def write(self) -> Written:
        """Write it. Raises as `services.exports.write.Writer`."""
        request = self.asked.request
        file: CsvFile | JsonLines | Features
        match request.format:
            case ExportFormat.CSV:
                file = CsvFile(self.zone, bom=request.bom)
            case ExportFormat.JSONL:
                file = JsonLines()
            case _:
                file = Features()
        try:
            if request.kind is ExportKind.BOARD and request.table is not BoardTable.OVERDUE:
                rows = await self._table(file)
            else:
                rows = await self._list(file)
            if isinstance(file, Features):
                file.end({"made_at": self.asked.now.isoformat(), "rows": rows, "policy_version": self.version})
        except BaseException:
            file.drop()
            raise
        return Written(file.file(), rows, self.version, file.size)

    async def _list(self, file: CsvFile | JsonLines | Features) -> int:
        language = self.asked.language
        header: list[str]
        cells: Callable[[Any, str], list[CellValue]]
        stream: AsyncIterator[Sequence[Placed[Any]]]
        if self.asked.request.kind is ExportKind.CASES:
            header, cells, stream = case_header(language), case_row, self.asked.cases()
        else:
            header, cells, stream = overdue_header(language), overdue_row, self.asked.overdue()
        if isinstance(file, CsvFile):
            file.begin([*header, *self.answers.header()])

        def record(one: Placed[Any]) -> dict[str, Any]:
            return {**record_of(one.item), **answer_members(one.answers, language)}

        def extend(items: Sequence[Placed[Any]]) -> None:
            if isinstance(file, CsvFile):
                file.extend([[*cells(one.item, language), *self.answers.cells(one.answers)] for one in items])
            elif isinstance(file, JsonLines):
                file.extend([record(one) for one in items])
            else:
                file.extend([(one.item.case_no, point(one.place), record(one)) for one in items])

        count = 0
        async with aclosing(stream):  # type: ignore[type-var]
            async for items in stream:
                await asyncio.to_thread(extend, items)
                count += len(items)
                await self.progress(count)
        return count

    async def _table(self, file: CsvFile | JsonLines | Features) -> int:
        table = await self._board_table()
        if isinstance(file, CsvFile):
            table.add(file)
        elif isinstance(file, JsonLines):
            file.extend([record_of(record) for _, record in table.records])
        else:
            codes = [code for code, _ in table.records if code is not None]
            shapes: Mapping[str, Geometry] = await read_shapes(
                self.asked.connection, await self.asked.viewpoint(), codes
            )  # fmt: skip
            file.extend(
                [(code, shapes.get(code) if code else None, record_of(record)) for code, record in table.records]
            )
        await self.progress(len(table.records))
        return len(table.records)

    async def _board_table(self) -> _Table:
        connection, language, filters = self.asked.connection, self.asked.language, self.asked.request.ranking_filter
        viewpoint = await self.asked.viewpoint()
        match self.asked.request.table:
            case BoardTable.RANKING:
                ranking = await read_ranking(connection, viewpoint, filters)
                places = [(row.place.code if row.place.level is not None else None, row) for row in ranking.rows]
                return _Table(lambda file: add_ranking(file, ranking, language), [(None, ranking.totals), *places])
            case BoardTable.DEPARTMENTS:
                departments = await departments_by_light(connection, viewpoint, filters.grid)
                return _Table(
                    lambda file: add_departments(file, departments, language), [(None, one) for one in departments]
                )
            case BoardTable.RATES:
                period = ranking_period(viewpoint, filters)
                rates = await board_rates(connection, viewpoint, filters.grid, period)
                return _Table(lambda file: add_rates(file, rates, language), [(None, rate) for rate in rates])
        board = await read_board(connection, viewpoint, filters.grid)
        code = None if board.grid is None else board.grid.code
        return _Table(
            lambda file: add_board(file, board, language),
            [(code, board.totals), *((row.unit.code, row) for row in board.rows)],
        )


def record_of(item: BaseModel) -> dict[str, Any]:
    """Return an item as the API gives it."""
    return item.model_dump(mode="json", by_alias=True)
