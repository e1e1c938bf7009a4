"""The policy of the mixed load: the small park's, with a category that is overdue at once and climbs within seconds.

Whoever is told is told at once, each thing by itself, so that many messages are under way.
"""

from sqlalchemy.ext.asyncio import AsyncEngine

from models.policy.document import Category
from models.policy.limits import Limit
from models.policy.notifications import Cap, NotificationPolicy, StormRule
from models.policy.standard import Ladder, Limits, Rung, Target
from tests.api.harness import RUSHED
from tests.builders import a_policy, publish

#: Seconds for the handling of a case of the hurried category.
HANDLING = 3.0


async def publish_rush(engine: AsyncEngine) -> None:
    """Publish the policy as version 2, in force at once."""
    day = Limit.of_hours(24)
    limits = Limits(accept=day, dispatch=day, handle=Limit.of_hours(HANDLING / 3600), review=day)
    rushed = Category(code=RUSHED, name_zh="立等", name_en="At once", group="03", limits=limits)
    climb = Ladder(code="climb", rungs=tuple(Rung(fraction=f, targets=(Target(host=True),)) for f in (1, 2, 4)))
    told = NotificationPolicy(
        digest_minutes=0, gather_seconds=1, other_caps=(Cap(most=1000, minutes=1),),
        storm=StormRule(items=10_000, window_items=100_000),
    )  # fmt: skip
    policy = a_policy(categories=(*a_policy().categories, rushed), ladders=(climb,), notifications=told)
    async with engine.begin() as connection:
        await publish(connection, policy, version=2)
