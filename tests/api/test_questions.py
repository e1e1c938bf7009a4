"""Questions of a category over HTTP: answers with a report and after it, who reads them, how they are found."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.api.harness import ApiHarness, open_harness
from tests.builders import MICRO
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

GAS = {"category": "0301", "title": "半夜有异味", "grid": MICRO}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("questions")) as opened:
        yield opened


async def reported(harness: ApiHarness, **more: Any) -> Any:
    answer = await harness.send("worker", "/cases", {"report_id": str(uuid4()), **GAS, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def by_code(view: Any) -> dict[str, Any]:
    return {answer["question"]: answer for answer in view["answers"]}


async def test_answers_are_kept_shown_and_decide_the_severity(harness: ApiHarness) -> None:
    view = await reported(
        harness, answers={"smell": ["egg", "sour"], "still": True, "people": 3, "where": "锅炉房 13912345678"}
    )
    shown = by_code(view)
    assert {code: one["shown"] for code, one in shown.items()} == {
        "smell": "酸味、臭鸡蛋味", "still": "是", "people": "3 人", "where": "锅炉房 13912345678",
    }  # fmt: skip
    assert (view["severity"], view["unanswered"], view["not_understood"]) == ("major", [], [])
    english = await harness.get("duty", f"/cases/{view['case_no']}", {"Accept-Language": "en"})
    assert by_code(english)["smell"]["shown"] == "sour, rotten egg"
    (first,) = await harness.get("duty", f"/cases/{view['case_no']}/facts")
    assert [why["rule"] for why in first["why"]][-1] == "question:still:major"


@pytest.mark.parametrize(
    ("answers", "code", "pointer"),
    [
        ({}, "question_unanswered", "/answers/smell"),
        ({"smell": "fire"}, "answer_not_understood", "/answers/smell"),
        ({"smell": "sour", "colour": "red"}, "unknown_question", "/answers/colour"),
        ({"smell": "gas"}, "question_stops", "/answers/smell"),
        ({"smell": "sour", "where": "a\u0000b"}, "invalid", "/answers/where/0"),
        ({"smell": {"a": 1}}, "invalid", "/answers/smell/0"),
        ([], "invalid", "/answers"),
    ],
)
async def test_bad_answers_are_refused_at_their_place(
    harness: ApiHarness, answers: Any, code: str, pointer: str
) -> None:
    before = await harness.stored()
    refused = await harness.send("worker", "/cases", {"report_id": str(uuid4()), **GAS, "answers": answers})
    problem = refused.json()
    assert refused.status_code == 422, problem
    assert code in (problem["code"], "invalid")
    assert problem["errors"][0]["pointer"] == pointer
    assert await harness.stored() == before


async def test_nobody_loses_a_report_because_of_a_question(harness: ApiHarness) -> None:
    """Who was not asked, and who was asked by an older policy, is taken; the desk sees what is missing."""
    unasked = await reported(harness)
    assert [question["question"] for question in unasked["unanswered"]] == ["smell"]
    assert "answer_questions" in [task["kind"] for task in unasked["tasks"]]
    older = await reported(
        harness,
        answers={"smell": "fire", "colour": "red", "where": "东门"},
        asked={"door": "phone", "policy_version": 9},
    )
    assert list(by_code(older)) == ["where"]
    assert [(one["question"], one["values"]) for one in older["not_understood"]] == [
        ("smell", ["fire"]), ("colour", ["red"]),
    ]  # fmt: skip
    assert all(one["why"] for one in older["not_understood"])


async def test_the_desk_answers_what_is_missing(harness: ApiHarness) -> None:
    no = (await reported(harness))["case_no"]
    path = f"/cases/{no}/commands/answer_questions"
    refused = await harness.send("duty", path, {"answers": {"smell": "fire"}}, {"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (422, "answer_not_understood")
    nothing = await harness.send("duty", path, {})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_to_change")
    view = (await harness.send("duty", path, {"answers": {"smell": ["sour"], "still": True}})).json()
    assert [question["question"] for question in view["unanswered"]] == ["people"]
    view = (await harness.send("duty", path, {"not_known": ["people"], "note": "未联系上"})).json()
    assert view["unanswered"] == []
    assert "answer_questions" not in [task["kind"] for task in view["tasks"]]
    view = (await harness.send("worker", path, {"answers": {"people": 2}})).json()
    assert by_code(view)["people"]["shown"] == "2 人"
    kinds = [fact["kind"] for fact in await harness.get("duty", f"/cases/{no}/facts")]
    assert kinds == ["received", *["questions_answered"] * 3]


async def test_a_new_category_asks_its_questions(harness: ApiHarness) -> None:
    report = {"report_id": str(uuid4()), **GAS, "category": "0302"}
    no = (await harness.send("worker", "/cases", report)).json()["case_no"]
    body = {"category": "0301", "reason": "是废气", "answers": {"still": "no"}}
    view = (await harness.send("duty", f"/cases/{no}/commands/recategorise", body)).json()
    assert list(by_code(view)) == ["still"]
    assert [question["question"] for question in view["unanswered"]] == ["smell"]
    back = {"category": "0302", "reason": "还是废水"}
    view = (await harness.send("duty", f"/cases/{no}/commands/recategorise", back)).json()
    assert (list(by_code(view)), view["unanswered"]) == (["still"], [])


async def test_personal_answers_are_read_only_by_who_needs_them(harness: ApiHarness) -> None:
    """The desk speaks with the reporter; the department that handles the case does not."""
    secret = "老人卧床"
    view = await reported(harness, answers={"smell": "sour", "who": secret, "where": "电话 13912345678"})
    no = view["case_no"]
    assert by_code(view)["who"]["shown"] == secret
    await harness.send("duty", f"/cases/{no}/commands/accept", {})
    await harness.send("duty", f"/cases/{no}/commands/dispatch", {"host": "environment"})
    for path in (f"/cases/{no}", f"/cases/{no}/facts"):
        seen = await harness.ask("environment_head", path)
        assert seen.status_code == 200
        assert secret not in seen.text
        assert "13912345678" not in seen.text
        assert secret in (await harness.ask("duty", path)).text
    hidden = by_code(await harness.get("environment_head", f"/cases/{no}"))["who"]
    assert (hidden["hidden"], hidden["values"]) == (True, [])


async def test_cases_are_found_by_their_answers(harness: ApiHarness) -> None:
    word = f"W{uuid4().hex[:8]}"
    view = await reported(harness, answers={"smell": ["sour", "egg"], "where": word, "who": f"P{word}"})
    no = view["case_no"]

    async def found(**params: Any) -> bool:
        page = await harness.get("duty", "/cases", limit=200, **params)
        return no in [item["case_no"] for item in page["items"]]

    assert await found(q=word)
    assert await found(q="臭鸡蛋味 " + word.lower())
    assert not await found(q=f"P{word}")
    for name, value, here in (
        ("answer[smell]", "egg", True), ("answer[smell]", "gas", False), ("answer", f"where={word}", True),
        ("answer[who]", f"P{word}", False), ("answer[where]", "elsewhere", False),
    ):  # fmt: skip
        assert await found(**{name: value}) is here, (name, value)
    assert await found(**{"answer[smell]": "sour", "answer[where]": word})
    assert not await found(**{"answer[smell]": "sour", "answer[where]": "elsewhere"})
    assert (await harness.ask("duty", "/cases", answer="smell")).status_code == 422
    assert (await harness.ask("duty", "/cases", None, **{"answer[a b]": "1"})).status_code == 422
    later = f"L{uuid4().hex[:8]}"
    await harness.send("duty", f"/cases/{no}/commands/answer_questions", {"answers": {"where": later}})
    assert await found(q=later)


async def test_a_report_with_the_same_answers_sent_again_is_one_case(harness: ApiHarness) -> None:
    body = {"report_id": str(uuid4()), **GAS, "answers": {"smell": ["sour"], "still": False}}
    assert (await harness.send("worker", "/cases", body)).status_code == 201
    assert (await harness.send("worker", "/cases", body)).status_code == 200
    other = {**body, "answers": {"smell": ["egg"], "still": False}}
    assert (await harness.send("worker", "/cases", other)).status_code == 409
