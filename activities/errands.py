"""Activities that carry out errands between cases. Each is safe to repeat, because its id makes it count once."""

from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from infra.case_client import act_as_system, notify_lead, open_case
from infra.store.cases import read_report_id
from models.commands import Report, Separate, TakeOut
from models.errors import DomainError, NoSuchCase
from models.messages import CaseStart, Opening, Receipt, SystemAct, Telling
from models.wire_names import OPEN_CASE_ACTIVITY, TELL_CASE_ACTIVITY

log = structlog.get_logger(__name__)

#: From this HTTP status on a refusal is the system's, not the case's: it passes.
UNAVAILABLE = 500
#: Delay before a refused errand is retried. People must remove the reason of the refusal first.
REFUSAL_RETRY_DELAY = timedelta(minutes=1)
_ANONYMOUS = text("SELECT anonymous FROM cases WHERE case_no = :case_no")


class ErrandActivities:
    """The activities, bound to a Temporal client, and to the database in which cases are found by number."""

    def __init__(self, client: Client, engine: AsyncEngine) -> None:
        self._client = client
        self._engine = engine

    @activity.defn(name=TELL_CASE_ACTIVITY)
    async def tell_case(self, telling: Telling) -> str | None:
        """Tell another case about a merge: that it leads, that it was left, or that it is taken out.

        Return the code with which it refused for good (it has closed); None when it was told. A case that was left and
        is archived needs no message.
        """
        try:
            await self._tell(telling)
        except DomainError as error:
            if error.status >= UNAVAILABLE:  # for example a store that is away: keep the errand and retry
                raise _retry_later(error, about=telling.from_case) from error
            log.info("errand refused for good", about=telling.from_case, code=error.code)
            return None if telling.left else error.code
        return None

    async def _tell(self, telling: Telling) -> None:
        if telling.member is not None:
            async with self._engine.connect() as connection:
                member = await read_report_id(connection, telling.member)
            if member is None:
                raise NoSuchCase(case_no=telling.member)
            out = TakeOut(lead_no=telling.from_case, reason=telling.reason)
            await act_as_system(self._client, member, SystemAct(id=telling.id, command=out))
        elif telling.left and telling.lead is not None:
            separate = Separate(case_no=telling.from_case)
            await act_as_system(self._client, telling.lead, SystemAct(id=telling.id, command=separate))
        else:
            await notify_lead(self._client, telling)

    @activity.defn(name=OPEN_CASE_ACTIVITY)
    async def open_case(self, opening: Opening) -> Receipt:
        """Open the case that a part of a split becomes; every attempt returns the same case. A part that the rules
        refuse comes back with the code of the refusal."""
        start = CaseStart(report=await self._as_anonymous(opening.report), actor=opening.actor)
        try:
            return await open_case(self._client, start, queue=activity.info().task_queue)
        except DomainError as error:
            if error.status >= UNAVAILABLE:
                raise _retry_later(error, part_of=opening.report.split_from) from error
            log.info("part refused for good", part_of=opening.report.split_from, code=error.code)
            return Receipt(case_no="", revision=0, refused=error.code)

    async def _as_anonymous(self, report: Report) -> Report:
        """Return the report of a part, anonymous where its case is, or where its case is gone."""
        async with self._engine.connect() as connection:
            anonymous = await connection.scalar(_ANONYMOUS, {"case_no": report.split_from})
        return report.model_copy(update={"anonymous": anonymous is not False})


def _retry_later(error: DomainError, **about: object) -> ApplicationError:
    """Log a refused errand, and return the error that makes Temporal retry it later."""
    log.error("errand refused", code=error.code, **{name: str(value) for name, value in about.items()})
    return ApplicationError(str(error), type=error.code, next_retry_delay=REFUSAL_RETRY_DELAY)
