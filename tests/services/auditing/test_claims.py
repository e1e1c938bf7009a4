"""A claim ends with the role that it rests on, also when nobody gives a command: the scheduled audit wakes the case."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from models.ids import new_id
from models.wire_names import AUDIT_WORKFLOW
from services.auditing.audit import audit
from tests.builders import FIRE, PARK, person_id
from tests.town import Town, running_town, town_settings


@pytest.fixture
async def town(engine: AsyncEngine, database_url: str, temporal_client: Client) -> AsyncIterator[Town]:
    """The tiny park with its worker running."""
    async with running_town(engine, temporal_client, town_settings(database_url)) as running:
        yield running


async def run_audit(town: Town) -> None:
    """The audit as its schedule runs it."""
    resources = town.resources
    await resources.temporal.execute_workflow(
        AUDIT_WORKFLOW, id=f"audit-{new_id()}", task_queue=resources.settings.case_queue, result_type=dict[str, int]
    )


async def change(town: Town, statement: str, **values: Any) -> None:
    """The organisation changes."""
    async with town.engine.begin() as connection:
        await connection.execute(text(statement), {"person": person_id("fire_handler"), **values})


async def claimed(town: Town) -> str:
    """A case that a handler of the fire brigade has claimed."""
    no = await town.report(category="0201", title="欠薪")
    await town.do("duty", no, "accept")
    await town.do("duty", no, "dispatch", host=FIRE)
    await town.do("fire_handler", no, "claim")
    return no


YESTERDAY = (datetime.now(UTC) - timedelta(days=2)).date()


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("UPDATE grants SET until = :until WHERE person = :person", {"until": YESTERDAY}),
        ("UPDATE grants SET department = 'labour' WHERE person = :person", {}),
        ("UPDATE grants SET grid = '330603010' WHERE person = :person", {}),
        ("UPDATE people SET active = false WHERE id = :person", {}),
        (
            "INSERT INTO interests (id, person, kind, target, since, reason)"
            " VALUES (:person, :person, 'unit', '130172100', :until, '亲属')",
            {"until": YESTERDAY},
        ),
    ],
)
async def test_an_audit_ends_the_claim_of_whoever_left(town: Town, statement: str, values: dict[str, Any]) -> None:
    no, kept = await claimed(town), await town.report(category="0201", title="欠薪")
    await town.do("duty", kept, "accept")
    await town.do("duty", kept, "dispatch", host=FIRE)
    await town.do("fire_handler_2", kept, "claim")
    await run_audit(town)
    assert (await town.kinds(no))[-1] == "claimed", "who still holds the role keeps the claim"
    await change(town, statement, **values)
    await run_audit(town)
    assert (await town.kinds(no))[-1] == "claim_ended"
    assert (await town.kinds(kept))[-1] == "claimed"
    assert (await town.facts(no))[-1].actor.person is None
    case = await town.case(no)
    assert case.owner is not None
    assert (case.claimed_by, case.owner.id) == (None, FIRE)
    await run_audit(town)
    assert (await town.kinds(no)).count("claim_ended") == 1
    await town.do("fire_handler_2", no, "claim")
    assert (await audit(town.resources)).findings == ()


async def test_a_second_role_of_the_department_keeps_the_claim(town: Town) -> None:
    no = await claimed(town)
    await change(
        town,
        "INSERT INTO grants (id, person, role, grid, department, since)"
        " VALUES (:id, :person, 'department_head', :grid, 'fire', '2024-01-01')",
        id=new_id(), grid=PARK,
    )  # fmt: skip
    await change(town, "UPDATE grants SET until = :until WHERE person = :person AND role = 'handler'", until=YESTERDAY)
    await run_audit(town)
    assert (await town.kinds(no))[-1] == "claimed"
