"""The request of an export: the list, its filters and their labels; and the number of its rows."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from models.base import Code, Frozen, Text
from models.context import Person
from models.jobs.export import BoardTable, ExportFormat, ExportKind
from services.cases.filter import CaseFilter
from services.cases.lists import count_cases
from services.desk.tabs import DeskTab, on_tab
from services.figures.viewpoint import find_root, read_viewpoint
from services.supervision.overdue import OverdueFilter, count_overdue
from services.supervision.ranking import RankingFilter

#: The most rows written while a person waits (our choice: about a second); longer lists are made in the background.
MAX_DIRECT_ROWS = 5_000
#: The most rows of a file (our choice): nobody can open a larger spreadsheet.
MAX_ROWS = 500_000


class ExportRequest(Frozen):
    """A list with its filters: `cases` (with a `tab` of the desk), `overdue`, or `board` (with overdue and ranking).

    `only`: only these cases of the list. `told`: the filters as people read them, name and value each, for the sheet
    that describes the workbook. `bom`: CSV begins with a byte order mark, by which Excel knows UTF-8. `table`: which
    table of the board another format than a workbook has; by default `board`.
    """

    kind: ExportKind
    format: ExportFormat = ExportFormat.XLSX
    bom: bool = False
    table: BoardTable | None = None
    cases: CaseFilter | None = None
    tab: DeskTab | None = None
    overdue: OverdueFilter | None = None
    board: RankingFilter | None = None
    only: Annotated[tuple[Code, ...], Field(max_length=500)] = ()
    told: Annotated[tuple[tuple[Text, Text], ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        given = {name for name in ExportKind if getattr(self, name.value) is not None}
        if given - {self.kind} or ((self.tab or self.only) and self.kind is not ExportKind.CASES):
            raise ValueError(f"filters of another list than {self.kind}")
        if self.bom and self.format is not ExportFormat.CSV:
            raise ValueError("only CSV has a byte order mark")
        if self.table and (self.kind is not ExportKind.BOARD or self.format is ExportFormat.XLSX):
            raise ValueError("a table is chosen of the board only, for another format than a workbook")
        return self

    @property
    def case_filter(self) -> CaseFilter:
        """The filters of the list of cases."""
        return self.cases or CaseFilter()

    @property
    def overdue_filter(self) -> OverdueFilter:
        """The filters of the overdue list: its own, or the board's place."""
        return self.overdue or OverdueFilter(grid=self.board.grid if self.board else None)

    @property
    def ranking_filter(self) -> RankingFilter:
        """The period and the place of the board's ranking."""
        return self.board or RankingFilter()

    @property
    def asked_about(self) -> tuple[str | None, tuple[str, ...]]:
        """The category, or its prefix, and the codes of the questions to which the list is narrowed."""
        if self.kind is not ExportKind.CASES:
            return self.overdue_filter.category, ()
        terms = self.case_filter.answer
        return self.case_filter.category, tuple(dict.fromkeys(term.partition("=")[0] for term in terms))

    def stored(self) -> dict[str, Any]:
        """Return the request as it is kept. Without what is as it always was, so that earlier versions read it."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        usual = {"format": ExportFormat.XLSX, "bom": False}
        return {name: value for name, value in content.items() if name not in usual or value != usual[name]}

    def digest(self, language: str) -> str:
        """Return a hash that is the same for the same list, however it was requested and whatever page was shown."""
        content = {name: value for name, value in self.stored().items() if name != "told"}
        for part in content.values():
            if isinstance(part, dict):
                part.pop("cursor", None)
                part.pop("limit", None)
        return hashlib.sha256(json.dumps([content, language], sort_keys=True).encode()).hexdigest()


async def tab_condition(
    connection: AsyncConnection, person: Person, request: ExportRequest, now: datetime
) -> ColumnElement[bool] | None:
    """Return the condition by which the tab narrows the list of cases."""
    if request.tab is None:
        return None
    return on_tab(request.tab, person, await local_day(connection, now), now)


async def count_rows(connection: AsyncConnection, person: Person, request: ExportRequest, now: datetime) -> int:
    """Return how many rows the file would have; of the board, those of its overdue list, the others are few.

    Raises NotYours, NoSuchPage and BadFilter, as the list itself.
    """
    if request.only:
        return len(request.only)
    if request.kind is ExportKind.CASES:
        extra = await tab_condition(connection, person, request, now)
        return await count_cases(connection, person, request.case_filter, now, extra)
    viewpoint = await read_viewpoint(connection, person, now, "zh")
    one_table = request.format is not ExportFormat.XLSX and request.kind is ExportKind.BOARD
    if one_table and request.table is not BoardTable.OVERDUE:
        await find_root(connection, viewpoint, request.ranking_filter.grid)
        return 0
    return await count_overdue(connection, viewpoint, request.overdue_filter)
