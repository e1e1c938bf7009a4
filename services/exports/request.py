"""What is exported: which list, by which filters, told in which words; and how many rows that is."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from models.base import Code, Frozen, Text
from models.context import Person
from models.jobs.export import ExportKind
from services.cases.filter import CaseFilter
from services.cases.lists import count_cases
from services.desk.tabs import DeskTab, on_tab
from services.figures.viewpoint import read_viewpoint
from services.supervision.overdue import OverdueFilter, count_overdue
from services.supervision.ranking import RankingFilter

#: So many rows are written while somebody waits (our choice: about a second); more are made in the background.
DIRECT = 5_000
#: No file has more (our choice): a spreadsheet that nobody can open serves nobody.
MOST = 500_000


class ExportWanted(Frozen):
    """A list with its filters: `cases` (with a `tab` of the desk), `overdue`, or `board` (with overdue and ranking).

    `only`: these cases of the list. `told` are the filters in words, name and value each, for the sheet that says what
    the file holds.
    """

    kind: ExportKind
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
        return self

    @property
    def case_filter(self) -> CaseFilter:
        """The filters of the list of cases."""
        return self.cases or CaseFilter()

    @property
    def overdue_filter(self) -> OverdueFilter:
        """The filters of the overdue list: of its own, or of the board's place."""
        return self.overdue or OverdueFilter(grid=self.board.grid if self.board else None)

    @property
    def ranking_filter(self) -> RankingFilter:
        """The period and the place of the board's ranking."""
        return self.board or RankingFilter()

    def digest(self, language: str) -> str:
        """The same for the same list, by whatever way it was asked for and wherever its page stood."""
        said = self.model_dump(mode="json", exclude={"told"}, exclude_none=True, by_alias=True)
        for part in said.values():
            if isinstance(part, dict):
                part.pop("cursor", None)
                part.pop("limit", None)
        return hashlib.sha256(json.dumps([said, language], sort_keys=True).encode()).hexdigest()


async def tab_condition(
    connection: AsyncConnection, person: Person, wanted: ExportWanted, now: datetime
) -> ColumnElement[bool] | None:
    """What the tab narrows the list of cases to."""
    if wanted.tab is None:
        return None
    return on_tab(wanted.tab, person, await local_day(connection, now), now)


async def count_rows(connection: AsyncConnection, person: Person, wanted: ExportWanted, now: datetime) -> int:
    """How many rows the file would have. Raises NotYours, NoSuchPage and BadFilter, as the list itself."""
    if wanted.only:
        return len(wanted.only)
    if wanted.kind is ExportKind.CASES:
        also = await tab_condition(connection, person, wanted, now)
        return await count_cases(connection, person, wanted.case_filter, now, also)
    look = await read_viewpoint(connection, person, now, "zh")
    return await count_overdue(connection, look, wanted.overdue_filter)
