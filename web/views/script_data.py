"""Data that a page gives its scripts: a block that is never run."""

import json
from typing import Any

from markupsafe import Markup, escape


def data_block(name: str, value: Any) -> Markup:
    """The value as JSON in an element of that id; nothing in it can end the element."""
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    safe = told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(f'<script type="application/json" id="{escape(name)}">{safe}</script>')
