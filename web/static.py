"""Serving the output of `web.build`: scripts, styles, icons, and the field app's shell."""

import json
import re
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC_DIR = Path(__file__).parent / "static"
MANIFEST = STATIC_DIR / "manifest.json"
_HASHED_NAME = re.compile(r"-[A-Z0-9]{8}\.\w+$")
#: Suffix of a file's compressed copy.
GZIP_SUFFIX = ".gz"
#: Cache-Control of files whose name contains a hash of their content.
IMMUTABLE = "public, max-age=31536000, immutable"


class NotBuilt(Exception):
    """The scripts and styles have not been built: `python -m web.build`."""


class BuildFailed(Exception):
    """The pages could not be built; the message says why."""


@lru_cache(maxsize=1)
def manifest() -> dict[str, str]:
    """The hashed file names by plain name. Raises NotBuilt."""
    try:
        names: dict[str, str] = json.loads(MANIFEST.read_text())
    except FileNotFoundError as error:
        raise NotBuilt("python -m web.build") from error
    return names


def asset(name: str) -> str:
    """The address of the built file `name`. Raises NotBuilt, and KeyError for an unknown file."""
    return f"/static/{manifest()[name]}"


class _HashedFiles(StaticFiles):
    """Files with a hash in their names: cached without limit, and sent gzipped to clients that accept it."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        compressed = f"{path}{GZIP_SUFFIX}"
        if "gzip" in Headers(scope=scope).get("Accept-Encoding", "") and (STATIC_DIR / compressed).is_file():
            response = await super().get_response(compressed, scope)
            response.headers["Content-Encoding"] = "gzip"
        else:
            response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            response.headers["Cache-Control"] = IMMUTABLE
            response.headers.add_vary_header("Accept-Encoding")
        return response


class _ShellFiles(StaticFiles):
    """The field app's shell: files with a hash in their names are cached, the rest is revalidated each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = IMMUTABLE if _HASHED_NAME.search(path) else "no-cache"
        return response


async def _icon() -> Response:
    """The icon for documents that name none, such as an API response in a browser."""
    return RedirectResponse(asset("icon.svg"), status_code=308)


def mount_static(app: FastAPI) -> None:
    """Serve the built files at `/static`, and the field app's shell at `/m/`."""
    STATIC_DIR.mkdir(exist_ok=True)
    (STATIC_DIR / "field").mkdir(exist_ok=True)
    app.add_api_route("/favicon.ico", _icon, include_in_schema=False)
    app.mount("/static", _HashedFiles(directory=STATIC_DIR), name="static")
    app.mount("/m", _ShellFiles(directory=STATIC_DIR / "field", html=True), name="field")
