"""Problem documents (RFC 9457): every error of the API, whatever its source, in the caller's language."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.routing import Match, Mount

from doors.input_errors import pointer
from doors.negotiation import CONTENT_LANGUAGE, preferred_language
from infra.database import is_away, reason
from infra.files import DISK_FULL
from infra.outages import DATABASE
from infra.schema import REMEDY, is_behind
from infra.store.context import NoFallbackOwner
from infra.store.policies import NoPolicy
from models.errors import (
    BadRequest,
    BrokenForm,
    BrokenJson,
    DomainError,
    InputError,
    Internal,
    MethodNotAllowed,
    NoSuchPage,
    NotSentAsJson,
    NotSetUp,
    SchemaBehind,
    StorageFull,
    StoreAway,
)
from services.wording.field_names import field_name
from services.wording.input_faults import fault_text
from services.wording.refusals import refusal_message

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:gridloop:problem:"
#: Seconds after which to retry when a part is away.
RETRY_AFTER = "5"

#: Renders an error that reaches the middleware. The pages render HTML instead of a problem document.
RefusalRenderer = Callable[[Request, DomainError], Response]

_TITLES: Mapping[int, tuple[str, str]] = {
    400: ("请求有误", "Bad request"),
    401: ("未登录", "Not signed in"),
    403: ("无权操作", "Not allowed"),
    404: ("不存在", "Not found"),
    405: ("方法不支持", "Method not allowed"),
    408: ("请求超时", "Request timeout"),
    409: ("与当前状态冲突", "Conflict with the current state"),
    410: ("已转存档案库", "Retired"),
    412: ("数据已更新", "Changed meanwhile"),
    413: ("内容过大", "Too large"),
    415: ("类型不接受", "Type not accepted"),
    421: ("地址有误", "Misdirected request"),
    422: ("输入有误", "Bad input"),
    429: ("请求过于频繁", "Too many requests"),
    500: ("服务器内部错误", "Internal error"),
    503: ("服务暂不可用", "Not available now"),
    507: ("存储空间不足", "No room left"),
}


class InputFault(BaseModel):
    """One thing wrong with the input."""

    pointer: str = Field(description="RFC 6901, into the body; or /query/…, /path/…, /header/…")
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["urn:gridloop:problem:wrong_stage"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="Names this very request, for questions about it")
    code: str = Field(description="What happened, for programs; stable", examples=["wrong_stage"])
    errors: list[InputFault] | None = Field(None, description="What is wrong with the input, when that is the matter")


_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
#: `responses` of every router: the errors in the OpenAPI description.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused; nothing was stored", "content": _CONTENT},
    "5XX": {"description": "Not possible now; send it again with the same id", "content": _CONTENT},
}


def language_of(request: Request) -> str:
    """Return `zh` or `en`, as the caller prefers."""
    return preferred_language(request.headers.get("accept-language"))


def request_id_of(request: Request) -> str:
    """Return the id that the middleware gave this request; empty outside the middleware."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def problem_document(error: DomainError, language: str, instance: str | None = None) -> dict[str, Any]:
    """Return the problem document of a domain error as a JSON object."""
    detail = refusal_message(error, language)
    faults = [] if error.pointer is None else [InputFault(pointer=error.pointer, message=detail)]
    return _document(error.code, error.status, detail, language, instance, faults)


def problem_response(request: Request, error: DomainError, extra: Mapping[str, Any] | None = None) -> Response:
    """Return the response for a domain error. `extra`: additional members of the document."""
    language = language_of(request)
    document = problem_document(error, language, _instance(request)) | dict(extra or {})
    return _response(document, language, _headers(error))


def _document(
    code: str, status: int, detail: str, language: str, instance: str | None, faults: list[InputFault]
) -> dict[str, Any]:
    zh, en = _TITLES.get(status, _TITLES[400] if status < 500 else _TITLES[500])
    document: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": en if language.startswith("en") else zh,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if instance is not None:
        document["instance"] = instance
    if faults:
        document["errors"] = [fault.model_dump() for fault in faults]
    return document


def _response(document: Mapping[str, Any], language: str, headers: Mapping[str, str]) -> Response:
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    all_headers = {**headers, "Content-Language": CONTENT_LANGUAGE[language], "Vary": "Accept-Language"}
    return Response(body, document["status"], all_headers, MEDIA_TYPE)


def _instance(request: Request) -> str:
    return f"urn:gridloop:request:{request_id_of(request)}"


