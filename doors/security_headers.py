"""Headers of every answer: what a browser may do with it, and whether anybody may keep it."""

from starlette.datastructures import MutableHeaders

#: Answers for programs. The pages have a content policy of their own (`web.security`).
PROGRAM_PATHS = ("/api/", "/open311/", "/codec/", "/metrics", "/healthz", "/readyz", "/openapi.json")
#: An answer in JSON opened as a page loads nothing, runs nothing and is shown in no frame.
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_YEAR = 365 * 24 * 3600


def set_security_headers(headers: MutableHeaders, path: str, *, secure: bool) -> None:
    """Set what the answer has not set itself. `secure`: the browser came by https and is to stay there.

    Whatever is answered under /api/ depends on who asks, and nobody keeps it unless its route says how.
    """
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if secure:
        headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR}")
    if path.startswith(PROGRAM_PATHS):
        headers.setdefault("Content-Security-Policy", _NOTHING)
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Cache-Control", "no-store")
    if path.startswith("/api/"):
        for name in ("Authorization", "Cookie"):
            headers.add_vary_header(name)
