"""What administrators change is written down with before and after, by every route that changes something."""

import asyncio
import io
import json
import re
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import openpyxl
import psycopg
import pytest
from fastapi.routing import APIRoute
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.routes import ROUTERS as API
from doors.dependencies import Services
from doors.session import COOKIE
from infra.database import Acting, transaction
from infra.settings import Settings
from models.tables import metadata
from services.admin import policies
from services.organisation import people_edit
from services.wording.actions import ACTIONS, changed_field, changed_value
from tests.api.apps import shared_site
from tests.api.conftest import SignedIn
from tests.builders import GRID, PARK, person_id, small_park, token_for
from web.routes import ROUTERS as PAGES

#: The tables whose changes are written down, and their columns that are not shown.
WRITTEN_DOWN = ("people", "grants", "absences", "interests", "shifts", "departments", "zones", "grid_units", "policies",
                "policy_drafts")  # fmt: skip
HIDDEN = {"id", "author", "password_hash"}
OURS = {"Sec-Fetch-Site": "same-origin", "X-Gridloop": "1"}
DEPARTMENTS = b"departments:\n  - {id: water, name_zh: \xe6\xb0\xb4, name_en: Water}\n"
PEOPLE = b"since: 2024-01-01\npeople:\n  - {username: hydro, name: H, grants: [{role: handler, department: water}]}\n"


class Desk:
    """The pages and the API, used by an administrator."""

    def __init__(self, client: httpx.AsyncClient, engine: AsyncEngine) -> None:
        self.client, self.engine = client, engine

    async def post(self, path: str, files: Any = None, **form: Any) -> httpx.Response:
        return await self.client.post(path, data=form, files=files)

    async def one(self, query: str) -> Any:
        async with self.engine.connect() as connection:
            return await connection.scalar(text(query))

    async def draft(self) -> str:
        await self.post("/admin/drafts", title="t")
        return str(await self.one("SELECT id FROM policy_drafts ORDER BY created_at DESC LIMIT 1"))

    async def marked(self, id_: str) -> dict[str, str]:
        content = str(await self.one(f"SELECT content FROM policy_drafts WHERE id = '{id_}'"))
        return {"content": content, "seen": policies.mark_of(content), "title": "t"}


@pytest.fixture
async def desk(engine: AsyncEngine, services: Services, api_settings: Settings) -> Any:
    await small_park(engine)
    cookies = {COOKIE: token_for(api_settings, "admin")}
    transport = httpx.ASGITransport(shared_site(services))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", cookies=cookies, headers=OURS
    ) as client:
        yield Desk(client, engine)


async def drop_draft(desk: Desk) -> httpx.Response:
    return await desk.post(f"/admin/drafts/{await desk.draft()}", action="drop")


async def save_draft(desk: Desk) -> httpx.Response:
    id_ = await desk.draft()
    form = await desk.marked(id_)
    return await desk.post(f"/admin/drafts/{id_}", **{**form, "content": form["content"] + "\n", "action": "save"})


async def publish_draft(desk: Desk) -> httpx.Response:
    id_ = await desk.draft()
    form = await desk.marked(id_)
    changed = {**form, "content": form["content"].replace("name_zh: 欠薪", "name_zh: 拖欠工资", 1) + "\n# x\n"}
    return await desk.post(f"/admin/drafts/{id_}", **changed, action="publish")


async def save_row(desk: Desk) -> httpx.Response:
    id_ = await desk.draft()
    page = (await desk.client.get(f"/admin/drafts/{id_}/calendars")).text
    assert page
    return await desk.post(f"/admin/drafts/{id_}", **(await desk.marked(id_)) | {"title": "renamed", "action": "save"})


async def new_grid(desk: Desk) -> httpx.Response:
    registry = f"code,name,level,parent_code,households\n{GRID}777,新,micro_grid,{GRID},12\n".encode()
    return await desk.post("/admin/grids", files={"file": ("g.csv", registry)}, action="load")


