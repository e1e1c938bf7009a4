"""The activity that makes bulletins.

The function that counts and stores comes from `services` as an argument, because activities may not import services.
"""

from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.away import retried_while_away
from models.errors.base import DomainError
from models.jobs.bulletin import BULLETIN_ACTIVITY, BulletinOrder, BulletinsMade

log = structlog.get_logger(__name__)

MakeBulletins = Callable[[AsyncEngine, BulletinOrder], Awaitable[BulletinsMade]]


class BulletinActivities:
    """The activity, bound to a database and to `make`."""

    def __init__(self, engine: AsyncEngine, make: MakeBulletins) -> None:
        self._engine = engine
        self._make = make

    @activity.defn(name=BULLETIN_ACTIVITY)
    async def make_bulletins(self, order: BulletinOrder) -> BulletinsMade:
        """Make and store the bulletins of an order. Safe to repeat.

        A database that is away is an error to retry; a domain error is not retried.
        """
        try:
            with retried_while_away():
                made = await self._make(self._engine, order)
        except DomainError as error:
            details = error.as_refusal().model_dump(mode="json")
            raise ApplicationError(error.message("en"), details, type=error.code, non_retryable=True) from None
        log.info("bulletins made", kind=order.kind, count=len(made.ids))
        return made
