"""Telling open cases that a calendar was published: those alone whose deadlines it changes."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio import activity
from temporalio.client import Client

from infra.case_workflow import tell_system
from infra.store.policies import newest_version, policy_version
from models.case import Case
from models.commands import Recompute
from models.context import Context
from models.errors import AlreadyArchived, WrongStage
from models.ids import derived_id
from models.messages import Rollout, RolloutPage, SystemAct
from models.names import ROLLOUT_ACTIVITY
from models.policy import Policy
from rules.clocks import recounted
from rules.standards import standard_of

log = structlog.get_logger(__name__)

#: Who answers where nobody is asked.
NOBODY = UUID(int=0)
#: How many cases are looked at together, and how many of them are told at once.
PAGE, AT_ONCE = 500, 8

_OPEN = text("""
    SELECT state FROM cases WHERE closed_at IS NULL AND (CAST(:after AS uuid) IS NULL OR report_id > :after)
    ORDER BY report_id LIMIT :page
""")


class RollOut:
    """Rolls out policy versions over one database."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn(name=ROLLOUT_ACTIVITY)
    async def roll_out(self, rollout: Rollout) -> RolloutPage:
        """One page of open cases. Safe to repeat: a case whose deadlines stand already is not told."""
        async with self._engine.connect() as connection:
            rows = (await connection.scalars(_OPEN, {"after": rollout.after, "page": PAGE})).all()
            cases = [Case.model_validate(state) for state in rows]
            in_force = await newest_version(connection)
            changed = [case for case in cases if await changes(connection, case, in_force)]
        limit = asyncio.Semaphore(AT_ONCE)
        told = await asyncio.gather(*(self._tell(case, rollout.version, limit) for case in changed))
        last = cases[-1].report_id if len(cases) == PAGE else None
        return RolloutPage(after=last, seen=len(cases), told=sum(told))

    async def _tell(self, case: Case, version: int, limit: asyncio.Semaphore) -> bool:
        act = SystemAct(
            id=derived_id(case.report_id, "recompute", version, case.seq), command=Recompute(version=version)
        )
        async with limit:
            try:
                await tell_system(self._client, case.report_id, act)
            except (AlreadyArchived, WrongStage):
                return False  # it was closed meanwhile
            finally:
                activity.heartbeat()
        return True


async def changes(connection: AsyncConnection, case: Case, version: int) -> bool:
    """Whether the calendars of `version` change a deadline of the case."""
    policy = await policy_version(connection, case.policy_version)
    published = await policy_version(connection, version)
    now = datetime.now(UTC)
    context = bare_context(policy, case.policy_version, published, version, now)
    return bool(recounted(case, standard_of(case, context), context))


def bare_context(policy: Policy, version: int, published: Policy, calendars: int, now: datetime) -> Context:
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
        fallback=NOBODY,
    )
