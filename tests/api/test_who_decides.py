"""Who decides a request, over HTTP: who has it in the inbox and on the desk, who is offered the button, who may."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from doors.session import COOKIE
from infra.database import transaction
from infra.store.context import read_person
from models.enums import Role
from models.policy.standard import ExtensionRule, Standard
from services.desk.tabs import DeskTab, tab_counts
from tests.api.harness import ApiHarness, open_harness, policy_with_a_rush
from tests.api.story import Story, closed, moment, soon
from tests.builders import COMMUNITY, person_id, publish, token_for
from tests.servers import Servers
from web.app import create_app

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    """A park whose wage disputes are extended by supervisors alone."""
    async with open_harness(servers, tmp_path_factory.mktemp("deciders"), create_app) as opened:
        async with transaction(opened.engine) as connection:
            await publish(connection, _granted_above(), version=3)
        yield opened


def _granted_above() -> Any:
    policy = policy_with_a_rush()
    wages = policy.category("0201")
    standard = Standard(code="wages", extensions=ExtensionRule(granted_by=Role.SUPERVISOR), **wages.limits.model_dump())
    condition = {"code": "wages", "standard": "wages", "name_zh": "欠薪", "name_en": "Wages"}
    changed = type(wages).model_validate({**wages.model_dump(), "limits": None, "conditions": [condition]})
    others = tuple(one for one in policy.categories if one.code != "0201")
    return policy.model_validate({
        **policy.model_dump(), "categories": [one.model_dump() for one in (*others, changed)],
        "standards": [standard.model_dump()],
    })  # fmt: skip


async def asked(harness: ApiHarness, what: str = "extension") -> Story:
    story = await Story.at_handling(harness)
    until = (moment(story.view["due_at"]) + timedelta(days=1)).isoformat()
    await story.does("labour_handler", f"request_{what}", until=until, reason="取证")
    return story


async def owed(harness: ApiHarness, username: str, story: Story) -> set[str]:
    """The tasks on the case in somebody's inbox."""
    inbox = await harness.get(username, "/inbox")
    return {item["task"] for item in inbox if item["case"]["case_no"] == story.no}


async def deciding(harness: ApiHarness, username: str) -> int:
    """How many cases somebody's tab 待裁定 counts."""
    now = datetime.now(UTC)
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id(username))
        assert person is not None
        return (await tab_counts(connection, person, now))[DeskTab.DECIDING]


async def test_an_extension_that_takes_a_supervisor_waits_with_the_supervisors(harness: ApiHarness) -> None:
    before = {name: await deciding(harness, name) for name in ("duty", "supervisor", "community_supervisor")}
    story = await asked(harness)
    for supervisor in ("supervisor", "community_supervisor"):
        assert await owed(harness, supervisor, story) == {"decide_extension"}
        assert await deciding(harness, supervisor) == before[supervisor] + 1
        assert {"grant_extension", "refuse_extension"} <= set((await story.look(supervisor))["allowed_commands"])
    for officer in ("duty", "community_duty"):
        assert await owed(harness, officer, story) == set()
        allowed = set((await story.look(officer))["allowed_commands"])
        assert allowed & {"grant_extension", "refuse_extension"} == {"refuse_extension"}
    assert await deciding(harness, "duty") == before["duty"]
    (request,) = story.view["requests"]
    assert (request["kind"], request["granted_by"]) == ("extension", "supervisor")
    (task,) = (task for task in story.view["tasks"] if task["kind"] == "decide_extension")
    assert (task["assignee"]["id"], task["due_at"]) == (COMMUNITY, request["decide_by"])

    assert await story.is_refused("duty", "grant_extension") == (403, "not_yours", None)
    await story.does("community_supervisor", "grant_extension", facts=["extension_granted"])
    assert await owed(harness, "supervisor", story) == set()


async def test_the_duty_officer_refuses_it(harness: ApiHarness) -> None:
    story = await asked(harness)
    await story.does("duty", "refuse_extension", reason="理由不充分", facts=["extension_refused"])


async def test_an_extension_of_the_desk_waits_with_the_desk(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness, category="0302", host="environment")
    until = (moment(story.view["due_at"]) + timedelta(days=1)).isoformat()
    await story.does("environment_handler", "request_extension", until=until, reason="取样")
    assert story.view["requests"][0]["granted_by"] is None
    assert await owed(harness, "duty", story) == {"decide_extension"}
    await story.does("duty", "grant_extension", facts=["extension_granted"])


async def test_a_suspension_waits_with_the_supervisors(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await story.does("labour_handler", "request_suspension", until=soon(hours=30), reason="停产")
    assert await owed(harness, "duty", story) == set()
    assert await owed(harness, "community_supervisor", story) == {"decide_suspension"}
    assert not {"grant_suspension", "refuse_suspension"} & set((await story.look("duty"))["allowed_commands"])
    await story.does("supervisor", "grant_suspension", facts=["suspension_granted"])


async def test_the_second_reopening_waits_with_the_supervisors(harness: ApiHarness) -> None:
    story = await Story.at_handling(harness)
    await closed(story)
    story.view = await harness.do("duty_2", story.no, "request_reopen", reason="未解决")
    assert await owed(harness, "duty", story) == {"decide_reopen"}
    story.view = await harness.do("duty", story.no, "grant_reopen")
    story.view = await harness.do("duty", story.no, "dispatch", host="labour")
    await closed(story)
    story.view = await harness.do("duty_2", story.no, "request_reopen", reason="仍未解决")
    assert story.view["requests"][0]["granted_by"] == "supervisor"
    assert await owed(harness, "duty", story) == set()
    assert await owed(harness, "supervisor", story) == {"decide_reopen"}
    assert not {"grant_reopen", "refuse_reopen"} & set((await story.look("duty"))["allowed_commands"])
    assert await story.is_refused("duty", "grant_reopen") == (403, "not_yours", None)
    story.view = await harness.do("supervisor", story.no, "grant_reopen")


@pytest.mark.parametrize(
    ("language", "may_refuse", "may_not"),
    [
        ("zh", "延期: 该申请须由督查员批准,您只可以不同意。", "挂账: 该申请须由督查员批准。"),
        ("en", "extension: Only a supervisor can grant this; you may refuse it.",
         "suspension: Only a supervisor can grant this."),
    ],
)  # fmt: skip
async def test_the_page_tells_the_duty_officer_who_grants_it(
    harness: ApiHarness, language: str, may_refuse: str, may_not: str
) -> None:
    story = await asked(harness)
    await story.does("labour_handler", "request_suspension", until=soon(hours=30), reason="停产")

    async def page(username: str) -> str:
        token = token_for(harness.settings, username)
        path = f"http://gridloop.test/cases/{story.no}?lang={language}"
        answer = await harness.http.get(path, headers={"Cookie": f"{COOKIE}={token}"})
        assert answer.status_code == 200, answer.text
        return answer.text

    seen = await page("duty")
    assert may_refuse in seen
    assert may_not in seen
    assert 'data-act="refuse_extension"' in seen
    assert not any(
        f'data-act="{name}"' in seen for name in ("grant_extension", "grant_suspension", "refuse_suspension")
    )
    above = await page("community_supervisor")
    assert 'data-act="grant_extension"' in above
    assert may_refuse not in above
    assert may_not not in above
    assert ("东一社区 督查员" if language == "zh" else "东一社区 supervisor") in above
