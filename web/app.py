"""The application that a browser meets: the API, with the pages beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.app import create_app as create_api
from api.app import lifespan as api_lifespan
from web.errors import add_handlers
from web.live import Hub
from web.routes import ROUTERS
from web.security import PageMiddleware
from web.static import mount_static


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What the API opens, and the hub that hears of changes."""
    async with api_lifespan(app), hearing(app):
        yield


@asynccontextmanager
async def hearing(app: FastAPI) -> AsyncIterator[None]:
    """`app.state.hub` while it hears of changes; `app.state.services` must be there."""
    services = app.state.services
    async with Hub(services.settings.database_url.get_secret_value()).listening() as hub:
        app.state.hub = hub
        yield


def create_app() -> FastAPI:
    """The API with all pages."""
    app = create_api(lifespan)
    told_to_programs = app.router.routes[:]
    app.router.routes.clear()
    # Routes are tried one after the other. What each page asks for several times comes first, and takes no time.
    mount_static(app)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    # The pages before the API: at "/" a browser is not to be met with the API's own words.
    app.router.routes.extend(told_to_programs)
    add_handlers(app)
    app.add_middleware(PageMiddleware)
    return app
