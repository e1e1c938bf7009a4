"""The console of the command line. What people have typed is printed, and cannot drive the terminal."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from cli.tables import wrap
from models.text import escape_controls

#: JSON escapes the controls of ASCII by itself; these it would print as they are.
_UNESCAPED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class SafeConsole(Console):
    """A console that shows control characters of the content as `\\x1b`; colours and cursor moves are rich's own.

    Cells of a table are escaped by `cli.output.build_table`, before their width is measured.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(self._prepared(one, options) for one in objects), **options)

    def _prepared(self, printed: Any, options: Mapping[str, Any]) -> Any:
        """Return a text without controls, broken into lines so that a date or a number is never divided."""
        if not isinstance(printed, str):
            return printed
        safe = escape_controls(printed)
        if options.get("soft_wrap") or cell_len(safe) <= self.width:
            return safe
        text = self.render_str(safe, markup=options.get("markup"), highlight=options.get("highlight"))
        return wrap(text, self.width)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=escape_controls(segment.text))


def escape_json(text: str) -> str:
    """Return the same JSON, with the controls that JSON would print as they are written as `\\u202e`."""
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
