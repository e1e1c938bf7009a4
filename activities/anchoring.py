"""The activity that makes anchors.

The function that makes them comes from `services` as an argument, because activities may not import services.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.away import retried_while_away
from infra.settings import Settings
from models.jobs.history import ANCHOR_ACTIVITY, AnchorsMade

log = structlog.get_logger(__name__)


class MakeAnchors(Protocol):
    """Makes the anchors that are due; see `services.history.anchors`."""

    def __call__(self, engine: AsyncEngine, settings: Settings, *, beat: Callable[[], None]) -> Awaitable[AnchorsMade]:
        """Make them."""


class AnchorActivities:
    """The activity, bound to a database, the settings and `make`."""

    def __init__(self, engine: AsyncEngine, settings: Settings, make: MakeAnchors) -> None:
        self._engine = engine
        self._settings = settings
        self._make = make

    @activity.defn(name=ANCHOR_ACTIVITY)
    async def make_anchors(self) -> AnchorsMade:
        """Make the anchors that are due. Safe to repeat. A database that is away is an error to retry."""
        with retried_while_away():
            made = await self._make(self._engine, self._settings, beat=activity.heartbeat)
        if made.days:
            log.info("anchors made", days=[str(day) for day in made.days], hashed=made.hashed)
        return made