def _headers(error: DomainError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "seconds" in error.params and error.status == 429:
        headers["Retry-After"] = error.params["seconds"]
    elif error.status == 503:
        headers["Retry-After"] = RETRY_AFTER
    return headers


def _validation_response(request: Request, error: RequestValidationError) -> Response:
    """Return 422 with a fault for each error; 400 for invalid JSON, 415 for a body not sent as JSON."""
    errors = error.errors()
    if errors and errors[0]["type"] == "json_invalid":
        return problem_response(request, _broken_json(int(errors[0]["loc"][-1]), error.body))
    if isinstance(error.body, bytes):  # FastAPI did not parse it because of its Content-Type
        media_type = request.headers.get("content-type", "").strip()[:80]
        return problem_response(request, NotSentAsJson(sent=media_type or "—", pointer="/header/Content-Type"))
    language = language_of(request)
    return _response(_validation_document(request, error, language), language, {})


def _validation_document(request: Request, error: RequestValidationError, language: str) -> dict[str, Any]:
    faults = [InputFault(pointer=pointer(e["loc"]), message=fault_text(e, language)) for e in error.errors()]
    why = {"zh": f"有 {len(faults)} 处", "en": f"{len(faults)} fault(s)"}
    if faults:
        name = field_name(error.errors()[0]["loc"], language) or faults[0].pointer
        why = dict.fromkeys(why, f"{name} {faults[0].message}") if len(faults) == 1 else why
    detail = InputError(why_zh=why["zh"], why_en=why["en"]).message(language)
    return _document(InputError.code, InputError.status, detail, language, _instance(request), faults)


def _broken_json(position: int, text: object) -> BrokenJson:
    before = text[:position] if isinstance(text, str) else ""
    return BrokenJson(position=position, line=before.count("\n") + 1, column=position - (before.rfind("\n") + 1) + 1)


def _framework_error(request: Request, error: HTTPException) -> DomainError | None:
    """Return our domain error for an error of FastAPI or Starlette; None for a status that has none."""
    cause = error.__cause__
    while isinstance(cause, HTTPException):
        cause = cause.__cause__
    if isinstance(cause, DomainError):  # raised while the body was read
        return cause
    if isinstance(cause, UnicodeDecodeError):
        return _broken_json(cause.start, None)
    if isinstance(cause, MultiPartException):
        return BrokenForm()
    if error.status_code == 404:
        return NoSuchPage(what=request.url.path)
    if error.status_code == 405:
        return MethodNotAllowed(method=request.method)
    return BadRequest() if error.status_code == 400 else None


def _framework_response(request: Request, error: HTTPException) -> Response:
    domain_error = _framework_error(request, error)
    headers = dict(error.headers or {})
    if domain_error is None:
        language = language_of(request)
        document = _document(
            f"http_{error.status_code}", error.status_code, str(error.detail), language, _instance(request), []
        )
        return _response(document, language, headers)
    response = problem_response(request, domain_error)
    response.headers.update(headers)
    if isinstance(domain_error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(allowed_methods(request))
    return response


def allowed_methods(request: Request, *, own: bool = False) -> list[str]:
    """Return the methods that the address of the request takes, over all routes that it fits (RFC 9110, 15.5.6).

    What can be read takes HEAD as well (`doors.head`); `own`: only what the routes take themselves.
    """
    found = set()
    for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"):
        scope = {**request.scope, "method": method}
        for route in request.app.router.routes:
            if route.matches(dict(scope))[0] is Match.FULL:
                found.add(method) if not isinstance(route, Mount) else found.update(("GET", "HEAD"))
                break
    return sorted(found if own or "GET" not in found else found | {"HEAD"})


def error_for_unexpected(error: Exception) -> DomainError:
    """Return the domain error for an unhandled exception: 503 when a part is away, else 500 with a logged traceback."""
    if isinstance(error, NoPolicy | NoFallbackOwner):
        log.error("not set up", reason=str(error))
        return NotSetUp()
    if is_away(error):
        DATABASE.note_away(reason(error), error=type(error).__name__)
        return StoreAway()
    if is_behind(error):
        log.error("the tables are older than this program", remedy=REMEDY)
        return SchemaBehind()
    # A value that the database or a date can't hold comes from a sender: nothing of ours is so large or so odd.
    if isinstance(error, DataError | UnicodeEncodeError | OverflowError):
        log.warning("value out of range", exc_info=error)
        return InputError(why_zh="含有无法保存的字符或超出范围的值", why_en="it holds a value that cannot be stored")
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        log.error("no room left", exc_info=error)
        return StorageFull()
    log.error("unexpected error", exc_info=error)
    return Internal()


def problem_for_handled(request: Request, error: Exception, language: str) -> Problem:
    """Return the problem document of a handled error: a domain error, bad input, or an error of the framework."""
    if isinstance(error, RequestValidationError):
        return Problem.model_validate(_validation_document(request, error, language))
    if isinstance(error, HTTPException):
        domain_error = _framework_error(request, error)
        if domain_error is None:
            code, detail = f"http_{error.status_code}", str(error.detail)
            document = _document(code, error.status_code, detail, language, _instance(request), [])
            return Problem.model_validate(document)
        error = domain_error
    assert isinstance(error, DomainError)
    return Problem.model_validate(problem_document(error, language, _instance(request)))


def add_error_handlers(app: FastAPI) -> None:
    """Add the handlers that turn errors into problem documents. The middleware handles unexpected ones."""

    async def domain(request: Request, error: Exception) -> Response:
        assert isinstance(error, DomainError)
        return problem_response(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _validation_response(request, error)

    async def framework(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _framework_response(request, error)

    app.add_exception_handler(DomainError, domain)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, framework)
