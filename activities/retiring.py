"""The activity that retires old cases.

The function that does it comes from `services` as an argument, because activities may not import services.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.away import retried_while_away
from infra.settings import Settings
from models.jobs.retirement import RETIREMENT_ACTIVITY, RetirementRun


class RetireDue(Protocol):
    """Retires what is due; see `services.archive.retire`."""

    def __call__(
        self, engine: AsyncEngine, settings: Settings, *, beat: Callable[[], None]
    ) -> Awaitable[RetirementRun | None]:
        """Retire it; None where cases stay for ever."""


class RetirementActivities:
    """The activity, bound to a database, the settings and `retire`."""

    def __init__(self, engine: AsyncEngine, settings: Settings, retire: RetireDue) -> None:
        self._engine = engine
        self._settings = settings
        self._retire = retire

    @activity.defn(name=RETIREMENT_ACTIVITY)
    async def retire(self) -> RetirementRun | None:
        """Retire what is due. Safe to repeat. A database or an archive that is away is an error to retry."""
        with retried_while_away():
            return await self._retire(self._engine, self._settings, beat=activity.heartbeat)
