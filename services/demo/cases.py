"""What the demonstration park is busy with: a few hundred cases, brought where they stand by real commands.

Everything goes through the workflows, as people would do it. So that each light shines on the first visit, the first
cases are taken on under a policy whose limits are shortened to seconds, or whose yellow light comes at once; they keep
it, and the version says what it is. The rest live under the park's own policy, in force afterwards.
Safe to stop and to repeat: every report and every command has an id of its own, worked out from its place in the plan.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.database import transaction
from models.enums import LimitUnit
from models.policy.document import Policy
from models.policy.limits import Limit
from models.policy.standard import LightRule, Standard
from services.demo.case_script import Job, Town, live, read_town
from services.files.shipped import POLICY
from services.policies.files import read_policy
from services.policies.versions import publish
from services.reports.submit import refresh_reference
from services.runtime.resources import Resources

#: Tells that it has all been done once.
MARK = "demo-cases.json"
#: How many cases there are unless asked otherwise; cases under way at once.
USUAL, ABREAST = 220, 8
#: Seconds of a shortened limit: long enough to get through the stages that are not meant to be late.
_SHORT = 20
#: The least a policy allows, so that the yellow light is there at once.
_AT_ONCE = 1e-6


@dataclass(frozen=True)
class Phase:
    """Cases taken on under one version of the policy: how many of all, and where they go."""

    share: float
    change: Callable[[Policy], Policy]
    #: Where a case goes, and how often compared with the others.
    ways: Mapping[str, int]


_LATE = {
    "received": 3,
    "accepted": 3,
    "dispatched": 6,
    "claimed": 8,
    "progress": 5,
    "urged": 3,
    "closed": 4,
    "shared": 2,
}
_NEAR = {"received": 3, "accepted": 4, "dispatched": 6, "claimed": 8, "progress": 4, "reviewing": 3, "returning": 1}
_CALM = {
    "received": 10, "asked": 2, "rejected": 3, "accepted": 8, "dispatched": 14, "shared": 5, "claimed": 16,
    "progress": 10, "noted": 4, "urged": 3, "returning": 3, "extending": 4, "extended": 3, "suspending": 2,
    "suspended": 6, "reviewing": 9, "reworked": 4, "closed": 16, "rated": 14, "reopening": 3, "voiding": 1,
    "settled": 3,
}  # fmt: skip


async def load_demo_life(
    resources: Resources, data_dir: Path, count: int = USUAL, progress: Callable[[int], None] = lambda done: None
) -> int:
    """Brings `count` cases where they stand, and says how many; 0 when that was done before.

    Raises StoreAway when Temporal or PostgreSQL goes away meanwhile; repeated, it goes on.
    """
    mark = data_dir / MARK
    if count == 0 or mark.exists():
        return 0
    await refresh_reference(resources, datetime.now(UTC))
    town = await read_town(resources)
    policy = read_policy(POLICY)
    plan = _plan(count, town)
    done = 0
    for phase, jobs in plan:
        async with transaction(resources.engine) as connection:
            await publish(connection, phase.change(policy), datetime.now(UTC))
        room = asyncio.Semaphore(ABREAST)

        async def one(job: Job, room: asyncio.Semaphore = room) -> None:
            nonlocal done
            async with room:
                await live(resources, town, job)
            done += 1
            progress(done)

        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(one(job))
    mark.write_text(json.dumps({"cases": done}))
    return done


# --- policies ---------------------------------------------------------------------------------------------------------


def hurried(policy: Policy) -> Policy:
    """The policy with limits of some seconds: what is not acted upon is late at once."""

    def short(seconds: float) -> Limit:
        return Limit(amount=seconds / 3600, unit=LimitUnit.URGENT_HOUR, source="our choice")

    return _with_standards(
        policy,
        "演示: 时限缩短到秒",
        lambda s: {"accept": short(_SHORT), "dispatch": short(_SHORT), "handle": short(_SHORT), "review": short(3600),
                   "whole": None},
    )  # fmt: skip


def glowing(policy: Policy) -> Policy:
    """The policy with yellow lights from the start."""
    return _with_standards(
        policy, "演示: 立即亮黄灯", lambda s: {"lights": LightRule(yellow=_AT_ONCE, red=s.lights.red)}
    )


def _with_standards(policy: Policy, name: str, change: Callable[[Standard], dict[str, object]]) -> Policy:
    standards = [{**s.model_dump(), **change(s)} for s in policy.standards]
    return Policy.model_validate({**policy.model_dump(), "name": f"{policy.name} · {name}", "standards": standards})


PHASES = (
    Phase(0.18, hurried, _LATE),
    Phase(0.17, glowing, _NEAR),
    Phase(0.65, lambda policy: policy, _CALM),
)


# --- the plan ---------------------------------------------------------------------------------------------------------


def _plan(count: int, town: Town) -> list[tuple[Phase, list[Job]]]:
    """Always the same for the same park: a second start goes on where the first one stopped."""
    luck = random.Random(20261122)
    worked = [grid for grid in town.paths if town.reporters(grid)]
    numbers = iter(range(count))
    plan: list[tuple[Phase, list[Job]]] = []
    for place, phase in enumerate(PHASES):
        last = place == len(PHASES) - 1
        many = count - sum(len(jobs) for _, jobs in plan) if last else round(count * phase.share)
        ways = _spread(phase.ways, many, luck)
        jobs = [Job(next(numbers), luck.choice(town.reports), luck.choice(worked), way) for way in ways]
        plan.append((phase, jobs))
    return plan


def _spread(ways: Mapping[str, int], many: int, luck: random.Random) -> list[str]:
    """Every way as often as its weight says, and at least once where there is room."""
    bag = [way for way, weight in ways.items() for _ in range(weight)]
    luck.shuffle(bag)
    first = list(ways) if many >= len(ways) else []
    return (first + [bag[n % len(bag)] for n in range(many)])[:many]
