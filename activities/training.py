"""The activity that trains the suggestions.

The function that does it comes from `services` as an argument, because activities may not import services.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.away import retried_while_away
from infra.settings import Settings
from models.jobs.suggestions import TRAINING_ACTIVITY, TrainingDone


class Train(Protocol):
    """Makes the models that are due; see `services.suggestions.train`."""

    def __call__(self, engine: AsyncEngine, settings: Settings, *, beat: Callable[[], None]) -> Awaitable[TrainingDone]:
        """Make them."""


class TrainingActivities:
    """The activity, bound to a database, the settings and `train`."""

    def __init__(self, engine: AsyncEngine, settings: Settings, train: Train) -> None:
        self._engine = engine
        self._settings = settings
        self._train = train

    @activity.defn(name=TRAINING_ACTIVITY)
    async def train_suggestions(self) -> TrainingDone:
        """Make the models that are due. Safe to repeat. A store that is away is an error to retry."""
        with retried_while_away():
            return await self._train(self._engine, self._settings, beat=activity.heartbeat)
