"""Who reported, and how to reach them, is nowhere but in its own table: not in answers, histories, facts or logs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from structlog.testing import capture_logs

from infra.keys.access import keys_for, keys_of
from infra.keys.ring import create_ring
from infra.keys.sealing import Contact, open_sealed
from infra.payload_usage import payloads_in
from infra.store.reporters import read_contact
from models.ids import derived_id, new_id, workflow_id
from models.messages import CaseStart
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.builders import LABOUR, PEOPLE, person_id
from tests.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME, PHONE = "欧阳秘而不宣", "13987654321"
REPORTER = {"name": NAME, "phone": PHONE, "anonymous": True}
#: The name of the account that reports for itself.
ACCOUNT = "报告人"
SECRETS = (NAME, PHONE, ACCOUNT)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("hidden")) as opened:
        yield opened


def tells(content: str | bytes, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """The secrets in a text, as they are or spelled in JSON escapes."""
    raw = content.encode() if isinstance(content, str) else content
    spelled = {s: (s.encode(), json.dumps(s).strip('"').encode(), s.encode("utf-16-le")) for s in secrets}
    return [secret for secret, ways in spelled.items() if any(way in raw for way in ways)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def case(harness: ApiHarness) -> Any:
    """A case that a resident reported for themselves, questioned, answered, handled and asked to be reopened."""
    no = (await harness.report("reporter", reporter=REPORTER, description="工地欠薪"))["case_no"]
    await harness.do("duty", no, "request_info", question="多少人?")
    return await harness.get("duty", f"/cases/{no}")


async def test_the_secret_is_sealed_in_its_own_table_and_in_clear_in_none(harness: ApiHarness, case: Any) -> None:
    known = {"anonymous": True, "contact_kept": True, "phone": None, "keys_away": False}
    assert case["reporter"] == {"alias": case["reporter"]["alias"], **known}
    async with harness.engine.connect() as connection:
        query = text("SELECT reporter_ref FROM cases WHERE case_no = :no")
        reference = await connection.scalar(query, {"no": case["case_no"]})
        assert await read_contact(connection, reference) == Contact(NAME, PHONE)
        tables = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for table in tables.all():
            rows = await connection.execute(text(f"SELECT t::text FROM {table} t"))
            assert not tells("".join(row[0] for row in rows), (NAME, PHONE)), table


async def test_the_last_digits_are_for_those_who_speak_with_reporters(harness: ApiHarness) -> None:
    known = await harness.report("worker", reporter={"name": NAME, "phone": "139 8765-4321"})
    no = known["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host=LABOUR)
    shown = "*******4321"
    for username, phone in {
        "worker": shown, "duty": shown, "community_duty": shown, "reviewer": shown, "keeper": shown,
        "labour_handler": None, "labour_head": None, "supervisor": None, "auditor": None, "admin": None,
    }.items():  # fmt: skip
        assert (await harness.get(username, f"/cases/{no}"))["reporter"]["phone"] == phone, username
        assert not tells((await harness.ask(username, f"/cases/{no}")).text, (NAME, "139 8765-4321", "13987654321"))
    # A colleague in the grid who did not take it in, and whoever reports for themselves without a number.
    assert (await harness.get("volunteer", f"/cases/{no}"))["reporter"]["phone"] is None
    nameless = (await harness.report("worker", reporter={"name": NAME}))["case_no"]
    assert (await harness.get("duty", f"/cases/{nameless}"))["reporter"]["phone"] is None


async def test_no_response_contains_the_reporter(harness: ApiHarness, case: Any) -> None:
    no = case["case_no"]
    for username in {holder.username for holder in PEOPLE}:
        for path in (f"/cases/{no}", f"/cases/{no}/facts", "/cases", "/inbox", f"/reports/{case['report_id']}"):
            answer = await harness.ask(username, path)
            assert not tells(answer.text), (username, path)
            assert str(person_id("reporter")) not in answer.text, (username, path, "the reporter's id")
    for path in (f"/cases/{no}", f"/cases/{no}/facts", "/inbox"):
        assert not tells((await harness.ask("duty", path, {"Accept-Language": "en"})).text), path


async def test_no_search_finds_by_who_reported(harness: ApiHarness, case: Any) -> None:
    for words in (NAME, PHONE, ACCOUNT):
        assert (await harness.get("admin", "/cases", q=words))["total"] == 0


async def test_no_response_to_a_command_contains_the_reporter(harness: ApiHarness) -> None:
    no = (await harness.report("reporter", reporter=REPORTER))["case_no"]
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("duty", "request_info", {"question": "多少人?"}),
        ("reporter", "supply_info", {"note": "三十人"}),
        ("duty", "accept", {}),
        ("duty", "dispatch", {"host": LABOUR}),
        ("labour_handler", "complete", {"result": "已支付"}),
        ("reviewer", "pass_review", {}),
        ("reporter", "rate", {"score": 2}),
        ("reporter", "request_reopen", {"reason": "没有收到"}),
    ]
    for username, name, body in steps:
        answer = await harness.command(username, no, name, **body)
        assert answer.status_code == 200, answer.text
        assert not tells(answer.text), name
    assert not tells((await harness.ask("admin", f"/cases/{no}/facts")).text)
    (asked,) = [r for r in (await harness.get("duty", f"/cases/{no}"))["requests"] if r["kind"] == "reopen"]
    assert asked["by"].startswith("上报人")


async def test_the_history_holds_a_reference_only(harness: ApiHarness, case: Any) -> None:
    handle = harness.temporal.get_workflow_handle(workflow_id(case["report_id"]))
    history = await handle.fetch_history()
    codec = harness.temporal.data_converter.payload_codec
    assert codec is not None
    payloads = await codec.decode([payload for event in history.events for payload in payloads_in(event)])
    events = b"".join(payload.data for payload in payloads)
    assert "工地欠薪".encode() in events or json.dumps("工地欠薪").strip('"').encode() in events
    assert not tells(events, (NAME, PHONE))
    described = await handle.describe()
    assert not tells(described.raw_description.SerializeToString(), (NAME, PHONE))


async def test_the_history_and_the_vault_give_the_reporter_back(harness: ApiHarness, case: Any) -> None:
    handle = harness.temporal.get_workflow_handle(workflow_id(case["report_id"]))
    (first, *_) = (await handle.fetch_history()).events
    payloads = first.workflow_execution_started_event_attributes.input.payloads
    (start,) = await harness.temporal.data_converter.decode(payloads, [CaseStart])
    sealed = start.report.sealed
    assert sealed is not None
    keys = keys_of(harness.engine)
    wrapped = await keys.vault.find(sealed.id)
    assert wrapped is not None
    assert await open_sealed(keys, sealed, wrapped) == Contact(NAME, PHONE)


async def test_without_their_keys_nobody_is_shown_and_cases_go_on(harness: ApiHarness) -> None:
    known = await harness.report("worker", reporter={"name": NAME, "phone": PHONE})
    no, ring = known["case_no"], harness.settings.key_ring
    kept = ring.read_bytes()
    other = ring.with_suffix(".other")
    other.unlink(missing_ok=True)
    create_ring(other)
    try:
        for content in (None, other.read_bytes()):
            ring.unlink(missing_ok=True)
            if content is not None:
                ring.write_bytes(content)
            shown = (await harness.get("duty", f"/cases/{no}"))["reporter"]
            assert (shown["phone"], shown["keys_away"], shown["contact_kept"]) == (None, True, True)
            await harness.do("duty", no, "comment", note="照常办理")
            await harness.report("worker", title="没有联系方式")
        ring.unlink()
        body = {"report_id": str(uuid4()), **WAGES, "reporter": REPORTER}
        refused = await harness.send("worker", "/cases", body)
        assert (refused.status_code, refused.json()["code"]) == (503, "keys_away")
        assert "密钥" in refused.json()["detail"]
    finally:
        ring.write_bytes(kept)
    assert (await harness.send("worker", "/cases", body)).status_code == 201
    assert (await harness.get("duty", f"/cases/{no}"))["reporter"]["phone"] == "*******4321"


async def test_a_report_sent_again_keeps_its_first_record(harness: ApiHarness) -> None:
    report_id = uuid4()
    body = {"report_id": str(report_id), **WAGES, "reporter": REPORTER}
    first, again = await asyncio.gather(*(harness.send("worker", "/cases", body) for _ in range(2)))
    assert {first.status_code, again.status_code} == {200, 201}
    handle = harness.temporal.get_workflow_handle(workflow_id(report_id))
    payloads = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes.input.payloads
    (start,) = await harness.temporal.data_converter.decode(payloads, [CaseStart])
    keys, sealed = keys_of(harness.engine), start.report.sealed
    wrapped = await keys.vault.find(sealed.id)
    assert wrapped is not None
    assert await open_sealed(keys, sealed, wrapped) == Contact(NAME, PHONE)


async def test_the_openapi_description_contains_no_reporter(harness: ApiHarness) -> None:
    assert not tells(json.dumps(harness.app.openapi()))


async def test_no_log_line_contains_the_reporter(harness: ApiHarness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = {"report_id": str(uuid4()), **WAGES, "reporter": REPORTER}
    with capture_logs() as lines:
        taken = await harness.send("reporter", "/cases", body)
        assert taken.status_code == 201
        again = await harness.send("reporter", "/cases", {**body, "title": "别的"})
        wrong = await harness.send("reporter", "/cases", {**body, "reporter": {**REPORTER, "phone": f"{PHONE} 号"}})
        assert (again.status_code, wrong.status_code) == (409, 422)
    assert {line["event"] for line in lines} >= {"request", "recorded"}
    assert not tells(json.dumps([repr(line) for line in lines], ensure_ascii=False))
    assert not tells("\n".join(record.getMessage() for record in caplog.records), (NAME, PHONE))
    assert not tells(wrong.text)


async def test_a_refused_report_leaves_no_secret_behind(harness: ApiHarness) -> None:
    before = await harness.stored()
    refused = await harness.send(
        "reporter", "/cases", {"report_id": str(uuid4()), **WAGES, "category": "9999", "reporter": REPORTER}
    )
    assert refused.status_code == 422
    assert await harness.stored() == before


async def test_a_report_is_acknowledged_only_with_its_key_in_the_vault(harness: ApiHarness) -> None:
    report_id = new_id()
    reporter = derived_id(report_id, "reporter")
    body = {**WAGES, "report_id": str(report_id), "reporter": REPORTER}
    blocked = Path(harness.settings.vault_place) / reporter.hex[:2]
    aside = blocked.with_name("aside")
    if blocked.exists():
        blocked.rename(aside)
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.touch()  # a file where the folder has to be: nothing can be written there
    for _ in range(2):
        refused = await harness.send("duty", "/cases", body)
        assert (refused.status_code, refused.json()["code"]) == (503, "store_away")
    blocked.unlink()
    if aside.exists():
        aside.rename(blocked)
    again = await harness.send("duty", "/cases", body)
    assert again.status_code == 200, again.text
    assert await keys_for(harness.settings).vault.has(reporter)
