"""Which files a command may name: those that its giver uploaded, or that something has which they may see now.

A file that does not exist and one that is hidden are refused with the same words, whatever the command; and naming one
opens nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import BaseModel
from sqlalchemy import text

from infra.database import transaction
from models import commands
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from models.policy.questions import Question, QuestionKind
from rules.life_cycle import HUMAN_COMMANDS
from rules.matters.given import FILE_FIELDS
from rules.matters.kind import command_models
from rules.matters.registry import RULES
from tests.api.harness import RUSHED, ApiHarness, a_picture, open_harness, policy_with_a_rush
from tests.api.test_bad_matters import POLICY, STORIES
from tests.builders import ENVIRONMENT, FIRE, LABOUR, MICRO, OTHER_MICRO, publish
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOBODYS = "f" * 64
ASKED = Question(code="people", kind=QuestionKind.TEXT, text_zh="涉及人数", text_en="How many people")
#: The commands to a case that bring files: who gives them, with what besides, and what is given before.
Given = list[tuple[str, str, dict[str, Any]]]
HANDLING: Given = [("duty", "accept", {}), ("duty", "dispatch", {"host": LABOUR}), ("labour_handler", "claim", {})]
DONE: Given = [*HANDLING, ("labour_handler", "complete", {"result": "已付", "answer": "已付"})]
LATE: Given = [
    ("duty", "accept", {}), ("duty", "dispatch", {"host": ENVIRONMENT}),
    ("environment_head", "complete", {"result": "已处理"}), ("reviewer", "pass_review", {"note": "属实"}),
]  # fmt: skip
COMMANDS: dict[str, tuple[str, str, dict[str, Any], Given]] = {
    "attach": ("worker", "attachments", {"note": "补充"}, []),
    "answer_questions": ("duty", "attachments", {"answers": {"people": "三十人"}}, []),
    "supply_info": ("worker", "attachments", {"note": "三十人"}, [("duty", "request_info", {"question": "?"})]),
    "report_verification": (
        "worker", "attachments", {"confirmed": True, "note": "属实"},
        [("duty", "request_verification", {"question": "?"})],
    ),
    "self_close": ("worker", "evidence", {"result": "已劝离"}, []),
    "report_progress": ("labour_handler", "attachments", {"note": "在办"}, HANDLING),
    "complete": ("labour_handler", "evidence", {"result": "已付"}, HANDLING),
    "pass_review": ("reviewer", "evidence", {"note": "属实"}, DONE),
    "fail_review": ("reviewer", "evidence", {"reason": "未付"}, DONE),
    "appeal": ("environment_head", "attachments", {"reason": "停电"}, LATE),
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("files")) as opened:
        async with transaction(opened.engine) as connection:
            rushed = [one for one in policy_with_a_rush().categories if one.code == RUSHED]
            asking = [
                one.model_copy(update={"questions": (ASKED,)}) if one.code == "0201" else one
                for one in POLICY.categories
            ]
            await publish(connection, POLICY.model_copy(update={"categories": (*asking, *rushed)}), 3)
        yield opened


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hidden(harness: ApiHarness) -> str:
    """A file of a case in the other park, which nobody here may see."""
    photo = await harness.upload("other_duty", a_picture("red"))
    await harness.report("other_duty", grid=OTHER_MICRO, attachments=[photo])
    return photo


def _shade() -> bytes:
    """A picture like no other."""
    return a_picture(f"#{uuid4().hex[:6]}")


def _telling(problem: dict[str, Any], sha256: str) -> dict[str, Any]:
    """What a refusal says, without the hash and the request's own id."""
    told = {key: value for key, value in problem.items() if key != "instance"}
    return {key: str(value).replace(sha256, "…") for key, value in told.items()}


async def _refusals(harness: ApiHarness, by: str, path: str, body: dict[str, Any], field: str, hidden: str) -> None:
    """Both files are refused alike, and what is hidden stays so."""
    told = []
    for sha256 in (NOBODYS, hidden):
        answer = await harness.send(by, path, {**body, field: [sha256]})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_attachment"), f"{path}: {answer.text}"
        told.append(_telling(answer.json(), sha256))
        assert (await harness.ask(by, f"/attachments/{sha256}")).status_code == 404
    assert told[0] == told[1]


