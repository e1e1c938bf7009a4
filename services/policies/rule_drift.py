"""Compare the limits of a case's own policy version with those of the version in force."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.base import Frozen, Instant
from models.case import Case
from models.context import Context
from models.enums import Stage
from models.errors import UnknownCategory
from models.policy.limits import Limit
from models.policy.standard import Standard
from rules.deadlines.standards import standard_of
from services.policies.preview import changes_under

#: The stages that have a clock, in the order of a case.
_STAGES = (Stage.RECEIVE, Stage.DISPATCH, Stage.HANDLE, Stage.REVIEW)


class LimitThenAndNow(Frozen):
    """One limit that differs. `stage` None: the whole case; a limit of None does not exist.

    `new_due_at`: when the running clock would fall due if the case adopted the newer version.
    """

    stage: Stage | None
    then: Limit | None
    now: Limit | None
    new_due_at: Instant | None = None


class NewerRule(Frozen):
    """How the version in force differs for one case. `category_gone`: it no longer has the case's category."""

    from_version: int
    to_version: int
    category_gone: bool = False
    limits: tuple[LimitThenAndNow, ...] = ()


async def find_newer_rule(connection: AsyncConnection, case: Case, ctx: Context, now: datetime) -> NewerRule | None:
    """Return the differences; None where the case is under the version in force, or nothing differs for it.

    `ctx` is the context of the case's own version.
    """
    version = await newest_version(connection)
    if version == case.policy_version:
        return None
    policy = await policy_version(connection, version)
    try:
        today = standard_of(case, ctx.model_copy(update={"policy": policy}))
        _condition, retimed = changes_under(case, policy, version, now)
    except UnknownCategory:
        return NewerRule(from_version=case.policy_version, to_version=version, category_gone=True)
    due = {clock.stage: clock.due_at for clock in retimed} if case.is_open else {}
    limits = _changed_limits(standard_of(case, ctx), today, due)
    return NewerRule(from_version=case.policy_version, to_version=version, limits=limits) if limits else None


def _changed_limits(
    then: Standard, now: Standard, due: dict[Stage | None, datetime | None]
) -> tuple[LimitThenAndNow, ...]:
    pairs: list[tuple[Stage | None, Limit | None, Limit | None]] = [(s, then.of(s), now.of(s)) for s in _STAGES]
    pairs.append((None, then.whole, now.whole))
    return tuple(
        LimitThenAndNow(stage=stage, then=old, now=new, new_due_at=due.get(stage))
        for stage, old, new in pairs
        if old != new
    )
