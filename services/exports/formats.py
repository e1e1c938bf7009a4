"""Formats of exported files: media types."""

from models.jobs.export import ExportFormat

#: Text is sent as it was made, in UTF-8: the parameter says so to programs that would guess.
MEDIA_TYPES = {
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.GEOJSON: "application/geo+json",
}
