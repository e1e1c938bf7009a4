"""How a page is made: a template, its reader, and what every template may call."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from services.wording import vocabulary
from web import local_time
from web.nav import menu
from web.reader import Reader, Visitor
from web.static import asset
from web.texts import TAGS
from web.views.case.limit_sources import origin
from web.views.case.time_left import LIGHT_WORDS
from web.views.page_links import to_page

_TEMPLATES = Path(__file__).parent / "templates"
#: The books that templates take words from by name: `word("stages", case.stage)`.
_BOOKS: Mapping[str, vocabulary.Book] = {
    name.lower(): book for name, book in vars(vocabulary).items() if name.isupper() and isinstance(book, Mapping)
}
#: The signs of the lights: never by colour alone.
SIGNS = {"red": "●", "yellow": "▲", "green": "■", "grey": "‖", "closed": "✓"}


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, compiled once."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"asset": asset, "icon": icon, "signs": SIGNS, "light_words": LIGHT_WORDS}
    made.filters["to_page"] = to_page
    return made


def icon(name: str) -> Markup:
    """An icon of the sprite, for the eye only."""
    href = f"{asset('icons.svg')}#{name}"
    return Markup(f'<svg class="icon" aria-hidden="true"><use href="{escape(href)}"></use></svg>')


def _calls(visitor: Visitor) -> dict[str, Any]:
    """What a template says in its reader's language and zone."""
    return {
        "_": visitor.text,
        "lang": TAGS[visitor.language],
        "word": lambda book, code: vocabulary.named(_BOOKS[book], str(code), visitor.language),
        "origin": lambda source: origin(source, visitor),
        "when": lambda moment: local_time.time_tag(moment, visitor),
        "exact": lambda moment: local_time.exact(moment, visitor),
        "long": lambda moment: local_time.long(moment, visitor),
        "span": lambda length: local_time.span(length or timedelta(), visitor),
    }


def markup(visitor: Visitor, template: str, **context: Any) -> str:
    """The text of a template for its reader. Raises jinja2.UndefinedError for a name that is not given."""
    entries = menu(visitor) if isinstance(visitor, Reader) else ()
    known = {"reader": visitor, "entries": entries, **_calls(visitor), **context}
    return environment().get_template(template).render(known)


def page(visitor: Visitor, template: str, status: int = 200, *, remember: bool = True, **context: Any) -> Response:
    """A page, or a part of one; a language asked for in the address is remembered, unless no cookie is wanted."""
    answer = HTMLResponse(markup(visitor, template, **context), status)
    answer.headers["Content-Language"] = TAGS[visitor.language]
    answer.headers["Vary"] = "Accept-Language, Cookie, HX-Request"
    if remember and "lang=" in visitor.query:
        visitor.preferences.keep(answer)
    return answer


def is_scripted(request: Request) -> bool:
    """Whether a script of our pages asks, not the browser by itself."""
    return request.headers.get("HX-Request") == "true"


def is_part(request: Request) -> bool:
    """Whether htmx asks for a part to swap in, not for a whole page."""
    return is_scripted(request) and request.headers.get("HX-Request-Type", "partial") != "full"


def go_to(request: Request, place: str) -> Response:
    """Sends the browser to another of our pages, also from within a script's request."""
    if is_scripted(request):
        return Response(status_code=204, headers={"HX-Redirect": place})
    return RedirectResponse(place, 303)


def local(place: str | None, otherwise: str) -> str:
    """`place` if it is a path of ours, else `otherwise`: nobody is sent elsewhere by a prepared link."""
    fits = place is not None and place.startswith("/") and not place.startswith(("//", "/\\")) and "\n" not in place
    return place if fits and place is not None else otherwise
