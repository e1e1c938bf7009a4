"""The application on a new database with the tiny park of `tests.builders`."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from doors.dependencies import Services
from infra.keys.ring import create_ring
from infra.settings import Settings
from infra.temporal import make_converter
from services.runtime.resources import Resources
from tests.api.apps import shared_api
from tests.builders import small_park, token_for

#: Nothing listens there: the client is lazy, and only the readiness check calls it.
NOWHERE = "127.0.0.1:9"

#: Returns the headers of a signed-in person of the tiny park.
SignedIn = Callable[[str], dict[str, str]]


@pytest.fixture
def api_settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings with this test's own data directory, and a limit of 1 MB for attachments."""
    create_ring(tmp_path / "keys" / "master.json")
    return Settings(
        database_url=SecretStr(database_url),
        token_secret=SecretStr("1" * 64),
        data_dir=tmp_path,
        attachment_megabytes=1,
        video_megabytes=1,
    )


@pytest.fixture
async def services(engine: AsyncEngine, api_settings: Settings) -> Services:
    """What the lifespan would open, without Temporal."""
    temporal = await Client.connect(NOWHERE, lazy=True, data_converter=make_converter(api_settings.key_ring))
    return Services(Resources(api_settings, engine, temporal))


@pytest.fixture
async def app(engine: AsyncEngine, services: Services) -> FastAPI:
    """The application on the tiny park. Tests share it, and change nothing of it but its state."""
    await small_park(engine)
    return shared_api(services)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the default language, Chinese, that is not signed in."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gridloop.test") as opened:
        yield opened


@pytest.fixture
def signed_in(api_settings: Settings) -> SignedIn:
    """Sign in any person without a password."""

    def headers(username: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token_for(api_settings, username)}"}

    return headers
