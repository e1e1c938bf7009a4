"""Items of lists, built from the columns of a row in a fifth of the time that reading the whole case takes.

An item has the same content as `services.cases.views.case_item`; a test keeps the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Text, case, cast
from sqlalchemy.ext.asyncio import AsyncConnection

from models.case import Clock
from models.enums import OwnerKind
from models.personal_numbers import mask_numbers
from models.tables import CASES
from models.views import CaseItem, NamedOwner
from rules.deadlines.lights import final_light, open_light
from services.cases.names import Names, read_names_by_id
from services.cases.views import clock_fields, enterprise_view

_c = CASES.c
#: The columns an item is built from. Of the state only the clocks of an open case are read, for the time left.
ITEM_COLUMNS: tuple[ColumnElement[Any], ...] = (
    _c.case_no, _c.title, _c.category, _c.severity, _c.source, _c.grid, _c.stage, _c.outcome, _c.owner_kind,
    _c.owner_id, _c.level, _c.round, _c.seq, _c.reported_at, _c.updated_at, _c.closed_at, _c.late_stages,
    _c.enterprise,
    case((_c.closed_at.is_(None), cast(_c.state["clock"], Text))).label("clock"),
    case((_c.closed_at.is_(None), cast(_c.state["whole"], Text))).label("whole"),
)  # fmt: skip


#: Among what is looked up besides the kinds of owners.
_ENTERPRISE = "enterprise"


async def build_list_items(
    connection: AsyncConnection, rows: Sequence[Any], now: datetime, language: str
) -> tuple[CaseItem, ...]:
    """Return the items of one page of a list, from rows that have `ITEM_COLUMNS`."""
    builder = ListItemBuilder(language, now)
    return builder.build(rows, await builder.load_names(connection, rows))


@dataclass
class ListItemBuilder:
    """Builds items in one language, as of one moment; names loaded for one batch of rows are kept for the next."""

    language: str
    now: datetime
    _names: Names | None = None

    _loaded: set[tuple[str, str]] = field(default_factory=set)
    #: Few categories and owners are in many items: each name is looked up once.
    _categories: dict[str, str] = field(default_factory=dict)
    _owners: dict[tuple[str, str], NamedOwner] = field(default_factory=dict)

    async def load_names(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> Names:
        """Return the names that these rows need, with all that earlier rows needed."""
        needed: set[tuple[str, str]] = {(OwnerKind.UNIT, row.grid) for row in rows}
        needed |= {(_ENTERPRISE, row.enterprise) for row in rows if row.enterprise is not None}
        needed |= {(OwnerKind(row.owner_kind), row.owner_id) for row in rows if row.owner_kind is not None}
        unknown = needed - self._loaded
        if self._names is None or unknown:
            units = {id_ for kind, id_ in unknown if kind is OwnerKind.UNIT}
            people = {id_ for kind, id_ in unknown if kind is OwnerKind.PERSON}
            enterprises = {id_ for kind, id_ in unknown if kind == _ENTERPRISE}
            found = await read_names_by_id(connection, units, people, self.language, enterprises)
            self._names = found if self._names is None else self._names.merged_with(found)
            self._loaded |= unknown
        return self._names

    def build(self, rows: Sequence[Row[Any]], names: Names) -> tuple[CaseItem, ...]:
        """Return an item for each row."""
        return tuple(self._item(row, names) for row in rows)

    def _item(self, row: Row[Any], names: Names) -> CaseItem:
        clocks = [Clock.model_validate_json(c) for c in (row.clock, row.whole) if c not in (None, "null")]
        is_light = open_light(clocks, self.now) if clocks else final_light(late=bool(row.late_stages))
        fields = {
            "case_no": row.case_no, "title": mask_numbers(row.title), "category": row.category,
            "category_name": self._category(row.category, names), "severity": row.severity, "source": row.source,
            "grid": row.grid, "grid_name": names.units.get(row.grid, row.grid),
            "enterprise": enterprise_view(row.enterprise, names), "stage": row.stage,
            "outcome": row.outcome, "light": is_light,
            "owner": None if row.owner_kind is None else self._owner(row.owner_kind, row.owner_id, names),
            "level": row.level, "round": row.round, "revision": row.seq, "reported_at": row.reported_at,
            "updated_at": row.updated_at, "closed_at": row.closed_at, **clock_fields(clocks, names.policy, self.now),
        }  # fmt: skip
        return CaseItem.model_validate(fields)

    def _category(self, code: str, names: Names) -> str:
        if (name := self._categories.get(code)) is None:
            name = self._categories[code] = names.category(code)
        return name

    def _owner(self, kind: str, id_: str, names: Names) -> NamedOwner:
        if (owner := self._owners.get((kind, id_))) is None:
            owner = self._owners[kind, id_] = names.owner_by_id(OwnerKind(kind), id_)
        return owner