async def load_people(desk: Desk) -> httpx.Response:
    files = {"departments": ("d.yaml", DEPARTMENTS), "people": ("p.yaml", PEOPLE)}
    return await desk.post("/admin/people", files=files)


async def end_role(desk: Desk) -> httpx.Response:
    grant = await desk.one("SELECT g.id FROM grants g JOIN people p ON p.id = g.person WHERE username = 'worker'")
    return await desk.post("/admin/people/worker/roles", grant=grant, until="2099-01-01")


def api(method: str, path: str) -> Callable[[Desk], Awaitable[httpx.Response]]:
    return lambda desk: desk.client.request(method, f"/api/v1{path}", json={} if method == "POST" else None)


async def end_one(desk: Desk) -> httpx.Response:
    id_ = await desk.one("SELECT s.id FROM sessions s JOIN people p ON p.id = s.person WHERE username = 'worker'")
    return await desk.client.delete(f"/api/v1/admin/people/worker/sessions/{id_}")


async def lose_factor(desk: Desk, method: str, path: str) -> httpx.Response:
    query = (
        "INSERT INTO second_factors (person, secret, recovery, confirmed_at) SELECT id, 'x', '[]', now() FROM people"
    )
    async with desk.engine.begin() as connection:
        await connection.execute(text(f"{query} WHERE username = 'worker'"))
    return await desk.client.request(method, path)


async def revoke_tokens(desk: Desk) -> httpx.Response:
    query = (
        "INSERT INTO personal_tokens (id, person, name, scopes, digest, created_at, expires_at)"
        " SELECT id, id, 'x', '{read}', 'x', now(), now() + interval '1 day' FROM people WHERE username = 'worker'"
    )
    async with desk.engine.begin() as connection:
        await connection.execute(text(query))
    return await desk.client.delete("/api/v1/admin/people/worker/tokens")


INTEREST = {"kind": "department", "target": "labour", "since": "2024-01-01", "reason": "配偶在该处任职"}


async def declare(desk: Desk) -> httpx.Response:
    return await desk.client.put("/api/v1/admin/people/worker/interests", json=INTEREST)


async def end_interest(desk: Desk) -> httpx.Response:
    await declare(desk)
    id_ = await desk.one("SELECT id FROM interests")
    path = f"/api/v1/admin/people/worker/interests/{id_}/end"
    return await desk.client.post(path, json={"last": "2099-06-30"})


RECEIVER = {"name": "外部系统", "department": "labour", "kind": "web_service", "url": "https://far.example/cases"}


async def put_receiver(desk: Desk) -> httpx.Response:
    return await desk.client.put("/api/v1/admin/receivers/far", json=RECEIVER)


async def change_secret(desk: Desk, path: str, **form: Any) -> httpx.Response:
    await put_receiver(desk)
    return await (desk.post(path, **form) if form else desk.client.post(path, json={}))


ENDPOINT = {**RECEIVER, "kind": "open311", "open311": {"service": "001"}}


async def put_key(desk: Desk) -> httpx.Response:
    await desk.client.put("/api/v1/admin/receivers/far", json=ENDPOINT)
    return await desk.client.put("/api/v1/admin/receivers/far/key", json={"key": "theirs-0123456789"})


CHANNEL = {"id": "hook", "name": "钩子", "enabled": True, "config": {"kind": "webhook", "url": "https://far.example/"},
           "secrets": {"secret": "0123456789abcdef0123456789abcdef"}}  # fmt: skip
HOOK = {"channel": "hook", "kinds": ["accepted"], "grid": PARK}


async def put_channel(desk: Desk) -> httpx.Response:
    return await desk.client.put("/api/v1/admin/channels/hook", json=CHANNEL)


