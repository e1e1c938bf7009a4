"""The cases of the demonstration park: those of the last sixty days (`past`), and some dozens played by real commands.

Everything goes through the workflows, as people would do it. So that each light shows on the first visit, the first
cases are accepted under a policy whose limits are shortened to seconds, or whose yellow light comes at once; they keep
it, and the name of the version says so. The rest are under the park's own policy, in force afterwards. Safe to stop and
to repeat: every report and every command has an id derived from its place in the plan.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from infra.database import transaction
from models.enums import LimitUnit
from models.policy.document import Policy
from models.policy.limits import Limit
from models.policy.standard import LightRule, Standard
from services.demo.case_script import Job, play_case
from services.demo.enterprises import demo_enterprises, register_demo_enterprises
from services.demo.past.load import load_past
from services.demo.past.plan import OF_WORK
from services.demo.patience import patiently
from services.demo.town import DemoTown, read_demo_town
from services.files.shipped import POLICY
from services.policies.files import read_policy
from services.policies.versions import publish
from services.reports.submit import refresh_reference
from services.runtime.resources import Resources
from services.suggestions.schedule import train_soon

#: The file that marks the demonstration cases as played.
MARK = "demo-cases.json"
#: Cases played at the same time.
CONCURRENCY = 8
#: Seconds of a shortened limit: long enough to pass the stages that are not meant to be overdue.
_SHORT = 20
#: The least share a policy allows, so that the yellow light shows at once.
_AT_ONCE = 1e-6


@dataclass(frozen=True)
class Phase:
    """Cases accepted under one version of the policy: their share of all, and their courses."""

    share: float
    change: Callable[[Policy], Policy]
    #: The courses of cases, each with its weight.
    courses: Mapping[str, int]


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
    "received": 10, "asked": 2, "verifying": 2, "verified": 2, "rejected": 3, "accepted": 8, "dispatched": 14,
    "redispatched": 2, "shared": 5, "claimed": 16,
    "progress": 10, "noted": 4, "urged": 3, "returning": 3, "extending": 4, "extended": 3, "suspending": 2,
    "suspended": 6, "reviewing": 9, "reworked": 4, "closed": 16, "rated": 14, "reopening": 3, "voiding": 1,
    "settled": 3,
}  # fmt: skip


async def play_demo_cases(
    resources: Resources,
    data_dir: Path,
    count: int,
    past_count: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Load `past_count` cases of the last sixty days, play `count` more, and return how many there are now of both; 0
    when that was done before.

    Goes on when Temporal or PostgreSQL was away meanwhile.
    """
    mark = data_dir / MARK
    if count + past_count == 0 or mark.exists():
        return 0
    done = await patiently(lambda: _play(resources, count, past_count, progress))
    mark.write_text(json.dumps({"cases": done}))
    return done


async def _play(resources: Resources, count: int, past_count: int, progress: Callable[[int], None]) -> int:
    """Make all of it; what an earlier attempt made is not made twice."""
    await refresh_reference(resources, datetime.now(UTC))
    town = await read_demo_town(resources)
    policy = read_policy(POLICY)
    plan = _plan(count, town) if count else []
    done = await load_past(resources, town, past_count, progress)
    await register_demo_enterprises(resources, town)
    for phase, jobs in plan:
        async with transaction(resources.engine) as connection:
            await publish(connection, phase.change(policy), datetime.now(UTC))
        slots = asyncio.Semaphore(CONCURRENCY)

        async def play_one(job: Job, slots: asyncio.Semaphore = slots) -> None:
            nonlocal done
            async with slots:
                await play_case(resources, town, job)
            done += 1
            progress(done)

        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(play_one(job))
    if past_count:
        await train_soon(resources.temporal, resources.settings.case_queue)
    return done


# --- policies ---------------------------------------------------------------------------------------------------------


def with_short_limits(policy: Policy) -> Policy:
    """Return the policy with limits of some seconds, so that a case without action is overdue soon."""

    def short(seconds: float) -> Limit:
        return Limit(amount=seconds / 3600, unit=LimitUnit.URGENT_HOUR, source="our choice")

    return _with_standards(
        policy,
        "演示: 时限缩短到秒",
        lambda s: {"accept": short(_SHORT), "dispatch": short(_SHORT), "handle": short(_SHORT), "review": short(3600),
                   "whole": None},
    )  # fmt: skip


def with_yellow_lights(policy: Policy) -> Policy:
    """Return the policy with yellow lights from the start."""
    return _with_standards(
        policy, "演示: 立即亮黄灯", lambda s: {"lights": LightRule(yellow=_AT_ONCE, red=s.lights.red)}
    )


def _with_standards(policy: Policy, name: str, change: Callable[[Standard], dict[str, object]]) -> Policy:
    standards = [{**s.model_dump(), **change(s)} for s in policy.standards]
    return Policy.model_validate({**policy.model_dump(), "name": f"{policy.name} · {name}", "standards": standards})


PHASES = (
    Phase(0.18, with_short_limits, _LATE),
    Phase(0.17, with_yellow_lights, _NEAR),
    Phase(0.65, lambda policy: policy, _CALM),
)


# --- the plan ---------------------------------------------------------------------------------------------------------


def _plan(count: int, town: DemoTown) -> list[tuple[Phase, list[Job]]]:
    """Return the same plan for the same park, so that a second start continues the first one."""
    rng = random.Random(20261122)
    grids = [grid for grid in town.paths if town.reporters(grid)]
    plants = [str(plant.code) for plant in demo_enterprises() if plant.grid in town.paths]
    numbers = iter(range(count))
    plan: list[tuple[Phase, list[Job]]] = []
    for position, phase in enumerate(PHASES):
        last = position == len(PHASES) - 1
        number = count - sum(len(jobs) for _, jobs in plan) if last else round(count * phase.share)
        courses = _spread(phase.courses, number, rng)
        jobs = [Job(next(numbers), rng.choice(town.reports), rng.choice(grids), course) for course in courses]
        jobs = [replace(job, enterprise=_enterprise_of(job, plants)) for job in jobs]
        plan.append((phase, jobs))
    return plan


def _enterprise_of(job: Job, plants: Sequence[str]) -> str | None:
    """Return the enterprise that a case of safety, labour or environment is about, from half of the park's."""
    about = plants and job.report.category[:2] in OF_WORK
    return plants[job.number * 2 % len(plants)] if about else None


def _spread(weights: Mapping[str, int], count: int, rng: random.Random) -> list[str]:
    """Return every course as often as its weight says, and at least once where there is room."""
    bag = [course for course, weight in weights.items() for _ in range(weight)]
    rng.shuffle(bag)
    first = list(weights) if count >= len(weights) else []
    return (first + [bag[n % len(bag)] for n in range(count)])[:count]
