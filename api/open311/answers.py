"""Answers in XML and JSON, of the same content: the mapping that GeoReport v2 calls Spark.

In JSON the name of the root is dropped and a container of one kind of children is an array. In XML a list is a
container with a child for each, None an empty element.
"""

import json
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from doors.negotiation import CONTENT_LANGUAGE
from doors.problems import (
    RETRY_AFTER,
    allowed_methods,
    error_for_unexpected,
    language_of,
    problem_for_handled,
)
from models.errors import (
    DomainError,
    NoSuchFormat,
    NoSuchJurisdiction,
    NoSuchPage,
    NoSuchRequest,
    NoSuchService,
    NoSuchServiceToken,
    Open311KeyElsewhere,
    Open311KeyWrong,
    TooManyAttempts,
)

XML, JSON = "xml", "json"
MEDIA_TYPES = {XML: "text/xml; charset=utf-8", JSON: "application/json; charset=utf-8"}

#: The name of a child, by the name of its container.
_CHILDREN = {
    "services": "service", "attributes": "attribute", "values": "value", "service_requests": "request",
    "service_request_updates": "request_update", "errors": "error", "endpoints": "endpoint", "formats": "format",
    "photos": "photo", "notes": "note",
}  # fmt: skip
#: What XML 1.0 can't hold.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: The refusals that keep their status; every other is 400, as GeoReport v2 has it.
_NOT_FOUND = (NoSuchFormat, NoSuchJurisdiction, NoSuchPage, NoSuchRequest, NoSuchService, NoSuchServiceToken)
_KEY = (Open311KeyWrong, Open311KeyElsewhere)


def check_format(suffix: str) -> str:
    """Return the format of a suffix. Raises NoSuchFormat for another than xml and json."""
    if suffix not in MEDIA_TYPES:
        raise NoSuchFormat(suffix=suffix[:20])
    return suffix


def answer(request: Request, suffix: str, root: str, content: Any, status: int = 200) -> Response:
    """Return the answer with that content; `root` names it in XML."""
    headers = {"Content-Language": CONTENT_LANGUAGE[language_of(request)], "Vary": "Accept-Language"}
    if request.method in ("GET", "HEAD"):
        headers["Access-Control-Allow-Origin"] = "*"
    body = _json(content) if suffix == JSON else _xml(root, content)
    return Response(body, status, headers, MEDIA_TYPES[suffix])


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def _xml(root: str, content: Any) -> bytes:
    written = '<?xml version="1.0" encoding="utf-8"?>\n' + _element(root, content)
    return written.encode("utf-8", "replace")


def _element(name: str, value: Any) -> str:
    if value is None or value == "":
        return f"<{name}/>"
    if isinstance(value, Mapping):
        inner = "".join(_element(key, part) for key, part in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = "".join(_element(_CHILDREN[name], part) for part in value)
    elif isinstance(value, bool):
        inner = str(value).lower()
    else:
        inner = escape(_ILLEGAL.sub("", str(value)))
    return f"<{name}>{inner}</{name}>"


#: Where an error points that is about an answer to a question.
_ANSWERS = "/answers/"


class Open311Route(APIRoute):
    """A route whose refusals are told as GeoReport v2 tells them: an array of errors in the format asked for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which turns errors into answers."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except (DomainError, RequestValidationError, HTTPException) as error:
                return refusal_answer(request, error)
            except Exception as error:
                known = error_for_unexpected(error)
                if known.status == 500:  # told with its traceback by the middleware
                    raise
                return refusal_answer(request, known)

        return told


def refusal_answer(request: Request, error: Exception) -> Response:
    """Return the answer for a refusal, in XML where no known format was asked for."""
    problem = problem_for_handled(request, error, language_of(request))
    status = _status(error, problem.status)
    if isinstance(error, RequestValidationError) and problem.errors:
        said = [f"{_parameter_of(fault.pointer)}: {fault.message}" for fault in problem.errors]
    else:
        said = [problem.detail + _attribute_of(error)]
    errors = [{"code": str(status), "description": one} for one in said]
    found = answer(request, _format_of_refusal(request), "errors", errors, status)
    if isinstance(error, TooManyAttempts):
        found.headers["Retry-After"] = error.params["seconds"]
    elif status == 503:
        found.headers["Retry-After"] = RETRY_AFTER
    elif status == 405:
        found.headers["Allow"] = ", ".join(allowed_methods(request))
    return found


def _format_of_refusal(request: Request) -> str:
    """Return the format of the address; where it names none, JSON for who accepts that and no XML."""
    path, accepted = request.url.path, request.headers.get("accept", "").lower()
    if path.endswith((".xml", ".json")):
        return JSON if path.endswith(".json") else XML
    return JSON if "json" in accepted and "xml" not in accepted else XML


#: Parameters of GeoReport v2 by the names of our own models, where those differ.
_PARAMETERS = {
    "location/lat": "lat", "location/lon": "long", "location": "datum", "unit": "address_id",
    "address": "address_string", "client_id": "client_request_id", "media_urls": "media_url", "attributes": "attribute",
}  # fmt: skip


def _parameter_of(pointer: str) -> str:
    """Return the parameter that a fault is about, under the name by which it was sent."""
    name = pointer.removeprefix("/").removeprefix("header/").removeprefix("query/")
    head = name.partition("/")[0]
    return _PARAMETERS.get(name) or _PARAMETERS.get(head) or head or "?"


def _attribute_of(error: Exception) -> str:
    """Return the name of the attribute that an error is about, in brackets; empty for none."""
    pointer = getattr(error, "pointer", None) or ""
    return f" (attribute[{pointer.removeprefix(_ANSWERS)}])" if pointer.startswith(_ANSWERS) else ""


def _status(error: Exception, known: int) -> int:
    if isinstance(error, _NOT_FOUND):
        return 404
    if isinstance(error, _KEY):
        return 403
    if isinstance(error, HTTPException) and known in (404, 405):
        return known
    return known if known >= 500 or known == 429 else 400


def streamed_table(content: Any, name: str) -> Response:
    """Return a CSV table that is sent while it is written."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Access-Control-Allow-Origin": "*"}
    return StreamingResponse(content, headers=headers, media_type="text/csv; charset=utf-8; header=present")
