"""The scope rule exists twice, for values and in SQL; both agree for any case and person."""

import random
from datetime import date, timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.store.cases import append_facts
from infra.store.criteria.scope import visible
from models.case import Case
from models.commands import Accept, Claim, Dispatch, Relocate, RequestSuspension
from models.commands.report import Location
from models.context import Grant, Interest, Person
from models.enums import InterestKind, OwnerKind, Role, Stage
from models.facts import Fact, Received
from models.ids import new_id
from models.tables import CASES
from models.wire_names import PUBLIC
from rules.conflicts import in_conflict
from rules.evolve import fold
from rules.life_cycle import Who
from rules.scope import may_see, standing
from tests.builders import ENVIRONMENT, FALLBACK, FIRE, LABOUR, MICRO, UNITS, person_id, small_park
from tests.rules.choices import ENTERPRISES
from tests.rules.walk import Walk
from tests.rules.world import EVERYBODY, START, ZONE, Life, units_to

CASES_MADE = 100
PEOPLE_MADE = 200
TODAY = START.astimezone(ZONE).date()
#: Dates before, at and after the tested day: a grant holds on its first and on its last day.
DAYS = [TODAY + timedelta(days=n) for n in (-400, -1, 0, 1, 400)]
GRIDS = [None, *(unit.code for unit in UNITS)]
DEPARTMENTS = [None, FIRE, LABOUR, ENVIRONMENT]


class QuickWalk(Walk):
    """A walk that does not check every step; another test does."""

    def check(self) -> None:
        """Check nothing."""

    @property
    def day(self) -> date:
        """Today where the cases are."""
        return self.now.astimezone(ZONE).date()


def a_life(seed: int) -> tuple[tuple[Fact, ...], Case]:
    """Return the facts of a random case with a number of its own, and the case."""
    walk = QuickWalk(seed, count=1)
    for _ in range(walk.luck.randint(0, 48)):
        walk.step()
    first, *rest = walk.facts["c1"]
    assert isinstance(first.body, Received)
    # Every other case has a reporter with contact data.
    reference = new_id() if seed % 2 else None
    received = first.body.model_copy(update={"case_no": f"scope-{seed}", "reporter_ref": reference})
    facts = (first.model_copy(update={"body": received}), *rest)
    case = fold(facts)
    assert case is not None
    return facts, case


def a_grant(rng: random.Random) -> Grant:
    since = rng.choice(DAYS[:4])
    return Grant(
        role=rng.choice(list(Role)),
        grid=rng.choice(GRIDS),
        department=rng.choice(DEPARTMENTS),
        since=since,
        until=rng.choice([None, None, *(day for day in DAYS if day >= since)]),
    )


def a_person(rng: random.Random, ids: list[UUID]) -> Person:
    """Return a person with random roles, often one who has reported or claimed a case."""
    return Person(
        id=rng.choice(ids) if rng.random() < 0.4 else new_id(),
        username="somebody",
        active=rng.random() < 0.9,
        grants=tuple(a_grant(rng) for _ in range(rng.choice([0, 1, 1, 1, 2, 3]))),
        interests=tuple(an_interest(rng) for _ in range(rng.choice([0, 0, 0, 0, 1, 2]))),
    )


def an_interest(rng: random.Random) -> Interest:
    kind = rng.choice(list(InterestKind))
    targets = {
        InterestKind.ENTERPRISE: ENTERPRISES,
        InterestKind.DEPARTMENT: (FIRE, LABOUR, ENVIRONMENT),
        InterestKind.UNIT: tuple(unit.code for unit in UNITS),
    }
    since = rng.choice(DAYS[:4])
    until = rng.choice([None, None, *(day for day in DAYS if day >= since)])
    return Interest(kind=kind, target=rng.choice(targets[kind]), since=since, until=until)


