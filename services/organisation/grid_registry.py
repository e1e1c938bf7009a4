"""The grid tree in the database: read a registry, check it, and store all of it or nothing."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import Acting, transaction
from models.enums import Level
from rules.organisation.grid_tree import Checked, GridUnit, UnitLine, check
from rules.organisation.lower_levels import make_lower_levels
from rules.organisation.tiling import Box, tile
from services.files.cells import BEYOND_HEADER, BadCell, FaultyCell, cell_identifier, cell_of, cell_text
from services.files.encodings import NotText, decode
from services.files.errors import Unusable
from services.files.excel import SUFFIXES as EXCEL_SUFFIXES
from services.files.reference_files import BadFile, FileProblem
from services.files.tables import UnreadableFile, read_table
from services.organisation.geojson import OPTIONAL, REQUIRED, Features, is_geojson, read_features

#: Rows per statement: large enough to be fast, small enough to show progress.
CHUNK = 5_000

#: Called with the number of units stored so far, and the total.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """The result of a load. `skipped` counts lines of divisions above level 1."""

    inserted: int
    updated: int
    unchanged: int
    skipped: int = 0

    @property
    def total(self) -> int:
        """The number of units in the file, generated ones included."""
        return self.inserted + self.updated + self.unchanged


def read_units(path: Path) -> tuple[UnitLine, ...]:
    """Return the lines of a registry: CSV or Excel, `code,name,level,parent_code[,type,households,enterprise]`.

    Raises BadFile naming every broken line, and FileNotFoundError.
    """
    try:
        table = read_table(path, REQUIRED, OPTIONAL, strict=True)
    except UnreadableFile as error:
        raise BadFile([FileProblem(str(path), error.line or 1, error.reason_zh, error.reason_en)]) from error
    lines: list[UnitLine] = []
    problems: list[FileProblem] = []
    for number, record in table.rows:
        try:
            lines.append(_line(number, record))
        except _BadLine as broken:
            problems.append(FileProblem(str(path), number, broken.zh, broken.en))
    if problems:
        raise BadFile(problems)
    return tuple(lines)


class _BadLine(Unusable):
    """A line can't be read."""


def _line(number: int, record: Mapping[str, Any]) -> UnitLine:
    if isinstance(beyond := record.get(BEYOND_HEADER), FaultyCell):
        raise _BadLine(beyond.zh, beyond.en)
    cell = {name: _cell(record, name) for name in (*REQUIRED, *OPTIONAL)}
    households = cell["households"]
    if households and not (households.isascii() and households.isdigit() and len(households) < 10):
        raise _BadLine(f"户数“{households}”不是整数", f"households “{households}” is not a whole number")
    return UnitLine(
        line=number,
        code=cell["code"],
        name=cell["name"],
        level=cell["level"],
        parent_code=cell["parent_code"],
        type=cell["type"],
        households=int(households) if households else None,
        enterprise=cell["enterprise"],
    )


def _cell(record: Mapping[str, Any], name: str) -> str:
    """Return a cell of a line as text. Raises _BadLine for one without a usable value: a code that Excel shortened."""
    try:
        value = cell_of(record, name)
        return cell_identifier(value) if name in ("code", "parent_code") else cell_text(value).strip()
    except BadCell as error:
        raise _BadLine(f"{name}: {error.zh}", f"{name}: {error.en}") from error


def read_checked(path: Path, known_levels: dict[str, Level] | None = None) -> Checked:
    """Return a registry, CSV, Excel or GeoJSON, that is consistent, alone or with the `known_levels` units.

    Raises BadFile with every problem, and FileNotFoundError.
    """
    features = _read_features(path)
    checked = check(read_units(path) if features is None else features.lines, known_levels or {})
    if features is None and checked.problems:
        raise BadFile([FileProblem(str(path), p.line, p.zh, p.en) for p in checked.problems])
    if features is not None and (problems := checked.problems or features.overlaps()):
        raise BadFile([features.file_problem(str(path), problem) for problem in problems])
    return checked


def _read_features(path: Path) -> Features | None:
    """Return the units of a GeoJSON file, None for a table."""
    if path.suffix.lower() in EXCEL_SUFFIXES:
        return None
    try:
        content = decode(path.read_bytes()).text
    except NotText as error:
        raise BadFile([FileProblem(str(path), error.line, error.zh, error.en)]) from error
    return read_features(str(path), content) if is_geojson(content) else None


