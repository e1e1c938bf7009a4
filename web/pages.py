"""Pages from templates: rendering, the functions that templates may call, redirects."""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from models.matters.base import MatterKind
from models.matters.paths import PATHS
from services.wording import vocabulary
from services.wording.lengths import length_text
from web import local_time
from web.nav import menu
from web.reader import Reader, Visitor
from web.static import asset
from web.texts import LANGUAGE_TAGS
from web.views.accounts import SESSION_KINDS
from web.views.case.limit_sources import limit_source_text
from web.views.case.time_left import LIGHT_WORDS
from web.views.page_links import to_page
from web.views.park.links import linked
from web.views.questions import key_names
from web.views.unit_names import short_unit

_TEMPLATES = Path(__file__).parent / "templates"
#: The books of vocabulary by name, for `word("stages", case.stage)` in templates.
_BOOKS: Mapping[str, vocabulary.Labels] = {
    name.lower(): book for name, book in vars(vocabulary).items() if name.isupper() and isinstance(book, Mapping)
}
#: The signs of the lights: a light is never shown by colour alone.
SIGNS = {"red": "●", "yellow": "▲", "green": "■", "grey": "‖", "closed": "✓"}


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The template environment, made once."""
    jinja = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    jinja.globals |= {"asset": asset, "icon": icon, "signs": SIGNS, "light_words": LIGHT_WORDS}
    jinja.globals["session_kinds"] = SESSION_KINDS
    jinja.globals["key_names"] = key_names
    jinja.filters["to_page"] = to_page
    jinja.filters["short_unit"] = short_unit
    jinja.filters["linked"] = linked
    return jinja


def icon(name: str) -> Markup:
    """An icon of the sprite, hidden from screen readers."""
    href = f"{asset('icons.svg')}#{name}"
    return Markup(f'<svg class="icon" aria-hidden="true"><use href="{escape(href)}"></use></svg>')  # noqa: S704 every value in it is escaped or a number


def _template_functions(visitor: Visitor) -> dict[str, Any]:
    """The functions that a template may call, in its reader's language and zone."""
    return {
        "_": visitor.text,
        "lang": LANGUAGE_TAGS[visitor.language],
        "length": lambda amount, unit: length_text(amount, str(unit), visitor.language),
        "word": lambda book, code: vocabulary.label_of(_BOOKS[book], str(code), visitor.language),
        "matter_page": lambda matter: f"/park/{PATHS[MatterKind(matter.kind)]}/{matter.code}",
        "origin": lambda source: limit_source_text(source, visitor),
        "when": lambda moment: local_time.time_tag(moment, visitor),
        "exact": lambda moment: local_time.format_exact(moment, visitor),
        "long": lambda moment: local_time.format_long(moment, visitor),
        "span": lambda length: local_time.format_duration(length or timedelta(), visitor),
    }


def render(visitor: Visitor, template: str, **context: Any) -> str:
    """Render a template for its reader. Raises jinja2.UndefinedError for a name that is not given."""
    entries = menu(visitor) if isinstance(visitor, Reader) else ()
    names = {"reader": visitor, "entries": entries, **_template_functions(visitor), **context}
    return environment().get_template(template).render(names)


def page(visitor: Visitor, template: str, status: int = 200, *, remember: bool = True, **context: Any) -> Response:
    """The response with a page or a part of one. With `remember`, a language in the address is kept in the cookie."""
    response = HTMLResponse(render(visitor, template, **context), status)
    response.headers["Content-Language"] = LANGUAGE_TAGS[visitor.language]
    response.headers["Vary"] = "Accept-Language, Cookie, HX-Request"
    if remember and "lang=" in visitor.query:
        visitor.preferences.keep(response)
    return response


def page_or_part(
    request: Request, visitor: Visitor, template: str, part: str, status: int = 200, **context: Any
) -> Response:
    """The whole page, or only its part where htmx asks for one."""
    return page(visitor, part if is_part(request) else template, status, **context)


def is_scripted(request: Request) -> bool:
    """Whether the request comes from a script of our pages."""
    return request.headers.get("HX-Request") == "true"


def is_part(request: Request) -> bool:
    """Whether htmx asks for a part to swap in, not for a whole page."""
    return is_scripted(request) and request.headers.get("HX-Request-Type", "partial") != "full"


def go_to(request: Request, place: str) -> Response:
    """Redirect the browser to another of our pages, also when a script made the request."""
    if is_scripted(request):
        return Response(status_code=204, headers={"HX-Redirect": quote(place, safe=_URL_SIGNS)})
    return RedirectResponse(place, 303)


#: What may stand in a URL as it is; `RedirectResponse` quotes the rest as well.
_URL_SIGNS = ":/%#?=@[]!$&'()*+,"


def safe_path(place: str | None, default: str) -> str:
    """`place` if it is a path on this site, else `default`: a prepared link must not redirect to another site.

    Browsers drop tabs and line breaks within an address, and read a backslash as a slash.
    """
    if place is None or not place.startswith("/") or place.startswith("//") or len(place) > _LONGEST_PATH:
        return default
    if "\\" in place or any(unicodedata.category(sign) in ("Cc", "Cs") for sign in place):
        return default
    return place


#: Longer than the address of any of our pages.
_LONGEST_PATH = 4_000
