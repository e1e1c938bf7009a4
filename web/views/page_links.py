"""Addresses of pages: the page for an API address, and addresses with query parameters."""

from collections.abc import Callable
from urllib.parse import urlencode

from models.matters.paths import PATHS

#: Prefixes of API addresses in service views, and of the pages that show the same; the longest first.
_PAGES = (
    ("/api/v1/supervision/bulletins", "/bulletins"),
    ("/api/v1/cases", "/cases"),
    *((f"/api/v1/{path}", f"/park/{path}") for path in (*PATHS.values(), "duties")),
)


def to_page(href: str) -> str:
    """The page for an API address: the same list with the same filters, or the same case or bulletin."""
    for api, page in _PAGES:
        if href.startswith(api):
            return page + href[len(api) :]
    return href


def with_query(path: str, **params: object) -> str:
    """The address with its query parameters. None, False and empty values are left out, a zero is not."""
    given = {name: value for name, value in params.items() if value is not None and value is not False and value != ""}
    return f"{path}?{urlencode(given)}" if given else path


def link_builder(path: str, **params: object) -> Callable[..., str]:
    """A function for templates: the address of this page with some of its parameters changed."""
    return lambda **changed: with_query(path, **{**params, **changed})
