"""Role by place by department by route: what each person is answered is what `expected` says, through every door.

One case, a matter of every kind, a bulletin, a view and an export are planted with a mark; every route of
`tests.matrix.table` is asked by everybody. What is hidden and what never was are answered alike, and no list, count,
file or stream holds what is hidden.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from models.matters.base import MatterKind
from models.matters.paths import PATHS
from rules.life_cycle import HUMAN_COMMANDS
from rules.matters.kind import Part
from rules.matters.registry import RULES
from tests.api.harness import ApiHarness, open_harness
from tests.api.test_bad_matters import STORIES
from tests.builders import MICRO
from tests.matrix.expected import (
    OPENS,
    READERS,
    READS_POINTS_OF_DUTY,
    READS_THE_BULLETIN,
    SEES_THE_CASE,
    SEES_THE_MATTER,
)
from tests.matrix.table import Rule, rows
from tests.matrix.world import MARK, UNKNOWN, World, ask, flat, following, plant, plant_people
from tests.rules.choices import About, a_command
from tests.servers import Servers
from web.app import create_app, run_hub

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: The stream never ends: it has a test of its own.
_NOT_ASKED = {"/live"}
#: What is asked for nothing without these.
_ASKED_WITH = {
    "/api/v1/stations/{code}/readings": "?metric=voc",
    "/api/v1/referral-desks/{code}/sittings.ics": "?day=2026-11-30",
}
_SEARCHED = {"/queue", "/cases", "/cases/rows", "/cases/export.{format}", "/palette", "/queue/rows", "/urges"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("matrix"), create_app) as opened:
        await plant_people(opened)
        async with run_hub(opened.app):
            yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(harness: ApiHarness) -> World:
    return await plant(harness)


def paths_of(rule: Rule) -> list[str]:
    return [path for method, path, r in rows() if r is rule and method == "GET" and path not in _NOT_ASKED]


#: Answered with 404 to some who see the case: no number is left for the reporter, no urge order was given.
_MAY_BE_NONE = {
    "/api/v1/cases/{case_no}/reporter", "/cases/{case_no}/reporter", "/urges/{case_no}/{number}",
    "/api/v1/cases/{case_no}/adoption",
}  # fmt: skip


@pytest.mark.parametrize("username", READERS)
async def test_a_case_is_there_for_those_who_may_see_it_and_for_nobody_else(world: World, username: str) -> None:
    nothing = {"case_no": "130172100202001010000015", "report_id": UNKNOWN, "sha256": "0" * 64}
    paths = paths_of(Rule.CASE)
    await world.look(username, map(world.fill, paths))
    if username not in SEES_THE_CASE:
        await world.look(username, (world.fill(path, **nothing) for path in paths))
    for path in paths:
        answer = await world.see(username, world.fill(path))
        if username in SEES_THE_CASE:
            assert answer.status not in {401, 500} | (set() if path in _MAY_BE_NONE else {404}), (path, answer.body)
        else:
            missing = await world.see(username, world.fill(path, **nothing))
            names = (world.case_no, world.values["report_id"], world.values["sha256"], *nothing.values())
            assert answer.without(*names) == missing.without(*names), path
            assert answer.status in (404, 422, 303), (path, answer.status)
            assert MARK not in answer.content


@pytest.mark.parametrize("username", READERS)
async def test_no_list_count_or_file_holds_what_is_hidden(harness: ApiHarness, world: World, username: str) -> None:
    sees = username in SEES_THE_CASE
    page = await harness.get(username, f"/cases?q={MARK}")
    assert (page["total"], len(page["items"])) == ((1, 1) if sees else (0, 0))
    listed = {world.case_no, f"{MARK}案"}
    paths = [path for rule in (*OPENS, Rule.POINTS) for path in paths_of(rule)]
    asked = [world.fill(path, case_no="0") for path in paths]
    asked += [world.fill(path, case_no="0") + f"?q={MARK}" for path in paths if path in _SEARCHED and not sees]
    await world.look(username, asked)
    for path in asked:
        answer = await world.see(username, path)
        assert answer.status < 500, (path, answer.body[:300])
        assert answer.status != 401, path
        # A run of an emergency plan has the title of its case, and everybody in it is told.
        if not sees and not re.search("emergenc|notice", path):
            assert not {one for one in listed if one in answer.content}, path
        if username != "duty":
            assert f"{MARK}视图" not in answer.content, path


@pytest.mark.parametrize("username", READERS)
async def test_pages_open_to_whom_they_are_for(world: World, username: str) -> None:
    wrong = []
    for rule, readers in OPENS.items():
        for path in paths_of(rule):
            planted = "/bulletins/{id}" in path
            may = username in (READS_THE_BULLETIN if planted else readers)
            status = (await world.see(username, world.fill(path))).status
            if (status != 200) if may and planted else (status == 403) if may else status not in (403, 404):
                wrong.append((rule, path, status))
    for path in paths_of(Rule.POINTS)[1:]:
        status = (await world.see(username, world.fill(path, code="duty"))).status
        if (status == 200) != (username in READS_POINTS_OF_DUTY):
            wrong.append((Rule.POINTS, path, status))
    assert wrong == []


async def test_a_bulletin_names_the_case_to_those_who_see_it(world: World) -> None:
    for path in (path for path in paths_of(Rule.BULLETINS) if "{id}" in path):
        names_it = {
            username for username in READERS if world.case_no in (await world.see(username, world.fill(path))).content
        }
        assert names_it == READS_THE_BULLETIN & SEES_THE_CASE, path


@pytest.mark.parametrize("username", READERS)
async def test_a_matter_is_there_for_those_who_play_a_part(world: World, username: str) -> None:
    wrong = []
    for kind, code in world.codes.items():
        sees = username in SEES_THE_MATTER[kind]
        own = [path for path in paths_of(Rule.MATTER) if f"/{PATHS[kind]}/" in path]
        own.append("/park/{path}/{code}")
        for planted in (code,) if sees else (code, "nothing-such"):
            known = {"path": PATHS[kind], "code": planted}
            await world.look(username, (world.fill(path, **known) + _ASKED_WITH.get(path, "") for path in own))
        for path in own:
            query = _ASKED_WITH.get(path, "")
            answer = await world.see(username, world.fill(path, path=PATHS[kind], code=code) + query)
            if sees != (answer.status == 200):
                wrong.append((path, kind, answer.status))
            if not sees:
                missing = await world.see(username, world.fill(path, path=PATHS[kind], code="nothing-such") + query)
                assert answer.without(code, "nothing-such") == missing.without(code, "nothing-such"), path
    assert wrong == []


async def test_a_stream_tells_of_the_case_those_who_see_it(harness: ApiHarness, world: World) -> None:
    async with AsyncExitStack() as stack:
        streams = {username: await stack.enter_async_context(following(harness, username)) for username in READERS}
        await harness.do("duty", world.case_no, "comment", note="跟进")
        await streams["duty"].until(world.case_no)
        # Everybody is told of a gap in the listening, after what came before it.
        async with harness.engine.connect() as connection:
            await connection.execute(text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN %' AND datname = current_database()"
            ))  # fmt: skip
        for stream in streams.values():
            await stream.until("event: resync")
        assert {name for name, stream in streams.items() if world.case_no in stream.text} == SEES_THE_CASE


async def test_nobody_is_answered_without_signing_in(harness: ApiHarness, world: World) -> None:
    for method, path, rule in rows():
        if rule in (Rule.PUBLIC, Rule.MACHINE):
            continue
        answer = await ask(harness, None, method, world.fill(path), body={} if method != "GET" else None)
        refused = answer.status_code == 401 or (answer.status_code == 303 and "/sign-in" in answer.headers["location"])
        assert refused or answer.status_code in (403, 404, 415, 422), (method, path, answer.status_code)
        assert MARK not in answer.text


async def test_what_is_ones_own_is_nobody_elses(harness: ApiHarness, world: World) -> None:
    own = [(method, path) for method, path, rule in rows() if rule is Rule.OWN]
    for method, path in own:
        for username in ("supervisor", "auditor", "admin", "worker"):
            answer, missing = await asyncio.gather(
                ask(harness, username, method, world.fill(path)),
                ask(harness, username, method, world.fill(path, id=UNKNOWN, id_=UNKNOWN)),
            )
            assert answer.status_code in (404, 422), (method, path, username, answer.status_code)
            assert _without(answer, *world.ids.values()) == _without(missing, UNKNOWN), (method, path, username)
    for path in ("/api/v1/exports/{id}", "/api/v1/me/tokens/{id}", "/views/{id_}/remove"):
        method = next(method for method, known in reversed(own) if known == path)
        assert (await ask(harness, "duty", method, world.fill(path))).status_code in (200, 204, 303), "it was there"


def _without(answer: Any, *names: str) -> str:
    words = answer.text
    for name in names:
        words = words.replace(name, "…")
    return f"{answer.status_code} {words}"


#: What administrators may do to matters: keep registers and devices. Nothing by which something is decided.
ADMIN_MAY = {
    MatterKind.ENTERPRISE: {"register", "amend", "assign_people", "rename", "move", "close", "reopen"},
    MatterKind.STATION: {"register", "change", "rotate_key", "revoke_key", "end"},
    MatterKind.REFERRAL_DESK: {"register", "change", "end"},
}


async def test_administrators_and_auditors_have_no_part_in_what_is_decided() -> None:
    for kind, rules in RULES.items():
        assert {name for name, who in rules.who.items() if Part.ADMIN in who} == ADMIN_MAY.get(kind, set()), kind
        assert {name for name, who in rules.who.items() if Part.READER in who} == set(), kind


async def fingerprint(harness: ApiHarness) -> dict[str, int]:
    """How many rows each table has that somebody may change."""
    tables = (
        "facts", "cases", "matters", "matter_facts", "people", "grants", "absences", "shifts", "interests",
        "departments", "grid_units", "policies", "policy_drafts", "admin_actions", "bulletins", "progress_codes",
        "inspections", "duties",
    )  # fmt: skip
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in tables)
    async with harness.engine.connect() as connection:
        return dict((await connection.execute(text(f"SELECT {counts}"))).one()._mapping)


@pytest.mark.parametrize("username", ["auditor", "admin"])
async def test_who_only_reads_gives_no_command(harness: ApiHarness, world: World, username: str) -> None:
    before = await fingerprint(harness)
    luck = random.Random(7)
    on_pages = luck.sample(HUMAN_COMMANDS, 8)  # a form leads to the same command as the API
    for name in HUMAN_COMMANDS:
        body = a_command(name, luck, datetime.now(UTC), About((world.case_no,))).model_dump(
            mode="json", exclude={"kind"}
        )
        answer = await harness.send(username, f"/cases/{world.case_no}/commands/{name}", body)
        assert answer.status_code == 403, (name, answer.text)
        if name in on_pages:
            page = await ask(harness, username, "POST", f"/cases/{world.case_no}/commands/{name}", form=flat(body))
            # 200: a grave command is asked to be confirmed first; what is stored is compared below.
            assert page.status_code in (200, 403, 422, 409), (name, page.status_code)
    for kind, story in STORIES.items():
        for _, name, body in story:
            code = world.codes[kind]
            begins = name in (RULES[kind].creates, "begin")
            # A comment decides nothing: administrators may write one on a matter in their part of the park.
            if username == "admin" and name in (*ADMIN_MAY.get(kind, ()), "comment"):
                continue
            path = f"/{PATHS[kind]}" if begins else f"/{PATHS[kind]}/{code}/commands/{name}"
            if name == "begin":
                path = f"/cases/{world.case_no}/emergencies"
            given = body if not begins else {**body, "code": f"{body.get('code', 'x')}9"}
            answer = await harness.send(username, path, given)
            assert answer.status_code in (403, 404, 422), (kind, name, answer.text)
    assert await fingerprint(harness) == before


async def test_an_auditor_changes_nothing_through_any_route(harness: ApiHarness, world: World) -> None:
    before = await fingerprint(harness)
    for method, path, rule in rows():
        if method == "GET" or rule not in (Rule.CHANGE, Rule.ADMIN):
            continue
        name = path.split("/")[3] if path.startswith("/api/v1/") else "enterprises"
        kind = next((kind for kind, known in PATHS.items() if known == name), MatterKind.ENTERPRISE)
        url = world.fill(path, code=world.codes[kind])
        answers = await asyncio.gather(
            ask(harness, "auditor", method, url, body={}),
            ask(harness, "auditor", method, url, body=_EVERYTHING),
            ask(harness, "auditor", method, url, form=flat(_EVERYTHING)),
        )
        for status in (answer.status_code for answer in answers):
            assert status in (401, 403, 404, 405, 409, 413, 415, 422, 200), (method, path, status)
            if status == 200:  # many cases at once: each has an outcome of its own
                assert "bulk" in path, (method, path)
    assert await fingerprint(harness) == before


#: Fields of many commands and forms.
_EVERYTHING: dict[str, Any] = {
    "note": "记录", "reason": "有正当的原因", "case_nos": ["1"], "cases": ["1"], "name": "某", "kind": "unit",
    "target": MICRO, "since": "2026-01-01", "password": "long-enough-Password-1", "last": "2026-01-01",
}  # fmt: skip
