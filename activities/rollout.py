"""Telling open cases that a calendar was published: those alone whose deadlines it changes."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.client import Client

from infra.case_client import NO_ANSWER_ERRORS, act_as_system
from infra.store.policies import newest_version, policy_version
from models.case import Case
from models.commands import Recompute
from models.context import Context
from models.errors import AlreadyArchived, DomainError, WrongStage
from models.ids import derived_id
from models.messages import Rollout, RolloutPage, SystemAct
from models.policy.document import Policy
from models.wire_names import ROLLOUT_ACTIVITY
from rules.deadlines.clocks import recounted
from rules.deadlines.standards import standard_of

log = structlog.get_logger(__name__)

#: Who answers where nobody is asked.
NO_PERSON = UUID(int=0)
#: How many cases are looked at together, and how many of them are told at once.
PAGE_SIZE, CONCURRENCY = 500, 8
#: How long one case may take to answer: within the time in which the activity must be heard of.
CASE_TIMEOUT = timedelta(seconds=10)

_OPEN = text("""
    SELECT state FROM cases WHERE closed_at IS NULL AND (CAST(:after AS uuid) IS NULL OR report_id > :after)
    ORDER BY report_id LIMIT :page
""")


class RolloutActivities:
    """Rolls out policy versions over one database."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn(name=ROLLOUT_ACTIVITY)
    async def roll_out(self, rollout: Rollout) -> RolloutPage:
        """One page of open cases. Safe to repeat: a case whose deadlines stand already is not told."""
        async with self._engine.connect() as connection:
            rows = (await connection.scalars(_OPEN, {"after": rollout.after, "page": PAGE_SIZE})).all()
            cases = [Case.model_validate(state) for state in rows]
            in_force = await newest_version(connection)
            changed = [case for case in cases if await _changes_deadlines_or_log(connection, case, in_force)]
        limit = asyncio.Semaphore(CONCURRENCY)
        told = await asyncio.gather(*(self._tell(case, rollout.version, limit) for case in changed))
        last = cases[-1].report_id if len(cases) == PAGE_SIZE else None
        return RolloutPage(after=last, seen=len(cases), told=told.count(True), missed=told.count(None))

    async def _tell(self, case: Case, version: int, limit: asyncio.Semaphore) -> bool | None:
        """Whether it was told; None: it could not be now, which is no reason to keep the others waiting."""
        act = SystemAct(
            id=derived_id(case.report_id, "recompute", version, case.seq), command=Recompute(version=version)
        )
        async with limit:
            try:
                async with asyncio.timeout(CASE_TIMEOUT.total_seconds()):
                    await act_as_system(self._client, case.report_id, act)
            except (AlreadyArchived, WrongStage):
                return False  # it was closed meanwhile
            except (DomainError, *NO_ANSWER_ERRORS) as error:
                log.error("case not told of a calendar", case_no=case.case_no, error=type(error).__name__)
                return None
            finally:
                activity.heartbeat()
        return True


async def _changes_deadlines_or_log(connection: AsyncConnection, case: Case, version: int) -> bool:
    """As `changes`; a case that can't be counted at all is named and left as it is."""
    try:
        return await changes_deadlines(connection, case, version)
    except (DomainError, ValueError) as error:
        log.error("case can't be counted anew", case_no=case.case_no, error=str(error))
        return False


async def changes_deadlines(connection: AsyncConnection, case: Case, version: int) -> bool:
    """Whether the calendars of `version` change a deadline of the case."""
    policy = await policy_version(connection, case.policy_version)
    published = await policy_version(connection, version)
    now = datetime.now(UTC)
    context = policy_only_context(policy, case.policy_version, published, version, now)
    return bool(recounted(case, standard_of(case, context), context))


def policy_only_context(policy: Policy, version: int, published: Policy, calendars: int, now: datetime) -> Context:
    """A context that knows policies and calendars alone: enough to count by, not to decide."""
    return Context(
        now=now,
        today=now.astimezone(ZoneInfo(policy.zone)).date(),
        policy=policy,
        policy_version=version,
        calendars=published.calendars,
        calendars_version=calendars,
        person=None,
        units=(),
        departments=(),
        fallback=NO_PERSON,
    )
