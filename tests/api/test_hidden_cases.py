"""A case that somebody may not see is not there for them, whichever door they try."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from api.routes.commands import ONE_BY_ONE
from infra.database import transaction
from models.enums import Role
from rules.life_cycle import HUMAN_COMMANDS
from tests.api.harness import ApiHarness, open_harness
from tests.builders import (
    FIRE,
    GRID,
    LABOUR,
    MICRO,
    MICRO_2,
    OTHER_PARK,
    Holder,
    add_people,
)
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Where a role is held → whether the case's micro-grid lies in it.
AREAS = {None: True, GRID: True, MICRO: True, MICRO_2: False, OTHER_PARK: False}
BY_PLACE = (
    Role.GRID_WORKER, Role.VOLUNTEER, Role.DUTY_OFFICER, Role.REVIEWER, Role.SUPERVISOR, Role.KEEPER, Role.AUDITOR,
    Role.ADMIN,
)  # fmt: skip
BY_PART = (Role.HANDLER, Role.DEPARTMENT_HEAD)
TITLE = "独一无二的隐秘事件"
BODIES: dict[str, dict[str, Any]] = {
    "rate": {"score": 1}, "decide_appeal": {"upheld": True}, "convene": {"departments": [FIRE]},
    "dispatch": {"host": FIRE}, "merge": {"into": "1"}, "recategorise": {"category": "0302"},
    "relocate": {"grid": MICRO_2}, "split": {"parts": [{"category": "0302", "title": "x"}]},
    "attach": {"attachments": ["a" * 64]}, "transfer": {"to_department": FIRE}, "adopt": {"version": 2},
    "report_verification": {"confirmed": True}, "redispatch": {"host": FIRE},
    "add_co_handler": {"departments": [FIRE]}, "release_co_handler": {"department": FIRE},
    "assign_reviewer": {"person": "reviewer"}, "recuse": {"person": "reviewer"},
    "lift_recusal": {"person": "reviewer"}, "unmask": {"purpose": "safety"},
}  # fmt: skip


def crowd() -> list[tuple[Holder, bool]]:
    """One person for each role in each area, and whether they may see the case."""
    found: list[tuple[Holder, bool]] = []
    for place, (area, holds_it) in enumerate(AREAS.items()):
        found += [(Holder(f"{role}-{place}", "某人", role, grid=area), holds_it) for role in BY_PLACE]
        for role in BY_PART:
            for department, has_part in ((LABOUR, True), (FIRE, False)):
                holder = Holder(f"{role}-{place}-{department}", "某人", role, grid=area, department=department)
                found.append((holder, holds_it and has_part))
        found.append((Holder(f"reporter-{place}", "某人", Role.REPORTER, grid=area), False))
    return found


CROWD = crowd()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("hidden")) as opened:
        async with transaction(opened.engine) as connection:
            await add_people(connection, *(holder for holder, _ in CROWD))
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def case(harness: ApiHarness) -> Any:
    """A case that labour handles, with a photo and an urge order."""
    photo = await harness.upload("worker")
    no = (await harness.report(title=TITLE, attachments=[photo]))["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    reply_by = datetime.now(UTC) + timedelta(days=1)
    return await harness.do("supervisor", no, "urge", reply_by=reply_by.isoformat(), note="请办")


async def test_those_in_scope_see_the_case(harness: ApiHarness, case: Any) -> None:
    no, photo = case["case_no"], case["attachments"][0]

    async def look(username: str) -> None:
        assert (await harness.get(username, f"/cases/{no}"))["case_no"] == no
        assert len(await harness.get(username, f"/cases/{no}/facts")) == 4
        assert (await harness.get(username, f"/reports/{case['report_id']}"))["case_no"] == no
        assert (await harness.get(username, "/cases", q=TITLE))["total"] == 1
        assert (await harness.ask(username, f"/attachments/{photo}")).status_code == 200

    seeing = [holder.username for holder, sees in CROWD if sees]
    assert len(seeing) == 3 * (len(BY_PLACE) + len(BY_PART))
    for username in seeing:
        await look(username)


async def test_for_everybody_else_the_case_is_missing(harness: ApiHarness, case: Any) -> None:
    hidden = [holder.username for holder, sees in CROWD if not sees]
    assert len(hidden) > 25
    pages = await as_if_it_never_was(harness, case)
    for username in hidden:
        await no_page_shows_it(harness, username, pages)
        await no_list_holds_it(harness, username)
    for username in hidden[-6:]:
        await no_filter_finds_it(harness, username, case)


#: So that two answers differ in nothing but what they are about.
SAME = {"X-Request-Id": "the-same-for-all"}


async def as_if_it_never_was(harness: ApiHarness, case: Any) -> dict[str, str]:
    """Each page of the case with the answer that it gives for something that never was."""
    no, report_id, photo = case["case_no"], case["report_id"], case["attachments"][0]
    never, other, nothing = "9" * 24, str(uuid4()), "0" * 64
    pages = {}
    for path, elsewhere, name, other_name in (
        (f"/cases/{no}", f"/cases/{never}", no, never),
        (f"/cases/{no}/facts", f"/cases/{never}/facts", no, never),
        (f"/reports/{report_id}", f"/reports/{other}", report_id, other),
        (f"/attachments/{photo}", f"/attachments/{nothing}", photo, nothing),
    ):
        void = await harness.ask("auditor", elsewhere, SAME)
        assert (void.status_code, other_name in void.text) == (404, True)
        pages[path] = void.text.replace(other_name, name)
    return pages


async def no_page_shows_it(harness: ApiHarness, username: str, pages: dict[str, str]) -> None:
    """Each page answers exactly as for something that never was."""
    for path, void in pages.items():
        answer = await harness.ask(username, path, SAME)
        assert (answer.status_code, answer.text) == (404, void), (username, path)


async def no_list_holds_it(harness: ApiHarness, username: str) -> None:
    """Nor does it count, nor is there anything to do."""
    for wanted in ({}, {"q": TITLE}):
        await nothing_in(harness, username, wanted)
    assert await harness.get(username, "/inbox") == []


async def no_filter_finds_it(harness: ApiHarness, username: str, case: Any) -> None:
    """Whatever is asked for by name."""
    filters: tuple[dict[str, Any], ...] = (
        {"q": case["case_no"]}, {"grid": MICRO}, {"department": LABOUR}, {"owner": LABOUR}, {"stage": "handle"},
        {"category": "0201"}, {"light": "green"}, {"overdue": "false"}, {"sort": "due_at"},
    )  # fmt: skip
    for wanted in filters:
        await nothing_in(harness, username, wanted)


async def nothing_in(harness: ApiHarness, username: str, wanted: dict[str, Any]) -> None:
    page = await harness.get(username, "/cases", **wanted)
    assert (page["items"], page["total"], page["next_cursor"]) == ([], 0, None), (username, wanted)


@pytest.mark.parametrize("name", HUMAN_COMMANDS)
async def test_no_command_reveals_that_the_case_exists(harness: ApiHarness, case: Any, name: str) -> None:
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    body = {
        "note": "x", "reason": "依据很充分", "question": "x", "result": "x", "right_channel": "x", "until": later,
        "reply_by": later, "meet_at": later,
    }  # fmt: skip
    model = await fields_of(harness, name)
    sent = {key: value for key, value in {**body, **BODIES.get(name, {})}.items() if key in model}
    before = await harness.stored()
    for username in (f"duty_officer-{list(AREAS).index(MICRO_2)}", f"handler-0-{FIRE}", "reporter-0"):
        assert await harness.refused(username, case["case_no"], name, **sent) == (404, "no_such_case")
        if name in ONE_BY_ONE:
            continue
        many = await harness.send(username, f"/bulk/{name}", {"cases": [case["case_no"]], "command": sent})
        outcome = many.json()["outcomes"][0]
        assert (outcome["ok"], outcome["problem"]["code"]) == (False, "no_such_case")
    assert await harness.stored() == before


async def fields_of(harness: ApiHarness, name: str) -> set[str]:
    """The fields of a command's body, as the API describes them."""
    schema = harness.app.openapi()
    body = schema["paths"][f"/api/v1/cases/{{case_no}}/commands/{name}"]["post"]["requestBody"]
    reference = body["content"]["application/json"]["schema"]
    reference = reference.get("$ref") or reference["allOf"][0]["$ref"]
    return set(schema["components"]["schemas"][reference.rpartition("/")[2]]["properties"])


async def test_the_reporter_sees_their_own_case_wherever_it_lies(harness: ApiHarness) -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    no = await harness.past(hour_ago, by="reporter", source="resident", title="自己报的")
    assert (await harness.get("reporter", f"/cases/{no}"))["case_no"] == no
    assert [item["case_no"] for item in (await harness.get("reporter", "/cases"))["items"]] == [no]
    assert (await harness.ask("reporter-0", f"/cases/{no}")).status_code == 404
