"""Tables for a terminal of any width, in which a date, a number or a code is never broken across lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from models.text import escape_controls

#: What stays on one line: a date with its time, and whatever of letters, digits and their signs has a digit.
_WHOLE = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?|[A-Za-z0-9_.:/%+-]*\d[A-Za-z0-9_.:/%+-]*")
#: The parts of a text between which it may be broken: spaces, what stays whole, Latin words, single signs.
_PARTS = re.compile(rf" +|{_WHOLE.pattern}|[A-Za-z'’_-]+|.", re.DOTALL)
#: The narrowest that a column of words becomes before the table is stacked, in letters (our choice).
_MIN_WORDS = 8
#: The narrowest that a heading of Chinese signs becomes.
_MIN_HEADING = 4


@dataclass(frozen=True)
class Column:
    """A column of a table. A cell that is too long is wrapped, unless `no_wrap` is set."""

    heading: str = ""
    no_wrap: bool = False
    justify: Literal["left", "right"] = "left"
    style: str | None = None


class DataTable:
    """A table that fits the terminal: first its columns of words become narrower; if that is not enough, every row
    becomes a block of lines, one for each column.
    """

    def __init__(
        self, columns: Sequence[Column], *, title: str | None = None, boxed: bool = False, gap: int = 2
    ) -> None:
        self._columns, self._title, self._boxed, self._gap = tuple(columns), title, boxed, gap
        self._rows: list[tuple[tuple[Text, ...], str | None]] = []

    def add_row(self, *cells: str, style: str | None = None) -> None:
        """Add a row. Cells are rich markup, so escape what people have typed; controls are shown as escapes."""
        self._rows.append((tuple(Text.from_markup(escape_controls(cell)) for cell in cells), style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render for the width at hand."""
        count = len(self._columns)
        around = 3 * count + 1 if self._boxed else self._gap * count
        widths = self._fit(options.max_width - around)
        if widths is None:
            yield from self._stacked(options.max_width)
        else:
            yield self._table(widths)

    def _fit(self, space: int) -> list[int] | None:
        """Return a width for each column that together fill no more than `space`, None where nothing fits."""
        natural, least = [], []
        for index, column in enumerate(self._columns):
            lines = [line for cells, _ in self._rows if index < len(cells) for line in cells[index].plain.split("\n")]
            heading = cell_len(column.heading)
            widest = max(map(cell_len, lines), default=1)
            parts = [cell_len(part) for part in _PARTS.findall(column.heading)]
            whole = max([1, *parts, *(cell_len(found) for line in lines for found in _WHOLE.findall(line))])
            natural.append(max(widest, heading))
            narrow = max(whole, min(widest, _MIN_WORDS), min(heading, _MIN_HEADING))
            least.append(natural[-1] if column.no_wrap else narrow)
        if sum(natural) <= space:
            return natural
        if sum(least) > space:
            return None
        # What is left beyond the least goes to the columns that need more, to each the same until it has enough.
        widths, left = list(least), space - sum(least)
        while left and (short := [i for i, width in enumerate(widths) if width < natural[i]]):
            share = max(1, left // len(short))
            for i in short:
                more = min(share, natural[i] - widths[i], left)
                widths[i] += more
                left -= more
        return widths

    def _table(self, widths: Sequence[int]) -> Table:
        if self._boxed:
            table = Table(title=self._title, title_justify="left")
        else:
            table = Table(
                title=self._title, title_justify="left", title_style="bold", box=None, padding=(0, self._gap, 0, 0),
                show_header=any(column.heading for column in self._columns),
            )  # fmt: skip
        for column, width in zip(self._columns, widths, strict=True):
            table.add_column(
                wrap(Text(column.heading), width),
                width=width,
                overflow="fold",
                justify=column.justify,
                style=column.style,
            )
        for cells, style in self._rows:
            table.add_row(*(wrap(cell, width) for cell, width in zip(cells, widths, strict=False)), style=style)
        return table

    def _stacked(self, width: int) -> RenderResult:
        if self._title:
            yield Text(self._title, style="bold")
        names = max((cell_len(column.heading) for column in self._columns), default=0)
        for number, (cells, style) in enumerate(self._rows):
            if number:
                yield Text("")
            grid = Table.grid(padding=(0, 2))
            grid.add_column(width=names, style="dim")
            grid.add_column(width=max(width - names - 2, 1), overflow="fold")
            for column, cell in zip(self._columns, cells, strict=False):
                if cell.plain:
                    grid.add_row(column.heading, wrap(cell, width - names - 2), style=style)
            yield grid


def wrap(text: Text, width: int) -> Text:
    """Return the text with line breaks so that no line is wider; what is one date, number or code stays on one line."""
    breaks: list[int] = []
    column = 0
    for part in _PARTS.finditer(text.plain):
        size = cell_len(part[0])
        if part[0] == "\n":
            column = 0
            continue
        if column and column + size > width and not part[0].isspace():
            breaks.append(part.start())
            column = 0
        column += size
        while column > width and not part[0].isspace():  # a word longer than the line: rich folds it
            column -= width
    if not breaks:
        return text
    lines = text.divide(breaks)
    for line in lines:
        line.rstrip()
    return Text("\n").join(lines)
