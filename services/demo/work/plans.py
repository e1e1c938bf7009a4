"""Plans of the demonstration: checks before shifts, patrols, visits and volunteers' tours, with some days behind them.

Most duties were done in time, some late, some not at all, and a few found something. Each depends only on its id.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.matters.plan import read_places, read_plants
from infra.store.policies import newest_version, policy_version
from models.ids import derived_id
from models.matters.base import MatterKind
from models.matters.plan import Batch, MakePlan, PlanTerms
from models.policy.document import Policy
from rules.matters.plan.duties import duty_id
from rules.matters.plan.evolving import keys_of
from rules.matters.plan.making import proposed
from rules.matters.plan.occurrences import Surroundings, occurrences
from services.demo.enterprises import demo_enterprises
from services.demo.town import DemoTown
from services.demo.work.history import PastStep, live
from services.runtime.resources import Resources

#: How long ago the plans were made.
PAST = timedelta(days=6)
#: Of all duties: done in time, and done late; the others were missed.
_IN_TIME, _LATE = 0.86, 0.06
#: Of those done: how many found something.
_FOUND = 0.02
#: How many enterprises are in the plan of checks, and how many grids in each plan of patrols.
_PLANTS, _GRIDS, _COMMUNITIES = 8, 5, 4


async def make_plans(resources: Resources, town: DemoTown, begun_at: datetime) -> None:
    """Make the plans and live their days."""
    async with resources.engine.connect() as connection:
        policy = await policy_version(connection, await newest_version(connection))
        registered = set(await connection.scalars(text("SELECT code FROM matters WHERE kind = 'enterprise'")))
    zone = ZoneInfo(policy.zone)
    begins = (begun_at - PAST).astimezone(zone).replace(hour=5, minute=0, second=0, microsecond=0)
    for command in _plans(town, registered):
        id_ = derived_id("demo-plan", command.name)
        async with resources.engine.connect() as connection:
            steps = await _steps(connection, policy, id_, command, begins, begun_at)
        await live(resources, MatterKind.PLAN, id_, steps, until=begun_at)


def _plans(town: DemoTown, registered: set[str]) -> Iterator[MakePlan]:
    """What is planned: a few plans of each kind of work."""
    plants = [one for one in demo_enterprises() if one.code in registered and one.shifts][:_PLANTS]
    shops = [
        {"grid": plant.grid, "name": shop.name, "enterprise": plant.code}
        for plant in plants
        for shop in plant.workshops
    ]
    park = next(iter(town.paths.values()))[0]
    if shops:
        yield _plan(
            "重点企业班前10分钟", park, "pre_shift", shops, {"role": "volunteer"}, {"kind": "per_shift"}, "pre-shift"
        )
    communities: dict[str, list[str]] = {}
    for path in town.paths.values():
        grids = communities.setdefault(path[1], [])
        if path[2] not in grids:
            grids.append(path[2])
    daily, weekly = ({"kind": "every", "n": 1, "unit": unit, "at": "17:30"} for unit in ("day", "week"))
    for number, (community, grids) in enumerate(sorted(communities.items())[:_COMMUNITIES], 1):
        places = [{"grid": grid} for grid in sorted(grids)[:_GRIDS]]
        worker = {"role": "grid_worker"}
        yield _plan(f"第{number}社区网格每日巡查", community, "patrol", places, worker, daily, "patrol")
        homes = [{"grid": grid, "name": f"{n} 幢 {n}0{n} 室"} for n, grid in enumerate(sorted(grids)[:3], 1)]
        yield _plan(f"第{number}社区入户走访", community, "visit", homes, worker, weekly, "household")
    first = sorted(communities)[0]
    micros = sorted(code for code, path in town.paths.items() if path[1] == first)[:6]
    tours = [{"grid": code} for code in micros]
    yield _plan("第1社区志愿者巡访", first, "volunteer_tour", tours, {"role": "volunteer"}, daily, "volunteer")
    for number, cadre in enumerate(dict.fromkeys(plant.cadre for plant in plants if plant.cadre), 1):
        own = [{"grid": plant.grid, "enterprise": plant.code} for plant in plants if plant.cadre == cadre]
        rated = {"kind": "as_rated", "at": "17:30"}
        yield _plan(f"包联干部联企走访 {number}", park, "visit", own, {"person": cadre}, rated, "enterprise")


def _plan(
    name: str,
    grid: str,
    work: str,
    places: Sequence[dict[str, Any]],
    workers: dict[str, str],
    rhythm: dict[str, Any],
    checklist: str,
) -> MakePlan:
    return MakePlan.model_validate(
        {
            "name": name, "grid": grid, "work": work, "places": places, "workers": workers, "rhythm": rhythm,
            "checklist": checklist,
        }
    )  # fmt: skip


async def _steps(
    connection: AsyncConnection, policy: Policy, id_: UUID, command: MakePlan, begins: datetime, until: datetime
) -> list[PastStep]:
    """What happened: the plan was made, and its duties were reported, each as its id has it."""
    terms = proposed(None, command, begins.date())
    keys = tuple(f"p{n}" for n in range(1, len(terms.places) + 1))
    around = Surroundings(policy.calendars, policy.zone, await read_plants(connection, [terms]))
    people = await _usernames(connection, terms, until)
    first = PastStep(begins, "supervisor", command.model_dump(mode="json"))
    steps = []
    for one in occurrences(terms, keys, around, begins.date() - timedelta(days=1), until.date()):
        if one.batch.due_at > begins:
            steps += [
                step
                for key in keys_of(keys, one.batch)
                if (step := _reported(policy, terms, keys, one.batch, key, people, id_)) is not None and step.at < until
            ]
    return [first, *sorted(steps, key=lambda step: step.at)]


def _reported(
    policy: Policy,
    terms: PlanTerms,
    keys: tuple[str, ...],
    batch: Batch,
    key: str,
    people: dict[str, tuple[str, ...]],
    id_: UUID,
) -> PastStep | None:
    """The report of one duty; None where nobody made one."""
    duty = duty_id(id_, key, batch.key)
    rng = random.Random(str(duty))
    fate = rng.random()
    workers = people.get(terms.places[keys.index(key)].grid, ())
    checklist = policy.park.checklist(terms.checklist)
    if fate > _IN_TIME + _LATE or not workers or checklist is None:
        return None
    if fate <= _IN_TIME:
        at = batch.due_at - (batch.due_at - batch.opens_at) * rng.uniform(0.02, 0.4)
    else:
        at = batch.due_at + timedelta(minutes=rng.uniform(4, 150))
    bare = [item.code for item in checklist.items if not item.photo]
    found = rng.choice(bare) if bare and rng.random() < _FOUND else None
    items = [
        {"item": item.code, "outcome": "failed", "note": "现场已提醒,需跟进"}
        if item.code == found
        else {"item": item.code, "outcome": "ok"}
        for item in checklist.items
    ]
    report = {"kind": "report_duty", "duty": str(duty), "done_at": at.isoformat(), "items": items}
    return PastStep(at, workers[0], report)


async def _usernames(connection: AsyncConnection, terms: PlanTerms, now: datetime) -> dict[str, tuple[str, ...]]:
    """Who would do the duties at each unit, by user name."""
    rows = (await connection.execute(text("SELECT id, username FROM people"))).all()
    names = {row.id: row.username for row in rows}
    ids = {row.username: row.id for row in rows}
    person = None if terms.workers.person is None else ids[terms.workers.person]
    places = await read_places(connection, terms, person, now, now.date())
    return {code: tuple(names[one] for one in place.people) for code, place in places.items()}
