"""Where the pages show what the API's addresses name."""

#: The beginnings of addresses in services' views, and of the pages that show the same; the longest first.
_PAGES = (
    ("/api/v1/supervision/bulletins", "/bulletins"),
    ("/api/v1/cases", "/cases"),
)


def to_page(href: str) -> str:
    """The page that shows what `href` names: the same list with the same filters, or the same case or bulletin."""
    for api, page in _PAGES:
        if href.startswith(api):
            return page + href[len(api) :]
    return href
