"""Errands between cases: each is safe to repeat, because its id makes it count once."""

import structlog
from temporalio import activity
from temporalio.client import Client

from infra.case_workflow import open_case, tell_case
from models.errors import DomainError
from models.messages import CaseStart, Opening, Receipt, Telling
from models.names import OPEN_CASE_ACTIVITY, TELL_CASE_ACTIVITY

log = structlog.get_logger(__name__)


class Errands:
    """Carries errands to other cases' workflows."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn(name=TELL_CASE_ACTIVITY)
    async def tell_case(self, telling: Telling) -> None:
        """Tells the lead that a case was merged into it. A lead that closed meanwhile needs no telling."""
        try:
            await tell_case(self._client, telling)
        except DomainError as error:
            log.info("lead not told", lead=str(telling.lead), code=error.code)

    @activity.defn(name=OPEN_CASE_ACTIVITY)
    async def open_case(self, opening: Opening) -> Receipt:
        """Opens the case that a part becomes; the same case on every try."""
        start = CaseStart(report=opening.report, actor=opening.actor)
        return await open_case(self._client, start, queue=activity.info().task_queue)
