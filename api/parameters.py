"""Rejection of query parameters that a route does not know.

FastAPI ignores them, so a misspelled filter would silently return the whole list.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from doors.security import Caller
from models.base import WrittenInstant


async def reject_unknown_parameters(request: Request, _: Caller) -> None:
    """Reject a GET with parameters that its route does not know. Raises RequestValidationError.

    A route with a model of filters does so by itself. Callers who are not signed in get that error first.
    """
    route = request.scope["route"]
    if request.method != "GET" or not request.query_params or not isinstance(route, APIRoute):
        return
    known = dict(_parameters(route.dependant))
    if any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in known.values()):
        return
    unknown = [(name, value) for name, value in request.query_params.multi_items() if name not in known]
    if unknown:
        message = "Extra inputs are not permitted"
        raise RequestValidationError(
            [
                {"type": "extra_forbidden", "loc": ("query", name), "msg": message, "input": value}
                for name, value in unknown
            ]
        )


def _parameters(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Yield the query parameters of a route and its dependencies, with their types."""
    for field in dependant.query_params:
        yield field.alias, field.field_info.annotation
    for dependency in dependant.dependencies:
        yield from _parameters(dependency)


#: An earlier moment, with its zone.
AsOf = Annotated[WrittenInstant | None, Query(description="A past moment, with its zone; what happened at it counts")]

#: For routers whose lists declare their parameters one by one.
KNOWN_PARAMETERS = Depends(reject_unknown_parameters)