async def put_secret(desk: Desk) -> httpx.Response:
    await put_channel(desk)
    form = {"id": "hook", "known": "1", "name": "钩子", "channel_kind": "webhook", "url": "https://far.example/",
            "enabled": "1", "secret_secret": "fedcba9876543210fedcba9876543210"}  # fmt: skip
    return await desk.post("/admin/channels", **form)


async def remove_channel(desk: Desk, path: str = "") -> httpx.Response:
    spare = {**CHANNEL, "id": "spare", "enabled": False}
    assert (await desk.client.put("/api/v1/admin/channels/spare", json=spare)).status_code == 200
    return await (desk.post(path) if path else desk.client.delete("/api/v1/admin/channels/spare"))


async def add_hook(desk: Desk, path: str = "") -> httpx.Response:
    await put_channel(desk)
    return await (desk.post(path, **HOOK) if path else desk.client.post("/api/v1/admin/hooks", json=HOOK))


async def end_hook(desk: Desk, method: str, path: str) -> httpx.Response:
    await add_hook(desk)
    return await desk.client.request(method, path.format(id=await desk.one("SELECT id FROM hook_subscriptions")))


KEY = {"name": "市民热线", "unit": PARK}


async def end_key(desk: Desk, path: str = "") -> httpx.Response:
    await desk.client.post("/api/v1/admin/open311-keys", json=KEY)
    id_ = await desk.one("SELECT id FROM open311_keys")
    return await (desk.post(path, key=str(id_)) if path else desk.client.delete(f"/api/v1/admin/open311-keys/{id_}"))


