"""An enterprise that is visited at another rhythm, or works other shifts: plans that follow it give duties out anew."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from infra.store.outbox import insert_effects
from models.matters.base import MatterFact, MatterKind
from models.matters.effects import ActOnMatter
from models.matters.enterprise import Enterprise
from models.matters.plan import FollowEnterprise

#: Active plans that name the enterprise and have its rhythm (`rated`), or its shifts.
_PLANS = """
    SELECT id FROM matters, jsonb_extract_path(state, 'terms', 'rhythm') rhythm
    WHERE kind = 'plan' AND status = 'active'
        AND state->'terms'->'places' @> jsonb_build_array(jsonb_build_object('enterprise', %(code)s::text))
        AND (%(visits)s AND rhythm->>'kind' = 'as_rated'
            OR %(shifts)s AND rhythm->>'kind' = 'per_shift' AND jsonb_array_length(rhythm->'shifts') = 0)
    ORDER BY id
"""


async def project(
    connection: AsyncConnection, before: Enterprise | None, after: Enterprise, facts: Sequence[MatterFact]
) -> None:
    """Tell the plans, once the facts are committed, if they follow what has changed."""
    if before is None:
        return
    visits = before.visits is not after.visits
    shifts = _works(before) != _works(after)
    if not (visits or shifts):
        return
    command = FollowEnterprise(about=after.code).model_dump(mode="json")
    for (plan,) in await all_rows(connection, _PLANS, {"code": after.code, "visits": visits, "shifts": shifts}):
        effects = [ActOnMatter(matter_kind=MatterKind.PLAN, matter_id=plan, command=command)]
        cause = ("follow", facts[-1].seq, plan)
        await insert_effects(connection, (MatterKind.ENTERPRISE, after.id), cause, effects, facts[-1].at)


def _works(enterprise: Enterprise) -> tuple[object, ...]:
    """When it works: its shifts, and the days."""
    return (enterprise.shifts, enterprise.calendar, enterprise.work_rule)
