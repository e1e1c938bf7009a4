"""Routes at the root: liveness, readiness, metrics, and links to everything else."""

import hmac
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from doors.client import is_local
from doors.dependencies import Services, ServicesDep
from doors.language import Language
from doors.negotiation import CONTENT_LANGUAGE
from doors.problems import PROBLEMS, problem_response
from doors.readiness import Readiness, check_readiness
from doors.security import Bearer, Now, access_at_all
from doors.version import version
from infra.metrics import render_metrics
from models.base import Frozen
from models.errors import NotReady, NotSignedIn
from services.auditing.audit import show_latest_audit

router = APIRouter(tags=["health"])


class Alive(Frozen):
    """The process is alive."""

    status: str = "ok"


class Ready(Frozen):
    """All parts are ready."""

    status: str = "ready"
    parts: Readiness


class Start(Frozen):
    """Name, version and links; the title is in the caller's language."""

    name: str = "Gridloop"
    version: str
    title: str
    links: dict[str, str]


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def alive() -> Alive:
    """Whether the process is alive. Checks nothing else."""
    return Alive()


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", response_model=Ready, responses={503: PROBLEMS["5XX"]})
async def ready(request: Request, services: ServicesDep) -> Response:
    """Whether PostgreSQL and Temporal answer, the tables fit this program, a policy is published, and the workflows of
    the database are in our namespace; 503 with the parts listed when not.

    Also 503, with the part `process`, once the process has been told to stop.
    """
    if request.app.state.drain.begun:
        return problem_response(request, NotReady(parts="process"), {"parts": {"process": "stopping"}})
    parts = await check_readiness(services.engine, services.temporal, services.settings)
    shown: dict[str, Any] = parts.model_dump(mode="json", by_alias=True)
    if parts.failing:
        return problem_response(request, NotReady(parts=", ".join(parts.failing)), {"parts": shown})
    return JSONResponse({"status": "ready", "parts": shown})


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request, services: ServicesDep) -> Response:
    """Metrics of the API and the workers for Prometheus, and the findings of the latest audit.

    For requests from this machine, and with the token of the settings as a bearer token.
    """
    if not is_local(request) and not _has_metrics_token(request, services):
        raise NotSignedIn()
    await show_latest_audit(services.engine)
    return Response(render_metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _has_metrics_token(request: Request, services: Services) -> bool:
    token = services.settings.metrics_token
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if token is None or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(sent.strip().encode(), token.get_secret_value().encode())


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, bearer: Bearer, services: ServicesDep, now: Now) -> Response:
    """The OpenAPI document: for who is signed in, or for everybody where the settings say so."""
    if not services.settings.openapi_public:
        (await access_at_all(request, bearer, services, now)).check()
    return JSONResponse(request.app.openapi())


@router.get("/")
async def start(language: Language, response: Response) -> Start:
    """Name, version and links."""
    response.headers["Content-Language"] = CONTENT_LANGUAGE[language]
    response.headers["Vary"] = "Accept-Language"
    titles = {"zh": "网格化治理事件流程引擎", "en": "Grid-governance event workflow engine"}
    return Start(
        version=version(),
        title=titles[language],
        links={
            "openapi": "/openapi.json",
            "token": "/api/v1/auth/token",
            "cases": "/api/v1/cases",
            "inbox": "/api/v1/inbox",
            "health": "/healthz",
            "ready": "/readyz",
        },
    )
