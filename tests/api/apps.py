"""The applications that the tests of a process share.

The first request to an application builds its routes: 0.02 s of the API, 0.4 s of the pages, more than what most tests
ask of it. Tests change nothing of a shared application but its state; whoever adds routes makes their own.
"""

from functools import cache

from fastapi import FastAPI

import api.app
import web.app
from doors.dependencies import Services
from doors.draining import Drain


@cache
def _api(which: int) -> FastAPI:
    return api.app.create_app()


@cache
def _site() -> FastAPI:
    return web.app.create_app()


def shared_api(services: Services, which: int = 0) -> FastAPI:
    """The API on these services; `which` for several at a time."""
    return _with_state(_api(which), services)


def shared_site(services: Services) -> FastAPI:
    """The API and the pages on these services."""
    return _with_state(_site(), services)


def _with_state(app: FastAPI, services: Services) -> FastAPI:
    app.state.services, app.state.drain = services, Drain()
    app.dependency_overrides.clear()
    return app
