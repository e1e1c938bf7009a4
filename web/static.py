"""What `web.build` has made: scripts, styles, icons, and the phone's shell."""

import json
import re
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PLACE = Path(__file__).parent / "static"
MANIFEST = PLACE / "manifest.json"
_HASHED_NAME = re.compile(r"-[A-Z0-9]{8}\.\w+$")
#: What the name of a file's compressed twin ends with.
COMPRESSED = ".gz"
#: The name of such a file holds a hash of its contents.
FOR_EVER = "public, max-age=31536000, immutable"


class NotBuilt(Exception):
    """The pages' scripts and styles have not been made: `python -m web.build`."""


class BuildFailed(Exception):
    """The pages could not be built; the message says why."""


@lru_cache(maxsize=1)
def manifest() -> dict[str, str]:
    """From the name of a built file to the one that it has with its hash. Raises NotBuilt."""
    try:
        found: dict[str, str] = json.loads(MANIFEST.read_text())
    except FileNotFoundError as error:
        raise NotBuilt("python -m web.build") from error
    return found


def asset(name: str) -> str:
    """Where the built file `name` is served. Raises NotBuilt, and KeyError for what is not built."""
    return f"/static/{manifest()[name]}"


class _Hashed(StaticFiles):
    """Files with a hash in their names, kept for ever; compressed when they were built, for whom takes them so."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        compressed = f"{path}{COMPRESSED}"
        if "gzip" in Headers(scope=scope).get("Accept-Encoding", "") and (PLACE / compressed).is_file():
            answer = await super().get_response(compressed, scope)
            answer.headers["Content-Encoding"] = "gzip"
        else:
            answer = await super().get_response(path, scope)
        if answer.status_code in (200, 304):
            answer.headers["Cache-Control"] = FOR_EVER
            answer.headers.add_vary_header("Accept-Encoding")
        return answer


class _Shell(StaticFiles):
    """The phone's shell: what has a hash in its name is kept, the rest is asked about each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = FOR_EVER if _HASHED_NAME.search(path) else "no-cache"
        return answer


async def _icon() -> Response:
    """Browsers ask here for what names no icon of its own: an answer of the API, a page without a head."""
    return RedirectResponse(asset("icon.svg"), status_code=308)


def mount_static(app: FastAPI) -> None:
    """Serves the built files at `/static`, and the phone's shell at `/m/`."""
    PLACE.mkdir(exist_ok=True)
    (PLACE / "field").mkdir(exist_ok=True)
    app.add_api_route("/favicon.ico", _icon, include_in_schema=False)
    app.mount("/static", _Hashed(directory=PLACE), name="static")
    app.mount("/m", _Shell(directory=PLACE / "field", html=True), name="field")
