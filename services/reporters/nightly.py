"""What the audit of the night removes for good, by the times that law and settings name."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.settings import Settings
from infra.store.old_notices import delete_old_notices
from infra.store.old_sends import delete_old_sends
from services.reporters.retention import retain

log = structlog.get_logger(__name__)


def nightly(settings: Settings) -> Callable[[AsyncEngine, datetime], Awaitable[None]]:
    """Return what erases the reporters whose time has come, and deletes the notices and sends that nobody needs."""

    async def run(engine: AsyncEngine, now: datetime) -> None:
        await retain(engine, now)
        deleted = await delete_old_notices(engine, now - timedelta(days=settings.notice_days))
        if deleted:
            log.info("notices deleted", notices=deleted, older_than_days=settings.notice_days)
        sends = await delete_old_sends(engine, now, days=settings.notice_days)
        if sends:
            log.info("sends deleted", sends=sends, older_than_days=settings.notice_days)

    return run
