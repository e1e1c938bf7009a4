"""Role by place by department by route: what each person is answered is what the rules say, through every door.

One case, one matter of every kind and one export are planted with a mark; every route of `tests.matrix.table` is asked
by everybody. What is hidden and what never was are answered alike, and no list, count or file holds what is hidden.
"""

import json
import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from doors.session import COOKIE
from infra.database import transaction
from infra.store.context import local_day, read_person
from infra.store.matters.rows import read_state
from models.case import Case
from models.context import Person
from models.enums import Role
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from rules.life_cycle import HUMAN_COMMANDS
from rules.matters.kind import Part
from rules.matters.registry import RULES
from rules.scope import in_force, may_see
from services.figures.viewpoint import ROLES as FIGURE_ROLES
from services.matters.views import parts_of
from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.api.test_bad_matters import POLICY, STORIES
from tests.api.test_numbers_everywhere import readable_text
from tests.builders import FIRE, GRID, LABOUR, MICRO, MICRO_2, OTHER_PARK, PARK, Holder, add_people, person_id, publish
from tests.matrix.table import Rule, rows
from tests.rules.choices import About, a_command
from tests.servers import Servers
from web.app import create_app, run_hub

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARK = "标记七九四三"
#: Besides the people of the tiny park: the same roles elsewhere, and somebody with an interest in the place.
CROWD = (
    Holder("worker-far", "某人", Role.GRID_WORKER, grid=MICRO_2),
    Holder("supervisor-far", "某人", Role.SUPERVISOR, grid=OTHER_PARK),
    Holder("admin-far", "某人", Role.ADMIN, grid=OTHER_PARK),
    Holder("labour-far", "某人", Role.HANDLER, grid=OTHER_PARK, department=LABOUR),
    Holder("labour-near", "某人", Role.HANDLER, grid=GRID, department=LABOUR),
    Holder("liaison-near", "某人", Role.LIAISON, grid=GRID),
    Holder("helper-fire", "某人", Role.HELPER, department=FIRE),
    Holder("partner", "某人", Role.SUPERVISOR, grid=PARK),
)
READERS = (
    "reporter", "worker", "volunteer", "duty", "fire_handler", "labour_head", "reviewer", "supervisor", "keeper",
    "auditor", "admin", *(holder.username for holder in CROWD),
)  # fmt: skip
#: Streams and pictures have tests of their own; a photograph's small copy is that of the photograph.
_NOT_ASKED = {"/live", "/api/v1/attachments/{sha256}/thumbnail"}
_UNKNOWN = "00000000-0000-7000-8000-00000000dead"


@dataclass
class World:
    """What was planted: values of the parameters of paths, and the state of the case."""

    case: Case
    case_no: str
    values: dict[str, str]
    codes: dict[str, str] = field(default_factory=dict)
    export: str = ""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("matrix"), create_app) as opened:
        async with transaction(opened.engine) as connection:
            await publish(connection, POLICY, version=3)
            await add_people(connection, *CROWD)
            await connection.execute(
                text(
                    "INSERT INTO interests (id, person, kind, target, since, reason)"
                    " VALUES (:id, :person, 'unit', :unit, '2024-01-01', '亲属')"
                ),
                {"id": uuid4(), "person": person_id("partner"), "unit": MICRO},
            )
        async with run_hub(opened.app):
            yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(harness: ApiHarness) -> World:
    photo = await harness.upload("worker", a_picture("#794300"))
    view = await harness.report(title=f"{MARK}案", description=f"{MARK}述", attachments=[photo], source="grid_worker")
    no = view["case_no"]
    await harness.do("duty", no, "accept", note=f"{MARK}记")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    async with harness.engine.connect() as connection:
        state = await connection.scalar(text("SELECT state FROM cases WHERE case_no = :no"), {"no": no})
    planted = World(
        Case.model_validate(state), no,
        {"case_no": no, "report_id": view["report_id"], "sha256": photo, "command": "comment", "number": "1",
         "username": "duty", "subject": "person", "section": "limits", "id": _UNKNOWN, "id_": _UNKNOWN,
         "duty": _UNKNOWN, "code": MICRO, "path": "enterprises", "token": "x"},
    )  # fmt: skip
    for kind, story in STORIES.items():
        by, name, body = story[0]
        path = f"/cases/{no}/emergencies" if name == "begin" else f"/{PATHS[kind]}"
        answer = await harness.send(by, path, body)
        assert answer.status_code == 201, f"{kind}: {answer.text}"
        planted.codes[PATHS[kind]] = answer.json()["code"]
    asked = await harness.send("duty", "/exports", {"list": "cases"})
    planted.export = asked.json().get("id", "") if asked.status_code < 300 else ""
    return planted


async def read(harness: ApiHarness, username: str) -> tuple[Person, Any]:
    async with harness.engine.connect() as connection:
        person = await read_person(connection, person_id(username))
        assert person is not None
        return person, await local_day(connection, datetime.now(UTC))


