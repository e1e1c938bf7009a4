"""Where a limit comes from, as people read it."""

from web.reader import Visitor


def origin(source: str, visitor: Visitor) -> str:
    """The law or standard as it is cited, or that the limit is the house's own."""
    return visitor.text("本单位自定") if source == "our choice" else source
