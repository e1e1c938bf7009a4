"""Preview what adopting a policy would change: for one case, clock by clock, or counted over all open cases."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from activities.rollout import policy_only_context
from infra.store.policies import policy_version
from models.base import STORED, Frozen, Instant
from models.case import Case
from models.context import Context, Person
from models.enums import Stage
from models.errors import NoSuchVersion, NothingToForecast, UnknownCategory
from models.facts import Retimed
from models.policy.document import Policy
from models.policy.limits import Limit
from rules.deadlines.clocks import recompute_clocks, terms_of
from rules.deadlines.standards import opening
from services.cases.queries import find_case
from services.plans.load import read_load


class RetimedView(Frozen):
    """A clock as it is and as it would be. `stage` None: the whole case; `due_at` None: the clock stands still."""

    stage: Stage | None
    limit: Limit
    due_at: Instant | None
    new_limit: Limit
    new_due_at: Instant | None


class Adoption(Frozen):
    """What adopting policy `to_version` would change for a case under `from_version`. Nothing is changed."""

    case_no: str
    from_version: int
    to_version: int
    condition: str | None
    clocks: tuple[RetimedView, ...]


@dataclass
class PreviewCounts:
    """What a policy would do to the open cases if each adopted it, and to the plans: how many there are, how many could
    give out no duties, the duties of the next 30 days, and the people with more a day than the policy takes for right.
    """

    open: int = 0
    earlier: int = 0
    later: int = 0
    overdue_at_once: int = 0
    unchanged: int = 0
    without_category: int = 0
    plans: int = 0
    plans_broken: int = 0
    duties_30_days: int = 0
    people_overloaded: int = 0


async def preview_adoption(
    connection: AsyncConnection, person: Person, case_no: str, version: int, now: datetime
) -> Adoption:
    """Return what adopting `version` would change.

    Raises NoSuchCase, NothingToForecast, NoSuchVersion or UnknownCategory.
    """
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state, context=STORED)
    if not case.is_open:
        raise NothingToForecast()
    exists = await connection.scalar(text("SELECT true FROM policies WHERE version = :v"), {"v": version})
    if not exists:
        raise NoSuchVersion(version=version, pointer="/query/version")
    policy = await policy_version(connection, version)
    condition, retimed = changes_under(case, policy, version, now)
    old = {clock.stage: clock for clock in (case.clock, case.whole) if clock is not None}
    return Adoption(
        case_no=case_no,
        from_version=case.policy_version,
        to_version=version,
        condition=condition,
        clocks=tuple(
            RetimedView(
                stage=new.stage,
                limit=terms_of(old[new.stage]),
                due_at=new.old_due_at,
                new_limit=new.terms,
                new_due_at=new.due_at,
            )
            for new in retimed
        ),
    )


def changes_under(case: Case, policy: Policy, version: int, now: datetime) -> tuple[str | None, tuple[Retimed, ...]]:
    """Return the opening condition and the clocks of `case` under `policy`. Raises UnknownCategory."""
    context: Context = policy_only_context(policy, version, policy, version, now)
    category = policy.category(case.category)
    condition_exists = category is not None and any(c.code == case.condition for c in category.conditions)
    opened = opening(policy, case.category, case.severity, case.condition if condition_exists else None)
    return opened.condition, recompute_clocks(case, opened.standard, context)


async def preview_all(connection: AsyncConnection, policy: Policy, version: int, now: datetime) -> PreviewCounts:
    """Count over every open case what adopting `policy` would change."""
    counts = PreviewCounts()
    states = await connection.stream_scalars(text("SELECT state FROM cases WHERE closed_at IS NULL"))
    async for state in states:
        case = Case.model_validate(state, context=STORED)
        counts.open += 1
        try:
            _, retimed = changes_under(case, policy, version, now)
        except UnknownCategory:
            counts.without_category += 1
            continue
        moved = [(new.old_due_at, new.due_at) for new in retimed if new.old_due_at and new.due_at]
        counts.earlier += any(after < before for before, after in moved)
        counts.later += any(after > before for before, after in moved)
        counts.overdue_at_once += any(after <= now < before for before, after in moved)
        counts.unchanged += not any(before != after for before, after in moved)
    load = await read_load(connection, None, now, "zh", policy=policy)
    counts.plans, counts.plans_broken, counts.duties_30_days = load.plans, len(load.broken), load.duties
    counts.people_overloaded = sum(1 for bearer in load.bearers if bearer.days_above)
    return counts
