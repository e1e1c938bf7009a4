"""How somebody is told outside the pages: what they choose, addresses verified by a code, what a notice says of it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.database import transaction
from infra.keys.access import keys_of
from infra.keys.boxes import Box
from infra.store.sends import open_send
from models.ids import derived_id
from models.mailbox import mailbox_workflow_id
from tests.api.harness import ApiHarness, open_harness
from tests.builders import person_id
from tests.fakes.far_side import FarSide, Reply, running_far_side
from tests.servers import Servers
from tests.workflows.letters import add_channel

pytestmark = pytest.mark.asyncio(loop_scope="module")
ME = "/me/notifications"
_ADDRESS = text("""
    INSERT INTO mail_addresses (id, person, channel, hint, rank, created_at, verified_at, tries)
    VALUES (:id, :p, 'hook', '', 0, now(), now(), 0)
""")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("notifications")) as opened:
        async with transaction(opened.engine) as connection:
            for id_, kind in (("post", "mail"), ("texts", "sms"), ("group", "wecom"), ("off", "mail")):
                await connection.execute(
                    text("INSERT INTO channels VALUES (:i, :k, :i, '{}', NULL, NULL, NULL, :on, now(), now())"),
                    {"i": id_, "k": kind, "on": id_ != "off"},
                )
        yield opened


async def ask(
    harness: ApiHarness, username: str, method: str, path: str, body: Any = None
) -> tuple[int, dict[str, Any]]:
    """Call the API as somebody; return status and content."""
    more = {} if body is None else {"json": body}
    answer = await harness.http.request(method, path, headers=harness.signed_in(username), **more)
    return answer.status_code, answer.json() if answer.content else {}


async def code_sent(harness: ApiHarness, address: str) -> str:
    """The code that was last sent to an address, as the send that carries it says."""
    async with asyncio.timeout(20):
        while True:
            async with harness.engine.connect() as connection:
                rows = (
                    await connection.execute(
                        text("SELECT key, sealed, wrapped_key, key_id FROM sends WHERE key LIKE 'code:%'"
                             " ORDER BY created_at DESC")
                    )
                ).all()  # fmt: skip
            for row in rows:
                send = await open_send(
                    keys_of(harness.engine).ring, row.key, Box(row.sealed, row.wrapped_key, row.key_id)
                )
                if send.routes[0].address == address:
                    return str(re.findall(r"\d{6}", send.message.title)[0])
            await asyncio.sleep(0.05)


async def test_what_one_chose_is_kept_and_the_minimum_is_shown(harness: ApiHarness) -> None:
    status, before = await ask(harness, "duty", "GET", ME)
    assert (status, before["on"], before["addresses"]) == (200, True, [])
    assert [one["ground"] for one in before["policy"]["minimum"]] == [
        "major_hazard", "statutory_ceiling", "emergency",
    ]  # fmt: skip
    assert [one["id"] for one in before["channels"]] == ["group", "post", "texts"]
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    wanted = {
        "on": False, "quiet": {"since": "21:00", "until": "06:30"}, "rest_days": True, "zone": "Asia/Urumqi",
        "digest_minutes": 30, "second_minutes": 60, "mutes": [{"number": "A1", "until": until}, {"what": "review"}],
    }  # fmt: skip
    status, after = await ask(harness, "duty", "PUT", ME, wanted)
    assert status == 200
    assert {name: after[name] for name in ("on", "rest_days", "zone", "digest_minutes")} == {
        name: wanted[name] for name in ("on", "rest_days", "zone", "digest_minutes")
    }
    assert (await ask(harness, "duty", "GET", "/me/settings"))[1]["quiet"]["since"].startswith("21:00")
    assert (await ask(harness, "duty_2", "GET", ME))[1]["on"] is True


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"digest_minutes": 500}, "/digest_minutes"),
        ({"digest_minutes": -1}, "/digest_minutes"),
        ({"zone": "Mars/Olympus"}, "/zone"),
        ({"quiet": {"since": "22:00", "until": "22:00"}}, "/quiet"),
        ({"mutes": [{"until": "2026-01-01T00:00:00"}]}, "/mutes/0/until"),
        ({"second_minutes": 0}, "/second_minutes"),
        ({"addresses": [{"id": str(uuid4())}]}, "/addresses"),
        ({"unknown": 1}, "/unknown"),
    ],
)
async def test_what_cannot_be_chosen(harness: ApiHarness, body: dict[str, Any], pointer: str) -> None:
    status, problem = await ask(harness, "duty", "PUT", ME, body)
    assert (status, pointer in json.dumps(problem)) == (422, True), problem


@pytest.mark.parametrize(
    ("channel", "address", "status", "code"),
    [
        ("post", "no address", 422, "bad_input"),
        ("post", "a@b", 422, "bad_input"),
        ("post", "a..b@example.com", 422, "bad_input"),
        ("post", "张@example.com", 422, "bad_input"),
        ("post", "a@-b.example", 422, "bad_input"),
        ("post", "a@example.com\nbcc: x@example.com", 422, None),
        ("texts", "not a number", 422, "bad_input"),
        ("off", "a@example.com", 422, "no_such_channel"),
        ("nowhere", "a@example.com", 422, "no_such_channel"),
    ],
)
async def test_addresses_that_are_refused(
    harness: ApiHarness, channel: str, address: str, status: int, code: str | None
) -> None:
    found, problem = await ask(harness, "duty", "POST", f"{ME}/addresses", {"channel": channel, "address": address})
    assert found == status
    assert code is None or problem["code"] == code


async def test_an_address_is_used_once_its_code_is_given(harness: ApiHarness) -> None:
    new = {"channel": "post", "address": "Li.Ming@Example.COM"}
    status, added = await ask(harness, "worker", "POST", f"{ME}/addresses", new)
    assert status == 201
    assert (await ask(harness, "worker", "POST", f"{ME}/addresses", new))[0] == 409
    here = f"{ME}/addresses/{added['id']}"
    first = await code_sent(harness, "Li.Ming@example.com")
    wrong = "000000" if first != "000000" else "111111"
    status, problem = await ask(harness, "worker", "POST", f"{here}/verify", {"code": wrong})
    assert (status, problem["code"]) == (422, "wrong_address_code")
    assert (await ask(harness, "duty", "POST", f"{here}/verify", {"code": first}))[0] == 404
    (listed,) = (await ask(harness, "worker", "GET", ME))[1]["addresses"]
    assert (listed["hint"], listed["verified"]) == ("L***@example.com", False)
    assert (await ask(harness, "worker", "POST", f"{here}/verify", {"code": first}))[0] == 204
    assert (await ask(harness, "worker", "POST", f"{here}/verify", {"code": first}))[0] == 204
    assert (await ask(harness, "worker", "GET", ME))[1]["addresses"][0]["verified"] is True
    async with harness.engine.connect() as connection:
        stored = (await connection.execute(text("SELECT * FROM mail_addresses"))).mappings().all()
    assert "Li.Ming" not in repr(stored)
    assert first not in repr(stored)
    assert (await ask(harness, "worker", "DELETE", here))[0] == 204
    assert (await ask(harness, "worker", "DELETE", here))[0] == 404


async def test_five_wrong_codes_end_a_code(harness: ApiHarness) -> None:
    status, added = await ask(
        harness, "reviewer", "POST", f"{ME}/addresses", {"channel": "texts", "address": "138-0013-8000"}
    )
    assert status == 201
    here = f"{ME}/addresses/{added['id']}"
    code = await code_sent(harness, "13800138000")
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert (await ask(harness, "reviewer", "POST", f"{here}/verify", {"code": wrong}))[0] == 422
    assert (await ask(harness, "reviewer", "POST", f"{here}/verify", {"code": code}))[0] == 422


@pytest_asyncio.fixture(loop_scope="module")
async def side(harness: ApiHarness) -> AsyncIterator[FarSide]:
    """Where the handlers of the labour department are told; requests to this machine are refused by the guard, so every
    send of this system fails and says so."""
    async with running_far_side(lambda _: Reply()) as far_side:
        await add_channel(harness.engine, "hook", far_side.url("/in"))
        async with transaction(harness.engine) as connection:
            for name in ("labour_handler", "labour_head"):
                values = {"id": derived_id("a", name), "p": person_id(name)}
                await connection.execute(_ADDRESS, values)
        yield far_side


async def test_a_new_task_is_told_and_the_page_says_what_became_of_it(harness: ApiHarness, side: FarSide) -> None:
    case = await harness.report(category="0201", title="欠薪")
    no = case["case_no"]
    await harness.do("duty", no, "accept")
    await harness.do("duty", no, "dispatch", host="labour")
    told = None
    async with asyncio.timeout(60):
        while told is None or not told["fate"]["receipts"] or told["fate"]["receipts"][0]["status"] == "waiting":
            notices = await harness.get("labour_handler", "/notices")
            told = next((one for one in notices["tasks"] if one["number"] == no), None)
            await asyncio.sleep(0.2)
    assert (told["what"], told["read"], told["fate"]["state"]) == ("待处置", False, "told")
    assert told["fate"]["receipts"][0]["status"] == "failed"
    assert side.received == []
    await ask(harness, "labour_handler", "POST", "/notices/read", {})
    assert (await harness.get("labour_handler", "/notices"))["tasks"][0]["read"] is True
    async with harness.engine.connect() as connection:
        people = set(
            (await connection.execute(text("SELECT person FROM mail_items WHERE origin_id = :r"),
                                      {"r": UUID(str(case["report_id"]))})).scalars()
        )  # fmt: skip
    assert people == {person_id("labour_handler"), person_id("labour_head")}
    handle = harness.temporal.get_workflow_handle(mailbox_workflow_id(person_id("labour_handler")))
    assert (await handle.describe()).workflow_type == "Mailbox"
