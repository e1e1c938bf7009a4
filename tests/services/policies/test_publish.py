"""Publishing a policy: refusals, the effect on open cases, and when it takes effect."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import randbelow
from typing import Any
from uuid import UUID

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import workflows.rollout
from activities import rollout
from infra.case_client import act_as_system
from models.errors import CalendarsMissing, NoSuchVersion, NothingToForecast, PublishedIntoThePast, StoreBehind
from models.jobs.bulletin import BulletinKind
from models.messages import Receipt, Rollout, SystemAct
from models.policy.document import Policy
from services.bulletins.schedules import schedule_bulletins, schedule_id
from services.cases.forecast import get_forecast
from services.files.reference_files import BadFile
from services.policies.preview import preview_adoption, preview_all
from services.policies.publish import catch_up_rollouts, publish_file, roll_out
from services.policies.versions import read_current
from tests.builders import publish, small_park
from tests.timed import a_timed_policy, limit, office
from tests.town import Town, running_town, town_settings

PHOTO = "a" * 64


@pytest.fixture
async def town(engine: AsyncEngine, temporal_client: Client, database_url: str) -> AsyncIterator[Town]:
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        async with engine.begin() as connection:
            await publish(connection, a_timed_policy(), version=2)
        yield running


def write_policy(folder: Path, policy: Policy, **changed: Any) -> Path:
    """Write the policy to a YAML file, with parts of it replaced."""
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump({**policy.model_dump(mode="json"), **changed}, allow_unicode=True, sort_keys=False))
    return path


def stormy() -> dict[str, Any]:
    """Office hours with the park closed for the coming days."""
    today = datetime.now(UTC).date()
    closure = {"since": today, "until": today + timedelta(days=4), "reason": "台风"}
    return office(closures=(closure,)).model_dump(mode="json")


async def rolled_out(town: Town, version: int) -> Rollout:
    """Return the result of the rollout of a version."""
    async with asyncio.timeout(60):
        handle = town.resources.temporal.get_workflow_handle(f"rollout-{version}", result_type=Rollout)
        done: Rollout = await handle.result()
        return done


async def test_a_published_calendar_reaches_every_open_case_with_a_fact(town: Town, tmp_path: Path) -> None:
    counted = [await town.report(category="0201", title=f"欠薪 {n}") for n in range(3)]
    closed = await town.report(category="0201", title="误报")
    await town.do("worker", closed, "withdraw", reason="误报")
    before = {no: (await town.case(no)).clock for no in counted}
    path = write_policy(tmp_path, a_timed_policy(), calendars=[stormy()])
    published = await publish_file(town.engine, path)
    assert (published.version, published.is_new) == (3, True)
    queue = town.resources.settings.case_queue
    version = await unique_rollout(town, published.version)
    assert await roll_out(town.resources.temporal, queue, version, published.effective_from)
    assert (await rolled_out(town, version)).told == 3
    for no in counted:
        case = await town.case(no)
        assert case.clock is not None
        assert case.clock.due_at is not None
        assert before[no] is not None
        assert case.clock.due_at > before[no].due_at  # type: ignore[union-attr,operator]
        assert case.policy_version == 2, "the calendar counts for all; the policy is the case's own"
        assert (await town.kinds(no))[-1] == "recomputed"
    assert (await town.kinds(closed))[-1] == "closed"
    again = await roll_out(town.resources.temporal, queue, version, published.effective_from)
    assert not again, "a version is rolled out once"


async def test_the_bulletins_follow_the_zone_of_a_policy_that_is_published_later(town: Town, tmp_path: Path) -> None:
    """They were scheduled by a worker that started before it; the one that an operator paused stays paused."""
    client, queue = town.resources.temporal, town.resources.settings.case_queue
    await schedule_bulletins(client, town.engine, queue)
    handles = {kind: client.get_schedule_handle(schedule_id(kind, queue)) for kind in BulletinKind}
    try:
        await handles[BulletinKind.VISITS].pause(note="nobody reads them")
        published = await publish_file(town.engine, write_policy(tmp_path, a_timed_policy(), zone="Asia/Urumqi"))
        version = await unique_rollout(town, published.version)
        await roll_out(client, queue, version, published.effective_from)
        await rolled_out(town, version)
        for kind, handle in handles.items():
            schedule = (await handle.describe()).schedule
            assert schedule.spec.time_zone_name == "Asia/Urumqi"
            assert schedule.state.paused is (kind is BulletinKind.VISITS)
    finally:
        for handle in handles.values():
            await handle.delete()


async def test_one_case_that_cannot_be_reached_does_not_stop_the_others(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store of one case is behind, as after a restored backup: the others get the calendar, and it too once
    repaired.
    """
    numbers = [await town.report(category="0201", title=f"欠薪 {n}") for n in range(3)]
    cases = {(await town.case(no)).report_id: no for no in numbers}
    ill, steps = min(cases), list[UUID]()

    async def tell(client: Client, report_id: UUID, act: SystemAct) -> Receipt:
        if report_id == ill and len(steps) < 2:
            raise StoreBehind(stored=1, known=2)
        steps.append(report_id)
        return await act_as_system(client, report_id, act)

    monkeypatch.setattr(rollout, "act_as_system", tell)
    monkeypatch.setattr(rollout, "PAGE_SIZE", 1)
    monkeypatch.setattr(workflows.rollout, "PAUSE", timedelta(milliseconds=200))
    published = await publish_file(town.engine, write_policy(tmp_path, a_timed_policy(), calendars=[stormy()]))
    version = await unique_rollout(town, published.version)
    await roll_out(town.resources.temporal, town.resources.settings.case_queue, version, published.effective_from)
    assert (await rolled_out(town, version)).told == 3
    assert steps[-1] == ill
    for no in numbers:
        assert (await town.kinds(no))[-1] == "recomputed"