async def ask(
    harness: ApiHarness, username: str | None, method: str, path: str, *, body: Any = None, form: Any = None
) -> httpx.Response:
    headers = {"X-Request-ID": "00000000-0000-7000-8000-000000000001", "X-Gridloop": "1"}
    if username is not None:
        headers |= harness.signed_in(username)
        headers["Cookie"] = f"{COOKIE}={headers['Authorization'].removeprefix('Bearer ')}"
        headers["Origin"] = "http://gridloop.test"
    url = f"http://gridloop.test{path}"
    return await harness.http.request(method, url, headers=headers, json=body, data=form)


def fill(path: str, values: dict[str, str]) -> str:
    return re.sub(r"{(\w+)(:path)?}", lambda found: values[found[1]], path)


def roles_of(person: Person, day: Any) -> set[Role]:
    return {grant.role for grant in in_force(person, day)}


def paths_of(rule: Rule, method: str = "GET") -> list[str]:
    return [path for m, path, r in rows() if r is rule and m == method and path not in _NOT_ASKED]


def alike(answer: httpx.Response, *names: str) -> tuple[int, str]:
    """The answer without the names that were asked for."""
    words = answer.text
    for name in names:
        words = words.replace(name, "…")
    return answer.status_code, re.sub(r'"instance": ?"[^"]*"', "", words)


@pytest.mark.parametrize("username", READERS)
async def test_a_case_is_there_for_those_who_may_see_it_and_for_nobody_else(
    harness: ApiHarness, world: World, username: str
) -> None:
    person, day = await read(harness, username)
    sees = may_see(person, world.case, day)
    nothing = {**world.values, "case_no": "130172100202001010000015", "report_id": _UNKNOWN, "sha256": "0" * 64}
    for path in paths_of(Rule.CASE):
        there, void = fill(path, world.values), fill(path, nothing)
        answer = await ask(harness, username, "GET", there)
        if sees:
            own = {"/api/v1/cases/{case_no}/reporter", "/cases/{case_no}/reporter", "/urges/{case_no}/{number}"}
            bad = {404} if path not in own and "adoption" not in path else set()
            assert answer.status_code not in {401, 500} | bad, (path, answer.text[:300])
        else:
            missing = await ask(harness, username, "GET", void)
            names = (world.case_no, world.values["report_id"], world.values["sha256"], *nothing.values())
            assert alike(answer, *names) == alike(missing, *names), path
            assert answer.status_code in (404, 422, 303), (path, answer.status_code)
            assert MARK not in answer.text


@pytest.mark.parametrize("username", READERS)
async def test_no_list_count_or_file_holds_what_is_hidden(harness: ApiHarness, world: World, username: str) -> None:
    person, day = await read(harness, username)
    sees = may_see(person, world.case, day)
    page = (await ask(harness, username, "GET", f"/api/v1/cases?q={MARK}")).json()
    assert (page["total"], len(page["items"])) == ((1, 1) if sees else (0, 0))
    rules = (Rule.LIST, Rule.FIGURES, Rule.BULLETINS, Rule.ACCOUNT, Rule.UNMASKINGS, Rule.ADMIN_READ, Rule.ACTIONS)
    for rule in rules:
        for path in paths_of(rule):
            for query in ("", "?q=案", f"?q={MARK}") if path in _SEARCHED else ("",):
                answer = await ask(harness, username, "GET", fill(path, {**world.values, "case_no": "0"}) + query)
                assert answer.status_code < 500, (path, answer.text[:300])
                assert answer.status_code != 401, path
                content = readable_text(answer.content, answer.headers.get("content-type", "")).decode(
                    "utf-8", "replace"
                )
                # A run of an emergency plan has the title of its case, and everybody in it is told.
                if not sees and not re.search("emergenc|notice", path):
                    assert f"{MARK}案" not in content, path + query
                    assert world.case_no not in content, path + query


_SEARCHED = {"/queue", "/cases", "/cases/rows", "/cases/export.xlsx", "/palette", "/queue/rows", "/urges"}


