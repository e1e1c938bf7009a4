"""The browser session: the token of a sign-in in an HttpOnly cookie.

A browser sends the cookie whichever site makes the request, so a change must come from our own pages. That is checked
by the headers in which the browser names the origin. Forms and the phone's outbox hold no token that could expire.
"""

from urllib.parse import urlsplit

from fastapi import Request, Response

from doors.client import is_https
from infra.settings import Settings
from models.errors import ForeignRequest

COOKIE = "gridloop_session"
#: Header that our scripts send with every change. A form of another site cannot send it.
SCRIPT_HEADER = "X-Gridloop"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def set_session_cookie(response: Response, request: Request, token: str, seconds: int) -> None:
    """Set the session cookie for `seconds`."""
    response.set_cookie(COOKIE, token, max_age=seconds, httponly=True, secure=is_https(request), samesite="lax")


def delete_session_cookie(response: Response) -> None:
    """Delete the session cookie, and let the browser drop what it has cached of our answers.

    Its storage stays: on a phone it holds reports that are not sent yet, and only their own person sees them again.
    """
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache"'


def session_token(request: Request) -> str | None:
    """Return the token in the session cookie, if there is one."""
    return request.cookies.get(COOKIE) or None


def check_same_origin(request: Request) -> None:
    """Raise ForeignRequest for a change that does not come from our own pages."""
    if request.method not in _SAFE_METHODS and not _is_same_origin(request):
        raise ForeignRequest()


def _is_same_origin(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return False
    settings: Settings = request.app.state.services.settings
    return origin == settings.public_url or urlsplit(origin).netloc == request.headers.get("host")