async def unique_rollout(town: Town, version: int) -> int:
    """Give the version a number of its own, since other tests roll out versions on the same Temporal server."""
    number = version + 1 + randbelow(10**9)
    async with town.engine.begin() as connection:
        await connection.execute(
            text("UPDATE policies SET version = :n WHERE version = :v"), {"n": number, "v": version}
        )
    return number


async def test_a_policy_of_tomorrow_is_not_in_force_today(engine: AsyncEngine, tmp_path: Path) -> None:
    await small_park(engine)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    published = await publish_file(engine, write_policy(tmp_path, a_timed_policy()), effective_from=tomorrow)
    assert published.is_new
    async with engine.connect() as connection:
        assert (await read_current(connection))[0] == published.before


async def test_nothing_is_published_into_the_past(engine: AsyncEngine, tmp_path: Path) -> None:
    await small_park(engine)
    with pytest.raises(PublishedIntoThePast):
        await publish_file(
            engine, write_policy(tmp_path, a_timed_policy()), effective_from=datetime(2026, 1, 1, tzinfo=UTC)
        )


async def test_the_same_again_is_no_new_version(engine: AsyncEngine, tmp_path: Path) -> None:
    await small_park(engine)
    path = write_policy(tmp_path, a_timed_policy())
    first = await publish_file(engine, path)
    second = await publish_file(engine, path)
    assert (second.version, second.is_new) == (first.version, False)


async def test_a_calendar_that_open_cases_are_counted_by_stays(town: Town, tmp_path: Path) -> None:
    await town.report(category="0201", title="欠薪")
    path = write_policy(tmp_path, a_timed_policy(), calendars=[{**stormy(), "name": "other"}])
    with pytest.raises(CalendarsMissing, match="office"):
        await publish_file(town.engine, path)


def no_ladder(policy: dict[str, Any]) -> None:
    policy["ladders"][0]["rungs"] = []


def dead_target(policy: dict[str, Any]) -> None:
    for ladder in policy["ladders"]:
        for rung in ladder["rungs"]:
            rung["targets"] = [{"role": "keeper", "level": "grid"}]


def no_standard(policy: dict[str, Any]) -> None:
    policy["categories"][0]["conditions"] = []


def other_standard(policy: dict[str, Any]) -> None:
    policy["categories"][0]["conditions"][0]["standard"] = "nowhere"


def unknown_unit(policy: dict[str, Any]) -> None:
    policy["standards"][0]["handle"]["unit"] = "fortnight"


def no_work_at_all(policy: dict[str, Any]) -> None:
    policy["standards"][0]["handle"]["amount"] = 0


def endless_limit(policy: dict[str, Any]) -> None:
    policy["standards"][0]["handle"]["amount"] = 10_000
    policy["standards"][0]["handle"]["unit"] = "natural_day"


