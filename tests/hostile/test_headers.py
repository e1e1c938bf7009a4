"""Headers of every answer, what is kept in browsers, and who is told of metrics and routes."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from infra.store.context import read_person
from models.errors import NotSignedIn, StoreAway
from services.accounts.sign_in import Claims, read_token
from tests.api.harness import ApiHarness
from tests.builders import PASSWORD, person_id
from web import live
from web.live import Change, Hub
from web.live_readers import LiveReaders

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = "http://gridloop.test"
PATHS = ["/api/v1/me", "/api/v1/cases", "/api/v1/nosuch", "/api/v1/attachments/x", "/healthz", "/readyz", "/metrics",
         "/openapi.json", "/", "/queue", "/sign-in", "/p", "/nosuch", "/m/", "/static/nosuch.js"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("username", ["worker", None])
async def test_every_answer_is_closed(harness: ApiHarness, path: str, username: str | None) -> None:
    headers = {"Accept": "text/html"} if username is None else harness.signed_in(username)
    answer = await harness.http.get(HERE + path, headers=headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in answer.headers
    if not path.startswith("/static/"):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "no-store" in answer.headers["cache-control"] or path == "/m/"
    if path.startswith("/api/"):
        assert {"Authorization", "Cookie"} <= {one.strip() for one in answer.headers["vary"].split(",")}


async def test_https_stays_https(harness: ApiHarness) -> None:
    answer = await harness.http.get("https://gridloop.test/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_file_is_asked_for_each_time(harness: ApiHarness) -> None:
    photo = await harness.upload("worker")
    answer = await harness.ask("worker", f"/attachments/{photo}")
    assert answer.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": answer.headers["etag"]}
    assert (await harness.ask("worker", f"/attachments/{photo}", known)).status_code == 304
    assert (await harness.ask("volunteer", f"/attachments/{photo}", known)).status_code == 404


async def test_signing_out_empties_the_cache_and_keeps_what_is_not_sent(harness: ApiHarness) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "X-Gridloop": "1"}
    for method, path in (("POST", "/sign-out"), ("DELETE", "/api/v1/auth/session")):
        form = {"username": "worker", "password": PASSWORD}
        signed = await harness.http.post(f"{HERE}/api/v1/auth/session", data=form, headers=headers)
        cookie = {"Cookie": f"gridloop_session={signed.cookies['gridloop_session']}"}
        answer = await harness.http.request(method, HERE + path, headers={**headers, **cookie})
        assert answer.headers["clear-site-data"] == '"cache"'
        assert (await harness.http.get("/me", headers=cookie)).status_code == 401


async def test_metrics_are_for_this_machine_or_the_token(harness: ApiHarness) -> None:
    async def ask(address: str, **headers: str) -> int:
        transport = httpx.ASGITransport(harness.app, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as http:
            return (await http.get("/metrics", headers=headers)).status_code

    assert await ask("127.0.0.1") == 200
    assert await ask("::1") == 200
    assert await ask("127.0.0.1", **{"X-Forwarded-For": "203.0.113.7"}) == 401
    assert await ask("203.0.113.7") == 401
    assert await ask("203.0.113.7", Authorization="Bearer wrong") == 401


async def test_the_document_is_for_who_is_signed_in(harness: ApiHarness) -> None:
    assert (await harness.http.get(f"{HERE}/openapi.json")).status_code == 401
    assert (await harness.http.get(f"{HERE}/openapi.json", headers=harness.signed_in("worker"))).status_code == 200


async def _tell(harness: ApiHarness, whose: Any, changes: list[Change], monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The events of a stream to which these changes come one after the other."""
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(live, "STREAM_SECONDS", 3.0)

    class Readers(LiveReaders):
        async def person(self, _claims: Claims, *, at_once: bool) -> Any:
            return await whose()

    hub, events = Hub(str), []
    claims = read_token(harness.settings, harness.signed_in("duty")["Authorization"].split()[1], datetime.now(UTC))
    async for event in hub.stream(Readers(harness.app.state.services), claims, None):
        events.append(event)
        if changes:
            change = changes.pop(0)
            hub._publish(change.case_no, change.revision)
    return events


async def test_a_stream_ends_with_the_session(harness: ApiHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes after the end of the session is not told."""
    no = (await harness.report())["case_no"]
    person, asked = await _person(harness, "duty"), 0

    async def whose() -> Any:
        nonlocal asked
        asked += 1
        if asked > 2:
            raise NotSignedIn()
        return person

    changes = [Change(number=n, case_no=no, revision=n) for n in range(1, 9)]
    events = await _tell(harness, whose, changes, monkeypatch)
    told = [event for event in events if event.startswith(b"event: case")]
    assert len(told) <= 1
    assert asked == 3


async def test_a_stream_tells_what_the_reader_may_see_now(harness: ApiHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    no = (await harness.report())["case_no"]
    before, after = await _person(harness, "duty"), await _person(harness, "other_duty")
    people = iter([before, before, StoreAway(), after, after])

    async def whose() -> Any:
        found = next(people, NotSignedIn())
        if isinstance(found, Exception):
            raise found
        return found

    events = await _tell(harness, whose, [Change(number=1, case_no=no, revision=1)], monkeypatch)
    assert sum(event.startswith(b"event: case") for event in events) == 1
    assert any(event.startswith(b"event: resync") for event in events), "the store was away meanwhile"
    events = await _tell(harness, _always(after), [Change(number=1, case_no=no, revision=1)], monkeypatch)
    assert not any(event.startswith(b"event: case") for event in events)


def _always(person: Any) -> Any:
    async def whose() -> Any:
        return person

    return whose


async def _person(harness: ApiHarness, username: str) -> Any:
    async with harness.engine.connect() as connection:
        return await read_person(connection, person_id(username))
