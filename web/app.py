"""The application that browsers use: the API and the pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api.app import create_app as create_api, lifespan as api_lifespan
from web.errors import add_handlers
from web.live import Hub
from web.live_readers import LiveReaders
from web.routes import ROUTERS
from web.routes.admin.temporal import open_interface
from web.security import PageMiddleware
from web.static import mount_static


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open what the API opens, and run the hub of changes."""
    async with api_lifespan(app), run_hub(app), open_interface(app, app.state.services.settings):
        yield


@asynccontextmanager
async def run_hub(app: FastAPI) -> AsyncIterator[None]:
    """Set `app.state.hub`, and listen for changes until the block ends. `app.state.services` must be set."""
    services = app.state.services
    async with Hub(lambda: services.settings.database).listening() as hub:
        app.state.hub, app.state.live_readers = hub, LiveReaders(services)
        app.state.drain.at_begin(hub.end_streams)
        yield


def create_app() -> FastAPI:
    """The API with all pages."""
    app = create_api(lifespan)
    api_routes = app.router.routes[:]
    app.router.routes.clear()
    # Routes are tried in order. Each page asks for several static files, so these come first.
    mount_static(app)
    for router in ROUTERS:
        app.include_router(router, include_in_schema=False)
    # The pages come before the API: a browser at "/" must get a page, not the API's document.
    app.router.routes.extend(api_routes)
    add_handlers(app)
    app.add_middleware(PageMiddleware)
    return app
