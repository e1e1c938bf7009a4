"""What the API says of a case that was retired: to whom, and what can still be read."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from doors.dependencies import Services
from doors.session import COOKIE
from infra.archive import open_archive
from infra.database import transaction
from infra.keys.access import keys_of
from infra.keys.answers import seal_content
from infra.settings import Settings
from models.answers import QuestionAnswer, answers_key
from models.policy.questions import QuestionKind, Reading
from services.archive.retire import BUNDLED_FOR, retire_cases
from services.reports.report_input import ReportInput
from tests.api.apps import shared_site
from tests.api.conftest import SignedIn
from tests.builders import MICRO, PARK, person_id, put_photo, small_park, token_for
from tests.old_cases import put_old_cases

PHOTO = "c" * 64
REPORT_ID = uuid4()
REPORT: dict[str, Any] = {
    "report_id": str(REPORT_ID), "category": "0103", "title": "消防通道被堵", "description": "联系人 13912345678",
    "grid": MICRO, "attachments": [PHOTO],
}  # fmt: skip
#: A personal answer whose reporter was erased.
SEALED = QuestionAnswer(
    question="who", category="0103", kind=QuestionKind.TEXT, reading=Reading.PERSONAL, values=(), text_zh="谁",
    text_en="Who", sealed=seal_content(b"k" * 32, b"", b"{}"),
)  # fmt: skip


@pytest.fixture
async def app(engine: AsyncEngine, services: Services) -> FastAPI:
    """The API and the pages on the tiny park."""
    await small_park(engine)
    return shared_site(services)


@pytest.fixture
async def number(app: FastAPI, engine: AsyncEngine, services: Services) -> str:
    """A case of the grid worker that was retired."""
    await put_photo(engine, PHOTO)
    wanted = ReportInput.model_validate(REPORT)
    reference = answers_key(REPORT_ID)
    known = {
        "report_id": REPORT_ID, "description": wanted.description, "attachments": [PHOTO], "reporter_ref": reference,
        "carried": (SEALED,),
    }  # fmt: skip
    await keys_of(services.resources.engine).vault.erase(reference)  # else the case would not be retired
    (number,) = await put_old_cases(engine, [{**known, "content_hash": wanted.content_hash, "by": "worker"}])
    archive, now = open_archive(services.settings), datetime.now(UTC)
    await retire_cases(engine, archive, 2, now, pause=timedelta(0))
    done = await retire_cases(engine, archive, 2, now + BUNDLED_FOR, pause=timedelta(0))
    assert done.retired == 1
    async with transaction(engine) as connection:
        await connection.execute(text("DELETE FROM pending_uploads"))
    return number


#: Who could have seen it gets 410, also on every path of the case; for others there is no such case. No department ever
#: had it.
KNOWN = {
    "worker": 410, "duty": 410, "supervisor": 410, "auditor": 410, "fire_handler": 404, "labour_handler": 404,
    "other_duty": 404,
}  # fmt: skip


async def test_who_learns_that_a_case_was_retired(client: httpx.AsyncClient, signed_in: SignedIn, number: str) -> None:
    for who, status in KNOWN.items():
        for path in ("", "/facts", "/forecast", "/adoption?version=1", "?as_of=2025-01-01T00:00:00Z"):
            answer = await client.get(f"/api/v1/cases/{number}{path}", headers=signed_in(who))
            assert answer.status_code == status, (who, path, answer.text)
            assert answer.json()["code"] == ("retired" if status == 410 else "no_such_case")
        assert (status == 410) is ("档案库" in answer.json()["detail"])
        answer = await client.post(f"/api/v1/cases/{number}/commands/accept", json={}, headers=signed_in(who))
        assert answer.status_code == status
        if status == 410:
            answer = await client.get(f"/api/v1/reports/{REPORT_ID}", headers=signed_in(who))
            assert (answer.status_code, answer.json()["code"]) == (410, "retired")


async def test_who_must_step_aside_learns_nothing(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine, number: str
) -> None:
    async with transaction(engine) as connection:
        interest = (
            "INSERT INTO interests (id, person, kind, target, since, reason)"
            " VALUES (:id, :person, 'unit', :target, '2020-01-01', '亲属')"
        )
        values = {"id": uuid4(), "person": person_id("supervisor"), "target": MICRO}
        await connection.execute(text(interest), values)
    for path in ("", "/facts?archived=true"):
        answer = await client.get(f"/api/v1/cases/{number}{path}", headers=signed_in("supervisor"))
        assert answer.status_code == 404


async def test_the_timeline_is_read_from_the_archive(
    client: httpx.AsyncClient, signed_in: SignedIn, number: str
) -> None:
    for who, status in {"supervisor": 200, "auditor": 200, "duty": 410, "other_duty": 404}.items():
        answer = await client.get(f"/api/v1/cases/{number}/facts?archived=true", headers=signed_in(who))
        assert answer.status_code == status
        photo = await client.get(f"/api/v1/attachments/{PHOTO}", headers=signed_in(who))
        assert (photo.json()["code"] == "attachment_lost") is (
            status == 200
        )  # what is known of it is there, its bytes not
        if status == 200:
            assert [fact["kind"] for fact in answer.json()] == ["received", "closed", "archived"]
            assert "13912345678" not in answer.text
            assert SEALED.sealed not in answer.text
            assert [(one["question"], one["values"]) for one in answer.json()[0]["body"]["answers"]] == [("who", [])]


async def test_a_token_of_open311_tells_the_number_of_the_case(
    client: httpx.AsyncClient, engine: AsyncEngine, number: str
) -> None:
    park = {"jurisdiction_id": PARK}
    key = {"id": uuid4(), "report": REPORT_ID, "unit": MICRO, "now": datetime.now(UTC), "digest": b"d" * 32}
    async with transaction(engine) as connection:
        await connection.execute(
            text("INSERT INTO open311_keys (id, name, digest, unit, per_hour, created_at, created_by)"
                 " SELECT :id, 'k', :digest, :unit, 10, :now, id FROM people LIMIT 1"), key,
        )  # fmt: skip
        await connection.execute(
            text("INSERT INTO open311_reports (report_id, key, client_id, digest, attributes, created_at)"
                 " VALUES (:report, :id, 'c', :digest, '{}', :now)"), key,
        )  # fmt: skip
    answer = await client.get(f"/open311/v2/tokens/{REPORT_ID}.json", params=park)
    assert (answer.status_code, answer.json()) == (
        200, [{"service_request_id": number, "token": str(REPORT_ID)}],
    )  # fmt: skip
    assert (await client.get(f"/open311/v2/requests/{number}.json", params=park)).status_code == 404, (
        "it is not public any more"
    )


async def test_an_archive_that_lost_the_case_is_told(
    client: httpx.AsyncClient, signed_in: SignedIn, services: Services, number: str
) -> None:
    (path,) = (services.settings.data_dir / "archive" / "retired").rglob("*.gz")
    path.unlink()
    answer = await client.get(f"/api/v1/cases/{number}/facts?archived=true", headers=signed_in("auditor"))
    assert (answer.status_code, answer.json()["code"]) == (500, "archive_altered")


async def test_a_report_sent_again_is_the_case_that_was_retired(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine, number: str
) -> None:
    for _ in range(2):
        answer = await client.post("/api/v1/cases", json=REPORT, headers=signed_in("worker"))
        assert (answer.status_code, answer.json()) == (
            200, {"status": "retired", "report_id": str(REPORT_ID), "case_no": number},
        )  # fmt: skip
    other = {**REPORT, "title": "另一件"}
    answer = await client.post("/api/v1/cases", json=other, headers=signed_in("worker"))
    assert (answer.status_code, answer.json()["code"]) == (409, "report_id_reused")
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM cases")) == 0


async def test_the_search_for_its_number_tells(client: httpx.AsyncClient, signed_in: SignedIn, number: str) -> None:
    divided = f"{number[:9]} {number[9:17]}-{number[17:]}"
    for query in (number, divided):
        page = (await client.get("/api/v1/cases", params={"q": query}, headers=signed_in("auditor"))).json()
        (found,) = page["retired"]
        assert (page["total"], found["case_no"], found["readable"]) == (0, number, True)
    page = (await client.get("/api/v1/cases", params={"q": number}, headers=signed_in("duty"))).json()
    assert page["retired"][0]["readable"] is False
    for who, query in (("other_duty", number), ("auditor", number[:-1]), ("auditor", "通道")):
        page = (await client.get("/api/v1/cases", params={"q": query}, headers=signed_in(who))).json()
        assert page["retired"] == []


async def test_its_pages(client: httpx.AsyncClient, api_settings: Settings, number: str) -> None:
    def as_(who: str) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={token_for(api_settings, who)}"}

    for who, page, archived in (("auditor", 410, 200), ("duty", 410, 410), ("other_duty", 404, 404)):
        answer = await client.get(f"/cases/{number}", headers=as_(who))
        assert answer.status_code == page
        assert (f"/cases/{number}/archived" in answer.text) is (page == 410)
        answer = await client.get(f"/cases/{number}/archived", headers=as_(who))
        assert answer.status_code == archived
        assert ("不属本平台受理" in answer.text) is (archived == 200)
        assert "13912345678" not in answer.text
    found = await client.get(f"/cases?q={number}", headers=as_("auditor"))
    assert "转存档案库" in found.text
    assert f"/cases/{number}/archived" in found.text
