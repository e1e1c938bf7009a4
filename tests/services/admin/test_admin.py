"""Administration through the pages: rights, loading as a whole or not at all, drafts up to publication."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.context import Person
from models.enums import Role
from models.errors import InputError, NotYours, PublishedIntoThePast
from models.figures import IndicatorKey, Scoring, Weight
from models.ids import new_id
from models.policy.document import Policy
from services.admin import loading, policies, roster, simulations
from services.admin.calendars import build_year
from services.files.reference_files import BadFile
from services.organisation.roster import AbsenceDraft, ShiftDraft
from services.policies.versions import publish, read_current
from services.supervision.ranking import scoring_in_force
from tests.api.harness import harness_settings
from tests.builders import COMMUNITY, PARK, a_policy, small_park
from tests.rules.world import EVERYBODY

NOW = datetime.now(UTC)
ADMIN, SUPERVISOR, AUDITOR = EVERYBODY["admin"], EVERYBODY["supervisor"], EVERYBODY["auditor"]
GRIDS = f"code,name,level,parent_code\n{COMMUNITY}077,新建网格,grid,{COMMUNITY}\n".encode()


async def test_nobody_but_an_administrator_changes_anything(engine: AsyncEngine, tmp_path: Path) -> None:
    await small_park(engine)
    settings = harness_settings("postgresql://nowhere", tmp_path)
    typed = policies.DraftText(title="草稿", content="name: x")
    absence = AbsenceDraft(person="worker", since=NOW.date(), until=NOW.date(), reason="病假")
    shift = ShiftDraft(
        unit=PARK, role=Role.DUTY_OFFICER, person="duty", starts_at=NOW, ends_at=NOW + timedelta(hours=8)
    )

    def ways(person: Person) -> list[Callable[[], Awaitable[object]]]:
        async def within(work: Callable[..., Awaitable[object]], *args: object) -> object:
            async with transaction(engine) as connection:
                return await work(connection, person, *args)

        return [
            lambda: loading.load_grids(engine, person, GRIDS, "g.csv", NOW),
            lambda: loading.check_grids(engine, person, GRIDS, "g.csv", NOW),
            lambda: loading.load_people_files(engine, person, b"", b"", NOW),
            lambda: within(roster.put_absence, absence, NOW),
            lambda: within(roster.cancel_absence, "worker", NOW.date(), NOW),
            lambda: within(roster.put_shift, shift, NOW),
            lambda: within(roster.cancel_shift, PARK, Role.DUTY_OFFICER, "duty", NOW, NOW),
            lambda: within(policies.new_draft, typed, NOW),
            lambda: within(policies.save_draft, new_id(), typed, NOW),
            lambda: within(policies.delete_draft, new_id(), NOW),
            lambda: policies.publish_draft(engine, person, new_id(), None, NOW),
            lambda: simulations.start_run(settings, engine, person, "x", "name: x", 1, NOW),
        ]

    for person in (SUPERVISOR, AUDITOR, EVERYBODY["worker"]):
        for way in ways(person):
            with pytest.raises(NotYours):
                await way()
    async with engine.connect() as connection:
        stored = await connection.execute(text("SELECT 1 FROM policy_drafts UNION SELECT 1 FROM absences"))
        assert stored.all() == []


async def test_a_registry_is_loaded_whole_or_not_at_all(engine: AsyncEngine) -> None:
    await small_park(engine)
    checked = await loading.check_grids(engine, ADMIN, GRIDS, "grids.csv", NOW)
    assert len(checked.units) == 1
    broken = GRIDS + f"{COMMUNITY}078,,grid,{COMMUNITY}\n".encode()
    with pytest.raises(BadFile) as caught:
        await loading.load_grids(engine, ADMIN, broken, "grids.csv", NOW)
    assert {problem.line for problem in caught.value.problems} == {3}
    assert await _unit(engine) is None
    done = await loading.load_grids(engine, ADMIN, GRIDS, "../grids.csv", NOW)
    assert (done.inserted, await _unit(engine)) == (1, "新建网格")


async def _unit(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        found: str | None = await connection.scalar(
            text("SELECT name FROM grid_units WHERE code = :code"), {"code": f"{COMMUNITY}077"}
        )
    return found


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "117.1,38,117,38.1"])
def test_an_invalid_box_is_refused(box: str) -> None:
    with pytest.raises(InputError):
        loading.parse_box(box)
    assert loading.parse_box(" ") is None
    assert loading.parse_box("117\uff0c38\uff0c117.1\uff0c38.1") == loading.parse_box("117,38,117.1,38.1") is not None


async def _draft(engine: AsyncEngine, content: str) -> UUID:
    async with transaction(engine) as connection:
        typed = policies.DraftText(title="草稿", content=content)
        return await policies.new_draft(connection, ADMIN, typed, NOW)


async def test_a_draft_reads_nothing_from_the_servers_disk(engine: AsyncEngine) -> None:
    await small_park(engine)
    (problem,) = await policies.check_draft(engine, "extends: /etc/hostname\nchanges: {}\n")
    assert problem.line == 1


async def test_a_draft_is_checked_previewed_and_published(engine: AsyncEngine) -> None:
    await small_park(engine)
    weights = (Weight(indicator=IndicatorKey.CLOSED_ON_TIME_RATE, points=100),)
    content = policies.to_yaml(a_policy(name="新策略", scoring=Scoring(weights=weights)))
    assert await policies.check_draft(engine, content) == ()
    wrong = content.replace("host: fire", "host: nobody").replace("points: 100.0", "points: 90.0")
    lines = wrong.splitlines()
    lines_at_fault = {lines[problem.line - 1].strip() for problem in await policies.check_draft(engine, wrong)}
    assert lines_at_fault == {"scoring:"}  # the schema first
    wrong = content.replace("host: fire", "host: nobody")
    lines_at_fault = {
        wrong.splitlines()[problem.line - 1].strip() for problem in await policies.check_draft(engine, wrong)
    }
    assert lines_at_fault == {"host: nobody"}
    counts = await policies.preview_draft(engine, content, NOW)
    assert counts.open == 0

    id_ = await _draft(engine, content)
    with pytest.raises(PublishedIntoThePast):
        await policies.publish_draft(engine, ADMIN, id_, NOW - timedelta(days=1), NOW)
    published = await policies.publish_draft(engine, ADMIN, id_, None, NOW)
    assert (published.version, published.is_new) == (2, True)
    async with engine.connect() as connection:
        assert await policies.list_drafts(connection) == ()
        assert [(one.version, one.in_force) for one in await policies.list_versions(connection)] == [
            (2, True),
            (1, False),
        ]
        assert (await scoring_in_force(connection))[1].weights == weights


async def test_a_draft_can_start_from_a_version(engine: AsyncEngine) -> None:
    await small_park(engine)
    async with engine.connect() as connection:
        _, policy = await read_current(connection)
    assert await policies.read_draft(engine, policies.to_yaml(policy)) == policy


async def test_a_policy_without_scoring_keeps_its_digest(engine: AsyncEngine) -> None:
    """The same file published again is no new version, and old versions can still be read."""
    await small_park(engine)
    policy = a_policy()
    assert "scoring" not in policy.model_dump(mode="json")
    assert Policy.model_validate(policy.model_dump(mode="json")).scoring is None
    scored = a_policy(scoring=Scoring())
    assert Policy.model_validate(yaml.safe_load(policies.to_yaml(scored))).scoring == Scoring()
    async with transaction(engine) as connection:
        first = await publish(connection, policy, NOW)
        assert await publish(connection, policy, NOW) == first
        assert await publish(connection, scored, NOW) == first + 1


def test_a_year_has_all_its_days_in_weeks_from_monday() -> None:
    (calendar,) = a_policy().calendars
    months = build_year(calendar, 2028)
    days = [day.day for month in months for week in month.weeks for day in week if day]
    assert days == [date(2028, 1, 1) + timedelta(days=n) for n in range(366)]
    assert all(len(week) == 7 for month in months for week in month.weeks)
    assert all(day is None or day.day.weekday() == at for month in months for week in month.weeks
               for at, day in enumerate(week))  # fmt: skip
