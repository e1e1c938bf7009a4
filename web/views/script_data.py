"""Data of a page for its scripts, in a script element that is not executed."""

import json
from typing import Any

from markupsafe import Markup, escape


def data_block(name: str, value: Any) -> Markup:
    """The value as JSON in an element with the id `name`; nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(f'<script type="application/json" id="{escape(name)}">{safe}</script>')  # noqa: S704 every value in it is escaped or a number
