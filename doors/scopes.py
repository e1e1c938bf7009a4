"""Which scope of a personal token each route of the API takes: by its tag and method, with a few exceptions by path."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.routing import APIRoute

from models.matters.paths import PATHS
from services.accounts.tokens import Scope

_READ_ACT = (Scope.READ, Scope.ACT)
#: By tag: the scope of reading, and of everything else.
_BY_TAG: Mapping[str, tuple[Scope, Scope]] = {
    **dict.fromkeys(PATHS.values(), _READ_ACT),
    "accounts": (Scope.ACCOUNT, Scope.ACCOUNT),
    "administration": (Scope.ADMIN, Scope.ADMIN),
    "attachments": (Scope.READ, Scope.REPORT),
    "bulk": _READ_ACT,
    "cases": (Scope.READ, Scope.REPORT),
    "commands": _READ_ACT,
    "directory": (Scope.READ, Scope.ACT),
    "duties": _READ_ACT,
    "emergencies": _READ_ACT,
    "enterprises": _READ_ACT,
    "exports": (Scope.EXPORT, Scope.EXPORT),
    "feed": (Scope.FEED, Scope.FEED),
    "notices": _READ_ACT,
    "open311": (Scope.READ, Scope.REPORT),
    "operation": (Scope.ADMIN, Scope.ADMIN),
    "organisation": (Scope.READ, Scope.ADMIN),
    "referral-desks": _READ_ACT,
    # Who reported is no mere reading: the keeper's look follows the command `unmask`.
    "reporters": (Scope.ACT, Scope.ACT),
    "stations": _READ_ACT,
    "suggestions": (Scope.READ, Scope.REPORT),
    "supervision": _READ_ACT,
}
#: By method and path: what a tag does not say.
_BY_PATH: Mapping[tuple[str, str], Scope] = {
    ("GET", "/api/v1/me"): Scope.READ,
    ("GET", "/api/v1/me/reports"): Scope.READ,
    ("GET", "/api/v1/me/notifications"): Scope.READ,
    ("PUT", "/api/v1/me/notifications"): Scope.ACT,
    ("GET", "/api/v1/me/settings"): Scope.READ,
    ("PUT", "/api/v1/me/settings"): Scope.ACT,
    ("GET", "/api/v1/me/push"): Scope.READ,
    ("POST", "/api/v1/bulk/{command}"): Scope.ACT,
    ("POST", "/api/v1/cases/{case_no}/links"): Scope.ACT,
    ("DELETE", "/api/v1/cases/{case_no}/links/{id}"): Scope.ACT,
    ("POST", "/api/v1/cases/{case_no}/commands/{command}"): Scope.ACT,
    ("GET", "/api/v1/supervision/export.{format}"): Scope.EXPORT,
    ("GET", "/api/v1/supervision/bulletins/{id}/export.xlsx"): Scope.EXPORT,
}


def scope_of(method: str, path: str, tags: list[str]) -> Scope:
    """Return the scope that a route takes. Raises LookupError for a route without one."""
    method = "GET" if method == "HEAD" else method
    found = _BY_PATH.get((method, path))
    if found is not None:
        return found
    scopes = {_BY_TAG[tag][method != "GET"] for tag in tags}
    if len(scopes) != 1:
        raise LookupError(f"{method} {path} has no scope")
    return scopes.pop()


def scope_of_request(request: Request) -> Scope:
    """Return the scope that the route of the request takes."""
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    return scope_of(request.method, route.path, [str(tag) for tag in route.tags])
