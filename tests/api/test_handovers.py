"""Hand-overs to a department's outside system: given once, whatever is lost; answered by call-back; settled by hand."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from sqlalchemy import text

from activities.auditing.handovers import stuck_handovers
from activities.auditing.matters import repair_matter
from infra.database import transaction
from infra.handover_client import look_at_handover
from infra.store.policies import newest_version, policy_version
from models.ids import new_id
from models.jobs.audit import Drift, Finding
from models.policy.handovers import HandoverPolicy
from services.handovers.audit import see_to_handovers
from tests.api.harness import ApiHarness, a_picture, open_harness
from tests.builders import GRID, publish
from tests.fakes.far_side import Reply
from tests.fakes.far_system import FarSystem, running_far_system
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")
WAITED = 20.0


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRIDLOOP_OUTGOING_PRIVATE", "127.0.0.1")
        async with open_harness(servers, tmp_path_factory.mktemp("handovers")) as opened:
            yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def far() -> AsyncIterator[FarSystem]:
    async with running_far_system() as system:
        yield system


async def set_receiver(harness: ApiHarness, far: FarSystem, **fields: Any) -> str:
    """Make the far system the only receiver of the department `labour`; return its code."""
    assert far.side is not None
    body = {"name": "人社业务系统", "department": "labour", "kind": "web_service", "url": far.side.url("/cases")}
    headers = harness.signed_in("admin")
    async with transaction(harness.engine) as connection:
        await connection.execute(text("UPDATE receivers SET enabled = false"))
    code = f"labour-{uuid4().hex[:8]}"
    answer = await harness.http.put(f"/admin/receivers/{code}", json={**body, **fields}, headers=headers)
    assert answer.status_code == 200, answer.text
    far.secret = answer.json()["secret"]
    return code


async def dispatched(harness: ApiHarness, **fields: Any) -> str:
    case_no = str((await harness.report(**fields))["case_no"])
    await harness.do("duty", case_no, "accept")
    await harness.do("duty", case_no, "dispatch", host="labour")
    return case_no


async def told(harness: ApiHarness, case_no: str, what: str) -> Any:
    """Wait until the case was told that, and return the fact."""
    deadline = asyncio.get_running_loop().time() + WAITED
    while True:
        facts = await harness.get("admin", f"/cases/{case_no}/facts")
        found = [fact for fact in facts if fact["kind"] == "informed" and fact["body"]["what"] == what]
        if found:
            assert len(found) == 1
            return found[0]
        said = [fact["body"].get("what", fact["kind"]) for fact in facts]
        assert asyncio.get_running_loop().time() < deadline, f"no {what} among {said}"
        await asyncio.sleep(0.05)


async def row_of(harness: ApiHarness, case_no: str) -> Any:
    query = text(
        "SELECT h.* FROM handovers h JOIN cases c USING (report_id) WHERE c.case_no = :no ORDER BY h.since DESC LIMIT 1"
    )
    async with harness.engine.connect() as connection:
        return (await connection.execute(query, {"no": case_no})).one_or_none()


async def until_status(harness: ApiHarness, case_no: str, *wanted: str) -> Any:
    deadline = asyncio.get_running_loop().time() + WAITED
    while True:
        row = await row_of(harness, case_no)
        if row is not None and row.status in wanted:
            return row
        assert asyncio.get_running_loop().time() < deadline, row
        await asyncio.sleep(0.05)


async def answer(
    harness: ApiHarness, far: FarSystem, id_: object, secret: str = "", at: float | None = None, **body: Any
) -> httpx.Response:
    """Answer as the far side does: this is the example of docs/handover.md."""
    content = json.dumps({"answer_id": str(uuid4()), **body}).encode()
    timestamp = str(int(datetime.now(UTC).timestamp() if at is None else at))
    key = (secret or far.secret).encode()
    signature = hmac.new(key, timestamp.encode() + b"." + content, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-gridloop-signature": f"t={timestamp},v1={signature}"}
    return await harness.http.post(f"/handovers/{id_}/answer", content=content, headers=headers)


async def finding_of(harness: ApiHarness, case_no: str) -> Finding | None:
    """What the audit says of the hand-over of a case."""
    found = [one for one in await stuck_handovers(harness.engine) if one.case_no == case_no]
    assert len(found) <= 1
    return found[0] if found else None


async def kinds(harness: ApiHarness, case_no: str) -> list[str]:
    return await harness.kinds(case_no)


async def test_an_answer_lost_after_the_commit_is_asked_for_before_anything_is_repeated(
    harness: ApiHarness, far: FarSystem
) -> None:
    assert far.side is not None
    await set_receiver(harness, far, query_url=far.side.url("/cases?key={key}"))
    far.lose = 1
    reporter = {"name": "赵举报", "phone": "13912345678"}
    case_no = await dispatched(harness, description="电话 13912345678", reporter=reporter)
    row = await until_status(harness, case_no, "sent")
    assert (len(far.records), far.asked, row.far_id) == (1, 1, "FAR-1")
    fact = await told(harness, case_no, "handover_sent")
    assert fact["body"]["values"]["far_id"] == "FAR-1"
    said = json.dumps(far.records[0]["body"], ensure_ascii=False)
    assert case_no in said
    assert "赵举报" not in said
    assert "13912345678" not in said


async def test_a_far_side_that_dedupes_is_sent_the_same_key_again(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far, dedupes=True)
    far.dedupes, far.lose = True, 1
    case_no = await dispatched(harness)
    row = await until_status(harness, case_no, "sent")
    assert (len(far.records), row.far_id, row.tries) == (1, "FAR-1", 2)


async def test_what_nobody_can_know_is_on_the_list_and_settled_by_a_person(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far)
    far.lose = 1
    case_no = await dispatched(harness)
    row = await until_status(harness, case_no, "uncertain")
    await told(harness, case_no, "handover_uncertain")
    listed = (await harness.get("supervisor", "/handovers"))["items"]
    (line,) = (one for one in listed if one["case_no"] == case_no)
    assert (line["may"], line["trouble"]) == (["send_again", "received", "take_back"], "unknown")
    found = await finding_of(harness, case_no)
    assert found is not None
    assert (found.kind, found.fixable) == (Drift.HANDOVER_UNKNOWN, False)
    assert REGISTRY.get_sample_value("gridloop_handovers_open", {"state": "uncertain"}) == 1
    hidden = await harness.send("fire_handler", f"/handovers/{row.id}/settle/received")
    assert hidden.status_code == 404
    assert (await harness.send("worker", f"/handovers/{row.id}/settle/received")).status_code == 403
    assert (await harness.send("supervisor", f"/handovers/{row.id}/settle/received")).status_code == 204
    assert (await harness.send("supervisor", f"/handovers/{row.id}/settle/received")).status_code == 409
    await until_status(harness, case_no, "sent")
    assert await finding_of(harness, case_no) is None
    assert len(far.records) == 1
    assert case_no not in {one["case_no"] for one in (await harness.get("supervisor", "/handovers"))["items"]}


@pytest.mark.parametrize("queryable", [True, False])
async def test_a_worker_lost_in_the_middle_of_a_send(harness: ApiHarness, far: FarSystem, queryable: bool) -> None:
    """What a killed worker leaves: the row says `sending`, the far side has the case, nobody has its answer."""
    assert far.side is not None
    query = {"query_url": far.side.url("/cases?key={key}")} if queryable else {}
    await set_receiver(harness, far, enabled=True, **query)
    far.replies = [Reply(503, headers={"retry-after": "600"})]
    case_no = await dispatched(harness)
    await far.side.wait_for(1)
    row = await until_status(harness, case_no, "waiting")
    while row.next_try_at is None:
        row = await until_status(harness, case_no, "waiting")
    far.records.append({"key": str(row.id), "number": "FAR-7", "body": {}})
    async with transaction(harness.engine) as connection:
        statement = text("UPDATE handovers SET status = 'sending', next_try_at = NULL WHERE id = :id")
        await connection.execute(statement, {"id": row.id})
    await look_at_handover(harness.temporal, row.id, queue=harness.settings.case_queue)
    row = await until_status(harness, case_no, "sent" if queryable else "uncertain")
    assert len(far.records) == 1
    assert row.far_id == ("FAR-7" if queryable else None)


async def test_a_refusal_is_on_the_list_and_can_be_sent_again(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far)
    far.replies = [Reply(422)]
    case_no = await dispatched(harness)
    row = await until_status(harness, case_no, "refused")
    await told(harness, case_no, "handover_refused")
    assert (await harness.send("supervisor", f"/handovers/{row.id}/settle/send_again")).status_code == 204
    assert (await until_status(harness, case_no, "sent")).far_id == "FAR-1"


async def test_unanswered_after_its_hours_it_is_on_the_list_and_the_board(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far, answer_hours=0.0001)
    case_no = await dispatched(harness)
    await told(harness, case_no, "handover_unanswered")
    row = await until_status(harness, case_no, "sent")
    here, elsewhere = GRID, "nowhere"
    listed = (await harness.get("supervisor", "/handovers", grid=here))["items"]
    assert {one["case_no"]: one["trouble"] for one in listed}[case_no] == "late"
    assert (await harness.get("supervisor", "/handovers", grid=elsewhere))["total"] == 0
    found = await finding_of(harness, case_no)
    assert found is not None
    assert (found.kind, found.since) == (Drift.HANDOVER_LATE, row.due_at)
    assert (REGISTRY.get_sample_value("gridloop_handovers_late") or 0) >= 1
    assert (REGISTRY.get_sample_value("gridloop_handovers_age_seconds", {"state": "sent"}) or 0) > 0
    assert (await answer(harness, far, row.id, kind="progress", text="已派人")).status_code == 200
    assert case_no not in {one["case_no"] for one in (await harness.get("supervisor", "/handovers"))["items"]}


async def test_the_far_side_completes_by_call_back(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far)
    case_no = await dispatched(harness)
    row = await until_status(harness, case_no, "sent")
    photo = {"content": base64.b64encode(a_picture("green")).decode()}
    body: dict[str, Any] = {
        "answer_id": "A-1",
        "kind": "completed",
        "text": "已补发工资",
        "reply": "工资已发",
        "files": [photo],
    }
    first = await answer(harness, far, row.id, **body)
    assert (first.status_code, first.json()["recorded_as"]) == (200, "fact"), first.text
    again = await answer(harness, far, row.id, **body)
    assert again.json() == {**first.json(), "repeated": True}
    assert (await answer(harness, far, row.id, **{**body, "text": "别的"})).status_code == 409
    assert (await kinds(harness, case_no)).count("completed") == 1
    await until_status(harness, case_no, "answered")
    assert far.cancelled == []
    late = await answer(harness, far, row.id, answer_id="A-0", kind="progress", text="先前的进展")
    assert (late.json()["recorded_as"], late.json()["why"]) == ("note", "handover_over")
    await told(harness, case_no, "handover_note")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"files": [{"content": base64.b64encode(b"no picture").decode()}]}, 415),
        ({"files": [{"content": ""}]}, 422),
        ({"files": [{"content": "no base64!"}]}, 400),
        ({"text": "字" * 2_001}, 422),
    ],
    ids=["another type", "empty", "no base64", "too long"],
)
async def test_a_corrected_answer_may_have_the_id_of_the_refused_one(
    harness: ApiHarness, far: FarSystem, wrong: dict[str, Any], status: int
) -> None:
    await set_receiver(harness, far)
    case_no = await dispatched(harness)
    row = await until_status(harness, case_no, "sent")
    said: dict[str, Any] = {"answer_id": "A-1", "kind": "progress", "text": "进展"}
    assert (await answer(harness, far, row.id, **{**said, **wrong})).status_code == status
    corrected = await answer(harness, far, row.id, **said)
    assert (corrected.status_code, corrected.json().get("recorded_as")) == (200, "fact"), corrected.text


@pytest.mark.parametrize(
    ("case", "status"),
    [("other secret", 401), ("old", 401), ("early", 401), ("none", 401), ("no such", 404), ("bad", 422), ("void", 422)],
)
async def test_what_is_not_rightly_signed_or_not_understood_changes_nothing(
    harness: ApiHarness, far: FarSystem, case: str, status: int
) -> None:
    await set_receiver(harness, far)
    case_no = await dispatched(harness)
    row = await until_status(harness, case_no, "sent")
    before = await kinds(harness, case_no)
    now = datetime.now(UTC).timestamp()
    body: dict[str, Any] = {"kind": "progress", "text": "进展"}
    match case:
        case "other secret":
            got = await answer(harness, far, row.id, secret="x" * 43, **body)
        case "old":
            got = await answer(harness, far, row.id, at=now - 301, **body)
        case "early":
            got = await answer(harness, far, row.id, at=now + 330, **body)
        case "none":
            got = await harness.http.post(f"/handovers/{row.id}/answer", json={"answer_id": "1", **body})
        case "no such":
            got = await answer(harness, far, new_id(), **body)
        case "bad":
            got = await answer(harness, far, row.id, kind="sideways", text="x")
        case _:
            got = await answer(harness, far, row.id, kind="completed")
    assert got.status_code == status, got.text
    assert [one for one in await kinds(harness, case_no) if one != "informed"] == [o for o in before if o != "informed"]


async def test_when_the_case_moves_on_the_far_side_is_told(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far)
    case_no = await dispatched(harness)
    row = await until_status(harness, case_no, "sent")
    await harness.do("duty", case_no, "redispatch", host="fire", reason="属消防")
    await until_status(harness, case_no, "ended")
    assert far.cancelled == [str(row.id)]
    late = await answer(harness, far, row.id, kind="completed", text="已办完")
    assert late.json()["recorded_as"] == "note"
    assert "completed" not in await kinds(harness, case_no)
    await harness.do("duty", case_no, "redispatch", host="labour", reason="仍属劳动")
    again = await until_status(harness, case_no, "sent")
    assert again.id != row.id
    assert len(far.records) == 2


@pytest.mark.parametrize(("after", "seconds"), [("600", 600), ("date", 600), ("9" * 400, 86_400)])
async def test_a_receiver_is_left_alone_for_as_long_as_it_asks_and_a_day_at_most(
    harness: ApiHarness, far: FarSystem, after: str, seconds: int
) -> None:
    await set_receiver(harness, far)
    begun = datetime.now(UTC)
    written = format_datetime(begun + timedelta(seconds=600), usegmt=True) if after == "date" else after
    far.replies = [Reply(503, headers={"retry-after": written})]
    case_no = await dispatched(harness)
    assert far.side is not None
    await far.side.wait_for(1)
    row = await until_status(harness, case_no, "waiting")
    while row.next_try_at is None:
        row = await until_status(harness, case_no, "waiting")
    assert abs((row.next_try_at - begun).total_seconds() - seconds) < 60


async def test_a_hand_over_without_a_workflow_is_begun_again(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far)
    far.replies = [Reply(503, headers={"retry-after": "600"})]
    case_no = await dispatched(harness)
    assert far.side is not None
    await far.side.wait_for(1)
    row = await until_status(harness, case_no, "waiting")
    handle = harness.temporal.get_workflow_handle(f"handover-{row.id}")
    await handle.terminate()
    async with transaction(harness.engine) as connection:
        statement = text("UPDATE handovers SET status = 'waiting', next_try_at = NULL WHERE id = :id")
        await connection.execute(statement, {"id": row.id})
    assert await see_to_handovers(harness.engine, harness.temporal, harness.settings.case_queue) >= 1
    assert (await until_status(harness, case_no, "sent")).far_id == "FAR-1"


@pytest.mark.parametrize("left", ["waiting", "sending", "unlooked", "departed"])
async def test_a_hand_over_that_nothing_looks_at_is_found_and_repaired(
    harness: ApiHarness, far: FarSystem, left: str
) -> None:
    assert far.side is not None
    await set_receiver(harness, far, query_url=far.side.url("/cases?key={key}"))
    far.replies = [Reply(503, headers={"retry-after": "600"})]
    case_no = await dispatched(harness)
    await far.side.wait_for(1)
    row = await until_status(harness, case_no, "waiting")
    while row.next_try_at is None:
        row = await until_status(harness, case_no, "waiting")
    assert await finding_of(harness, case_no) is None
    await harness.temporal.get_workflow_handle(f"handover-{row.id}").terminate()
    ago = "now() - interval '20 minutes'"
    changes = {
        "waiting": f"next_try_at = {ago}",
        "sending": f"status = 'sending', next_try_at = {ago}",
        "unlooked": f"status = 'sent', next_try_at = NULL, due_at = {ago}",
        "departed": f"departed_at = {ago}, next_try_at = NULL",
    }
    async with transaction(harness.engine) as connection:
        statement = text(f"UPDATE handovers SET {changes[left]} WHERE id = :id")
        await connection.execute(statement, {"id": row.id})
    found = await finding_of(harness, case_no)
    assert found is not None
    assert (found.kind, found.matter_id, found.fixable) == (Drift.HANDOVER_STUCK, row.id, True)
    queue = harness.settings.case_queue
    assert await repair_matter(harness.engine, harness.temporal, queue, found) is None
    async with asyncio.timeout(WAITED):
        while (again := await finding_of(harness, case_no)) is not None and again.kind is Drift.HANDOVER_STUCK:
            await asyncio.sleep(0.05)


async def test_a_partner_gets_links_which_the_desk_passes_on(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far, kind="partner", url=None, name="蓝天公司")
    case_no = await dispatched(harness)
    await until_status(harness, case_no, "sent")
    links = (await harness.get("labour_head", f"/cases/{case_no}/links"))["items"]
    assert {(one["act"], one["named"]) for one in links} == {
        ("complete", "蓝天公司"), ("report_progress", "蓝天公司"), ("return", "蓝天公司"),
    }  # fmt: skip
    assert all(one["path"] for one in links)


async def test_the_policy_says_how_long_links_work_and_when_an_answer_is_due(
    harness: ApiHarness, far: FarSystem
) -> None:
    async with transaction(harness.engine) as connection:
        version = await newest_version(connection)
        usual = await policy_version(connection, version)
        rules = HandoverPolicy(link_days=2, answer_hours=0.0001)
        await publish(connection, usual.model_copy(update={"handovers": rules}), version + 1)
    await set_receiver(harness, far, kind="partner", url=None)
    case_no = await dispatched(harness)
    await told(harness, case_no, "handover_unanswered")
    body = {"id": str(new_id()), "named": "保洁公司", "act": "complete"}
    assert (await harness.send("labour_head", f"/cases/{case_no}/links", body)).status_code == 201
    links = (await harness.get("labour_head", f"/cases/{case_no}/links"))["items"]
    assert len(links) == 4
    for one in links:
        made, ends = (datetime.fromisoformat(one[name]) for name in ("made_at", "expires_at"))
        assert ends - made == timedelta(days=2)
    async with transaction(harness.engine) as connection:
        await publish(connection, usual, version + 2)
    await set_receiver(harness, far, kind="partner", url=None, answer_hours=0.0001)
    await told(harness, await dispatched(harness), "handover_unanswered")


async def test_receivers_are_for_administrators_and_show_no_secret(harness: ApiHarness, far: FarSystem) -> None:
    code = await set_receiver(harness, far)
    secret = far.secret
    assert len(secret) > 40
    listed = await harness.ask("admin", "/admin/receivers")
    assert secret not in listed.text
    assert code in {one["code"] for one in listed.json()["items"]}
    actions = await harness.ask("admin", "/admin/actions")
    assert code in actions.text
    assert secret not in actions.text
    draft = {"name": "x", "department": "labour", "kind": "web_service", "url": "https://x.example/"}
    for username in ("duty", "labour_head", "supervisor"):
        put = await harness.http.put(f"/admin/receivers/{code}", json=draft, headers=harness.signed_in(username))
        assert put.status_code == 403
    assert (await harness.send("admin", f"/admin/receivers/{code}/test")).status_code == 204
    assert far.records[-1]["body"] == {"event": "test"}
    far.secret = "another"
    assert (await harness.send("admin", f"/admin/receivers/{code}/test")).status_code == 502
    other = await harness.send("admin", f"/admin/receivers/{code}/secret")
    assert other.json()["secret"] not in ("", secret)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": None}, {"url": "ftp://x"}, {"query_url": "https://x.example/"}, {"channel": "mail"},
        {"answer_hours": 0}, {"department": "nobody"}, {"kind": "fax"},
    ],
)  # fmt: skip
async def test_a_receiver_that_cannot_work_is_refused(harness: ApiHarness, wrong: dict[str, Any]) -> None:
    body = {"name": "某", "department": "labour", "kind": "web_service", "url": "https://x.example/", **wrong}
    answer = await harness.http.put("/admin/receivers/wrong", json=body, headers=harness.signed_in("admin"))
    assert answer.status_code in (404, 422), answer.text


async def test_while_a_receiver_is_disabled_nothing_is_sent(harness: ApiHarness, far: FarSystem) -> None:
    await set_receiver(harness, far, enabled=False)
    case_no = await dispatched(harness)
    assert await row_of(harness, case_no) is None
    assert far.records == []
