"""Read a file of reports with their real closing times as clocks to replay.

The file is read as `import` reads it, by the same mapping: which service is which category, and how its area is scaled
onto the demonstration park. It has the times of report and closing but not of acceptance and dispatch: these count as
immediate, and one clock of handling runs from opening to closing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from shapely import Point, STRtree
from shapely.geometry import shape

from models.enums import Level
from rules.organisation.grid_tree import GridUnit
from rules.organisation.tiling import DEMO_BOX
from rules.simulation.world import RecordedClock
from services.demo.park import demo_units
from services.files.cells import BadCell, cell_of, cell_text
from services.files.moments import NoMoment, read_moment
from services.files.tables import Row
from services.reports.import_list import Rejected, double_of
from services.reports.import_mapping import Mapping as ImportMapping
from services.reports.import_record import BadRow, read_number, rejection_reason, shown_number, to_report

#: The columns searched for a closing time, in this order, unless a column is named; `updated_datetime` counts in a
#: request whose status is closed (Open311). `last_listed_open` is an approximation.
CLOSING_COLUMNS = ("closed_datetime", "closed_date", "last_listed_open")
_MICRO = 1_000_000


@dataclass
class Reports:
    """The content of a file: clocks, the rejected rows with reasons, and how many reports are still open."""

    clocks: list[RecordedClock] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    still_open: int = 0


class Places:
    """The demonstration park: its units, and the micro-grid of a point. Needs no database."""

    @cached_property
    def units(self) -> tuple[GridUnit, ...]:
        """Every unit, drawn as the demonstration draws it."""
        return demo_units()

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the park, in degrees."""
        return DEMO_BOX.west / _MICRO, DEMO_BOX.south / _MICRO, DEMO_BOX.east / _MICRO, DEMO_BOX.north / _MICRO

    def paths_at(self, points: Sequence[tuple[float, float]]) -> list[tuple[str, ...] | None]:
        """Return the path from the park down to the micro-grid of each (lon, lat); None outside the park.

        A point on a border belongs to the lowest code that touches it, as in `services.organisation.locate`.
        """
        if not points:
            return []
        micro_grids, tree = self._tree
        paths: list[tuple[str, ...] | None] = [None] * len(points)
        point_indexes, unit_indexes = tree.query([Point(point) for point in points], predicate="covered_by")
        for point, unit_index in zip(point_indexes.tolist(), unit_indexes.tolist(), strict=True):
            path, earlier = micro_grids[unit_index].path, paths[point]
            if earlier is None or path[-1] < earlier[-1]:
                paths[point] = path
        return paths

    @cached_property
    def _tree(self) -> tuple[list[GridUnit], STRtree]:
        micro_grids = [unit for unit in self.units if unit.level is Level.MICRO_GRID]
        return micro_grids, STRtree([shape(unit.geometry) for unit in micro_grids])


def read_reports(
    rows: Iterable[Row], mapping: ImportMapping, places: Places, now: datetime, closed_at: str | None = None
) -> Reports:
    """Return the clocks of handling in the rows. `closed_at` names the column of the closing time.

    A row without a closing time is still open. A row that can't be read is rejected with its number and the reason, and
    so is a row whose number came before.
    """
    reports = Reports()
    seen: dict[str, int] = {}
    openings: list[tuple[Row, str, RecordedClock, tuple[float, float]]] = []
    for row in rows:
        number = shown_number(row[1], mapping)
        try:
            number = read_number(row[1], mapping)
            if number in seen:
                raise double_of(mapping.fields.number, number, row[0], seen[number])
            opening, point = _opening(row[1], number, mapping, places, now, closed_at)
            seen[number] = row[0]
            openings.append((row, number, opening, point))
        except ValueError as error:
            reports.rejected.append(Rejected(row[0], number, *rejection_reason(error, mapping.fields)))
    paths = places.paths_at([point for *_, point in openings])
    for (row, number, opening, _), path in zip(openings, paths, strict=True):
        if path is None:
            outside = BadRow(f"{mapping.fields.lat}, {mapping.fields.lon}", "此处没有微网格", "no micro-grid there")
            reports.rejected.append(Rejected(row[0], number, *rejection_reason(outside)))
            continue
        reports.still_open += opening.ended_at is None
        reports.clocks.append(_with_path(opening, path))
    reports.rejected.sort(key=lambda rejected: rejected.row)
    return reports


def _opening(
    record: Mapping[str, Any], number: str, mapping: ImportMapping, places: Places, now: datetime, column: str | None
) -> tuple[RecordedClock, tuple[float, float]]:
    report = to_report(dict(record), number, mapping, places.box)
    assert report.reported_at is not None
    if report.location is None:
        raise BadRow(f"{mapping.fields.lat}, {mapping.fields.lon}", "没有位置", "no place")
    opened = report.reported_at.astimezone(UTC)
    closed = _closing_time(record, mapping.zone, column)
    if opened > now:
        raise BadRow(
            mapping.fields.reported_at, f"{opened.isoformat()} 在将来", f"{opened.isoformat()} lies in the future"
        )
    if closed is not None and closed < opened:
        begun, ended = opened.isoformat(), closed.isoformat()
        raise BadRow("", f"结案时间 {ended} 早于上报时间 {begun}", f"closed {ended}, before it was opened {begun}")
    opening = RecordedClock(
        case=number, category=report.category, severity=report.severity, grid_path=(),
        started_at=opened, ended_at=closed,
    )  # fmt: skip
    return opening, (report.location.lon, report.location.lat)


def _with_path(opening: RecordedClock, path: tuple[str, ...]) -> RecordedClock:
    return RecordedClock(
        case=opening.case, category=opening.category, severity=opening.severity, grid_path=path,
        started_at=opening.started_at, ended_at=opening.ended_at,
    )  # fmt: skip


def _closing_time(record: Mapping[str, Any], zone: str, column: str | None) -> datetime | None:
    """Return when it was closed; None while it is open. Raises BadRow for a value that is no time."""
    columns = (column,) if column is not None else CLOSING_COLUMNS
    name = next((name for name in columns if cell_text(record.get(name)).strip()), None)
    if name is None and column is None and str(record.get("status") or "").lower() == "closed":
        name = "updated_datetime"
    if name is None:
        return None
    value = record.get(name)
    try:
        return read_moment(cell_of(record, name), ZoneInfo(zone)).astimezone(UTC)
    except BadCell as error:
        raise BadRow(name, error.zh, error.en) from error
    except (NoMoment, OverflowError) as error:
        shown = cell_text(value)
        raise BadRow(name, f"“{shown}”不是时间", f"“{shown}” is no time") from error
