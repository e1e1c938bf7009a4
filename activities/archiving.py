"""The activity that archives facts.

The function that does it comes from `services` as an argument, because activities may not import services.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.away import retried_while_away
from infra.settings import Settings
from models.jobs.history import ARCHIVE_ACTIVITY, ArchiveMade


class MakeArchive(Protocol):
    """Archives what is new; see `services.archive.run`."""

    def __call__(self, engine: AsyncEngine, settings: Settings, *, beat: Callable[[], None]) -> Awaitable[ArchiveMade]:
        """Archive it."""


class ArchiveActivities:
    """The activity, bound to a database, the settings and `make`."""

    def __init__(self, engine: AsyncEngine, settings: Settings, make: MakeArchive) -> None:
        self._engine = engine
        self._settings = settings
        self._make = make

    @activity.defn(name=ARCHIVE_ACTIVITY)
    async def archive(self) -> ArchiveMade:
        """Archive what is new. Safe to repeat. A database or an archive that is away is an error to retry."""
        with retried_while_away():
            return await self._make(self._engine, self._settings, beat=activity.heartbeat)
