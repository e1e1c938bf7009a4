"""Load the past of the demonstration park: decide its cases, store them in bulk, let workflows take up the open ones.

Safe to stop and to repeat: the cases are stored in one transaction, and a workflow that runs already is left alone.
"""

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.case_client import restart_case
from infra.database import transaction
from infra.store.cases import insert_cases, next_sequence, read_case, read_facts
from infra.store.notices import insert_many_notices
from infra.store.org_alarms import raise_alarms
from infra.store.policies import NoPolicy, policy_version, version_in_force
from infra.store.sealed_answers import must_seal, seal_answers
from models.case import Case
from models.commands import Location
from models.context import Person
from models.facts import Fact
from models.tables import ShiftRow
from rules.case_number import case_number
from rules.deadlines.working_time import timetable
from rules.evolve import fold
from rules.restart import restart
from services.attachments.intake import store_upload
from services.demo.enterprises import demo_enterprises
from services.demo.images import draw_scene
from services.demo.past.bulletins import make_past_bulletins
from services.demo.past.life import Life
from services.demo.past.places import find_places
from services.demo.past.plan import DAYS, PastCase, make_plan, name_enterprises, past_id
from services.demo.past.world import PastWorld, read_past_world
from services.demo.town import DemoTown
from services.runtime.resources import Resources

#: A park and a day.
ParkDay = tuple[str, date]
#: Workflows started at the same time; cases stored in one statement.
CONCURRENCY, BATCH = 16, 100
#: How long a notice stays unread.
_UNREAD = timedelta(days=1)

_NOT_ARCHIVED = text("SELECT report_id FROM cases WHERE report_id = ANY (:ids) AND archived_at IS NULL")
_READ = text("UPDATE notices SET read_at = at + interval '40 minutes' WHERE at < :before AND report_id = ANY (:ids)")


