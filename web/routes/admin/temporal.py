"""Temporal's own web interface, below `/temporal/`: for administrators, behind our sign-in.

Requests are passed on to the interface, and its answers come back as they are. What may change a workflow is written
down first. The interface never sees our cookies or tokens.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, unquote

import httpx
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.background import BackgroundTask

from doors.dependencies import ServicesDep
from infra.database import transaction
from infra.embedded.temporal_tls import client_context
from infra.settings import Settings
from infra.store.admin_actions import record_action
from models.errors import NoSuchPage, StoreAway
from services.admin.rights import check_admin
from web.reader import SignedIn

router = APIRouter()

PATH = "/temporal"
#: What is passed on of a request and of an answer. Nothing else concerns the interface.
_ASKED = frozenset({"accept", "accept-encoding", "accept-language", "content-type", "if-none-match",
                    "if-modified-since", "x-csrf-token", "caller-type", "temporal-namespace"})  # fmt: skip
_ANSWERED = frozenset({"content-type", "content-encoding", "content-length", "cache-control", "etag", "last-modified",
                       "location", "vary"})  # fmt: skip
#: The interface's own cookie, against forged requests.
_CSRF = "_csrf"
#: The interface brings scripts and styles in its page.
_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_WORKFLOW = re.compile(r"/workflows/(?P<id>[^/]+)")
_READS = frozenset({"GET", "HEAD"})
#: Seconds until the interface must begin its answer; it asks the server itself.
_TIMEOUT = httpx.Timeout(30, connect=5)


@asynccontextmanager
async def open_interface(app: FastAPI, settings: Settings) -> AsyncIterator[None]:
    """Set `app.state.temporal_ui`, the client of the interface, until the block ends; None where there is none."""
    app.state.temporal_ui = None
    if settings.temporal_ui is None:
        yield
        return
    certificates = settings.temporal_ui_certificates
    verify = True if certificates is None else client_context(certificates)
    options: dict[str, Any] = {"base_url": settings.temporal_ui, "verify": verify, "timeout": _TIMEOUT}
    async with httpx.AsyncClient(trust_env=False, **options) as http:
        app.state.temporal_ui = http
        yield


@router.get(PATH)
async def begin(services: ServicesDep) -> Response:
    """The workflows of our namespace."""
    return RedirectResponse(f"{PATH}/namespaces/{quote(services.temporal.namespace, safe='')}/workflows", 303)


@router.api_route(PATH + "/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def pass_on(request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """Pass one request on. Raises NotYours for everybody but administrators, StoreAway when the interface is away."""
    await check_admin(services.engine, reader.person, reader.now, "temporal")
    http: httpx.AsyncClient | None = getattr(request.app.state, "temporal_ui", None)
    if http is None:
        raise NoSuchPage(what=PATH)
    path = (request.scope.get("raw_path") or request.url.path.encode()).decode("ascii")
    if request.method not in _READS:
        found = _WORKFLOW.search(path)
        about = ("temporal", PATH if found is None else unquote(found["id"])[:200])
        told = {"method": request.method, "path": path[:500]}
        async with transaction(services.engine) as connection:
            await record_action(connection, reader.person.id, "temporal_interface", about, None, told)
    asked = http.build_request(
        request.method,
        httpx.URL(path, query=request.scope["query_string"]),
        headers=_headers(request),
        content=await request.body(),
    )
    try:
        answer = await http.send(asked, stream=True)
    except httpx.TransportError as error:
        raise StoreAway() from error
    response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
    for name, value in answer.headers.multi_items():
        if name in _ANSWERED or (name == "set-cookie" and value.startswith(f"{_CSRF}=")):
            response.headers.append(name, value)
    response.headers["Content-Security-Policy"] = _CONTENT_POLICY
    return response


def _headers(request: Request) -> dict[str, str]:
    headers = {name: value for name, value in request.headers.items() if name in _ASKED}
    token = request.cookies.get(_CSRF)
    return headers if token is None else {**headers, "cookie": f"{_CSRF}={token}"}
