"""Output of the command line: consoles, tables, and errors that end a command."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NoReturn

import typer
from rich.table import Table

from cli.labels import is_english, localize
from cli.terminal import SafeConsole
from models.text import escape_controls

out = SafeConsole()
err = SafeConsole(stderr=True)


def language() -> str:
    """Return `zh` or `en`, the language of the terminal."""
    return "en" if is_english() else "zh"


@dataclass(frozen=True)
class Column:
    """A column of a table. A cell that is too long is folded, unless `no_wrap` is set."""

    heading: str = ""
    no_wrap: bool = False
    justify: Literal["left", "right"] = "left"
    style: str | None = None


def build_table(
    columns: Iterable[Column | str],
    rows: Iterable[Iterable[str]] = (),
    *,
    title: str | None = None,
    boxed: bool = False,
    gap: int = 2,
) -> Table:
    """Return a table. A string in `columns` is a heading; headings are already in the reader's language.

    Cells are rich markup, so escape what people have typed. `boxed` draws lines; otherwise `gap` is the number of
    spaces around a cell.
    """
    if boxed:
        table = Table(title=title, title_justify="left")
    else:
        table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, gap))
    for column in columns:
        spec = column if isinstance(column, Column) else Column(column)
        table.add_column(spec.heading, no_wrap=spec.no_wrap, overflow="fold", justify=spec.justify, style=spec.style)
    for row in rows:
        table.add_row(*map(escape_controls, row))
    return table


def print_table(
    columns: Iterable[Column | str], rows: Iterable[Iterable[str]], *, boxed: bool = False, gap: int = 2
) -> None:
    """Print a table to standard output. Arguments as for `build_table`."""
    out.print(build_table(columns, rows, boxed=boxed, gap=gap), highlight=False)


@contextmanager
def exit_on_problems() -> Iterator[None]:
    """Print the problems of a file, line by line, and exit with code 1. Nothing was stored."""
    from services.files.reference_files import BadFile  # here, so that commands that read no file start faster

    try:
        yield
    except BadFile as bad:
        for problem in bad.problems:
            err.print(problem.text(language()), style="red", highlight=False, markup=False, soft_wrap=True)
        count = len(bad.problems)
        fail(localize(f"{count} 处问题,未保存任何内容", f"{count} problem(s), nothing was stored"))
    except (OSError, ValueError) as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Print why a command failed, and exit with code 1."""
    err.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(code=1)
