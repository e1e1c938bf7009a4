"""Lines of lists, told from the columns of a row: a fifth of the time that it takes to read the whole case.

What a line says is what `services.cases.views.case_item` says of the case; a test holds the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, case, cast
from sqlalchemy.ext.asyncio import AsyncConnection

from models.case import Clock
from models.enums import OwnerKind
from models.tables import CASES
from models.views import CaseItem, NamedOwner
from rules.deadlines.lights import clock_light, final_light
from services.cases.names import Names, name_ids
from services.cases.views import clock_figures

_c = CASES.c
#: What a line is told from. Of the case itself only the clock of one that is open is read: how much is left of it.
LINE_COLUMNS: tuple[ColumnElement[Any], ...] = (
    _c.case_no, _c.title, _c.category, _c.severity, _c.source, _c.grid, _c.stage, _c.outcome, _c.owner_kind,
    _c.owner_id, _c.level, _c.round, _c.seq, _c.reported_at, _c.updated_at, _c.closed_at, _c.late_stages,
    case((_c.closed_at.is_(None), cast(_c.state["clock"], Text))).label("clock"),
)  # fmt: skip


async def lines_of(
    connection: AsyncConnection, rows: Sequence[Any], now: datetime, language: str
) -> tuple[CaseItem, ...]:
    """The lines of one page of a list, from rows that have `LINE_COLUMNS`."""
    lines = Lines(language, now)
    return lines.tell(rows, await lines.learn(connection, rows))


@dataclass
class Lines:
    """Tells lines in one language, as of one moment. Names that one line needed are there for the next."""

    language: str
    now: datetime
    _names: Names | None = None
    _asked: set[tuple[OwnerKind, str]] = field(default_factory=set)
    #: Few categories and owners are in many lines: each is put into words once.
    _categories: dict[str, str] = field(default_factory=dict)
    _owners: dict[tuple[str, str], NamedOwner] = field(default_factory=dict)

    async def learn(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> Names:
        """The names that these rows need, and all that were needed before."""
        wanted = {(OwnerKind.UNIT, row.grid) for row in rows}
        wanted |= {(OwnerKind(row.owner_kind), row.owner_id) for row in rows if row.owner_kind is not None}
        unknown = wanted - self._asked
        if self._names is None or unknown:
            units = {id_ for kind, id_ in unknown if kind is OwnerKind.UNIT}
            people = {id_ for kind, id_ in unknown if kind is OwnerKind.PERSON}
            found = await name_ids(connection, units, people, self.language)
            self._names = found if self._names is None else self._names.with_more(found)
            self._asked |= unknown
        return self._names

    def tell(self, rows: Sequence[Row[Any]], names: Names) -> tuple[CaseItem, ...]:
        """A line for each row."""
        return tuple(self._line(row, names) for row in rows)

    def _line(self, row: Row[Any], names: Names) -> CaseItem:
        clock = Clock.model_validate_json(row.clock) if row.clock not in (None, "null") else None
        late = any(stage != "whole" for stage in row.late_stages)
        told = {
            "case_no": row.case_no, "title": row.title, "category": row.category,
            "category_name": self._category(row.category, names), "severity": row.severity, "source": row.source,
            "grid": row.grid, "grid_name": names.units.get(row.grid, row.grid), "stage": row.stage,
            "outcome": row.outcome, "light": final_light(late=late) if clock is None else clock_light(clock, self.now),
            "owner": None if row.owner_kind is None else self._owner(row.owner_kind, row.owner_id, names),
            "level": row.level, "round": row.round, "revision": row.seq, "reported_at": row.reported_at,
            "updated_at": row.updated_at, "closed_at": row.closed_at, **clock_figures(clock, names.policy, self.now),
        }  # fmt: skip
        return CaseItem.model_validate(told)

    def _category(self, code: str, names: Names) -> str:
        if (known := self._categories.get(code)) is None:
            known = self._categories[code] = names.category(code)
        return known

    def _owner(self, kind: str, id_: str, names: Names) -> NamedOwner:
        if (known := self._owners.get((kind, id_))) is None:
            known = self._owners[kind, id_] = names.named(OwnerKind(kind), id_)
        return known