@pytest.mark.parametrize("username", READERS)
async def test_roles_open_what_is_for_roles(harness: ApiHarness, world: World, username: str) -> None:
    person, day = await read(harness, username)
    roles = roles_of(person, day)
    everywhere = any(g.role is Role.ADMIN and g.grid is None for g in in_force(person, day))
    expected = {
        Rule.FIGURES: bool(roles & set(FIGURE_ROLES)),
        Rule.BULLETINS: bool(roles & set(FIGURE_ROLES)),
        Rule.UNMASKINGS: bool(roles & {Role.AUDITOR, Role.KEEPER}),
        Rule.ADMIN_READ: bool(roles & {Role.ADMIN, Role.SUPERVISOR, Role.AUDITOR}),
        Rule.ACTIONS: everywhere or Role.AUDITOR in roles,
        Rule.ADMIN: everywhere,
        Rule.LIST: True,
        Rule.ACCOUNT: True,
    }
    wrong = []
    for rule, may in expected.items():
        for path in paths_of(rule):
            answer = await ask(harness, username, "GET", fill(path, world.values))
            forbidden = answer.status_code == 403
            if forbidden if may else answer.status_code not in (403, 404):
                wrong.append((rule, path, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("username", READERS)
async def test_a_matter_is_there_for_those_who_play_a_part(harness: ApiHarness, world: World, username: str) -> None:
    person, day = await read(harness, username)
    for kind, code in ((kind, world.codes[PATHS[kind]]) for kind in MatterKind if PATHS[kind] in world.codes):
        async with harness.engine.connect() as connection:
            state = await connection.scalar(
                text("SELECT state FROM matters WHERE kind = :kind AND code = :code"), {"kind": kind, "code": code}
            )
        sees = bool(parts_of(person, RULES[kind], read_state(RULES[kind], state), day))
        for path in (
            f"/api/v1/{PATHS[kind]}/{code}",
            f"/api/v1/{PATHS[kind]}/{code}/facts",
            f"/park/{PATHS[kind]}/{code}",
        ):
            answer = await ask(harness, username, "GET", path)
            missing = await ask(harness, username, "GET", path.replace(code, "nothing-such"))
            assert (answer.status_code == 200) == sees, (path, answer.status_code)
            if not sees:
                assert alike(answer, code, "nothing-such") == alike(missing, code, "nothing-such"), path


async def test_nobody_is_answered_without_signing_in(harness: ApiHarness, world: World) -> None:
    for method, path, rule in rows():
        if rule in (Rule.PUBLIC, Rule.MACHINE):
            continue
        answer = await ask(harness, None, method, fill(path, world.values), body={} if method != "GET" else None)
        refused = answer.status_code == 401 or (answer.status_code == 303 and "/sign-in" in answer.headers["location"])
        assert refused or answer.status_code in (403, 404, 415, 422), (method, path, answer.status_code)
        assert MARK not in answer.text


async def test_what_is_ones_own_is_nobody_elses(harness: ApiHarness, world: World) -> None:
    tokens = await harness.send("duty", "/me/tokens", {"name": "x", "scopes": ["read"], "days": 1})
    sessions = (await harness.get("duty", "/me/sessions"))["items"]
    token = tokens.json().get("id", _UNKNOWN) if tokens.status_code < 300 else _UNKNOWN
    things = {"exports": world.export or _UNKNOWN, "sessions": sessions[0]["id"], "tokens": token, "views": _UNKNOWN}
    for method, path, rule in rows():
        if rule is Rule.OWN:
            thing = next((id_ for name, id_ in things.items() if name in path), _UNKNOWN)
            for username in ("supervisor", "auditor", "admin", "worker"):
                answer = await ask(harness, username, method, re.sub(r"{\w+}", thing, path))
                missing = await ask(harness, username, method, re.sub(r"{\w+}", _UNKNOWN, path))
                assert alike(answer, thing, _UNKNOWN) == alike(missing, thing, _UNKNOWN), (method, path, username)
    assert (await harness.ask("duty", "/me")).status_code == 200


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
    for name in HUMAN_COMMANDS:
        body = a_command(name, luck, datetime.now(UTC), About((world.case_no,))).model_dump(
            mode="json", exclude={"kind"}
        )
        answer = await harness.send(username, f"/cases/{world.case_no}/commands/{name}", body)
        assert answer.status_code == 403, (name, answer.text)
        page = await ask(harness, username, "POST", f"/cases/{world.case_no}/commands/{name}", form=_flat(body))
        # 200: a grave command is asked to be confirmed first; what is stored is compared below.
        assert page.status_code in (200, 403, 422, 409), (name, page.status_code)
    for kind, story in STORIES.items():
        for _, name, body in story:
            code = world.codes[PATHS[kind]]
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
        known = dict(world.values)
        kind = path.split("/")[3] if path.startswith("/api/v1/") else "enterprises"
        known["code"] = world.codes.get(kind, world.codes["enterprises"])
        for body, form in (({}, None), (_EVERYTHING, None), (None, _flat(_EVERYTHING))):
            answer = await ask(harness, "auditor", method, fill(path, known), body=body, form=form)
            assert answer.status_code in (401, 403, 404, 405, 409, 413, 415, 422, 200), (
                method,
                path,
                answer.status_code,
            )
            if answer.status_code == 200:  # many cases at once: each has an outcome of its own
                assert "bulk" in path, (method, path)
    assert await fingerprint(harness) == before


#: Fields of many commands and forms.
_EVERYTHING: dict[str, Any] = {
    "note": "记录",
    "reason": "有正当的原因",
    "case_nos": ["1"],
    "cases": ["1"],
    "name": "某",
    "kind": "unit",
    "target": MICRO,
    "since": "2026-01-01",
    "password": "long-enough-Password-1",
    "last": "2026-01-01",
}


def _flat(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, str | list) else json.dumps(value) for name, value in body.items()}
