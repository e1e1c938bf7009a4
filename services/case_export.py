"""A list of cases as a workbook: the same cases and order as the page. Nothing of a reporter is in it."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from models.context import Person
from models.errors import TooManyRows
from models.views import CaseItem
from services import words
from services.queries import CaseFilter, count_cases, items_among, list_cases
from services.supervision.workbook import CellValue, Sheets

#: How many rows one file takes (our choice): written while somebody waits.
MOST = 10_000
_PAGE = 500
_HEADER = (
    ("案件编号", "case"), ("标题", "title"), ("小类", "category"), ("网格编码", "grid code"), ("网格", "grid"),
    ("来源", "source"), ("环节", "stage"), ("亮灯", "light"), ("到期", "due"),
    ("剩余(小时,按时限单位计)", "left (hours, as the limit counts)"),
    ("时限单位", "unit"), ("持有人", "owner"), ("层级", "level"), ("轮次", "round"), ("上报", "reported"),
    ("更新", "changed"), ("结案", "closed"),
)  # fmt: skip


async def export_cases(
    connection: AsyncConnection,
    person: Person,
    wanted: CaseFilter,
    now: datetime,
    language: str,
    *,
    zone: ZoneInfo,
    told: Sequence[tuple[str, str]],
    also: ColumnElement[bool] | None = None,
    only: Sequence[str] = (),
) -> Iterator[bytes]:
    """The workbook of the list, piece by piece; `told` are its filters in words, for the second sheet.

    `only`: these cases of it. Raises TooManyRows.
    """
    if only:
        items = list(await items_among(connection, person, only, wanted, now, language, also))
    else:
        count = await count_cases(connection, person, wanted, now, also)
        if count > MOST:
            raise TooManyRows(count=count, most=MOST)
        items = await _all(connection, person, wanted, now, language, also)

    def write() -> Iterator[bytes]:
        sheets = Sheets(zone)
        english = language.startswith("en")
        header = [en if english else zh for zh, en in _HEADER]
        sheets.add("Cases" if english else "案件", header, (_row(item, language) for item in items))
        about: list[list[CellValue]] = [["Made at" if english else "导出时间", now]]
        about += [[name, value] for name, value in told]
        sheets.add("Filters" if english else "筛选条件", ["Filter", "Value"] if english else ["条件", "取值"], about)
        return sheets.file()

    return await asyncio.to_thread(write)


async def _all(
    connection: AsyncConnection,
    person: Person,
    wanted: CaseFilter,
    now: datetime,
    language: str,
    also: ColumnElement[bool] | None,
) -> list[CaseItem]:
    found: list[CaseItem] = []
    page = wanted.model_copy(update={"limit": _PAGE, "cursor": None})
    while True:
        got = await list_cases(connection, person, page, now, language, also)
        found += got.items
        if got.next_cursor is None:
            return found
        page = page.model_copy(update={"cursor": got.next_cursor})


def _row(item: CaseItem, language: str) -> list[CellValue]:
    return [
        item.case_no, item.title, item.category_name, item.grid, item.grid_name,
        words.named(words.SOURCES, item.source, language), words.named(words.STAGES, item.stage, language),
        words.named(words.LIGHTS, item.light, language), item.due_at,
        None if item.left is None else round(item.left / timedelta(hours=1), 2),
        words.named(words.UNITS, item.unit, language) if item.unit else None,
        item.owner.name if item.owner else None, int(item.level), item.round, item.reported_at, item.updated_at,
        item.closed_at,
    ]  # fmt: skip
