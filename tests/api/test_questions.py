"""Questions of a category over HTTP: answers with a report and after it, who reads them, how they are found."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from temporalio.api.common.v1 import Payload

from infra.keys.access import keys_of
from models.answers import answers_key
from models.commands import AnswerQuestions
from models.ids import workflow_id
from models.messages import command_digest
from services.history.verify import verify_store
from services.reports.report_input import ReportInput
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


ERASED = "已按规定删除"


async def test_personal_answers_are_erased_with_the_reporter(harness: ApiHarness) -> None:
    """With a contact or without one, given with the report or later, understood or not; the chain stays whole."""
    one, other, odd = secrets = tuple(f"P{uuid4().hex[:10]}" for _ in range(3))
    asked = {"door": "phone", "policy_version": 9}
    given = {"answers": {"smell": "sour", "who": one, "colour": odd}, "asked": asked}
    contact = {"reporter": {"name": "某人", "phone": "13912345678"}}
    sent = [{"report_id": str(uuid4()), **GAS, **given, **more} for more in (contact, {})]
    numbers = [(await harness.send("worker", "/cases", body)).json()["case_no"] for body in sent]
    later = (await reported(harness, answers={"smell": "sour"}))["case_no"]
    numbers.append(later)
    assert not (await harness.get("duty", f"/cases/{later}"))["reporter"]["contact_kept"]
    for no in numbers:
        await harness.do("duty", no, "answer_questions", answers={"who": other})
        shown = await harness.get("duty", f"/cases/{no}")
        assert by_code(shown)["who"]["values"] == [other]
        assert shown["reporter"]["contact_kept"] is (no == numbers[0])
        kept = await stored_of(harness, no) + await history_of(harness, no)
        assert not [secret for secret in secrets if secret in kept]
        told = (await harness.ask("duty", f"/cases/{no}/facts")).text
        assert other in told
        assert "sealed" not in told
        if no != later:
            assert one in told
            assert shown["not_understood"][0]["values"] == [odd]
        assert other not in (await harness.ask("environment_head", f"/cases/{no}")).text
    before = datetime.now(UTC).isoformat()
    for no in numbers:
        await harness.do("keeper", no, "erase_reporter", reason="本人依法要求删除")
        for reader in ("duty", "keeper", "worker"):
            for path in (f"/cases/{no}", f"/cases/{no}/facts"):
                seen = (await harness.ask(reader, path)).text
                assert not [secret for secret in secrets if secret in seen]
        past = await harness.get("duty", f"/cases/{no}", as_of=before)
        for view in (await harness.get("duty", f"/cases/{no}"), past):
            who = by_code(view)["who"]
            assert (who["hidden"], who["unreadable"], who["values"], who["shown"]) == (True, "erased", [], ERASED)
            assert "who" not in [question["question"] for question in view["unanswered"]]
            assert [unread["shown"] for unread in view["not_understood"]] == [ERASED] * (no != later)
        refused = await harness.refused("duty", no, "answer_questions", answers={"who": other})
        assert refused == (409, "answer_not_kept")
        await harness.do("duty", no, "answer_questions", answers={"where": "东门"})
    for secret in secrets:
        assert (await harness.get("duty", "/cases", q=secret))["items"] == []
        assert (await harness.get("duty", "/cases", answer=f"who={secret}"))["items"] == []
    for body in sent:  # the id alone can tell now that it is the same
        assert (await harness.send("worker", "/cases", body)).status_code == 200
    assert (await verify_store(harness.engine, harness.settings)).findings == ()


async def test_what_is_sent_again_with_personal_answers_counts_once(harness: ApiHarness) -> None:
    """And no hash lets anybody try what a short answer was; without the key nothing can be compared."""
    body = {"report_id": str(uuid4()), **GAS, "answers": {"smell": "sour", "who": "甲"}}
    no = (await harness.send("worker", "/cases", body)).json()["case_no"]
    assert (await harness.send("worker", "/cases", body)).status_code == 200
    assert (await harness.send("worker", "/cases", {**body, "answers": {"smell": "sour"}})).status_code == 409
    other = {**body, "answers": {"smell": "sour", "who": "乙"}}
    assert (await harness.send("worker", "/cases", other)).status_code == 409
    key = {"Idempotency-Key": str(uuid4())}
    for answer, status in (("丙", 200), ("丙", 200), ("丁", 409)):
        sent = await harness.send(
            "duty", f"/cases/{no}/commands/answer_questions", {"answers": {"who": answer}}, headers=key
        )
        assert sent.status_code == status, sent.text
    assert (await harness.kinds(no)).count("questions_answered") == 1
    stored = await stored_of(harness, no)
    assert ReportInput.model_validate(body).content_hash not in stored
    command = AnswerQuestions(answers={"who": ("丙",)})
    assert command_digest(command) not in stored


async def test_what_an_earlier_door_sends_in_clear_is_sealed_when_it_is_recorded(harness: ApiHarness) -> None:
    one, other = said = [f"P{uuid4().hex[:10]}" for _ in range(2)]
    later = AnswerQuestions(answers={"who": (other,)})
    answers = {"smell": ("sour",), "who": (one,)}
    no = await harness.past(
        datetime.now(UTC) - timedelta(hours=1), ("duty", later), category="0301", title="旧版上报", answers=answers
    )
    stored = await stored_of(harness, no)
    assert not [secret for secret in said if secret in stored]
    told = (await harness.ask("duty", f"/cases/{no}/facts")).text
    assert all(secret in told for secret in said)
    assert by_code(await harness.get("duty", f"/cases/{no}"))["who"]["values"] == [other]


async def test_two_answers_at_once_are_both_kept(harness: ApiHarness) -> None:
    no = (await reported(harness, answers={"smell": "sour"}))["case_no"]
    said = [f"P{uuid4().hex[:10]}" for _ in range(3)]
    await asyncio.gather(*(harness.do("duty", no, "answer_questions", answers={"who": one}) for one in said))
    told = (await harness.ask("duty", f"/cases/{no}/facts")).text
    assert all(one in told for one in said)
    assert by_code(await harness.get("duty", f"/cases/{no}"))["who"]["values"][0] in said


@pytest.mark.parametrize("contact", [{}, {"reporter": {"name": "某人", "phone": "13912345678"}}])
async def test_a_part_and_a_merged_case_keep_their_answers(harness: ApiHarness, contact: Any) -> None:
    """A part has the reporter in common with its case, and so the key; a merged case keeps its own."""
    secret = f"P{uuid4().hex[:10]}"
    no = (await reported(harness, answers={"smell": "sour", "who": secret}, **contact))["case_no"]
    parts = [{"category": "0301", "title": "另一处"}, {"category": "0302", "title": "第三处"}]
    await harness.do("duty", no, "split", parts=parts, reason="三事混报")
    settled = [(await harness.until_fact(no, "errand_settled", nth=nth))["body"]["case_no"] for nth in (1, 2)]
    views = [await harness.get("duty", f"/cases/{one}") for one in settled]
    (part,) = (view["case_no"] for view in views if view["category"] == "0301")
    view = await harness.get("duty", f"/cases/{part}")
    assert by_code(view)["who"]["values"] == [secret]
    assert view["reporter"]["contact_kept"] is bool(contact)
    merged = (await reported(harness, answers={"smell": "sour", "who": secret}))["case_no"]
    await harness.do("duty", merged, "merge", into=no, reason="同一件事")
    assert by_code(await harness.get("duty", f"/cases/{merged}"))["who"]["values"] == [secret]
    await harness.do("keeper", no, "erase_reporter", reason="本人依法要求删除")
    for erased in (no, part):
        assert by_code(await harness.get("duty", f"/cases/{erased}"))["who"]["unreadable"] == "erased"
    assert by_code(await harness.get("duty", f"/cases/{merged}"))["who"]["values"] == [secret]


async def test_a_lost_key_and_a_damaged_answer_are_told_apart(harness: ApiHarness) -> None:
    secret = f"P{uuid4().hex[:10]}"
    view = await reported(harness, answers={"smell": "sour", "who": secret})
    no, reference = view["case_no"], answers_key(UUID(view["report_id"]))
    vault = keys_of(harness.engine).vault
    wrapped = await vault.find(reference)
    assert wrapped is not None
    values = {"id": reference, "key": wrapped.content, "key_id": wrapped.key_id}
    await vault.forget(reference)
    await change(harness, "UPDATE reporters SET wrapped_key = NULL, key_id = NULL WHERE id = :id", values)
    seen = by_code(await harness.get("duty", f"/cases/{no}"))["who"]
    assert (seen["hidden"], seen["unreadable"], "稍后再试" in seen["shown"]) == (True, "keys_away", True)
    assert await harness.refused("duty", no, "answer_questions", answers={"who": "x"}) == (503, "keys_away")
    again = {"report_id": view["report_id"], **GAS, "answers": {"smell": "sour", "who": secret}}
    assert (await harness.send("worker", "/cases", again)).status_code == 503
    await harness.do("duty", no, "accept")  # the case goes on
    await vault.keep(reference, wrapped)  # one of the two places is enough
    assert by_code(await harness.get("duty", f"/cases/{no}"))["who"]["values"] == [secret]
    damage = "UPDATE cases SET state = replace(state::text, :sealed, 'A' || :sealed)::jsonb WHERE case_no = :no"
    query = "SELECT jsonb_path_query_first(state, '$.answers[*].sealed') #>> '{}' FROM cases WHERE case_no = :no"
    async with harness.engine.connect() as connection:
        sealed = await connection.scalar(text(query), {"no": no})
    await change(harness, damage, {"no": no, "sealed": sealed})
    seen = by_code(await harness.get("duty", f"/cases/{no}"))["who"]
    assert (seen["hidden"], seen["unreadable"], seen["values"]) == (True, "damaged", [])
    assert secret in (await harness.ask("duty", f"/cases/{no}/facts")).text


async def change(harness: ApiHarness, statement: str, values: dict[str, Any]) -> None:
    async with harness.engine.begin() as connection:
        await connection.execute(text(statement), values)


async def history_of(harness: ApiHarness, no: str) -> str:
    """The history of a case with its payloads decoded, as who has the master keys reads it."""
    async with harness.engine.connect() as connection:
        query = text("SELECT report_id FROM cases WHERE case_no = :no")
        report_id = await connection.scalar(query, {"no": no})
    assert report_id is not None
    history = await harness.temporal.get_workflow_handle(workflow_id(report_id)).fetch_history()
    codec = harness.temporal.data_converter.payload_codec
    assert codec is not None
    decoded = await codec.decode([payload for event in history.events for payload in payloads_in(event)])
    content = "".join(payload.data.decode("utf-8", "replace") for payload in decoded)
    assert "半夜有异味" in content, "the payloads were decoded"
    return content


def payloads_in(message: Any) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry:
                parts = [one for one in value.values() if hasattr(one, "ListFields")]
            else:
                parts = list(value) if field.is_repeated else [value]
            for part in parts:
                yield from payloads_in(part)


async def stored_of(harness: ApiHarness, no: str) -> str:
    """All rows of the database that are about a case, as text."""
    async with harness.engine.connect() as connection:
        rows = await connection.execute(
            text("""
                SELECT c::text, (SELECT string_agg(f::text, ' ') FROM facts f WHERE f.report_id = c.report_id),
                    (SELECT w::text FROM case_words w WHERE w.report_id = c.report_id)
                FROM cases c WHERE case_no = :no
            """),
            {"no": no},
        )
    return " ".join(map(str, rows.one()))