async def _a_case(harness: ApiHarness, before: Given) -> str:
    category = RUSHED if before is LATE else "0201"
    no = str((await harness.report(category=category))["case_no"])
    for by, name, body in before:
        if name == "complete" and before is LATE:
            await harness.until_fact(no, "overdue")
        await harness.do(by, no, name, **body)
    return no


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_to_a_case_names_only_known_files(harness: ApiHarness, hidden: str, name: str) -> None:
    by, field, body, before = COMMANDS[name]
    path = f"/cases/{await _a_case(harness, before)}/commands/{name}"
    await _refusals(harness, by, path, body, field, hidden)
    own = await harness.upload(by, _shade())
    answer = await harness.send(by, path, {**body, field: [own]})
    assert answer.status_code == 200, answer.text
    assert (await harness.ask(by, f"/attachments/{own}")).status_code == 200
    if name not in ("attach", "complete"):  # one of each field
        return
    # The case is seen, and so is what it has: it may be named again.
    path = f"/cases/{await _a_case(harness, before)}/commands/{name}"
    answer = await harness.send(by, path, {**body, field: [own]})
    assert answer.status_code == 200, answer.text


async def test_every_command_with_files_is_in_the_table() -> None:
    models = [one for one in vars(commands).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    with_files = {
        str(model.model_fields["kind"].default)
        for model in models
        if "kind" in model.model_fields and FILE_FIELDS & set(model.model_fields)
    }
    assert with_files & set(HUMAN_COMMANDS) == set(COMMANDS)


async def test_a_report_names_only_known_files(harness: ApiHarness, hidden: str) -> None:
    body = {"report_id": str(uuid4()), "category": "0201", "title": "欠薪", "grid": MICRO}
    await _refusals(harness, "reporter", "/cases", body, "attachments", hidden)
    own = await harness.upload("reporter", _shade())
    view = await harness.report("reporter", attachments=[own])
    assert view["attachments"] == [own]
    # Their own report has it, so they may name it again; somebody who sees neither report may not.
    assert (await harness.report("reporter", attachments=[own]))["attachments"] == [own]
    await _refusals(harness, "other_duty", "/cases", {**body, "grid": OTHER_MICRO}, "attachments", own)


@pytest.mark.parametrize("kind", STORIES, ids=str)
async def test_a_command_to_a_matter_names_only_known_files(harness: ApiHarness, hidden: str, kind: MatterKind) -> None:
    root, code = f"/{PATHS[kind]}", ""
    case_no = (await harness.report(category="0302"))["case_no"]
    models = command_models(RULES[kind])
    for by, name, body in STORIES[kind]:
        known = {**body, "case_no": case_no} if name == "book" else dict(body)
        path = root if not code else f"{root}/{code}/commands/{name}"
        path = f"/cases/{case_no}/emergencies" if name == "begin" else path
        for field in sorted(FILE_FIELDS & set(models[name].model_fields) - {"photos"}):
            if kind is MatterKind.ENTERPRISE and field == "evidence":
                continue
            await _refusals(harness, by, path, known, field, hidden)
            known[field] = [await harness.upload(by, _shade())]
        answer = await harness.send(by, path, known)
        assert answer.status_code in (200, 201), f"{kind} {name}: {answer.text}"
        code = code or answer.json()["code"]


async def test_who_lost_sight_of_a_case_keeps_no_file_of_it(harness: ApiHarness) -> None:
    """Naming it in an own report would open it again, so it is refused; also an own upload that was used there."""
    photo, own = await harness.upload("worker", _shade()), await harness.upload("fire_handler", _shade())
    no = (await harness.report("worker", category="0103", attachments=[photo]))["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=FIRE)
    await harness.do("fire_handler", no, "report_progress", note="到场", attachments=[own])
    for sha256 in (photo, own):
        assert (await harness.ask("fire_handler", f"/attachments/{sha256}")).status_code == 200
    async with transaction(harness.engine) as connection:
        await connection.execute(
            text(
                "UPDATE grants SET role = 'reporter', department = NULL"
                " WHERE person = (SELECT id FROM people WHERE username = 'fire_handler')"
            )
        )
    for sha256 in (photo, own):
        for path in (f"/attachments/{sha256}", f"/attachments/{sha256}/thumbnail"):
            assert (await harness.ask("fire_handler", path)).status_code == 404
    body = {"report_id": str(uuid4()), "category": "0201", "title": "欠薪", "grid": MICRO}
    await _refusals(harness, "fire_handler", "/cases", body, "attachments", photo)
    await _refusals(harness, "fire_handler", "/cases", body, "attachments", own)


async def test_the_same_bytes_count_for_everybody_who_sent_them(harness: ApiHarness) -> None:
    content = _shade()
    first, second = await asyncio.gather(harness.upload("worker", content), harness.upload("other_duty", content))
    assert first == second
    await harness.report("worker", attachments=[first])
    assert (await harness.ask("other_duty", f"/attachments/{first}")).status_code == 200
    view = await harness.report("other_duty", grid=OTHER_MICRO, attachments=[first])
    assert view["attachments"] == [first]
    # Sent again after it was used elsewhere, it counts again.
    assert await harness.upload("volunteer", content) == first
    assert (await harness.report("volunteer", attachments=[first]))["attachments"] == [first]