def two_spans_at_once(policy: dict[str, Any]) -> None:
    policy["calendars"][0]["week"]["monday"] = ["08:00-12:00", "11:00-13:00"]


def both_kinds_of_day(policy: dict[str, Any]) -> None:
    policy["calendars"][0]["years"][0]["workdays"] = policy["calendars"][0]["years"][0]["holidays"][:1]


def past_its_ceiling(policy: dict[str, Any]) -> None:
    policy["standards"][0]["handle"]["ceiling"] = {"amount": 1, "unit": "work_hour"}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (no_ladder, "has no ladder to climb"),
        (dead_target, "nobody holds any role"),
        (no_standard, "conditions"),
        (other_standard, "there is no standard “nowhere”"),
        (unknown_unit, "unit"),
        (no_work_at_all, "greater than 0"),
        (endless_limit, "too long"),
        (two_spans_at_once, "overlap"),
        (both_kinds_of_day, "a holiday and a make-up workday at once"),
        (past_its_ceiling, "later than its ceiling"),
    ],
)
async def test_a_policy_that_fails_its_checks_is_refused_with_its_line(
    engine: AsyncEngine, tmp_path: Path, spoil: Any, reason: str
) -> None:
    await small_park(engine)
    content = a_timed_policy().model_dump(mode="json")
    spoil(content)
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
    with pytest.raises(BadFile) as caught:
        await publish_file(engine, path)
    assert any(reason in problem.en for problem in caught.value.problems), caught.value
    assert all(problem.zh for problem in caught.value.problems)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM policies")) == 1, "nothing is half-applied"


async def test_a_rollout_that_could_not_start_is_caught_up(town: Town, tmp_path: Path) -> None:
    """The publisher found Temporal away: the next worker to start begins the rollout."""
    published = await publish_file(town.engine, write_policy(tmp_path, a_timed_policy(), calendars=[stormy()]))
    version = await unique_rollout(town, published.version)
    settings = town.resources.settings
    await catch_up_rollouts(town.engine, town.resources.temporal, settings.case_queue)
    assert (await rolled_out(town, version)).version == version


async def test_an_adoption_is_previewed_before_it_is_made(town: Town) -> None:
    no = await town.report(category="0103", title="通道被占")
    longer = [s.model_copy(update={"accept": limit(9)}).model_dump() for s in a_timed_policy().standards]
    async with town.engine.begin() as connection:
        await publish(connection, a_timed_policy(standards=longer), version=4)
    now = await town.now()
    async with town.engine.connect() as connection:
        supervisor = await town.person("supervisor")
        found = await preview_adoption(connection, supervisor, no, 4, now)
        (clock,) = found.clocks
        assert (found.from_version, found.to_version) == (2, 4)
        assert (clock.limit.amount, clock.new_limit.amount) == (2, 9)
        counts = await preview_all(connection, a_timed_policy(standards=longer), 4, now)
        assert (counts.open, counts.later, counts.earlier) == (1, 1, 0)
        with pytest.raises(NoSuchVersion):
            await preview_adoption(connection, supervisor, no, 77, now)
    before = await town.look("supervisor", no)
    after = await town.do("supervisor", no, "adopt", version=4, reason="改用")
    assert after.due_at == clock.new_due_at
    assert before.due_at == clock.due_at


async def test_a_forecast_says_why_and_to_whom_and_a_closed_case_has_none(town: Town) -> None:
    no = await town.report(category="0103", title="通道被占")
    person, now = await town.person("duty"), await town.now()
    async with town.engine.connect() as connection:
        found = await get_forecast(connection, person, no, now, "zh")
    (due,) = found.due
    assert due.lines
    assert due.lines[-1].zh.endswith("到期")
    assert due.due_at == (await town.look("duty", no)).due_at
    steps = [ahead for ahead in found.if_nobody_acts if ahead.kind == "step_fired"]
    assert steps[1].reached[0].people == ("网格员",)
    assert [ahead.at for ahead in found.if_nobody_acts] == sorted(ahead.at for ahead in found.if_nobody_acts)
    await town.do("worker", no, "withdraw", reason="误报")
    async with town.engine.connect() as connection:
        with pytest.raises(NothingToForecast):
            await get_forecast(connection, person, no, now, "zh")
