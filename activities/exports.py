"""The activities that make and remove exports.

The functions that do the work come from `services` as arguments, because activities may not import services.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from infra.database import is_away
from models.jobs.export import EXPORT_ACTIVITY, REMOVE_EXPORT_ACTIVITY, ExportOrder

log = structlog.get_logger(__name__)

MakeExport = Callable[[AsyncEngine, UUID, Callable[[int], None]], Awaitable[None]]
ExportAction = Callable[[AsyncEngine, UUID], Awaitable[None]]


class ExportActivities:
    """The activities, bound to a database.

    `make` writes an export, `fail` records an internal error on it, `remove` deletes it.
    """

    def __init__(self, engine: AsyncEngine, make: MakeExport, fail: ExportAction, remove: ExportAction) -> None:
        self._engine = engine
        self._make = make
        self._fail = fail
        self._remove = remove

    @activity.defn(name=EXPORT_ACTIVITY)
    async def make_export(self, order: ExportOrder) -> None:
        """Make an export. Safe to repeat. A database that is away is retried; an internal error is not."""
        try:
            await self._make(self._engine, order.id, lambda rows: activity.heartbeat(rows))
        except Exception as error:
            if is_away(error):
                raise _database_away() from None
            log.error("export failed", export=str(order.id), exc_info=error)
            await self._fail(self._engine, order.id)
            raise ApplicationError("a fault of ours", type="Internal", non_retryable=True) from None

    @activity.defn(name=REMOVE_EXPORT_ACTIVITY)
    async def remove_export(self, order: ExportOrder) -> None:
        """Remove an export. Safe to repeat."""
        try:
            await self._remove(self._engine, order.id)
        except Exception as error:
            if not is_away(error):
                raise
            raise _database_away() from None


def _database_away() -> ApplicationError:
    return ApplicationError("the database is away", type="DatabaseAway", category=ApplicationErrorCategory.BENIGN)
