"""Exports (导出): lists too long for one response, made into a file by a workflow and kept for a while."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from models.base import Kept

EXPORT_WORKFLOW = "Export"
EXPORT_ACTIVITY = "make_export"
REMOVE_EXPORT_ACTIVITY = "remove_export"

#: How long an export is kept (our choice): a file of names and places should not be kept without need.
RETENTION = timedelta(days=3)


class ExportKind(StrEnum):
    """The kind of an export: a list of cases (a queue's tab, a search, a figure), the overdue list, or the board."""

    CASES = "cases"
    OVERDUE = "overdue"
    BOARD = "board"


class ExportFormat(StrEnum):
    """The format of a file; the value is its suffix. Of the board, a workbook has all tables, another file has one."""

    XLSX = "xlsx"
    CSV = "csv"
    JSONL = "jsonl"
    GEOJSON = "geojson"


class BoardTable(StrEnum):
    """A table of the board's export."""

    BOARD = "board"
    OVERDUE = "overdue"
    RANKING = "ranking"
    DEPARTMENTS = "departments"
    RATES = "rates"


class ExportStatus(StrEnum):
    """The status of an export: waiting for a worker, being made, done, failed, or stopped by whoever asked for it."""

    WAITING = "waiting"
    MAKING = "making"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


#: In these statuses, the same person asking for the same list joins the existing export.
ACTIVE_STATUSES = (ExportStatus.WAITING, ExportStatus.MAKING)


class ExportOrder(Kept):
    """An order to make the export with this id."""

    id: UUID
