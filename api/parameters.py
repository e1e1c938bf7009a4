"""Which parameters an address may have: those that its route knows, and no other.

A filter that is written wrong would else be left out without a word, and the list be taken for a narrower one.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from doors.security import Caller


async def reject_unknown_parameters(request: Request, _: Caller) -> None:
    """Refuses a GET with parameters that its route does not know; a model of filters does so by itself.

    Who has not signed in hears that first. Raises RequestValidationError.
    """
    route = request.scope["route"]
    if request.method != "GET" or not request.query_params or not isinstance(route, APIRoute):
        return
    known = dict(_parameters(route.dependant))
    if any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in known.values()):
        return
    odd = [(name, value) for name, value in request.query_params.multi_items() if name not in known]
    if odd:
        message = "Extra inputs are not permitted"
        raise RequestValidationError(
            [{"type": "extra_forbidden", "loc": ("query", name), "msg": message, "input": value} for name, value in odd]
        )


def _parameters(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """The parameters that a route or one of its dependencies takes from the query, with their types."""
    for field in dependant.query_params:
        yield field.alias, field.field_info.annotation
    for needed in dependant.dependencies:
        yield from _parameters(needed)


#: For routers whose lists take their parameters one by one.
KNOWN_PARAMETERS = Depends(reject_unknown_parameters)
