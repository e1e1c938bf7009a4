"""Numbers of people, planted in every text that people write, leave by no door to those who need not see them.

Every command of a case's life and of every kind of matter is given with a number of its own in each field of prose.
Then every GET route of API and pages is asked by everybody, and nothing but the case of one's own may hold a number
whole. A new route is asked as soon as it exists.
"""

import io
import re
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
import pytest_asyncio
from sqlalchemy import text

from api.routes import ROUTERS as API_ROUTERS
from doors.session import COOKIE
from infra.database import transaction
from infra.store.context import local_day, read_person
from models.case import Case
from models.commands import HUMAN_COMMAND_MODELS
from models.matters.paths import PATHS
from models.personal_numbers import mask_numbers
from rules.masking import reads_numbers
from rules.matters.kind import command_models
from rules.matters.registry import RULES
from tests.api.harness import ApiHarness, open_harness
from tests.api.test_bad_matters import POLICY, STORIES
from tests.builders import LABOUR, MICRO, person_id, publish
from tests.servers import Servers
from web.app import create_app, run_hub
from web.routes import ROUTERS as PAGE_ROUTERS

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Who asks: one for each role.
READERS = ("reporter", "worker", "labour_handler", "supervisor", "auditor", "admin")
#: Fields that people write prose into. `test_every_field_of_prose_is_planted` keeps this list whole.
PROSE = {
    "title", "description", "note", "reason", "result", "answer", "question", "right_channel", "name", "text", "plan",
    "statement", "place", "reference", "decision", "summary", "organisation", "industry", "owner_name", "rationale",
    "outcome_note", "minutes", "finding", "unit",
}  # fmt: skip
#: Texts that name something known, or are chosen: a number in them is no prose.
NOT_PROSE = {"decision", "unit", "minutes", "industry", "attended", "code"}
#: Streams never end, and these answer machines, or with pictures; what Open311 tells everybody is in tests/open311.
NOT_ASKED = re.compile(
    r"^/temporal|^/open311/|/live$|/metrics|/healthz|/readyz|/api/v1/attachments|/p/photo/|/thumbnail|favicon|qr\.svg"
)


class Plants:
    """Numbers that were planted, each once: where each stands."""

    def __init__(self) -> None:
        self.where: dict[str, str] = {}

    def number(self, where: str) -> str:
        """A mobile number that stands nowhere else."""
        number = f"139{len(self.where) + 10_000_000:08d}"
        self.where[number] = where
        return number

    def in_body(self, body: Any, where: str) -> Any:
        """The body with a number behind every text of a field of prose, at any depth."""
        if isinstance(body, dict):
            return {
                key: f"{value} {self.number(f'{where}.{key}')}"
                if key in PROSE - NOT_PROSE and isinstance(value, str) and not _is_code(where, key)
                else self.in_body(value, where)
                for key, value in body.items()
            }
        return [self.in_body(value, where) for value in body] if isinstance(body, list) else body

    def whole_in(self, content: bytes) -> dict[str, str]:
        """The planted numbers that the content holds whole, with where they were planted."""
        text_of = content.decode("utf-8", "replace")
        return {found: self.where[found] for found in re.findall(r"139[0-9]{8}", text_of) if found in self.where}


def _is_code(where: str, key: str) -> bool:
    """Whether a field of that name holds a code in that command."""
    return (key == "plan" and "claim.claim" not in where) or (
        "station" in where and key == "name" and "metrics" in where
    )


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("everywhere"), create_app) as opened:
        async with transaction(opened.engine) as connection:
            await publish(connection, POLICY, version=3)
        async with run_hub(opened.app):
            yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def planted(harness: ApiHarness) -> tuple[Plants, dict[str, str], dict[str, list[str]]]:
    """What was planted; the cases, with the number of each; what can stand in the place of a path's parameter."""
    plants = Plants()
    cases = {"open": await _open_case(harness, plants), "closed": await _closed_case(harness, plants)}
    values: dict[str, list[str]] = {"case_no": list(cases.values()), "code": [], "path": [], "report_id": []}
    for no in cases.values():
        values["report_id"].append((await harness.get("duty", f"/cases/{no}"))["report_id"])
    for kind, story in STORIES.items():
        code = ""
        case_no = (await harness.report(category="0302"))["case_no"]
        for by, name, body in story[:-1] if len(story) > 3 else story:
            given = plants.in_body({**body, **({"case_no": case_no} if name == "book" else {})}, f"{kind}.{name}")
            path = f"/{PATHS[kind]}" if not code else f"/{PATHS[kind]}/{code}/commands/{name}"
            if name == "begin":
                path = f"/cases/{case_no}/emergencies"
            answer = await harness.send(by, path, given)
            assert answer.status_code in (200, 201), f"{kind} {name}: {answer.text}"
            code = code or answer.json()["code"]
        values["code"].append(code)
        values["path"].append(PATHS[kind])
    async with harness.engine.connect() as connection:
        duty = (await connection.execute(text("SELECT id FROM duties LIMIT 1"))).scalar()
    values |= {
        "duty": [str(duty)] if duty else [], "id": ["1"], "id_": ["1"], "number": ["1"], "section": ["limits"],
        "subject": ["person", "unit"], "username": ["duty"], "command": ["comment", "accept", "urge"], "sha256": [],
        "token": [], "key": [], "format": ["csv", "jsonl", "geojson"],
    }  # fmt: skip
    return plants, cases, values


