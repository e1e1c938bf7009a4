"""JSON bodies with the types that the OpenAPI document says: "yes" is no boolean, true no number, "7" no integer.

The models take such values from forms, where everything is text. A body in JSON has types of its own, and a word that
is taken for true could decide something that its sender never meant.
"""

from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import cached_property, wraps
from inspect import iscoroutinefunction
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

_BODY: ContextVar[bytes | None] = ContextVar("json_body", default=None)
#: What pydantic's strict mode says of a boolean or number that was sent as something else. Its other errors are about
#: types that JSON does not have.
_WRONG_TYPES = frozenset({"bool_type", "int_type", "float_type", "int_from_float"})


class StrictRoute(APIRoute):
    """A route whose JSON body is checked once more, strictly, after the caller and everything else were found right."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if iscoroutinefunction(endpoint):

            @wraps(endpoint)
            async def checked(*args: Any, **kwargs: Any) -> Any:
                body = _BODY.get()
                if body is not None and self._body_type is not None:
                    check_types(self._body_type, body)
                return await endpoint(*args, **kwargs)

            super().__init__(path, checked, **options)
        else:
            super().__init__(path, endpoint, **options)

    @cached_property
    def _body_type(self) -> TypeAdapter[Any] | None:
        annotation: Any = None if self.body_field is None else self.body_field.field_info.annotation
        return None if annotation is None else TypeAdapter(annotation)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which keeps the body as it came."""
        handle = super().get_route_handler()

        async def keeping(request: Request) -> Response:
            is_json = "json" in request.headers.get("content-type", "").lower()
            token = _BODY.set(await request.body() if is_json and self.body_field is not None else None)
            try:
                return await handle(request)
            finally:
                _BODY.reset(token)

        return keeping


def check_types(body_type: TypeAdapter[Any], body: bytes) -> None:
    """Raise RequestValidationError for each boolean and number in a JSON body that was sent as another type."""
    try:
        body_type.validate_json(body, strict=True)
    except ValidationError as error:
        wrong = [one for one in error.errors(include_url=False) if one["type"] in _WRONG_TYPES]
        if wrong:
            raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in wrong]) from error
