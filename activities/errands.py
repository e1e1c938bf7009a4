"""Errands between cases: each is safe to repeat, because its id makes it count once."""

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

#: How long an errand that was refused waits before it is tried again: what refuses it must be put right by people.
REFUSAL_RETRY_DELAY = timedelta(minutes=1)


class ErrandActivities:
    """Carries errands to other cases' workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn(name=TELL_CASE_ACTIVITY)
    async def tell_case(self, telling: Telling) -> None:
        """Tells the lead that a case was merged into it. A lead that closed meanwhile needs no telling."""
        try:
            await notify_lead(self._client, telling)
        except (AlreadyArchived, WrongStage) as error:
            log.info("lead not told", lead=str(telling.lead), code=error.code)
        except DomainError as error:  # a store that is away or behind is no reason to forget it
            raise _retry_later(error, lead=telling.lead) from error

    @activity.defn(name=OPEN_CASE_ACTIVITY)
    async def open_case(self, opening: Opening) -> Receipt:
        """Opens the case that a part becomes; the same case on every try."""
        start = CaseStart(report=opening.report, actor=opening.actor)
        try:
            return await open_case(self._client, start, queue=activity.info().task_queue)
        except DomainError as error:
            raise _retry_later(error, part_of=opening.report.split_from) from error


def _retry_later(error: DomainError, **about: object) -> ApplicationError:
    """An errand refused for now: told in the log, kept, and tried again."""
    log.error("errand refused", code=error.code, **{name: str(value) for name, value in about.items()})
    return ApplicationError(str(error), type=error.code, next_retry_delay=REFUSAL_RETRY_DELAY)