async def load_past(
    resources: Resources,
    town: DemoTown,
    count: int,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Load `count` cases of the last sixty days, once, and return how many of them there are.

    A park that has other cases already, or had no policy in force sixty days ago, gets none. Raises StoreAway when a
    store goes away meanwhile; repeated, it continues.
    """
    now = datetime.now(UTC)
    ids = [past_id(number) for number in range(count)]
    async with resources.engine.connect() as connection:
        query = text("SELECT count(*) FROM cases WHERE report_id = ANY (:ids)")
        stored = int(await connection.scalar(query, {"ids": ids}) or 0)
        others = await connection.scalar(text("SELECT EXISTS (SELECT 1 FROM cases)"))
        since = now - timedelta(days=DAYS)
        world_plan = None if stored or others or not count else await _prepare(connection, town, count, since, now)
    loaded = 0
    if world_plan is not None:
        world, plan, places = world_plan
        photos = await _store_photos(resources, plan, town.people[0], since)
        loaded = await _store(resources, world, plan, places, photos, now)
    if stored or loaded:
        await _start_workflows(resources, ids, progress)
        await make_past_bulletins(resources.engine, now)
    return stored or loaded


async def _prepare(
    connection: AsyncConnection, town: DemoTown, count: int, since: datetime, now: datetime
) -> tuple[PastWorld, list[PastCase], dict[int, Location]] | None:
    """Plan the past and read the organisation around it; None without a policy at its begin."""
    try:
        policy = await policy_version(connection, await version_in_force(connection, since))
    except NoPolicy:
        return None
    plan = make_plan(count, sorted(town.paths), timetable(policy.calendars[0]), now)
    plants = {one.grid: str(one.code) for one in demo_enterprises() if one.grid in town.paths}
    plan = name_enterprises(plan, plants)
    world = await read_past_world(connection, town, plan, since, now)
    return world, plan, await find_places(connection, plan)


async def _store_photos(
    resources: Resources, plan: Iterable[PastCase], person: Person, at: datetime
) -> dict[str, tuple[str, str]]:
    """Store two photos of each scene, before and after, which its cases share; return their hashes."""

    async def store(scene: str, *, after: bool) -> str:
        picture = await asyncio.to_thread(draw_scene, scene, 0, after=after)
        upload = await store_upload(resources.engine, resources.settings, person, BytesIO(picture), at)
        return upload.view.sha256

    scenes = sorted({case.report.picture for case in plan})
    return {scene: (await store(scene, after=False), await store(scene, after=True)) for scene in scenes}


def live_past(
    world: PastWorld,
    plan: Sequence[PastCase],
    places: Mapping[int, Location],
    photos: Mapping[str, tuple[str, str]],
    now: datetime,
    taken: Mapping[ParkDay, int],
) -> list[Life]:
    """Return the cases of the plan as they stand at `now`, everything in the order in which it happened.

    `taken`: the numbers before theirs, of each park and day.
    """
    lives = {case.report_id: Life(world, case, photos) for case in plan}
    numbers = dict(taken)
    waiting = [(case.at, case.number, case.report_id) for case in plan]
    heapq.heapify(waiting)
    while waiting and waiting[0][0] <= now:
        at, number, report_id = heapq.heappop(waiting)
        life = lives[report_id]
        if life.case is None:
            park, day = park_day(world, life.plan)
            numbers[park, day] += 1
            life.open(case_number(park, day, numbers[park, day]), places.get(number))
        elif life.next_at is not None and life.next_at <= at:
            life.go_on(at, lives)
        if life.next_at is not None:  # later than the entry said when another case has changed it
            heapq.heappush(waiting, (max(life.next_at, at), number, report_id))
    return [life for life in lives.values() if life.case is not None]


def park_day(world: PastWorld, case: PastCase) -> ParkDay:
    """Return the park and the local day of a planned case: cases are numbered by both."""
    return world.town.paths[case.grid][0], case.at.astimezone(world.office.zone).date()


async def _draw_numbers(resources: Resources, world: PastWorld, plan: Sequence[PastCase]) -> dict[ParkDay, int]:
    """Draw the numbers of these cases, and return the last one before them of each park and day.

    They are drawn before the cases are made, which takes a while: somebody may report something meanwhile.
    """
    counts = Counter(park_day(world, case) for case in plan)
    async with transaction(resources.engine) as connection:
        return {key: await next_sequence(connection, *key, count) - count for key, count in counts.items()}


async def _store(
    resources: Resources,
    world: PastWorld,
    plan: Sequence[PastCase],
    places: Mapping[int, Location],
    photos: Mapping[str, tuple[str, str]],
    now: datetime,
) -> int:
    """Store the cases with everything that follows from their facts, in one transaction; return how many."""
    taken = await _draw_numbers(resources, world, [case for case in plan if case.at <= now])
    lives = await asyncio.to_thread(live_past, world, plan, places, photos, now, taken)
    async with transaction(resources.engine) as connection:
        cases = [await _sealed(connection, life.facts, life.case) for life in lives if life.case is not None]
        for shift in world.shifts:
            await connection.execute(insert(ShiftRow).values(**{**shift.model_dump(), "role": shift.role.value}))
        for start in range(0, len(cases), BATCH):
            await insert_cases(connection, cases[start : start + BATCH])
        await insert_many_notices(connection, [(case.report_id, facts) for facts, case in cases])
        for facts, case in cases:
            await raise_alarms(connection, case.report_id, facts)
        await connection.execute(_READ, {"before": now - _UNREAD, "ids": [case.report_id for _, case in cases]})
    return len(cases)


async def _start_workflows(resources: Resources, ids: Sequence[UUID], progress: Callable[[int], None]) -> None:
    """Start a workflow for each of the cases that is not archived, as a repair does for a case without one."""
    async with resources.engine.connect() as connection:
        open_ids = list(await connection.scalars(_NOT_ARCHIVED, {"ids": list(ids)}))
    done = len(ids) - len(open_ids)
    slots = asyncio.Semaphore(CONCURRENCY)

    async def start(report_id: UUID) -> None:
        nonlocal done
        async with slots:
            async with resources.engine.connect() as connection:
                case, facts = await read_case(connection, report_id), await read_facts(connection, report_id)
            assert case is not None
            await restart_case(resources.temporal, restart(case, facts), queue=resources.settings.case_queue)
        done += 1
        progress(done)

    async with asyncio.TaskGroup() as group:
        for report_id in open_ids:
            group.create_task(start(report_id))


async def _sealed(connection: AsyncConnection, facts: Sequence[Fact], case: Case) -> tuple[Sequence[Fact], Case]:
    """Return a case with its personal answers sealed, as the recording step would have stored it. Raises KeysAway."""
    if not must_seal(facts):
        return facts, case
    kept = await seal_answers(connection, None, facts)
    after = fold(kept)
    assert after is not None
    return kept, after