async def store_lives(connection: AsyncConnection) -> list[Case]:
    """Store the cases, each in two steps where it is long enough: inserted, then updated."""
    cases = []
    asked = next(seed for seed in count(CASES_MADE) if a_life(seed)[1].transfer_request is not None)
    for seed in (*range(CASES_MADE), asked):
        facts, case = a_life(seed)
        half = len(facts) // 2
        if half:
            middle = fold(facts[:half])
            assert middle is not None
            await append_facts(connection, None, facts[:half], middle)
            await append_facts(connection, middle, facts[half:], case)
        else:
            await append_facts(connection, None, facts, case)
        cases.append(case)
    return cases


async def seen_in_sql(connection: AsyncConnection, person: Person, day: date) -> set[str]:
    rows = await connection.execute(select(CASES.c.case_no).where(visible(person, day)))
    return {row.case_no for row in rows}


async def test_the_rule_in_sql_is_the_rule_for_values(engine: AsyncEngine) -> None:
    await small_park(engine)
    rng = random.Random(1)
    ids = [*(person.id for person in EVERYBODY.values()), PUBLIC]
    some = none = everything = 0
    reasons: set[Who] = set()
    async with transaction(engine) as connection:
        cases = await store_lives(connection)
        assert {case.stage for case in cases} == set(Stage)
        assert {case.owner.kind for case in cases if case.owner} == set(OwnerKind)
        public = Person(id=PUBLIC, username="public")
        crowd = [public, *EVERYBODY.values(), *(a_person(rng, ids) for _ in range(PEOPLE_MADE))]
        by_hand = {person for case in cases for person in case.recused}
        crowd = [person.model_copy(update={"recused": person.id in by_hand}) for person in crowd]
        aside = followed = 0
        for number, person in enumerate(crowd):
            day = TODAY + timedelta(days=rng.choice([-1, 0, 0, 0, 1]))
            ways = {case.case_no: standing(person, case, day) for case in cases}
            by_value = {case.case_no for case in cases if may_see(person, case, day)}
            assert by_value == {case_no for case_no, way in ways.items() if way}
            assert await seen_in_sql(connection, person, day) == by_value, f"person {number}: {person}, {day}"
            reasons = reasons.union(*ways.values())
            apart = {case.case_no for case in cases if in_conflict(person, case, day)}
            aside += bool(apart - by_value)
            followed += bool(apart & by_value)
            assert all(Who.OWN_REPORTER in ways[case_no] for case_no in apart & by_value)
            some += 0 < len(by_value) < len(cases)
            everything += len(by_value) == len(cases)
            none += not by_value
    # The comparison is only meaningful if every answer and every kind of standing occurred.
    assert min(some, none, everything, aside) >= 10
    assert followed
    assert by_hand
    assert reasons == set(Who) - {Who.SYSTEM}


async def test_what_fell_to_the_fallback_owner_is_seen_by_them_in_both(engine: AsyncEngine) -> None:
    """A decision, also of a claimed case, and the questions that a desk without anybody should have asked."""
    await small_park(engine)
    bare = tuple(u.model_copy(update={"staffed": frozenset(), "holders": ()}) for u in units_to(MICRO))
    moved = Relocate(grid=MICRO, location=Location(lat=38, lon=117), reason="更正")
    until = START + timedelta(days=5)
    lives = {name: Life(category=category) for name, category in (("decision", "0302"), ("questions", "0301"))}
    for life in lives.values():
        life.do("duty", moved, target_units=bare)
        life.do("duty", Accept())
        life.do("duty", Dispatch(host=ENVIRONMENT))
        life.do("environment_handler", Claim())
    lives["decision"].do("environment_handler", RequestSuspension(until=until, reason="停产"))
    assert lives["questions"].case.unanswered
    nobody = Person(id=person_id(FALLBACK), username=FALLBACK)
    async with transaction(engine) as connection:
        for name, life in lives.items():
            first, *rest = life.facts
            assert isinstance(first.body, Received)
            numbered = first.model_copy(update={"body": first.body.model_copy(update={"case_no": name})})
            case = fold([numbered, *rest])
            assert case is not None
            await append_facts(connection, None, [numbered, *rest], case)
            assert may_see(nobody, case, TODAY)
        assert await seen_in_sql(connection, nobody, TODAY) == set(lives)
