"""Reference data: each within their scope, the rest as if it did not exist."""

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.enums import Role
from tests.api.conftest import SignedIn
from tests.builders import (
    COMMUNITY,
    FIRE,
    GRID,
    MICRO,
    MICRO_2,
    OTHER_COMMUNITY,
    OTHER_GRID,
    OTHER_MICRO,
    OTHER_PARK,
    PARK,
    Holder,
    a_policy,
    add_people,
    publish,
)

FIRST = [PARK, COMMUNITY, GRID, MICRO, MICRO_2]
OTHER = [OTHER_PARK, OTHER_COMMUNITY, OTHER_GRID, OTHER_MICRO]


async def codes(client: httpx.AsyncClient, headers: dict[str, str], query: str = "") -> list[str]:
    answer = await client.get(f"/api/v1/grids{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["code"] for item in answer.json()["items"]]


async def test_units_in_scope(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for username, seen in {
        "admin": FIRST + OTHER, "auditor": FIRST + OTHER, "labour_handler": FIRST + OTHER, "duty": FIRST,
        "worker": FIRST, "fire_handler": FIRST, "reporter": FIRST, "other_duty": OTHER,
        "volunteer": [PARK, COMMUNITY, GRID, MICRO],
    }.items():  # fmt: skip
        assert await codes(client, signed_in(username)) == seen, username


async def test_no_role_no_units(client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE grants SET until = '2024-02-01'"))
    assert await codes(client, signed_in("admin")) == []
    answer = await client.get(f"/api/v1/grids/{PARK}", headers=signed_in("admin"))
    assert answer.status_code == 404


async def test_filters(client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine) -> None:
    assert await codes(client, signed_in("admin"), "?level=1") == [PARK, OTHER_PARK]
    assert await codes(client, signed_in("admin"), f"?under={GRID}") == [GRID, MICRO, MICRO_2]
    assert await codes(client, signed_in("admin"), f"?under={PARK}&level=4") == [MICRO, MICRO_2]
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE grid_units SET retired_on = '2024-02-01' WHERE code = :c"), {"c": MICRO})
    assert await codes(client, signed_in("admin"), f"?under={GRID}") == [GRID, MICRO_2]


async def test_out_of_scope_is_unknown(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for path in (f"/{OTHER_PARK}", "/nothing", "/a%00b", f"?under={OTHER_PARK}", "?under=nothing"):
        answer = await client.get(f"/api/v1/grids{path}", headers=signed_in("duty"))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_pages(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await client.get(f"/api/v1/grids?limit=2{cursor}", headers=signed_in("admin"))).json()
        seen += [item["code"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == FIRST + OTHER


async def test_odd_cursors_do_no_harm(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for cursor in ("!", "AA", "YQ", "_w", "网", "A", ""):
        for place in ("grids", "people"):
            answer = await client.get(f"/api/v1/{place}?cursor={cursor}", headers=signed_in("admin"))
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/cursor"), cursor


async def test_the_cursor_of_another_list_is_none(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    given = (await client.get("/api/v1/people?limit=1", headers=signed_in("admin"))).json()["next_cursor"]
    for path, status in ((f"people?cursor={given}", 200), (f"grids?cursor={given}", 422)):
        assert (await client.get(f"/api/v1/{path}", headers=signed_in("admin"))).status_code == status, path


async def test_bad_filters(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for query in ("?limit=0", "?limit=1001", "?level=5", "?under=a b", "?under=%00"):
        assert (await client.get(f"/api/v1/grids{query}", headers=signed_in("admin"))).status_code == 422, query


async def test_a_unit_in_full(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    answer = await client.get(f"/api/v1/grids/{GRID}", headers=signed_in("worker"))
    assert answer.json() == {
        "code": GRID,
        "name": "第一网格",
        "level": 3,
        "parent": COMMUNITY,
        "type": "territorial",
        "households": None,
        "enterprise": None,
        "path": [
            {"code": PARK, "name": "东区园区", "level": 1},
            {"code": COMMUNITY, "name": "东一社区", "level": 2},
            {"code": GRID, "name": "第一网格", "level": 3},
        ],
        "children": 2,
        "people": [{"name": "网格员", "role": "grid_worker"}],
    }
    dedicated = (await client.get(f"/api/v1/grids/{MICRO_2}", headers=signed_in("worker"))).json()
    assert (dedicated["type"], dedicated["enterprise"]) == ("dedicated", "示例化工厂")


async def test_the_map(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    answer = await client.get(f"/api/v1/grids.geojson?under={PARK}&level=4", headers=signed_in("duty"))
    assert answer.headers["content-type"] == "application/geo+json"
    body = answer.json()
    assert body["type"] == "FeatureCollection"
    assert [feature["id"] for feature in body["features"]] == [MICRO, MICRO_2]
    assert body["features"][0]["geometry"]["type"] == "Polygon"
    assert body["features"][0]["properties"]["name"] == "第一微网格"
    empty = await client.get("/api/v1/grids.geojson?level=4", headers=signed_in("other_duty"))
    assert [feature["id"] for feature in empty.json()["features"]] == [OTHER_MICRO]


async def test_categories_come_from_the_newest_policy(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine
) -> None:
    body = (await client.get("/api/v1/categories", headers=signed_in("reporter"))).json()
    assert body["policy_version"] == 1
    assert [group["code"] for group in body["groups"]] == ["01", "02", "03"]
    fire = body["groups"][0]["categories"][0]
    assert (fire["code"], fire["severity"], fire["evidence_required"]) == ("0103", "pressing", True)
    (condition,) = fire["conditions"]
    handle = {name: condition["handle"][name] for name in ("amount", "unit", "source")}
    assert handle == {"amount": 24, "unit": "urgent_hour", "source": "our choice"}
    async with engine.begin() as connection:
        await publish(connection, a_policy(name="newer"), version=2)
    body = (await client.get("/api/v1/categories", headers=signed_in("reporter"))).json()
    assert body["policy_version"] == 2


async def test_a_category_says_whether_its_reporter_may_withdraw_it(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine
) -> None:
    policy = a_policy()
    first, *others = policy.categories
    standing = policy.model_copy(update={"categories": (first.model_copy(update={"withdrawable": False}), *others)})
    async with engine.begin() as connection:
        await publish(connection, standing, version=2)
    body = (await client.get("/api/v1/categories", headers=signed_in("reporter"))).json()
    found = {one["code"]: one["withdrawable"] for group in body["groups"] for one in group["categories"]}
    assert found == {first.code: False, **{other.code: True for other in others}}


async def test_without_a_policy_it_says_so(client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM policies"))
    answer = await client.get("/api/v1/categories", headers=signed_in("admin"))
    assert (answer.status_code, answer.json()["code"]) == (503, "not_set_up")
    assert await codes(client, signed_in("admin"), "?level=1") == [PARK, OTHER_PARK]


async def test_departments(client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE departments SET active = false WHERE id = 'labour'"))
    body = (await client.get("/api/v1/departments", headers=signed_in("reporter"))).json()
    assert [item["id"] for item in body["items"]] == ["environment", "fire"]
    fire = {"id": "fire", "name_zh": "消防救援大队", "name_en": "Fire brigade", "help_group": False}
    assert body["items"][1] == fire


async def usernames(client: httpx.AsyncClient, headers: dict[str, str]) -> set[str]:
    body = (await client.get("/api/v1/people", headers=headers)).json()
    return {item["username"] for item in body["items"]}


async def test_people_in_scope(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    everybody = await usernames(client, signed_in("admin"))
    assert {"other_duty", "duty", "labour_handler", "auditor"} <= everybody
    assert await usernames(client, signed_in("auditor")) == everybody
    assert await usernames(client, signed_in("reporter")) == {"reporter"}
    assert await usernames(client, signed_in("other_duty")) == {"other_duty"}
    assert await usernames(client, signed_in("labour_handler")) == {"labour_handler", "labour_head"}
    assert await usernames(client, signed_in("fire_head")) == {"fire_head", "fire_handler", "fire_handler_2"}
    assert await usernames(client, signed_in("community_supervisor")) == {
        "community_supervisor", "community_duty", "worker", "volunteer",
    }  # fmt: skip
    of_park = await usernames(client, signed_in("supervisor"))
    assert "fire_handler" in of_park
    assert of_park.isdisjoint({"other_duty", "admin", "labour_handler"})


async def test_people_are_shown_with_the_roles_of_today(
    client: httpx.AsyncClient, signed_in: SignedIn, engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        await add_people(connection, Holder("gone", "已离职", Role.HANDLER, department=FIRE))
        await add_people(connection, Holder("moved", "已调离", Role.HANDLER, department=FIRE))
        await connection.execute(text("UPDATE people SET active = false WHERE username = 'gone'"))
        await connection.execute(
            text("UPDATE grants SET until = '2024-02-01' FROM people p WHERE p.id = person AND p.username = 'moved'")
        )
    assert await usernames(client, signed_in("fire_head")) == {"fire_head", "fire_handler", "fire_handler_2"}
    body = (await client.get("/api/v1/people?limit=1", headers=signed_in("fire_head"))).json()
    assert body["items"][0]["roles"] == [{"role": "handler", "grid": PARK, "department": FIRE}]
    assert body["items"][0].keys() == {"id", "username", "name", "roles"}
    page = (
        await client.get(f"/api/v1/people?limit=1&cursor={body['next_cursor']}", headers=signed_in("fire_head"))
    ).json()
    assert page["items"][0]["username"] == "fire_handler_2"


LISTS = ("/grids", "/grids.geojson", f"/grids/{GRID}", "/categories", "/departments", "/people", "/notices", "/inbox",
         "/exports", "/org/lint", "/me/reports", "/supervision/board", "/supervision/overdue", "/supervision/bulletins",
         "/cases", "/cases/answers", "/cases/duplicates")  # fmt: skip


async def test_a_parameter_that_nobody_knows_is_refused_not_left_out(
    client: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    """A filter written wrong must not answer the whole list as if it had been narrowed."""
    for path in LISTS:
        answer = await client.get(f"/api/v1{path}?lvel=1&limt=2", headers=signed_in("supervisor"))
        assert answer.status_code == 422, (path, answer.text)
        told = {fault["pointer"]: fault["message"] for fault in answer.json()["errors"]}
        assert {"/query/lvel": "没有这个字段", "/query/limt": "没有这个字段"}.items() <= told.items(), path
        unknown = await client.get(f"/api/v1{path}?lvel=1")
        assert unknown.status_code == 401, f"{path}: who is not signed in hears that first"
