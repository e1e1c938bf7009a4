"""Activities that carry out errands between cases. Each is safe to repeat, because its id makes it count once."""

from datetime import timedelta

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from infra.case_client import notify_lead, open_case
from models.errors import AlreadyArchived, DomainError, WrongStage
from models.messages import CaseStart, Opening, Receipt, Telling
from models.wire_names import OPEN_CASE_ACTIVITY, TELL_CASE_ACTIVITY

log = structlog.get_logger(__name__)

#: Delay before a refused errand is retried. People must remove the reason of the refusal first.
REFUSAL_RETRY_DELAY = timedelta(minutes=1)


class ErrandActivities:
    """The activities, bound to a Temporal client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn(name=TELL_CASE_ACTIVITY)
    async def tell_case(self, telling: Telling) -> None:
        """Tell the lead case that another case was merged into it. A lead that has closed needs no message."""
        try:
            await notify_lead(self._client, telling)
        except (AlreadyArchived, WrongStage) as error:
            log.info("lead case is closed", lead=str(telling.lead), code=error.code)
        except DomainError as error:  # for example a store that is away: keep the errand and retry
            raise _retry_later(error, lead=telling.lead) from error

    @activity.defn(name=OPEN_CASE_ACTIVITY)
    async def open_case(self, opening: Opening) -> Receipt:
        """Open the case that a part of a split becomes; every attempt returns the same case."""
        start = CaseStart(report=opening.report, actor=opening.actor)
        try:
            return await open_case(self._client, start, queue=activity.info().task_queue)
        except DomainError as error:
            raise _retry_later(error, part_of=opening.report.split_from) from error


def _retry_later(error: DomainError, **about: object) -> ApplicationError:
    """Log a refused errand, and return the error that makes Temporal retry it later."""
    log.error("errand refused", code=error.code, **{name: str(value) for name, value in about.items()})
    return ApplicationError(str(error), type=error.code, next_retry_delay=REFUSAL_RETRY_DELAY)
