"""导出 exports: lists too long for one answer, made into a workbook by a workflow and kept for a while."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from models.base import Frozen

EXPORT_WORKFLOW = "Export"
EXPORT_ACTIVITY = "make_export"
REMOVE_EXPORT_ACTIVITY = "remove_export"

#: How long an export is kept (our choice): a file of names and places should not lie about.
RETENTION = timedelta(days=3)


class ExportKind(StrEnum):
    """What is exported: a list of cases (a queue's tab, a search, a figure), the overdue list, or the board."""

    CASES = "cases"
    OVERDUE = "overdue"
    BOARD = "board"


class ExportStatus(StrEnum):
    """Waiting for a worker, being made, there, impossible, or stopped by the one who asked."""

    WAITING = "waiting"
    MAKING = "making"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


#: While it is one of these, somebody who asks for the same joins it.
ACTIVE_STATUSES = (ExportStatus.WAITING, ExportStatus.MAKING)


class ExportOrder(Frozen):
    """Make the export that is recorded under this id."""

    id: UUID
