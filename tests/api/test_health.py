"""Alive, ready, counted; and the description of the API."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from api.app import create_app, lifespan
from doors.dependencies import Services
from doors.readiness import Condition, check_readiness
from infra.schema import known_revisions
from infra.settings import Settings, settings
from infra.store.place import Place
from tests.api.conftest import SignedIn

#: Where the workflows of these tests would be.
OURS = Place("ours", "n", "a")


async def test_alive(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


async def test_not_ready_names_the_parts(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM policies"))
    answer = await client.get("/readyz", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    body = answer.json()
    assert body["code"] == "not_ready"
    assert body["parts"] == {
        "postgres": "ok", "schema": "ok", "policy": "missing", "temporal": "away", "place": "away",
        "attachments": "ok",
    }  # fmt: skip
    assert body["detail"] == "Not ready: policy, temporal, place."


async def test_ready_when_all_parts_are(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def there(_client: object) -> tuple[Condition, Place]:
        return Condition.OK, OURS

    monkeypatch.setattr("doors.readiness._check_temporal", there)
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert set(answer.json().pop("parts").values()) == {"ok"}


@pytest.mark.parametrize(
    ("change", "status", "parts"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", 200, {"schema": "newer"}),
        ("UPDATE alembic_version SET version_num = '0001'", 503, {"schema": "older", "place": "ok"}),
        ("DROP TABLE alembic_version", 503, {"schema": "missing", "policy": "missing"}),
        ("INSERT INTO workflow_place VALUES (1, 'ours', 'n', 'a', now())", 200, {"place": "ok"}),
        ("INSERT INTO workflow_place VALUES (1, 'theirs', 'n', 'a', now())", 503, {"place": "elsewhere"}),
    ],
)
async def test_tables_and_place_are_parts(
    client: httpx.AsyncClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, change: str, status: int,
    parts: dict[str, str],
) -> None:  # fmt: skip
    async def there(_client: object) -> tuple[Condition, Place]:
        return Condition.OK, OURS

    monkeypatch.setattr("doors.readiness._check_temporal", there)
    async with engine.begin() as connection:
        await connection.execute(text(change))
    answer = await client.get("/readyz")
    assert answer.status_code == status
    assert answer.json()["parts"].items() >= parts.items()


@pytest.mark.parametrize(
    ("namespace", "condition"), [("not-there", Condition.MISSING), (None, Condition.OK), ("", Condition.AWAY)]
)
async def test_a_namespace_that_is_missing_is_told_from_a_server_that_is_away(
    engine: AsyncEngine, temporal_client: Client, api_settings: Settings, namespace: str | None, condition: Condition
) -> None:
    address = temporal_client.service_client.config.target_host if namespace != "" else "127.0.0.1:9"
    asking = await Client.connect(address, namespace=namespace or temporal_client.namespace, lazy=True)
    assert (await check_readiness(engine, asking, api_settings)).temporal is condition


async def test_missing_tables_are_told_to_who_asks(client: httpx.AsyncClient, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        await connection.execute(text("ALTER TABLE sign_in_attempts RENAME TO of_later"))
    assert (await client.get("/readyz")).status_code == 503
    answer = await client.post("/api/v1/auth/token", data={"username": "worker", "password": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "schema_behind")
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE alembic_version SET version_num = :head"), {"head": known_revisions()[-1]}
        )
    await client.get("/readyz")  # what this process has seen is not kept for the next test


async def test_a_load_balancer_may_send_head(client: httpx.AsyncClient) -> None:
    assert (await client.head("/healthz")).status_code == 200
    assert (await client.head("/readyz")).status_code == 503, "no Temporal here"


async def test_metrics_are_labelled_with_templates(client: httpx.AsyncClient) -> None:
    await client.get("/api/v1/attachments/secret-looking-path")
    await client.get("/no/such/place")
    page = (await client.get("/metrics")).text
    assert 'gridloop_request_seconds_count{method="GET",route="/api/v1/attachments/{sha256}",status="401"}' in page
    assert 'route="unmatched",status="404"' in page
    assert "secret-looking-path" not in page


@pytest.mark.parametrize(("language", "title"), [("en", "Grid-governance event workflow engine"), (None, "网格化")])
async def test_the_start_is_localized(client: httpx.AsyncClient, language: str | None, title: str) -> None:
    answer = await client.get("/", headers={"Accept-Language": language} if language else {})
    body = answer.json()
    assert body["name"] == "Gridloop"
    assert body["version"].count(".") == 2
    assert title in body["title"]
    assert (await client.get(body["links"]["openapi"])).status_code == 401, "it is for who is signed in"


async def test_every_reference_in_openapi_exists(client: httpx.AsyncClient, signed_in: SignedIn) -> None:
    schema = (await client.get("/openapi.json", headers=signed_in("worker"))).json()
    assert schema["openapi"].startswith("3.1")
    assert schema["info"]["title"] == "Gridloop"
    token = schema["components"]["securitySchemes"]["bearer"]["flows"]["password"]["tokenUrl"]
    assert token == "/api/v1/auth/token"
    assert "errors" in schema["components"]["schemas"]["Problem"]["properties"]
    upload = schema["paths"]["/api/v1/attachments"]["post"]
    assert set(upload["responses"]) == {"200", "201", "4XX", "5XX"}
    assert "application/problem+json" in upload["responses"]["4XX"]["content"]
    assert upload["security"] == [{"bearer": []}]
    known = schema["components"]["schemas"]
    for name in references(schema):
        assert name in known
    for page in ("/docs", "/redoc"):
        assert (await client.get(page)).status_code == 404


def references(node: object) -> set[str]:
    """The names of all component schemas that `node` refers to."""
    if isinstance(node, dict):
        own = {node["$ref"].removeprefix("#/components/schemas/")} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return set()


async def test_the_lifespan_opens_and_closes(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDLOOP_DATABASE_URL", database_url)
    monkeypatch.setenv("GRIDLOOP_TOKEN_SECRET", "2" * 64)
    monkeypatch.setenv("GRIDLOOP_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:9")
    monkeypatch.setattr("api.app.set_up_logging", lambda _settings: None)
    settings.cache_clear()
    app: FastAPI = create_app()
    try:
        async with lifespan(app):
            assert isinstance(app.state.services, Services)
            async with app.state.services.engine.connect() as connection:
                assert await connection.scalar(text("select 1")) == 1
    finally:
        settings.cache_clear()
