"""Org lint on the stored directory, for those who may read it; the demonstration park has no errors."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.store.context import read_person
from infra.store.org_alarms import list_open_alarms
from models.enums import Role
from models.errors import NotYours
from models.ids import new_id
from models.organisation import Gravity, OrgFault
from services.organisation.lint import OrgLint, check_in_scope, check_organisation
from services.organisation.roster import AbsenceDraft, store_absence
from tests.builders import (
    GRID,
    MICRO_2,
    OTHER_GRID,
    OTHER_PARK,
    PARK,
    Holder,
    add_people,
    person_id,
    small_park as tiny,
)

NOW = datetime.now(UTC)


@pytest.fixture
async def park(engine: AsyncEngine) -> AsyncEngine:
    """The tiny park and its neighbour."""
    await tiny(engine)
    return engine


async def whole_organisation(engine: AsyncEngine) -> OrgLint:
    async with engine.begin() as connection:
        return await check_organisation(connection, NOW)


async def as_seen_by(engine: AsyncEngine, username: str) -> OrgLint:
    async with engine.connect() as connection:
        person = await read_person(connection, person_id(username))
        assert person is not None
        return await check_in_scope(connection, person, NOW)


def faults_of(found: OrgLint) -> set[tuple[OrgFault, str]]:
    return {(finding.fault, finding.where) for finding in found.findings}


async def test_the_holes_of_the_tiny_park_are_found(park: AsyncEngine) -> None:
    found = await whole_organisation(park)
    assert faults_of(found) == {
        (OrgFault.NO_SUPERIOR, OTHER_PARK),
        (OrgFault.GRID_WITHOUT_WORKER, OTHER_PARK),
        (OrgFault.MICRO_GRID_WITHOUT_VOLUNTEER, GRID),
        (OrgFault.MICRO_GRID_WITHOUT_VOLUNTEER, OTHER_GRID),
    }
    assert (found.errors, found.warnings) == (0, len(found.findings))
    sample = {finding.where: finding.sample for finding in found.findings}
    assert sample[GRID] == (MICRO_2,)


async def test_retired_units_and_people_who_left_do_not_count(park: AsyncEngine) -> None:
    async with park.begin() as connection:
        await connection.execute(
            text("UPDATE grid_units SET retired_on = '2024-06-01' WHERE code = :c"), {"c": MICRO_2}
        )
        await connection.execute(text("UPDATE people SET active = false WHERE username LIKE 'labour%'"))
    found = faults_of(await whole_organisation(park))
    assert (OrgFault.MICRO_GRID_WITHOUT_VOLUNTEER, GRID) not in found
    assert {(OrgFault.DEPARTMENT_WITHOUT_HEAD, "labour"), (OrgFault.ROUTE_WITHOUT_HANDLER, "labour")} <= found


async def test_a_desk_whose_people_are_all_away_is_an_error(park: AsyncEngine) -> None:
    today = NOW.date()
    async with park.begin() as connection:
        for username in ("duty", "duty_2"):
            draft = AbsenceDraft(
                person=username, since=today - timedelta(days=1), until=today + timedelta(days=1), reason="培训"
            )
            await store_absence(connection, draft)
    finding = next(f for f in (await whole_organisation(park)).findings if f.fault is OrgFault.UNIT_WITHOUT_OWNER)
    assert (finding.gravity, finding.where, finding.sample) == (Gravity.ERROR, PARK, (PARK,)), "the community has one"


async def test_an_alarm_stays_until_the_role_is_held_again(park: AsyncEngine) -> None:
    async with park.begin() as connection:
        await connection.execute(
            text("INSERT INTO org_alarms VALUES (:u, 'supervisor', :now, :now, :case, 3)"),
            {"u": GRID, "now": NOW, "case": new_id()},
        )
    assert (OrgFault.ALARM, GRID) in faults_of(await whole_organisation(park))
    assert (OrgFault.ALARM, GRID) in faults_of(await as_seen_by(park, "community_supervisor"))
    async with park.begin() as connection:
        await add_people(connection, Holder("grid_supervisor", "网格督查员", Role.SUPERVISOR, grid=GRID))
    assert (OrgFault.ALARM, GRID) not in faults_of(await as_seen_by(park, "admin")), "looking clears nothing"
    async with park.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM org_alarms")) == 1
        assert await list_open_alarms(connection, NOW, NOW.date()) == ()
    assert (OrgFault.ALARM, GRID) not in faults_of(await whole_organisation(park))
    async with park.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM org_alarms")) == 0


async def test_a_supervisor_sees_their_own_units_and_others_are_refused(park: AsyncEngine) -> None:
    everything = faults_of(await whole_organisation(park))
    assert faults_of(await as_seen_by(park, "admin")) == everything == faults_of(await as_seen_by(park, "auditor"))
    assert faults_of(await as_seen_by(park, "community_supervisor")) == {(OrgFault.MICRO_GRID_WITHOUT_VOLUNTEER, GRID)}
    for username in ("worker", "duty", "fire_head", "reporter", "keeper"):
        with pytest.raises(NotYours):
            await as_seen_by(park, username)


async def test_the_demonstration_park_has_no_holes(demo: AsyncEngine) -> None:
    found = await whole_organisation(demo)
    assert [finding.en for finding in found.findings] == []
