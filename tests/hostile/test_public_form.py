"""People without an account: what is refused leaves nothing behind, and limits hold, however the requests come."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from doors.dependencies import Services
from infra.database import open_database, transaction
from models.errors import TooManyAttempts
from services.accounts.limits import PUBLIC_REPORTS, Limit, sweep_limits
from services.attachments.store import attachments_of
from services.attachments.sweep import sweep_files, sweep_store
from services.runtime.resources import Resources
from tests.api.harness import ApiHarness, a_picture
from tests.builders import COMMUNITY, MICRO, person_id
from web.app import create_app

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def form(**fields: str) -> dict[str, str]:
    return {"report_id": str(uuid4()), "category": "0201", "title": "欠薪", "grid": COMMUNITY, **fields}


def files(count: int = 1) -> list[tuple[str, tuple[str, bytes, str]]]:
    shade = uuid4().hex
    return [
        ("photos", ("a.png", a_picture(f"#{shade[6 * n : 6 * n + 6]}"), "image/png")) for n in range(count)
    ]  # fmt: skip


async def post(harness: ApiHarness, data: dict[str, str], sent: Any = None, path: str = "/p/report") -> httpx.Response:
    return await harness.http.post(f"http://gridloop.test{path}", data=data, files=sent, headers=SAME_ORIGIN)


def on_disk(harness: ApiHarness) -> set[Path]:
    return {one for one in harness.settings.attachments_dir.rglob("*") if one.is_file()}


REFUSED = {
    "no such category": form(category="nosuch"),
    "no such unit": form(grid="nosuch"),
    "a place outside": form(grid="", lat="1", lon="1"),
    "half a place": form(grid="", lat="38.002", lon="x"),
    "a long title": form(title="长" * 500),
    "a control character": form(title="a\x00b"),
    "no id": form(report_id="x"),
    "no phone number": form(phone="12"),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_a_refused_report_leaves_nothing(harness: ApiHarness, why: str) -> None:
    before, files_before = await harness.stored(), on_disk(harness)
    answer = await post(harness, REFUSED[why], files(3))
    assert 400 <= answer.status_code < 500, answer.text
    assert await harness.stored() == before
    assert on_disk(harness) == files_before


async def test_refused_reports_count_too(harness: ApiHarness) -> None:
    before, files_before = await harness.stored(), on_disk(harness)
    answers = [(await post(harness, form(category="nosuch"), files())).status_code for _ in range(30)]
    assert answers == [422] * 10 + [429] * 20
    assert (await post(harness, form())).status_code == 429
    assert (await harness.stored(), on_disk(harness)) == (before, files_before)


async def test_reports_that_come_at_once_count_like_others(harness: ApiHarness) -> None:
    answers = await asyncio.gather(*(post(harness, form(title=f"同时 {n}")) for n in range(30)))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 20


async def test_the_limit_is_one_for_all_processes(harness: ApiHarness) -> None:
    """Two more applications with connections of their own serve the same database."""
    engines = [open_database(harness.settings) for _ in range(2)]
    apps = []
    for engine in engines:
        app = create_app()
        app.state.services = Services(Resources(harness.settings, engine, harness.temporal))
        apps.append(app)
    clients = [httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gridloop.test") for app in apps]
    try:
        sent = [
            client.post("/p/report", data=form(title=f"两处 {n}"), headers=SAME_ORIGIN)
            for n in range(15)
            for client in clients
        ]
        answers = await asyncio.gather(*sent)
    finally:
        for client, engine in zip(clients, engines, strict=True):
            await client.aclose()
            await engine.dispose()
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 20


async def test_wrong_codes_that_come_at_once_count_like_others(harness: ApiHarness) -> None:
    guesses = [post(harness, {"code": f"00000-{n:05}"}, path="/p") for n in range(30)]
    answers = await asyncio.gather(*guesses)
    assert sorted(answer.status_code for answer in answers) == [404] * 10 + [429] * 20


async def test_right_codes_do_not_count(harness: ApiHarness) -> None:
    case_no = (await harness.report())["case_no"]
    code = (await harness.send("worker", f"/cases/{case_no}/progress-code")).json()["code"]
    for _ in range(12):
        assert (await post(harness, {"code": code}, path="/p")).status_code == 200


async def test_uploads_of_a_person_are_counted_unread(harness: ApiHarness) -> None:
    async with transaction(harness.engine) as connection:
        await connection.execute(
            text("INSERT INTO rate_limits VALUES ('uploads', :who, :now, :used)"),
            {"who": str(person_id("worker")), "now": datetime.now(UTC), "used": harness.settings.uploads_per_hour - 1},
        )
    await harness.upload("worker", a_picture("#123456"))
    read = False

    async def body() -> Any:
        nonlocal read
        read = True
        yield b"x"

    headers = {**harness.signed_in("worker"), "Content-Type": "multipart/form-data; boundary=x"}
    answer = await harness.http.post("/attachments", content=body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
    assert int(answer.headers["retry-after"]) > 0
    await harness.upload("duty", a_picture("#123457"))


async def test_a_window_ends(harness: ApiHarness) -> None:
    limit = Limit("test", 2, timedelta(minutes=5))
    start = datetime.now(UTC)
    for minute in (0, 1):
        await limit.use(harness.engine, "somebody", start + timedelta(minutes=minute))
    with pytest.raises(TooManyAttempts) as raised:
        await limit.use(harness.engine, "somebody", start + timedelta(minutes=2))
    assert raised.value.params["seconds"] == "180"
    await limit.use(harness.engine, "somebody else", start + timedelta(minutes=2))
    await limit.use(harness.engine, "somebody", start + timedelta(minutes=5))
    await limit.give_back(harness.engine, "somebody")
    for minute in (6, 7):
        await limit.use(harness.engine, "somebody", start + timedelta(minutes=minute))
    await sweep_limits(harness.engine, start + timedelta(days=2))
    async with harness.engine.connect() as connection:
        left = text("SELECT count(*) FROM rate_limits WHERE name IN ('test', :reports)")
        assert await connection.scalar(left, {"reports": PUBLIC_REPORTS.name}) == 0


async def _age(harness: ApiHarness, sha256: str, age: timedelta) -> None:
    async with transaction(harness.engine) as connection:
        await connection.execute(
            text("UPDATE pending_uploads SET uploaded_at = :at WHERE sha256 = :sha256"),
            {"sha256": sha256, "at": datetime.now(UTC) - age},
        )


async def test_files_that_nothing_names_are_swept(harness: ApiHarness) -> None:
    day, place = timedelta(days=1), attachments_of(harness.settings)
    names = ("old", "fresh", "named", "twice", "topic")
    made = {name: await harness.upload("worker", a_picture(f"#0000{n:02}")) for n, name in enumerate(names, 10)}
    assert (await harness.ask("worker", f"/attachments/{made['old']}/thumbnail")).status_code == 200
    await harness.report(attachments=[made["named"]])
    topic = {"name": "路灯", "grid": MICRO, "text": "路灯不亮", "attachments": [made["topic"]]}
    assert (await harness.send("worker", "/topics", topic)).status_code == 201
    # The same bytes once more by somebody else, not named: something has them all the same.
    for name in ("named", "topic"):
        await harness.upload("duty", a_picture(f"#0000{names.index(name) + 10:02}"))
    for name in ("old", "named", "twice", "topic"):
        await _age(harness, made[name], 2 * day)
    await harness.upload("duty", a_picture("#000013"))  # a fresh upload of what is old for the first
    half = place.incoming / "half"
    await asyncio.to_thread(half.write_bytes, b"x")
    now = datetime.now(UTC)
    assert await sweep_store(harness.engine, place, now, 3 * day) == 0
    assert half.exists()
    assert await sweep_store(harness.engine, place, now + 2 * day, 5 * day) == 0
    assert not half.exists()
    assert await sweep_files(harness.engine, place, now - day) == 1
    assert await sweep_files(harness.engine, place, now - day) == 0
    left = {one.name.partition(".")[0] for one in on_disk(harness)}
    assert made["old"] not in left
    assert {made[name] for name in names if name != "old"} <= left
    refused = await harness.send("worker", "/cases", {"report_id": str(uuid4()), "category": "0201", "title": "欠薪",
                                                      "grid": MICRO, "attachments": [made["old"]]})  # fmt: skip
    assert refused.json()["code"] == "unknown_attachment"
    assert await harness.upload("worker", a_picture("#000010")) == made["old"]
    assert (await harness.ask("worker", f"/attachments/{made['old']}")).status_code == 200


async def test_sweeping_and_uploading_at_once_loses_nothing(harness: ApiHarness) -> None:
    content = a_picture("#0a0b0c")
    for _ in range(12):
        sha256 = await harness.upload("worker", content)
        await _age(harness, sha256, timedelta(days=2))
        before = datetime.now(UTC) - timedelta(days=1)
        await asyncio.gather(
            sweep_files(harness.engine, attachments_of(harness.settings), before), harness.upload("duty", content)
        )
        assert (await harness.ask("duty", f"/attachments/{sha256}")).status_code == 200


async def test_sweeping_and_naming_at_once_loses_nothing(harness: ApiHarness) -> None:
    """Whichever comes first: a case that has a file has it whole, and a file that was swept is in no case."""
    place, outcomes = attachments_of(harness.settings), set()
    for number in range(10, 20):
        sha256 = await harness.upload("worker", a_picture(f"#0e00{number}"))
        await _age(harness, sha256, timedelta(days=8))
        report = {"report_id": str(uuid4()), "category": "0201", "title": "欠薪", "grid": MICRO,
                  "attachments": [sha256]}  # fmt: skip

        reporting = asyncio.create_task(harness.send("worker", "/cases", report))
        while not reporting.done():
            await sweep_files(harness.engine, place, datetime.now(UTC) - timedelta(days=7))
        sent = await reporting
        seen = await harness.ask("worker", f"/attachments/{sha256}")
        outcomes.add(sent.status_code)
        if sent.status_code == 201:
            assert seen.status_code == 200, number
        else:
            assert sent.json()["code"] == "unknown_attachment"
            assert seen.status_code == 404
    assert outcomes <= {201, 422}


async def test_without_the_store_of_attachments_reports_go_on(harness: ApiHarness) -> None:
    away = harness.settings.model_copy(update={"attachments": "/dev/null/nowhere"})
    services = harness.app.state.services
    harness.app.state.services = Services(Resources(away, harness.engine, harness.temporal))
    try:
        answer = await post(harness, form(title="照片存不了"), files())
        assert answer.status_code == 503
        assert "附件存储暂时无法访问" in answer.text
        assert (await post(harness, form(title="没有照片"))).status_code == 200
        assert (await harness.report())["case_no"]
    finally:
        harness.app.state.services = services
    assert (await post(harness, form(title="又有照片"), files())).status_code == 200
