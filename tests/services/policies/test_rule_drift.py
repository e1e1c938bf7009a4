"""Limits then and now: nothing where they are the same, the differences otherwise, and a category that is gone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from infra.store.context import read_person, read_system_context
from infra.store.policies import newest_version
from models.case import Case
from models.commands import Accept, Reject
from models.context import Person
from models.enums import Stage
from models.policy.document import Category
from models.policy.limits import Limit
from services.cases.queries import find_case
from services.policies.rule_drift import NewerRule, find_newer_rule
from tests.api.harness import ApiHarness, open_harness
from tests.builders import a_policy, person_id, publish
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("newer")) as opened:
        yield opened


async def rule_after(harness: ApiHarness, case_no: str, **changed: object) -> NewerRule | None:
    """Return the differences for the case once a version with the changed policy is in force."""
    now = datetime.now(UTC)
    async with harness.engine.begin() as connection:
        if changed:
            await publish(connection, a_policy(**changed), version=await newest_version(connection) + 1)
        row = await find_case(connection, await harness_person(harness), case_no, now)
        case = Case.model_validate(row.state)
        return await find_newer_rule(connection, case, await read_system_context(connection, case, now), now)


async def harness_person(harness: ApiHarness) -> Person:
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id("supervisor"))
    assert person is not None
    return person


def with_limit(stage: str, hours: float) -> tuple[Category, ...]:
    """Return the categories with another limit for that stage of 0201."""
    limit = Limit.of_hours(hours)
    return tuple(
        c.model_copy(update={"limits": c.limits.model_copy(update={stage: limit})})
        if c.code == "0201" and c.limits is not None
        else c
        for c in a_policy().categories
    )


async def test_an_equal_rule_is_not_reported(harness: ApiHarness) -> None:
    no = await harness.past(datetime.now(UTC) - timedelta(minutes=30))
    assert await rule_after(harness, no) is None
    assert await rule_after(harness, no, name="只换了名字") is None


@pytest.mark.parametrize("closed", [True, False])
async def test_only_differences_are_reported(harness: ApiHarness, closed: bool) -> None:
    end = ("duty", Reject(reason="非本园", right_channel="12345")) if closed else ("duty", Accept())
    no = await harness.past(datetime.now(UTC) - timedelta(minutes=30), end)
    found = await rule_after(harness, no, categories=with_limit("review", 7))
    assert found is not None
    assert (found.to_version - found.from_version, found.category_gone) == (1, False)
    (limit,) = found.limits
    assert limit.stage is Stage.REVIEW
    assert (limit.then, limit.now) == (Limit.of_hours(24), Limit.of_hours(7))
    assert limit.new_due_at is None, "its clock does not run"


async def test_the_running_clock_says_when_it_would_fall_due(harness: ApiHarness) -> None:
    no = await harness.past(datetime.now(UTC) - timedelta(minutes=30))
    before = await harness.get("supervisor", f"/cases/{no}")
    found = await rule_after(harness, no, categories=with_limit("accept", 9))
    assert found is not None
    (limit,) = found.limits
    assert limit.new_due_at == datetime.fromisoformat(before["due_at"]) + timedelta(hours=7)
    assert (await harness.get("supervisor", f"/cases/{no}"))["due_at"] == before["due_at"]


async def test_a_category_that_is_gone_is_reported(harness: ApiHarness) -> None:
    no = await harness.past(datetime.now(UTC) - timedelta(minutes=30))
    remaining = tuple(c for c in a_policy().categories if c.code != "0201")
    found = await rule_after(harness, no, categories=remaining)
    assert found is not None
    assert found.category_gone
    assert found.limits == ()