async def _open_case(harness: ApiHarness, plants: Plants) -> str:
    """A case in handling with everything that may be written until then."""

    def say(where: str) -> str:
        return f"见 {plants.number(f'open.{where}')} 处"

    # Told by a resident at the counter, in another system's words, with what follows at the desk.
    known = {"category": "0201", "grid": MICRO, "title": say("title"), "description": say("description")}
    no = str((await harness.report("worker", **known))["case_no"])
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("duty", "request_info", {"question": say("question")}),
        ("worker", "supply_info", {"note": say("supplied")}),
        ("duty", "comment", {"note": say("comment")}),
        ("duty", "accept", {"note": say("accept")}),
        ("duty", "dispatch", {"host": LABOUR, "note": say("dispatch")}),
        ("labour_handler", "report_progress", {"note": say("progress")}),
        ("labour_handler", "acknowledge", {"note": say("acknowledge")}),
        ("supervisor", "urge", {"reply_by": _later(2), "note": say("urge")}),
        ("labour_handler", "answer_urge", {"note": say("urge_answer")}),
        ("supervisor", "urge", {"reply_by": _later(3), "note": say("urge_2")}),
        ("labour_handler", "return", {"reason": say("return")}),
        ("supervisor", "refuse_return", {"reason": say("refuse_return")}),
        ("supervisor", "escalate", {"mode": "inform", "reason": say("escalate")}),
        ("duty", "split", {"parts": [{"category": "0302", "title": say("part.title"),
                                      "description": say("part.description")}], "reason": say("split")}),
        ("labour_handler", "request_suspension", {"until": _later(9), "reason": say("suspension")}),
        ("duty", "void", {"reason": say("void")}),
    ]  # fmt: skip
    for by, name, body in steps:
        await harness.do(by, no, name, **body)
    return no


async def _closed_case(harness: ApiHarness, plants: Plants) -> str:
    """A case that was handled twice, closed, rated and asked to be reopened."""

    def say(where: str) -> str:
        return f"见 {plants.number(f'closed.{where}')} 处"

    no = str((await harness.report("reporter", title=say("title"), description=say("description")))["case_no"])
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("duty", "accept", {}),
        ("duty", "dispatch", {"host": LABOUR}),
        ("labour_handler", "complete", {"result": say("result"), "answer": say("answer")}),
        ("reviewer", "fail_review", {"reason": say("fail")}),
        ("labour_handler", "complete", {"result": say("result_2"), "answer": say("answer_2")}),
        ("reviewer", "pass_review", {"note": say("pass"), "answer": say("answer_3")}),
        ("reporter", "rate", {"score": 1, "note": say("rate")}),
        ("reporter", "request_reopen", {"reason": say("reopen")}),
    ]
    for by, name, body in steps:
        await harness.do(by, no, name, **body)
    return no


