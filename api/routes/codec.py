"""The codec server: what Temporal's web interface and command line ask to read encrypted payloads.

It decrypts whatever it is given, so it serves administrators only, and writes down every call. The protocol is
Temporal's: JSON `Payloads`, bytes in Base64.
"""

import base64
import re
from typing import Annotated
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer
from temporalio.api.common.v1 import Payload as StoredPayload
from temporalio.converter import PayloadCodec

from doors.dependencies import ServicesDep
from doors.problems import PROBLEMS
from doors.security import Bearer, Now, access_by_bearer, access_by_session
from doors.session import check_same_origin, session_token
from infra.database import transaction
from infra.payload_usage import key_ids
from infra.store.admin_actions import record_action
from models.base import Frozen
from models.context import Person
from models.errors import ForeignRequest
from services.accounts.limits import CODEC_CALLS
from services.admin.rights import check_admin

#: What the browser asks before it lets Temporal's interface call us, and what it is told.
_ALLOWED_HEADERS = "content-type, x-namespace, authorization"
#: The page of a workflow in Temporal's interface, by which its calls are written down.
_WORKFLOW_PAGE = re.compile(r"/namespaces/[^/]+/workflows/(?P<id>[^/]+)/")


def _from_base64(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


#: Bytes, in JSON as Base64 (RFC 4648 §4).
Base64 = Annotated[
    bytes,
    BeforeValidator(_from_base64, json_schema_input_type=str),
    PlainSerializer(lambda value: base64.b64encode(value).decode(), return_type=str, when_used="json"),
]


class Payload(Frozen):
    """A payload as Temporal stores it. Other members are ignored: Temporal adds some from time to time."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    metadata: dict[str, Base64] = Field(default_factory=dict)
    data: Base64 = b""


class Payloads(Frozen):
    """Payloads in their order."""

    payloads: Annotated[tuple[Payload, ...], Field(max_length=1000)] = ()


async def allow_interface(request: Request, response: Response, services: ServicesDep) -> None:
    """Let Temporal's interface read the answer, where it has an origin of its own (`GRIDLOOP_TEMPORAL_UI_ORIGIN`)."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Origin"
    if _is_interface(request, services.settings.temporal_ui_origin):
        response.headers["Access-Control-Allow-Origin"] = request.headers["origin"]
        response.headers["Access-Control-Allow-Credentials"] = "true"


def _is_interface(request: Request, origin: str | None) -> bool:
    return origin is not None and request.headers.get("origin") == origin


async def operator(request: Request, bearer: Bearer, services: ServicesDep, moment: Now) -> Person:
    """Return the administrator who asks: by a token, or by the session of a browser whose page is ours or Temporal's.

    Raises ForeignRequest, ScopeMissing, NotSignedIn, NotYours, TooManyAttempts, and the errors of `access_for_token`.
    """
    if bearer is not None:
        access = await access_by_bearer(request, bearer, services, moment)
    else:
        if session_token(request) is not None and not _is_interface(request, services.settings.temporal_ui_origin):
            check_same_origin(request)
        access = await access_by_session(request, services, moment)
    access.check()
    await check_admin(services.engine, access.person, moment, "codec")
    await CODEC_CALLS.use(services.engine, str(access.person.id), moment)
    return access.person


Operator = Annotated[Person, Depends(operator)]
Namespace = Annotated[str, Header(alias="x-namespace", max_length=255)]

router = APIRouter(prefix="/codec", tags=["operation"], responses=PROBLEMS, dependencies=[Depends(allow_interface)])


@router.options("/{call}", status_code=204, include_in_schema=False)
async def preflight(request: Request, services: ServicesDep, response: Response) -> None:
    """Answer the browser's question for Temporal's interface, and for no other origin."""
    if not _is_interface(request, services.settings.temporal_ui_origin):
        raise ForeignRequest()
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
    response.headers["Access-Control-Max-Age"] = "600"


@router.post("/decode", response_model_exclude_unset=True)
async def decode(
    request: Request, body: Payloads, services: ServicesDep, operator: Operator, namespace: Namespace = ""
) -> Payloads:
    """Decrypts payloads. Those that are not encrypted come back as they are.

    For administrators without a grid limit; each call is written down among their actions.
    """
    stored = _stored(body)
    decoded = await _codec(services).decode(stored)
    told = {
        "payloads": len(stored),
        "keys": sorted({key for payload in stored for key in key_ids(payload)}),
        "namespace": namespace,
    }
    async with transaction(services.engine) as connection:
        about = ("temporal", _workflow_asked_for(request) or "codec")
        await record_action(connection, operator.id, "decode_payloads", about, None, told)
    return _shown(decoded)


@router.post("/encode", response_model_exclude_unset=True)
async def encode(body: Payloads, services: ServicesDep, operator: Operator) -> Payloads:
    """Encrypts payloads by the current key, for what an administrator sends to a workflow by Temporal's tools."""
    return _shown(await _codec(services).encode(_stored(body)))


def _codec(services: ServicesDep) -> PayloadCodec:
    codec = services.temporal.data_converter.payload_codec
    assert codec is not None
    return codec


def _stored(body: Payloads) -> list[StoredPayload]:
    return [StoredPayload(metadata=one.metadata, data=one.data) for one in body.payloads]


def _shown(payloads: list[StoredPayload]) -> Payloads:
    return Payloads(payloads=tuple(Payload(metadata=dict(one.metadata), data=one.data) for one in payloads))


def _workflow_asked_for(request: Request) -> str | None:
    """Return the id of the workflow whose page asks, where the browser tells the page."""
    found = _WORKFLOW_PAGE.search(urlsplit(request.headers.get("referer", "")).path)
    return None if found is None else unquote(found["id"])[:200]