async def load_file(
    engine: AsyncEngine,
    path: Path,
    make_lower: bool = False,
    micro_grids: int | None = None,
    box: Box | None = None,
    progress: Progress | None = None,
    acting: Acting | None = None,
) -> LoadSummary:
    """Load a registry in one transaction; with any problem, nothing.

    `make_lower` adds grids and micro-grids where the file has none (`rules.organisation.lower_levels`), `box` draws
    placeholder rectangles inside it (`rules.organisation.tiling`). Raises BadFile, and ValueError when the target
    number of micro-grids or the box does not fit.
    """
    async with transaction(engine, acting) as connection:
        # Checking a city's shapes takes seconds; in a thread, so that the event loop stays free.
        checked = await asyncio.to_thread(read_checked, path, await read_levels(connection))
        if box is not None and any(unit.geometry for unit in checked.units):
            messages = "文件自带图形,不能再画示意矩形", "the file has shapes of its own: none are to be drawn"
            raise BadFile([FileProblem(str(path), 1, *messages)])
        units = make_lower_levels(checked.units, micro_grids) if make_lower else checked.units
        summary = await load_units(connection, tile(units, box) if box else units, progress)
    return LoadSummary(summary.inserted, summary.updated, summary.unchanged, checked.skipped)


async def read_levels(connection: AsyncConnection) -> dict[str, Level]:
    """Return the level of every unit in use, by code."""
    rows = await connection.execute(text("SELECT code, level FROM grid_units WHERE retired_on IS NULL"))
    return {code: Level(level) for code, level in rows}


# A shape is only replaced by a shape: a registry without shapes does not erase a surveyed map.
_UPSERT = text("""
INSERT INTO grid_units AS g (code, name, level, parent, path, type, households, enterprise,
                             retired_on, geometry, west, south, east, north)
SELECT code, name, level, parent, CAST(path AS ltree), type, households, enterprise,
       NULL, CAST(geometry AS jsonb), west, south, east, north
FROM unnest(CAST(:code AS text[]), CAST(:name AS text[]), CAST(:level AS int[]), CAST(:parent AS text[]),
            CAST(:path AS text[]), CAST(:type AS text[]), CAST(:households AS int[]),
            CAST(:enterprise AS text[]), CAST(:geometry AS text[]), CAST(:west AS float8[]),
            CAST(:south AS float8[]), CAST(:east AS float8[]), CAST(:north AS float8[]))
  AS u(code, name, level, parent, path, type, households, enterprise, geometry, west, south, east, north)
ON CONFLICT (code) DO UPDATE SET
  name = excluded.name, type = excluded.type, households = excluded.households,
  enterprise = excluded.enterprise, geometry = coalesce(excluded.geometry, g.geometry),
  west = coalesce(excluded.west, g.west), south = coalesce(excluded.south, g.south),
  east = coalesce(excluded.east, g.east), north = coalesce(excluded.north, g.north)
WHERE (g.name, g.type, g.households, g.enterprise)
      IS DISTINCT FROM (excluded.name, excluded.type, excluded.households, excluded.enterprise)
   OR (excluded.geometry IS NOT NULL AND excluded.geometry IS DISTINCT FROM g.geometry)
RETURNING (xmax = 0) AS fresh
""")


async def load_units(
    connection: AsyncConnection, units: Iterable[GridUnit], progress: Progress | None = None
) -> LoadSummary:
    """Store units in the caller's transaction: new ones are added, changed ones updated, none deleted.

    The same units again change nothing. A parent must be among them or stored already.
    """
    # By level, so that a parent precedes its children; by code, so that two loads never deadlock.
    ordered = sorted(units, key=lambda unit: (unit.level, unit.code))
    inserted = updated = 0
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        rows = (await connection.execute(_UPSERT, _columns(chunk))).scalars().all()
        inserted += sum(rows)
        updated += len(rows) - sum(rows)
        if progress is not None:
            progress(start + len(chunk), len(ordered))
    return LoadSummary(inserted, updated, len(ordered) - inserted - updated)


def _columns(units: Sequence[GridUnit]) -> dict[str, Any]:
    boxes = [_bounds(unit.geometry) if unit.geometry else (None,) * 4 for unit in units]
    west, south, east, north = (list(side) for side in zip(*boxes, strict=True))
    return {
        "code": [u.code for u in units],
        "name": [u.name for u in units],
        "level": [int(u.level) for u in units],
        "parent": [u.parent for u in units],
        "path": [".".join(u.path) for u in units],
        "type": [u.type.value for u in units],
        "households": [u.households for u in units],
        "enterprise": [u.enterprise for u in units],
        "geometry": [json.dumps(u.geometry) if u.geometry else None for u in units],
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }


def _bounds(geometry: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a GeoJSON Polygon or MultiPolygon, in degrees."""
    parts = geometry["coordinates"]
    polygons = parts if geometry["type"] == "MultiPolygon" else [parts]
    points = [point for polygon in polygons for point in polygon[0]]
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return min(lons), min(lats), max(lons), max(lats)
