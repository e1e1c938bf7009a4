"""Import cases from another system's list of service requests, as described by a mapping, each at most once.

The number in the other system becomes an external reference, and the report id is derived from it: a second import
finds the cases of the first, wherever that one stopped.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from models.commands import ExternalReference, Report
from models.context import Person
from models.errors import DomainError
from services.files.cells import ADVICE, may_be_shortened
from services.files.tables import Row
from services.reports.import_mapping import BadMapping as BadMapping, Mapping as Mapping, read_mapping as read_mapping
from services.reports.import_record import (
    BadRow as BadRow,
    Box,
    read_number,
    read_report,
    rejection_reason as rejection_reason,
    shown_number,
    to_report as to_report,
)
from services.reports.submit import check, submit
from services.runtime.resources import Resources

#: How many reports are submitted at the same time.
CONCURRENCY = 12


@dataclass(frozen=True)
class Rejected:
    """A row that did not become a case, and the reason in both languages."""

    row: int
    number: str
    zh: str
    en: str


@dataclass(frozen=True)
class Planned:
    """A row that would become a case, and the report that it would be."""

    row: int
    number: str
    report: Report


@dataclass
class Outcome:
    """The counts of an import so far.

    `known` counts the rows that were cases before this import; a row with the number of an earlier row is rejected, and
    counted in `doubles`. `shortened` has the rows whose title was too long and is whole in the description. `planned`
    has what a dry run would open.
    """

    opened: int = 0
    known: int = 0
    doubles: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    shortened: list[int] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)

    @property
    def done(self) -> int:
        """The number of rows processed."""
        return self.opened + self.known + len(self.rejected)


async def import_rows(
    resources: Resources,
    person: Person,
    rows: Sequence[Row],
    mapping: Mapping,
    *,
    outcome: Outcome,
    park: str | None = None,
    progress: Callable[[Outcome], None] = lambda _: None,
    stop: asyncio.Event | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Open a case for each row that is not one yet, up to twelve at the same time, in the order of the file.

    Once `stop` is set, it ends after the rows already started; run again, it continues from there. `dry_run` checks
    every row and stores nothing: `opened` then counts what would be opened. Raises StoreAway when the store is away;
    cases opened before that stay.
    """
    known_numbers = await _known_numbers(resources, mapping.system)
    box = await _park_box(resources, park) if mapping.place is not None else None
    slots = asyncio.Semaphore(CONCURRENCY)
    stop = stop or asyncio.Event()
    one_import = _Import(resources, person, mapping, box, outcome, known_numbers, dry_run)

    async def import_one(row: Row, first: int | None) -> None:
        async with slots:
            if stop.is_set():
                return
            await one_import.take(row, first)
            progress(outcome)

    async with asyncio.TaskGroup() as group:
        for row, first in _with_first_rows(rows, mapping):
            group.create_task(import_one(row, first))
    outcome.rejected.sort(key=lambda rejected: rejected.row)
    outcome.planned.sort(key=lambda planned: planned.row)
    outcome.shortened.sort()
    return outcome


def _with_first_rows(rows: Sequence[Row], mapping: Mapping) -> list[tuple[Row, int | None]]:
    """Return each row with the number of the earlier row that has the same number in the other system, if any."""
    first: dict[str, int] = {}
    found: list[tuple[Row, int | None]] = []
    for row in rows:
        try:
            number = read_number(row[1], mapping)
        except BadRow:
            found.append((row, None))
            continue
        found.append((row, first.get(number)))
        first.setdefault(number, row[0])
    return found


def double_of(name: str, number: str, row: int, first: int) -> BadRow:
    """Return the fault of a row whose number an earlier row of the file has."""
    zh = f"编号重复:“{number}”在第 {first} 行已有,第 {row} 行未导入"
    en = f"{number} is in row {first} already: a double, so row {row} is not imported"
    if may_be_shortened(number):
        zh, en = f"{zh}。如是 Excel 把末几位改成了 0:{ADVICE[0]}", f"{en}. If Excel put zeros at its end: {ADVICE[1]}"
    return BadRow(name, zh, en)


@dataclass(frozen=True)
class _Import:
    """What the rows of one import share."""

    resources: Resources
    person: Person
    mapping: Mapping
    box: Box | None
    outcome: Outcome
    known_numbers: frozenset[str]
    dry_run: bool

    async def take(self, row: Row, first: int | None) -> None:
        """Open the case of a row, or count why not. `first` is an earlier row with its number."""
        fields = self.mapping.fields
        try:
            number = read_number(row[1], self.mapping)
            if first is not None:
                self.outcome.doubles += 1
                raise double_of(fields.number, number, row[0], first)
            if number in self.known_numbers:
                self.outcome.known += 1
                return
            created, is_shortened = await self._open(row, number)
        except (DomainError, ValueError) as error:
            if isinstance(error, DomainError) and error.status >= 500:
                raise
            shown = shown_number(row[1], self.mapping)
            self.outcome.rejected.append(Rejected(row[0], shown, *rejection_reason(error, fields)))
            return
        if not created:
            self.outcome.known += 1
            return
        self.outcome.opened += 1
        if is_shortened:
            self.outcome.shortened.append(row[0])

    async def _open(self, row: Row, number: str) -> tuple[bool, bool]:
        """Return whether a case was opened, and whether its title was shortened."""
        now = datetime.now(UTC)
        read = read_report(row[1], number, self.mapping, self.box)
        external = ExternalReference(system=self.mapping.system, number=number)
        if self.dry_run:
            report = await check(self.resources, self.person, read.report, now, external)
            if report is not None:
                self.outcome.planned.append(Planned(row[0], number, report))
            return report is not None, read.is_shortened
        submitted = await submit(self.resources, self.person, read.report, now, external)
        return submitted.created, read.is_shortened


async def _known_numbers(resources: Resources, system: str) -> frozenset[str]:
    async with resources.engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT external_number FROM cases WHERE external_system = :system UNION ALL"
                " SELECT external_number FROM retired_cases WHERE external_system = :system"
            ),
            {"system": system},
        )
        return frozenset(row.external_number for row in rows)


async def _park_box(resources: Resources, park: str | None) -> Box:
    async with resources.engine.connect() as connection:
        row = (
            await connection.execute(
                text(
                    "SELECT west, south, east, north FROM grid_units WHERE level = 1 AND west IS NOT NULL"
                    " AND (CAST(:park AS text) IS NULL OR code = :park) ORDER BY code LIMIT 1"
                ),
                {"park": park},
            )
        ).one_or_none()
    if row is None:
        raise BadMapping(
            "映射要把地点缩放到园区,但没有已加载且带边界的园区",
            "the mapping scales places onto the park, but no park with a geometry is loaded",
        )
    return (row.west, row.south, row.east, row.north)
