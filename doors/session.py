"""The session of a browser: the token of a sign-in, in a cookie that no script can read.

What changes something must come from our own pages: a cookie is sent along whoever asks. No token lies in a form or in
the phone's outbox, where it would go stale; the browser says where a request came from, and that is checked.
"""

from urllib.parse import urlsplit

from fastapi import Request, Response

from models.errors import ForeignRequest

COOKIE = "gridloop_session"
#: Sent by our scripts with every change: a form of another site can't send a header.
SCRIPT_HEADER = "X-Gridloop"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def set_session_cookie(response: Response, request: Request, token: str, seconds: int) -> None:
    """Gives the browser the session, for `seconds`."""
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=seconds, httponly=True, secure=secure, samesite="lax")


def delete_session_cookie(response: Response) -> None:
    """Takes the session back."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


def session_token(request: Request) -> str | None:
    """The token of the session, if the browser sent one."""
    return request.cookies.get(COOKIE) or None


def check_same_origin(request: Request) -> None:
    """Lets pass what only reads, and what one of our own pages sends. Raises ForeignRequest."""
    if request.method not in _SAFE_METHODS and not _is_same_origin(request):
        raise ForeignRequest()


def _is_same_origin(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
