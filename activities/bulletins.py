"""Making bulletins. What they hold is counted by the services, whose work is handed in: activities stand below them."""

from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from infra.database import is_away
from models.errors.base import DomainError
from models.jobs.bulletin import BULLETIN_ACTIVITY, BulletinOrder, BulletinsMade

log = structlog.get_logger(__name__)

MakeBulletins = Callable[[AsyncEngine, BulletinOrder], Awaitable[BulletinsMade]]


class BulletinActivities:
    """Makes bulletins on one database with `make`."""

    def __init__(self, engine: AsyncEngine, make: MakeBulletins) -> None:
        self._engine = engine
        self._make = make

    @activity.defn(name=BULLETIN_ACTIVITY)
    async def make_bulletins(self, order: BulletinOrder) -> BulletinsMade:
        """Counts and stores. Safe to repeat; a database that is away is tried again, what can't be made is not."""
        try:
            made = await self._make(self._engine, order)
        except DomainError as error:
            details = error.as_refusal().model_dump(mode="json")
            raise ApplicationError(error.message("en"), details, type=error.code, non_retryable=True) from None
        except Exception as error:
            if not is_away(error):
                raise
            raise ApplicationError(
                "the database is away", type="DatabaseAway", category=ApplicationErrorCategory.BENIGN
            ) from None
        log.info("bulletins made", kind=order.kind, count=len(made.ids))
        return made