def _later(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def get_paths() -> list[str]:
    """The path of every GET route of API and pages."""
    routes = [route for router in (*API_ROUTERS, *PAGE_ROUTERS) for route in router.routes]
    paths = {str(getattr(route, "path", "")) for route in routes if "GET" in (getattr(route, "methods", None) or ())}
    return sorted(path for path in paths if not NOT_ASKED.search(path))


def filled(path: str, values: dict[str, list[str]]) -> Iterator[str]:
    """The path with each value in place of its parameter; values of `path` and `code` go together, and a path of one
    kind of matter is asked for the code of that kind."""
    names = re.findall(r"{(\w+)}", path)
    if not names:
        yield path
        return
    if names == ["path", "code"]:
        yield from (path.format(path=p, code=c) for p, c in zip(values["path"], values["code"], strict=True))
        return
    name, rest = names[0], names[1:]
    kinds = [kind for kind in values["path"] if f"/{kind}/{{code}}" in path]
    for value in [values["code"][values["path"].index(kind)] for kind in kinds] or values[name]:
        yield from filled(path.replace(f"{{{name}}}", value), values) if rest else [path.replace(f"{{{name}}}", value)]


#: Queries by which a route shows more.
QUERIES = {
    "/queue": ["", "?tab=all"], "/cases": ["", "?q=见", "?q=处"], "/api/v1/cases": ["", "?q=见"],
    "/intake": ["", "?tab=all"], "/palette": ["?q=见", "?q=13910"], "/urges": [""], "/map/points.json": [
        "?bbox=116,37,119,40&zoom=18"], "/choices/people": ["?q=员"],
}  # fmt: skip


def readable_text(content: bytes, kind: str) -> bytes:
    """The text of an answer: of a workbook its cells, of an archive its lists."""
    if "spreadsheet" in kind:
        book = openpyxl.load_workbook(io.BytesIO(content))
        return "\n".join(str(cell.value) for sheet in book for row in sheet for cell in row).encode()
    if "zip" in kind:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return b"\n".join(archive.read(name) for name in archive.namelist())
    return content


#: The routes that have answered somebody, over all readers.
ANSWERED: set[str] = set()


@pytest.mark.parametrize("username", READERS)
async def test_no_door_shows_a_number_to_those_who_need_not_see_it(
    harness: ApiHarness, planted: tuple[Plants, dict[str, str], dict[str, list[str]]], username: str
) -> None:
    plants, cases, values = planted
    allowed: set[str] = set()
    async with harness.engine.connect() as connection:
        day = await local_day(connection, datetime.now(UTC))
        person = await read_person(connection, person_id(username))
        assert person is not None
        for which, no in cases.items():
            state = await connection.scalar(text("SELECT state FROM cases WHERE case_no = :no"), {"no": no})
            if reads_numbers(person, Case.model_validate(state), day):
                allowed.add(which)
    faults: list[str] = []
    headers = harness.signed_in(username)
    headers["Cookie"] = f"{COOKIE}={headers['Authorization'].removeprefix('Bearer ')}"
    for route in get_paths():
        for path in filled(route, values):
            for query in QUERIES.get(route, [""]):
                answer = await harness.http.get(f"http://gridloop.test{path}{query}", headers=headers)
                assert answer.status_code < 500, (path, answer.text[:500])
                if answer.status_code == 200:
                    ANSWERED.add(route)
                found = plants.whole_in(readable_text(answer.content, answer.headers.get("content-type", "")))
                wrong = {where for where in found.values() if where.partition(".")[0] not in allowed}
                if wrong:
                    faults.append(f"{path}{query}: {sorted(wrong)[:4]}")
    assert not faults, f"{len(faults)}:\n" + "\n".join(faults[:30])


async def test_nearly_every_route_answered_somebody() -> None:
    """The tests above would prove nothing about routes that answered nobody."""
    unanswered = {path for path in get_paths() if path not in ANSWERED}
    assert len(unanswered) < 36, "\n".join(sorted(unanswered))


async def test_the_desk_reads_what_others_do_not(
    harness: ApiHarness, planted: tuple[Plants, dict[str, str], dict[str, list[str]]]
) -> None:
    plants, cases, _ = planted
    for username, which, whole in (
        ("duty", "open", True), ("worker", "open", True), ("reviewer", "open", False), ("keeper", "open", False),
        ("labour_handler", "open", False), ("reviewer", "closed", True), ("reporter", "closed", True),
        ("supervisor", "closed", False),
    ):  # fmt: skip
        answer = await harness.ask(username, f"/cases/{cases[which]}")
        number = next(number for number, where in plants.where.items() if where == f"{which}.title")
        assert (number in answer.text) == whole, (username, which)
        assert whole or mask_numbers(number) in answer.text


async def test_a_search_tells_nobody_of_a_number_that_they_do_not_see(
    harness: ApiHarness, planted: tuple[Plants, dict[str, str], dict[str, list[str]]]
) -> None:
    plants, cases, _ = planted
    (title,) = [number for number, where in plants.where.items() if where == "open.title"]
    others = {"labour_handler", "supervisor", "auditor", "admin", "keeper", "reviewer"}
    for username in others:
        for query in (title, title[:6], title[3:9], f"{title[:3]} {title[3:7]} {title[7:]}", f"+86{title}"):
            found = await harness.get(username, "/cases", q=query)
            assert found["total"] == 0, (username, query)
    for query in (title, f"{title[:3]} {title[3:7]} {title[7:]}", f"+86 {title}"):
        found = await harness.get("duty", "/cases", q=query)
        assert [item["case_no"] for item in found["items"]] == [cases["open"]], query
    likenesses = {
        typed: [item["likeness"] for item in (await harness.get(
            "supervisor", "/cases/duplicates", category="0201", grid=MICRO, title=typed))["items"]]
        for typed in (f"见 {title} 处", "见 13800000000 处")
    }  # fmt: skip
    assert len({tuple(found) for found in likenesses.values()}) == 1, likenesses


async def test_every_field_of_prose_is_planted() -> None:
    unknown: set[str] = set()
    models = [*HUMAN_COMMAND_MODELS.values(), *(m for rules in RULES.values() for m in command_models(rules).values())]
    for model in models:
        for name, field in model.model_fields.items():
            cleaned = [entry for entry in field.metadata if "_cleaned.<locals>.validate" in repr(entry)]
            pattern = [entry for entry in field.metadata if getattr(entry, "pattern", None)]
            if field.annotation is str and cleaned and not pattern and name not in PROSE | NOT_PROSE:
                unknown.add(f"{model.__name__}.{name}")
    assert not unknown
