"""A hundred reporters, told by every door, are found in no log, history, address, figure, file, export or table."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from structlog.testing import capture_logs

from doors.session import COOKIE
from infra.store.reporters import read_contact
from models.ids import workflow_id
from tests.api.harness import WAGES, ApiHarness, open_harness
from tests.api.test_numbers_everywhere import readable_text
from tests.builders import LABOUR, MICRO
from tests.servers import Servers
from web.app import create_app, run_hub

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAMILY = "赵钱孙李周吴郑王冯陈"
REPORTERS = [(f"{FAMILY[n % 10]}{chr(0x9F20 + n)}龘", f"188{n:04d}7351") for n in range(100)]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def harness(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ApiHarness]:
    async with open_harness(servers, tmp_path_factory.mktemp("leaks"), create_app) as opened, run_hub(opened.app):
        yield opened


def found_in(content: str | bytes) -> list[str]:
    """The names and numbers in a content, however they may be spelled there."""
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return [
        secret
        for pair in REPORTERS
        for secret in pair
        if any(
            way in raw
            for way in (secret.encode(), json.dumps(secret).strip('"').encode(), quote(secret).encode(),
                        secret.encode("utf-16-le"), secret.encode().hex().encode())
        )
    ]  # fmt: skip


async def tell_all(harness: ApiHarness) -> list[str]:
    """Report for each: by API as worker, desk and resident, and by the public form; return the report ids."""
    ids, publicly = [], 0
    for n, (name, phone) in enumerate(REPORTERS):
        report_id = str(uuid4())
        ids.append(report_id)
        reporter = {"name": name, "phone": phone, "anonymous": n % 3 == 0}
        if n % 4 == 3:
            form = {"report_id": report_id, "category": "0201", "grid": MICRO, "description": f"欠薪 {n}", "name": name,
                    "phone": phone}  # fmt: skip
            headers = {"Origin": "http://gridloop.test", "Sec-Fetch-Site": "same-origin",
                       "X-Forwarded-For": f"10.9.{n}.1"}  # fmt: skip
            answer = await harness.http.post("http://gridloop.test/p/report", data=form, headers=headers)
            publicly += answer.status_code == 200
            if answer.status_code == 429:  # the public door takes ten an hour from one address
                answer = await send(harness, "duty", report_id, n, reporter)
        else:
            answer = await send(harness, ("worker", "duty", "reporter")[n % 4], report_id, n, reporter)
        assert answer.status_code in (200, 201), answer.text
        assert not found_in(answer.text), "the answer to the report"
    assert publicly >= 5
    return ids


async def send(harness: ApiHarness, username: str, report_id: str, n: int, reporter: dict[str, Any]) -> Any:
    body = {**WAGES, "report_id": report_id, "title": f"欠薪 {n}", "reporter": reporter}
    return await harness.send(username, "/cases", body)


async def test_a_hundred_reporters_leak_nowhere(harness: ApiHarness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with capture_logs() as lines:
        ids = await tell_all(harness)
        cases = [await harness.get("duty", f"/reports/{id_}") for id_ in ids]
        for case in cases[:8]:
            no = case["case_no"]
            await harness.do("duty", no, "accept")
            await harness.do("duty", no, "dispatch", host=LABOUR)
        await harness.do("keeper", cases[0]["case_no"], "unmask", purpose="safety", reason="人身安全所需")
        assert (await harness.get("keeper", f"/cases/{cases[0]['case_no']}/reporter"))["name"] == REPORTERS[0][0]
        for name, phone in REPORTERS[:5]:  # somebody searches for them
            for words in (name, phone):
                assert (await harness.get("duty", "/cases", q=words))["total"] == 0
        exported = await page(harness, "supervisor", "/cases/export.xlsx")
        printed = await page(harness, "duty", f"/cases/{cases[0]['case_no']}/print")
    everywhere: dict[str, str | bytes] = {
        # The client of this test logs its own requests; in our processes it does not.
        "logs": json.dumps([repr(line) for line in lines], ensure_ascii=False)
        + "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http")),
        "metrics": (await harness.http.get("http://gridloop.test/metrics")).text,
        "openapi": json.dumps(harness.app.openapi(), ensure_ascii=False),
        "export": readable_text(exported.content, exported.headers["content-type"]),
        "print": printed.content,
        "database": await every_column(harness),
        "files": b"".join(
            str(path).encode() + (path.read_bytes() if path.is_file() else b"")
            for path in harness.settings.data_dir.rglob("*")
        ),
        "histories": await histories(harness, ids),
    }
    assert {where: found for where, content in everywhere.items() if (found := found_in(content))} == {}
    assert all(everywhere.values()), "there was something to search"
    await everybody_is_kept(harness, ids)


async def page(harness: ApiHarness, username: str, path: str) -> Any:
    token = harness.signed_in(username)["Authorization"].removeprefix("Bearer ")
    answer = await harness.http.get(f"http://gridloop.test{path}", headers={"Cookie": f"{COOKIE}={token}"})
    assert answer.status_code == 200, answer.text
    return answer


async def every_column(harness: ApiHarness) -> str:
    """The text of every column of every table."""
    async with harness.engine.connect() as connection:
        tables = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        content: list[str] = []
        for table in tables.all():
            rows = await connection.scalars(text(f'SELECT t::text FROM "{table}" t'))
            content += rows.all()
    return "\n".join(content)


async def histories(harness: ApiHarness, ids: list[str]) -> bytes:
    """Every history as it is stored, and with its payloads decoded: what the keys of payloads would show."""
    codec = harness.temporal.data_converter.payload_codec
    pieces = []
    for id_ in ids:
        history = await harness.temporal.get_workflow_handle(workflow_id(id_)).fetch_history()  # type: ignore[arg-type]
        pieces += [event.SerializeToString() for event in history.events]
        payloads = list(history.events[0].workflow_execution_started_event_attributes.input.payloads)
        decoded = payloads if codec is None else await codec.decode(payloads)
        pieces += [payload.data for payload in decoded]
    content = b"".join(pieces)
    assert "欠薪".encode() in content, "the payloads were decoded"
    return content


async def everybody_is_kept(harness: ApiHarness, ids: list[str]) -> None:
    """All hundred are there: the search above would be of nothing else."""
    async with harness.engine.connect() as connection:
        found = set()
        for id_ in ids:
            query = text("SELECT reporter_ref FROM cases WHERE report_id = :id")
            contact = await read_contact(connection, await connection.scalar(query, {"id": id_}))
            assert contact is not None
            found.add((contact.name, contact.phone))
    assert found == set(REPORTERS)
