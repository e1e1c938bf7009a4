"""The keeper looks at a reporter with a reason, for a quarter of an hour, counted; reporters are held and erased."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from doors.session import COOKIE
from infra.keys.access import keys_of
from infra.keys.sealing import open_sealed
from infra.store.context import read_person
from infra.store.reporters import read_contact
from models.errors import NotUnmasked
from models.ids import workflow_id
from models.messages import CaseStart
from services.reporters.retention import latest_runs, retain
from services.reporters.unmask import look_at_reporter
from tests.api.harness import ApiHarness, open_harness
from tests.builders import LABOUR, person_id
from tests.servers import Servers
from web.app import create_app, run_hub

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME, PHONE, OTHER = "欧阳秘而不宣", "13987654321", "13800138000"
WHY = {"purpose": "call_back", "reason": "核查员三次联系不上"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("unmask"), create_app) as opened, run_hub(opened.app):
        yield opened


async def told(harness: ApiHarness, **more: Any) -> Any:
    known = {"reporter": {"name": NAME, "phone": PHONE}, "description": f"工头电话 {OTHER}", **more}
    return await harness.report("worker", **known)


async def test_with_a_reason_the_keeper_looks_for_a_quarter_of_an_hour(harness: ApiHarness) -> None:
    no = (await told(harness))["case_no"]
    await harness.do("duty", no, "accept", note=f"已致电 {OTHER}")
    path = f"/cases/{no}/reporter"
    assert (await harness.ask("keeper", path)).json()["code"] == "not_unmasked"
    for body in ({}, {"purpose": "call_back"}, {**WHY, "reason": "看看"}, {**WHY, "purpose": "curious"}):
        assert (await harness.refused("keeper", no, "unmask", **body))[0] == 422, body
    await harness.do("keeper", no, "unmask", **WHY)
    for looks in (1, 2):
        seen = await harness.get("keeper", path)
        assert (seen["name"], seen["phone"], seen["looks"], seen["erased"]) == (NAME, PHONE, looks, False)
        assert [one["text"] for one in seen["texts"]] == [f"工头电话 {OTHER}", f"已致电 {OTHER}"]
    (fact,) = [f for f in await harness.get("auditor", f"/cases/{no}/facts") if f["kind"] == "reporter_unmasked"]
    assert {name: fact["body"][name] for name in WHY} == WHY
    assert PHONE not in str(fact)
    assert NAME not in str(fact)
    async with harness.engine.connect() as connection:
        keeper = await read_person(connection, person_id("keeper"))
        assert keeper is not None
        later = datetime.fromisoformat(seen["until"])
        with pytest.raises(NotUnmasked):
            await look_at_reporter(connection, keeper, no, later)
        assert (await look_at_reporter(connection, keeper, no, later - timedelta(seconds=1))).looks == 3
    (listed,) = await harness.get("auditor", "/unmaskings")
    assert (listed["case_no"], listed["by"], listed["looks"]) == (no, "保密员", 2)
    (notice,) = (await harness.get("auditor", "/notices"))["items"]
    assert (notice["kind"], notice["by"], notice["case"]["case_no"]) == ("reporter_unmasked", "保密员", no)


async def test_nobody_else_may(harness: ApiHarness) -> None:
    no = (await told(harness))["case_no"]
    await harness.do("keeper", no, "unmask", **WHY)
    for username in ("duty", "supervisor", "admin", "auditor", "worker", "reviewer"):
        for command in ("unmask", "hold_data", "erase_reporter"):
            body = WHY if command == "unmask" else {"reason": WHY["reason"]}
            assert await harness.refused(username, no, command, **body) == (403, "not_yours"), (username, command)
        assert (await harness.ask(username, f"/cases/{no}/reporter")).status_code == 403, username
        assert (await harness.ask(username, "/unmaskings")).status_code == (200 if username == "auditor" else 403)
    assert (await harness.ask("other_duty", f"/cases/{no}/reporter")).status_code == 404


async def test_the_page_shows_what_is_left_and_asks_for_a_reason_before(harness: ApiHarness) -> None:
    no = (await told(harness))["case_no"]

    async def page(username: str, path: str) -> Any:
        token = harness.signed_in(username)["Authorization"].removeprefix("Bearer ")
        return await harness.http.get(f"http://gridloop.test{path}", headers={"Cookie": f"{COOKIE}={token}"})

    before = await page("keeper", f"/cases/{no}/reporter")
    assert before.status_code == 403
    assert "act=unmask" in before.text
    assert PHONE not in before.text
    assert f"/cases/{no}/reporter" in (await page("keeper", f"/cases/{no}")).text
    assert f"/cases/{no}/reporter" not in (await page("duty", f"/cases/{no}")).text
    await harness.do("keeper", no, "unmask", **WHY)
    after = await page("keeper", f"/cases/{no}/reporter")
    assert after.status_code == 200
    for shown in (NAME, PHONE, OTHER, "还可查看 15 分钟"):
        assert shown in after.text, shown
    assert "回访核实" in (await page("auditor", "/unmaskings")).text
    assert "揭示了上报人" in (await page("auditor", "/notices")).text
    assert (await page("duty", "/unmaskings")).status_code == 403


async def sealed_of(harness: ApiHarness, report_id: str) -> Any:
    handle = harness.temporal.get_workflow_handle(workflow_id(UUID(report_id)))
    payloads = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes.input.payloads
    (start,) = await harness.temporal.data_converter.decode(payloads, [CaseStart])
    return start.report.sealed


async def test_an_erased_reporter_is_unreadable_everywhere(harness: ApiHarness) -> None:
    case = await told(harness)
    no, sealed, keys = case["case_no"], await sealed_of(harness, case["report_id"]), keys_of(harness.engine)
    wrapped = await keys.vault.find(sealed.id)
    assert wrapped is not None
    assert (await open_sealed(keys, sealed, wrapped)).phone == PHONE
    await harness.do("keeper", no, "unmask", **WHY)
    await harness.do("keeper", no, "erase_reporter", reason="本人依法要求删除")
    assert (await harness.refused("keeper", no, "erase_reporter", reason="再删除一次"))[0] == 409
    assert (await harness.refused("keeper", no, "unmask", **WHY)) == (409, "not_now")
    assert await keys.vault.find(sealed.id) is None
    assert await keys.vault.is_erased(sealed.id)
    seen = await harness.get("keeper", f"/cases/{no}/reporter")
    assert (seen["name"], seen["phone"], seen["erased"]) == (None, None, True)
    assert (await harness.get("duty", f"/cases/{no}"))["reporter"]["phone"] is None
    async with harness.engine.connect() as connection:
        row = (
            await connection.execute(text("SELECT r::text FROM reporters r WHERE id = :id"), {"id": sealed.id})
        ).one()
        assert await read_contact(connection, sealed.id) is None
    assert wrapped.content.hex() not in row[0]
    assert sealed.ciphertext[:20] not in row[0]
    erased = [f for f in await harness.get("auditor", f"/cases/{no}/facts") if f["kind"] == "reporter_erased"]
    assert [fact["body"] for fact in erased] == [{"reason": "本人依法要求删除"}]


async def test_a_legal_hold_keeps_the_reporter_of_every_case_they_share(harness: ApiHarness) -> None:
    no = (await told(harness))["case_no"]
    await harness.do("keeper", no, "hold_data", reason="法院调取期间留存")
    assert await harness.refused("keeper", no, "hold_data", reason="重复留存一次") == (409, "not_now")
    assert await harness.refused("keeper", no, "erase_reporter", reason="本人要求删除") == (409, "under_legal_hold")
    await harness.do("duty", no, "split", parts=[{"category": "0302", "title": "另一件"}], reason="两件事")
    await harness.until_fact(no, "errand_settled")
    async with harness.engine.connect() as connection:
        part = await connection.scalar(
            text("SELECT case_no FROM cases WHERE case_no <> :no AND reporter_ref ="
                 " (SELECT reporter_ref FROM cases WHERE case_no = :no)"), {"no": no},
        )  # fmt: skip
    assert await harness.refused("keeper", part, "erase_reporter", reason="本人要求删除") == (409, "under_legal_hold")
    assert (await harness.get("duty", f"/cases/{no}"))["reporter"]["phone"] == "*******4321"
    await harness.do("keeper", no, "release_data", reason="诉讼已经终结")
    await harness.do("keeper", part, "erase_reporter", reason="本人要求删除")
    assert (await harness.get("duty", f"/cases/{no}"))["reporter"]["phone"] is None


async def test_the_retention_erases_what_is_old_counts_it_and_leaves_what_is_held(harness: ApiHarness) -> None:
    numbers = {}
    for which in ("old", "held", "young", "open"):
        numbers[which] = no = (await told(harness))["case_no"]
        if which != "open":
            await harness.do("duty", no, "accept")
            await harness.do("duty", no, "dispatch", host=LABOUR)
            await harness.do("labour_handler", no, "complete", result="已办")
            await harness.do("reviewer", no, "pass_review")
    await harness.do("keeper", numbers["held"], "hold_data", reason="法院调取期间留存")
    now = datetime.now(UTC)
    closed = {"old": now - timedelta(days=4 * 365), "held": now - timedelta(days=4 * 365), "young": now}
    async with harness.engine.begin() as connection:  # as if they had been archived then
        for which, moment in closed.items():
            await connection.execute(
                text("UPDATE cases SET closed_at = :at, archived_at = :at WHERE case_no = :no"),
                {"at": moment, "no": numbers[which]},
            )
    counted = await retain(harness.engine, now, dry=True)
    assert counted is not None
    assert (counted.erased, counted.held, counted.categories) == (1, 1, {"0201": 1})
    assert await phones(harness, numbers) == dict.fromkeys(numbers, PHONE)
    assert await retain(harness.engine, now) == counted.model_copy(update={"dry": False})
    assert await phones(harness, numbers) == {"old": None, "held": PHONE, "young": PHONE, "open": PHONE}
    again = await retain(harness.engine, now)
    assert again is not None
    assert (again.erased, again.held) == (0, 1)
    async with harness.engine.connect() as connection:
        assert {(run.erased, run.held) for run in await latest_runs(connection)} == {(1, 1), (0, 1)}


async def phones(harness: ApiHarness, numbers: dict[str, str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    async with harness.engine.connect() as connection:
        for which, no in numbers.items():
            query = text("SELECT reporter_ref FROM cases WHERE case_no = :no")
            contact = await read_contact(connection, await connection.scalar(query, {"no": no}))
            found[which] = None if contact is None else contact.phone
    return found
