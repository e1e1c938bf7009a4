"""How a public page is answered: without scripts and cookies, not indexed."""

from typing import Any
from urllib.parse import urlencode

from fastapi import Response

from web.pages import page
from web.reader import Visitor


def public_page(visitor: Visitor, template: str, status: int = 200, **context: Any) -> Response:
    """A public page: not indexed, not cached, without a cookie. `keep` carries language and text size to the next."""
    chosen = {"lang": visitor.language} if visitor.language == "en" else {}
    chosen |= {"large": "1"} if visitor.preferences.large else {}
    keep_context = {"keep": f"?{urlencode(chosen)}" if chosen else "", "chosen": chosen}
    response = page(visitor, template, status, remember=False, **keep_context, **context)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