#: Every route of the administration that changes something: how it is used, the action and the kinds it leaves.
ROUTES: dict[tuple[str, str], tuple[Callable[[Desk], Awaitable[httpx.Response]], str, set[str]]] = {
    ("POST", "/admin/drafts"): (lambda d: d.post("/admin/drafts", title="t"), "policy draft", {"policy_drafts"}),
    ("POST", "/admin/drafts/{id}"): (save_draft, "policy draft", {"policy_drafts"}),
    ("POST", "/admin/drafts/{id}/{section}"): (save_row, "policy draft", {"policy_drafts"}),
    ("POST", "/admin/grids"): (new_grid, "grids load", {"grid_units"}),
    ("POST", "/admin/people"): (load_people, "people load", {"people", "grants", "departments"}),
    ("POST", "/admin/people/new"): (
        lambda d: d.post("/admin/people/new", username="new1", name="新人"), "people load", {"people"}),
    ("POST", "/admin/people/{username}"): (
        lambda d: d.post("/admin/people/worker", name="改名", active="1"), "people load", {"people"}),
    ("POST", "/admin/people/{username}/roles"): (end_role, "people load", {"grants"}),
    ("POST", "/admin/people/{username}/password"): (
        lambda d: d.post("/admin/people/worker/password"), "people passwd", {"people"}),
    ("POST", "/admin/people/{username}/sessions"): (
        lambda d: d.post("/admin/people/worker/sessions", which="all"), "people sessions", {"sessions"}),
    ("DELETE", "/api/v1/admin/people/{username}/tokens"): (revoke_tokens, "token revoke", {"tokens"}),
    ("POST", "/admin/people/{username}/second-factor"): (
        lambda d: lose_factor(d, "POST", "/admin/people/worker/second-factor"), "people reset-second-factor",
        {"second_factors"}),
    ("DELETE", "/api/v1/admin/people/{username}/second-factor"): (
        lambda d: lose_factor(d, "DELETE", "/api/v1/admin/people/worker/second-factor"), "people reset-second-factor",
        {"second_factors"}),
    ("POST", "/admin/roster/absence"): (
        lambda d: d.post("/admin/roster/absence", person="worker", since="2099-01-01", until="2099-01-02", reason="x"),
        "people absent", {"absences"}),
    ("POST", "/admin/roster/shift"): (
        lambda d: d.post("/admin/roster/shift", unit=PARK, role="duty_officer", person="duty",
                         starts_at="2099-01-01T08:00", ends_at="2099-01-01T16:00"), "people shift", {"shifts"}),
    ("POST", "/api/v1/admin/people/{username}/password"): (
        api("POST", "/admin/people/worker/password"), "people passwd", {"people"}),
    ("DELETE", "/api/v1/admin/people/{username}/sessions"): (
        api("DELETE", "/admin/people/worker/sessions"), "people sessions", {"sessions"}),
    ("DELETE", "/api/v1/admin/people/{username}/sessions/{id}"): (end_one, "people sessions", {"sessions"}),
    ("PUT", "/api/v1/admin/receivers/{code}"): (put_receiver, "set_receiver", {"receivers", "people"}),
    ("POST", "/admin/receivers"): (
        lambda d: d.post("/admin/receivers", code="far", answer_hours="8", language="zh", enabled="1", **RECEIVER),
        "set_receiver", {"receivers", "people"}),
    ("POST", "/api/v1/admin/receivers/{code}/secret"): (
        lambda d: change_secret(d, "/api/v1/admin/receivers/far/secret"), "set_receiver", {"receivers", "people"}),
    ("POST", "/admin/receivers/secret"): (
        lambda d: change_secret(d, "/admin/receivers/secret", code="far"), "set_receiver", {"receivers", "people"}),
    ("PUT", "/api/v1/admin/receivers/{code}/key"): (put_key, "set_receiver", {"receivers", "people"}),
    ("PUT", "/api/v1/admin/channels/{id}"): (put_channel, "channels", {"channels"}),
    ("POST", "/admin/channels"): (put_secret, "channels", {"channels"}),
    ("DELETE", "/api/v1/admin/channels/{id}"): (remove_channel, "channels", {"channels"}),
    ("POST", "/admin/channels/{id}/remove"): (
        lambda d: remove_channel(d, "/admin/channels/spare/remove"), "channels", {"channels"}),
    ("POST", "/api/v1/admin/hooks"): (add_hook, "channels", {"hook_subscriptions"}),
    ("POST", "/admin/channels/hooks"): (
        lambda d: add_hook(d, "/admin/channels/hooks"), "channels", {"hook_subscriptions"}),
    ("DELETE", "/api/v1/admin/hooks/{id}"): (
        lambda d: end_hook(d, "DELETE", "/api/v1/admin/hooks/{id}"), "channels", {"hook_subscriptions"}),
    ("POST", "/admin/channels/hooks/{id}/end"): (
        lambda d: end_hook(d, "POST", "/admin/channels/hooks/{id}/end"), "channels", {"hook_subscriptions"}),
    ("POST", "/api/v1/admin/open311-keys"): (
        lambda d: d.client.post("/api/v1/admin/open311-keys", json=KEY), "open311 key create", {"open311_keys"}),
    ("POST", "/admin/open311"): (
        lambda d: d.post("/admin/open311", per_hour="10", **KEY), "open311 key create", {"open311_keys"}),
    ("DELETE", "/api/v1/admin/open311-keys/{id}"): (end_key, "open311 key revoke", {"open311_keys"}),
    ("POST", "/admin/open311/revoke"): (
        lambda d: end_key(d, "/admin/open311/revoke"), "open311 key revoke", {"open311_keys"}),
    ("POST", "/admin/people/{username}/interests"): (
        lambda d: d.post("/admin/people/worker/interests", **INTEREST), "people interest", {"interests"}),
    ("PUT", "/api/v1/admin/people/{username}/interests"): (declare, "people interest", {"interests"}),
    ("POST", "/api/v1/admin/people/{username}/interests/{id}/end"): (end_interest, "people interest", {"interests"}),
}  # fmt: skip
#: They change nothing of the administration: a simulation is computed in a file of its own, a message is sent.
CHANGE_NOTHING = {
    ("POST", "/admin/channels/{id}/test"),
    ("POST", "/api/v1/admin/channels/{id}/test"),
    ("POST", "/admin/deliveries/{key}/replay"),
    ("POST", "/api/v1/admin/deliveries/{key}/replay"),
    ("POST", "/admin/receivers/test"),
    ("POST", "/api/v1/admin/receivers/{code}/test"),
    ("POST", "/admin/simulations/{run}/stop"),
    ("POST", "/admin/simulations/{id}"),
}


