"""The API application."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.compression import CompressionMiddleware
from api.middleware import RequestMiddleware
from api.open311.door import Open311Door, add_refusals
from api.routes import ROUTERS
from api.server import warn_of_proxies
from doors.dependencies import Services
from doors.draining import Drain
from doors.head import HeadMiddleware
from doors.masking import MaskingMiddleware
from doors.problems import Problem, add_error_handlers
from doors.version import version
from doors.warm_up import warm_up
from infra.database import ANSWER_TIMEOUT, open_database
from infra.event_loop import freeze_garbage_collector
from infra.logging import set_up_logging
from infra.settings import settings
from infra.temporal import connect
from infra.tracing import start_tracing, stop_tracing
from models.personal_numbers import choose_kinds
from services.runtime.resources import Resources

_DESCRIPTION = (
    "网格化治理事件流程引擎。Reports become durable cases; commands take them through receive, dispatch, handle, "
    "review and close. Every refusal is a problem document (RFC 9457), in Chinese or English by Accept-Language."
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the connections of the process as `app.state.services`, and close them at the end.

    The API also starts while PostgreSQL or Temporal is away.
    Raises pydantic.ValidationError for settings that are missing or wrong.
    """
    config = settings()
    set_up_logging(config)
    warn_of_proxies(config)
    choose_kinds(config.masked_numbers)
    start_tracing(config, "gridloop-api")
    engine = open_database(config, timeout=ANSWER_TIMEOUT)
    try:
        app.state.services = Services(Resources(config, engine, await connect(config, lazy=True)))
        await warm_up(app.state.services.resources, datetime.now(UTC))
        freeze_garbage_collector()
        yield
    finally:
        await engine.dispose()
        stop_tracing()


def create_app(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] = lifespan) -> FastAPI:
    """Return the application with all its routes. FastAPI's documentation pages are off: they load from other hosts.

    `lifespan` opens the connections of the process and closes them at the end.
    """
    app = FastAPI(
        title="Gridloop",
        version=version(),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # its route asks who wants it (`api.routes.health`)
        lifespan=lifespan,
    )
    app.state.drain = Drain()
    for router in ROUTERS:
        app.include_router(router)
    add_error_handlers(app)
    add_refusals(app)
    app.add_middleware(Open311Door)
    app.add_middleware(MaskingMiddleware)
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(RequestMiddleware)
    _add_problem_schema(app)
    return app


def _add_problem_schema(app: FastAPI) -> None:
    """Add the schema of the problem document, which every route refers to, to the OpenAPI description."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                openapi_version=app.openapi_version,
                description=app.description,
                routes=app.routes,
            )
            own = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(own.pop("$defs", {}))
            schemas["Problem"] = own
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
