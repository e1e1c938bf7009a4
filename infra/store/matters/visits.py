"""An enterprise that is visited more often now, or less: plans that follow its colour give their duties out anew."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows
from infra.store.outbox import insert_effects
from models.matters.base import MatterFact, MatterKind
from models.matters.effects import ActOnMatter
from models.matters.enterprise import Enterprise
from models.matters.plan import FollowRatings

_PLANS = """
    SELECT id FROM matters WHERE kind = 'plan' AND status = 'active' AND state->'terms'->'rhythm'->>'kind' = 'as_rated'
        AND state->'terms'->'places' @> jsonb_build_array(jsonb_build_object('enterprise', %(code)s::text)) ORDER BY id
"""


async def project(
    connection: AsyncConnection, before: Enterprise | None, after: Enterprise, facts: Sequence[MatterFact]
) -> None:
    """Tell the plans, once the facts are committed, if the enterprise is visited at another rhythm after them."""
    if before is None or before.visits is after.visits:
        return
    command = FollowRatings(about=after.code).model_dump(mode="json")
    for (plan,) in await all_rows(connection, _PLANS, {"code": after.code}):
        effects = [ActOnMatter(matter_kind=MatterKind.PLAN, matter_id=plan, command=command)]
        cause = ("visits", facts[-1].seq, plan)
        await insert_effects(connection, (MatterKind.ENTERPRISE, after.id), cause, effects, facts[-1].at)