def test_no_route_of_the_administration_is_left_out() -> None:
    changing = {
        (method, route.path)
        for router in (*PAGES, *API)
        for route in router.routes
        if isinstance(route, APIRoute) and route.path.startswith(("/admin", "/api/v1/admin"))
        for method in (route.methods or set()) - {"GET", "HEAD"}
    }
    assert changing - CHANGE_NOTHING == set(ROUTES)


async def written(engine: AsyncEngine, after: int) -> list[Any]:
    query = text(
        "SELECT a.id, p.username, a.action, a.kind, a.object, a.before, a.after FROM admin_actions a"
        " LEFT JOIN people p ON p.id = a.actor WHERE a.id > :after ORDER BY a.id"
    )
    async with engine.connect() as connection:
        return list(await connection.execute(query, {"after": after}))


@pytest.mark.parametrize("route", [*ROUTES, "publish", "drop"], ids=str)
async def test_every_change_is_written_down(desk: Desk, route: Any) -> None:
    use, action, kinds = (
        ROUTES.get(route)
        or {
            "publish": (publish_draft, "policy publish", {"policies", "policy_drafts"}),
            "drop": (drop_draft, "policy draft", {"policy_drafts"}),
        }[route]
    )
    last = await desk.one("SELECT coalesce(max(id), 0) FROM admin_actions")
    answer = await use(desk)
    assert answer.status_code in (200, 201, 204, 303), answer.text[-2000:]
    rows = await written(desk.engine, last)
    assert {row.username for row in rows} == {"admin"}
    assert {row.kind for row in rows if row.action == action} >= kinds
    assert all(row.before != row.after for row in rows)
    assert "argon2" not in json.dumps([(row.before, row.after) for row in rows], default=str)


async def test_a_change_has_before_and_after_and_one_that_fails_leaves_nothing(desk: Desk) -> None:
    last = await desk.one("SELECT coalesce(max(id), 0) FROM admin_actions")
    await desk.post("/admin/people/worker", name="改名", active="1")
    (row,) = await written(desk.engine, last)
    assert (row.object, row.before["name"], row.after["name"]) == ("worker", "网格员", "改名")
    assert "password_hash" not in row.before
    refused = await desk.post("/admin/people/nobody", name="x", active="1")
    assert refused.status_code == 404
    await desk.post("/admin/people/worker", name="改名", active="1")  # the same again
    assert len(await written(desk.engine, last)) == 1


async def test_what_a_command_changes_is_written_down_without_a_person(desk: Desk) -> None:
    last = await desk.one("SELECT coalesce(max(id), 0) FROM admin_actions")
    async with transaction(desk.engine, Acting("people load")) as connection:
        await people_edit.change_person(connection, "worker", "甲", active=True, today=date(2026, 1, 1))
    async with desk.engine.begin() as connection:
        await connection.execute(text("UPDATE people SET name = '乙' WHERE username = 'worker'"))
    rows = [(row.username, row.action, row.after["name"]) for row in await written(desk.engine, last)]
    assert rows == [(None, "people load", "甲"), (None, "database", "乙")]


@pytest.mark.parametrize(
    "change", ["UPDATE admin_actions SET action = 'x'", "DELETE FROM admin_actions", "TRUNCATE admin_actions"]
)
def test_actions_can_only_be_appended(database_url: str, change: str) -> None:
    with psycopg.connect(database_url) as connection, pytest.raises(errors.RestrictViolation):
        connection.execute(change.encode())


