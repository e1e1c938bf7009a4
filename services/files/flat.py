"""Write tables as text, kept on disk meanwhile: CSV (RFC 4180), JSON lines, GeoJSON (RFC 7946)."""

import csv
import io
import json
import tempfile
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from services.files.workbook import CHUNK, CellValue, escape_cell

#: Bytes that are kept in memory; more of them are kept on disk.
_IN_MEMORY = 4 * 1024 * 1024
#: Decimals of coordinates: about a decimetre (RFC 7946, 11.2 advises against more than the place is known to).
_DECIMALS = 6

Geometry = Mapping[str, Any]


class FlatFile:
    """A file that grows by batches of rows and is read once it is whole."""

    def __init__(self) -> None:
        # It is closed by whoever reads it, or by `drop`.
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115

    def _write(self, text: str) -> None:
        self._file.write(text.encode())

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def file(self) -> Iterator[bytes]:
        """Return the file in parts, and drop it when they have been read or are read no further."""
        self._file.seek(0)
        try:
            while chunk := self._file.read(CHUNK):
                yield chunk
        finally:
            self.drop()

    def drop(self) -> None:
        """Delete what was written."""
        self._file.close()


class CsvFile(FlatFile):
    """A table with a header, in UTF-8 with CRLF; `bom`: with a byte order mark.

    A text that a spreadsheet would run as a formula is made harmless as in a workbook. Times have the offset of `zone`.
    """

    def __init__(self, zone: ZoneInfo, *, bom: bool = False) -> None:
        super().__init__()
        self._zone = zone
        if bom:
            self._file.write(BOM_UTF8)

    def add(self, _title: str, header: Sequence[str], rows: Iterable[Sequence[CellValue]]) -> None:
        """Write the table; its title is the name of the file."""
        self.begin(header)
        self.extend(rows)

    def begin(self, header: Sequence[str]) -> None:
        """Write the header."""
        self.extend([header])

    def extend(self, rows: Iterable[Sequence[CellValue]]) -> None:
        """Write rows."""
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows([[self._cell(value) for value in row] for row in rows])
        self._write(text.getvalue())

    def _cell(self, value: CellValue) -> CellValue:
        if isinstance(value, str):
            return escape_cell(value)
        if isinstance(value, datetime):
            return value.astimezone(self._zone).isoformat(timespec="seconds")
        return value


class JsonLines(FlatFile):
    """One JSON object a line, ended by LF, in UTF-8."""

    def extend(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Write records."""
        self._write("".join(f"{_json(record)}\n" for record in records))


class Features(FlatFile):
    """A GeoJSON FeatureCollection, a feature a line."""

    def __init__(self) -> None:
        super().__init__()
        self._write('{"type":"FeatureCollection","features":[')
        self._first = True

    def extend(self, features: Iterable[tuple[str | None, Geometry | None, Mapping[str, Any]]]) -> None:
        """Write features: id, geometry (None: it has no known place) and properties; nested ones are made flat."""
        for id_, geometry, properties in features:
            feature = {"type": "Feature", "geometry": geometry, "properties": _flat(properties)}
            if id_ is not None:
                feature["id"] = id_
            self._write(("\n" if self._first else ",\n") + _json(feature))
            self._first = False

    def end(self, members: Mapping[str, Any]) -> None:
        """End the collection, with foreign members that describe it."""
        self._write("\n]" + "".join(f",{_json(name)}:{_json(value)}" for name, value in members.items()) + "}\n")


def point(place: tuple[float, float] | None) -> Geometry | None:
    """Return the geometry of a place: longitude and latitude on WGS 84. None stays None."""
    return None if place is None else {"type": "Point", "coordinates": [round(degrees, _DECIMALS) for degrees in place]}


def _flat(properties: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the properties without nested objects, which maps don't show: `owner_name` for `owner.name`."""
    flat: dict[str, Any] = {}
    for name, value in properties.items():
        flat |= _flat(value, f"{prefix}{name}_") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
