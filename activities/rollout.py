"""The activity that rolls a published policy out: its calendars to the open cases whose deadlines they change, its
colour rules to every enterprise, its time zone to the schedules of the bulletins."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.client import Client

from infra.case_client import NO_ANSWER_ERRORS, act_as_system
from infra.database import transaction
from infra.store.matters.enterprise import assess_all
from infra.store.policies import newest_version, policy_version
from models.base import STORED
from models.case import Case
from models.commands import Recompute
from models.context import Context
from models.errors import AlreadyArchived, DomainError, WrongStage
from models.ids import derived_id
from models.messages import Rollout, RolloutPage, SystemAct
from models.policy.document import Policy
from models.wire_names import ROLLOUT_ACTIVITY
from rules.deadlines.clocks import recompute_clocks
from rules.deadlines.standards import standard_of

log = structlog.get_logger(__name__)

#: Fallback owner in a context that decides nothing.
NO_PERSON = UUID(int=0)
#: How many cases are read together, and how many workflows are updated at once.
PAGE_SIZE, CONCURRENCY = 500, 8
#: How long one case may take to answer: less than the heartbeat timeout of the activity.
CASE_TIMEOUT = timedelta(seconds=10)

_OPEN = text("""
    SELECT state FROM cases WHERE closed_at IS NULL AND (CAST(:after AS uuid) IS NULL OR report_id > :after)
    ORDER BY report_id LIMIT :page
""")


class RolloutActivities:
    """The activity, bound to a database and a Temporal client. `arrange` writes the schedules of the bulletins anew."""

    def __init__(self, engine: AsyncEngine, client: Client, arrange: Callable[[], Awaitable[None]]) -> None:
        self._engine = engine
        self._client = client
        self._arrange = arrange

    @activity.defn(name=ROLLOUT_ACTIVITY)
    async def roll_out(self, rollout: Rollout) -> RolloutPage:
        """Roll out to one page of open cases. Safe to repeat: a case whose deadlines are right already is left out."""
        if rollout.after is None:
            async with transaction(self._engine) as connection:
                await assess_all(connection, rollout.version, datetime.now(UTC))
            await self._arrange()
        async with self._engine.connect() as connection:
            rows = (await connection.scalars(_OPEN, {"after": rollout.after, "page": PAGE_SIZE})).all()
            cases = [Case.model_validate(state, context=STORED) for state in rows]
            in_force = await newest_version(connection)
            changed = [case for case in cases if await _changes_deadlines_or_log(connection, case, in_force)]
        limit = asyncio.Semaphore(CONCURRENCY)
        recomputed = await asyncio.gather(*(self._recompute(case, rollout.version, limit) for case in changed))
        last = cases[-1].report_id if len(cases) == PAGE_SIZE else None
        return RolloutPage(after=last, seen=len(cases), told=recomputed.count(True), missed=recomputed.count(None))

    async def _recompute(self, case: Case, version: int, limit: asyncio.Semaphore) -> bool | None:
        """Return whether the case was recomputed; None when it was not reached, which must not delay the others."""
        act = SystemAct(
            id=derived_id(case.report_id, "recompute", version, case.seq), command=Recompute(version=version)
        )
        async with limit:
            try:
                async with asyncio.timeout(CASE_TIMEOUT.total_seconds()):
                    await act_as_system(self._client, case.report_id, act)
            except (AlreadyArchived, WrongStage):
                return False  # closed meanwhile
            except (DomainError, *NO_ANSWER_ERRORS) as error:
                log.error("case not recomputed", case_no=case.case_no, error=type(error).__name__)
                return None
            finally:
                activity.heartbeat()
        return True


async def _changes_deadlines_or_log(connection: AsyncConnection, case: Case, version: int) -> bool:
    """Return `changes_deadlines`; for a case that can't be recomputed, log it and return False."""
    try:
        return await changes_deadlines(connection, case, version)
    except (DomainError, ValueError) as error:
        log.error("case can't be recomputed", case_no=case.case_no, error=str(error))
        return False


async def changes_deadlines(connection: AsyncConnection, case: Case, version: int) -> bool:
    """Return whether the calendars of `version` change a deadline of the case."""
    policy = await policy_version(connection, case.policy_version)
    published = await policy_version(connection, version)
    now = datetime.now(UTC)
    context = policy_only_context(policy, case.policy_version, published, version, now)
    return bool(recompute_clocks(case, standard_of(case, context), context))


def policy_only_context(policy: Policy, version: int, published: Policy, calendars: int, now: datetime) -> Context:
    """Return a context with policies and calendars only: enough to compute deadlines, not to decide."""
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