async def test_only_administrators_and_auditors_read_them(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    await client.post("/api/v1/admin/people/worker/password", json={}, headers=signed_in("admin"))
    for username, status in (("admin", 200), ("auditor", 200), ("supervisor", 403), ("keeper", 403), ("duty", 403)):
        for path in ("actions", "actions.xlsx"):
            answer = await client.get(f"/api/v1/admin/{path}", headers=signed_in(username))
            assert answer.status_code == status, (username, path)
    found = await client.get(
        "/api/v1/admin/actions",
        params={"actor": "admin", "about": "worker", "kind": "people"},
        headers=signed_in("auditor"),
    )
    (one,) = found.json()["items"]
    assert (one["action"], one["object"], one["actor"]) == ("people passwd", "worker", "admin")
    assert "password_hash" not in found.text
    sheet = await client.get("/api/v1/admin/actions.xlsx", params={"actor": "admin"}, headers=signed_in("auditor"))
    rows = list(openpyxl.load_workbook(io.BytesIO(sheet.content)).worksheets[0].values)
    assert len(rows) == 2
    first = (await client.get("/api/v1/admin/actions", params={"limit": 2}, headers=signed_in("admin"))).json()
    second = await client.get(
        "/api/v1/admin/actions", params={"limit": 2, "cursor": first["next_cursor"]}, headers=signed_in("admin")
    )
    assert {one["id"] for one in first["items"]}.isdisjoint(one["id"] for one in second.json()["items"])


async def test_two_changes_at_once_are_both_written_down(desk: Desk) -> None:
    last = await desk.one("SELECT coalesce(max(id), 0) FROM admin_actions")
    names = [f"名{number}" for number in range(5)]
    await asyncio.gather(*(desk.post("/admin/people/worker", name=name, active="1") for name in names))
    rows = await written(desk.engine, last)
    assert sorted(row.after["name"] for row in rows) == names
    assert [row.before["name"] for row in rows][1:] == [row.after["name"] for row in rows][:-1]


def test_every_action_and_field_has_words_in_both_languages() -> None:
    """Of what is written in the source: the names of actions, and the columns of the tables that are written down."""
    named = re.compile(r"(?:begin_change|Acting|record_action)\([^\")]*\"([a-z_ -]+)\"")
    called = {
        name
        for package in ("services", "cli", "web", "api", "infra")
        for file in Path(package).rglob("*.py")
        for name in named.findall(file.read_text(encoding="utf-8"))
    }
    assert len(called) > 10
    called |= {"rotate_key", "revoke_key", "end"}  # by which a station's key changes
    assert called - set(ACTIONS) == set()
    columns = {column.name for table in WRITTEN_DOWN for column in metadata.tables[table].columns}
    unnamed = {
        name for name in columns - HIDDEN if changed_field(name, "zh") == name or changed_field(name, "en") == ""
    }
    assert unnamed == set()
    shanghai = ZoneInfo("Asia/Shanghai")
    assert [changed_value("active", given, "zh", shanghai) for given in (True, False)] == ["是", "否"]
    assert changed_value("role", "duty_officer", "en", shanghai) == "duty officer"
    assert changed_value("starts_at", "2026-11-29T23:30:00+00:00", "zh", shanghai) == "2026-11-30 07:30"


async def test_the_page_and_the_sheet_speak_in_words(desk: Desk) -> None:
    await desk.post("/admin/roster/absence", person="worker", since="2099-02-01", until="2099-02-02",
                    deputy="duty", reason="年休假")  # fmt: skip
    for lang, said in (("zh", ("登记请假", "代理人", "duty")), ("en", ("record an absence", "deputy", "duty"))):
        page = await desk.client.get(f"/admin/actions?kind=absences&about=worker&lang={lang}")
        rows = page.text.split("<tbody>")[1].split("</tbody>")[0]
        assert [word for word in said if word not in rows] == []
        for raw in ("people absent", "<code>", "None", str(person_id("duty"))):
            assert raw not in rows, raw
