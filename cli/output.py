"""Output of the command line: consoles, tables, and errors that end a command."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from pydantic import TypeAdapter

from cli.labels import is_english, localize
from cli.tables import Column as Column, DataTable
from cli.terminal import SafeConsole, escape_json

out = SafeConsole()
err = SafeConsole(stderr=True)


def language() -> str:
    """Return `zh` or `en`, the language of the terminal."""
    return "en" if is_english() else "zh"


def build_table(
    columns: Iterable[Column | str],
    rows: Iterable[Iterable[str]] = (),
    *,
    title: str | None = None,
    boxed: bool = False,
    gap: int = 2,
) -> DataTable:
    """Return a table. A string in `columns` is a heading; headings are already in the reader's language.

    Cells are rich markup, so escape what people have typed. `boxed` draws lines; otherwise `gap` is the number of
    spaces around a cell.
    """
    specs = [column if isinstance(column, Column) else Column(column) for column in columns]
    table = DataTable(specs, title=title, boxed=boxed, gap=gap)
    for row in rows:
        table.add_row(*row)
    return table


def print_json(value: object) -> None:
    """Print plain data, pydantic models in it included, as JSON to standard output."""
    typer.echo(escape_json(TypeAdapter(object).dump_json(value, indent=2).decode()))


def print_table(
    columns: Iterable[Column | str], rows: Iterable[Iterable[str]], *, boxed: bool = False, gap: int = 2
) -> None:
    """Print a table to standard output. Arguments as for `build_table`."""
    out.print(build_table(columns, rows, boxed=boxed, gap=gap), highlight=False)


@contextmanager
def exit_on_problems() -> Iterator[None]:
    """Print the problems of a file, line by line, and exit with code 1. Nothing was stored."""
    from services.files.reference_files import (  # here, so that commands that read no file start faster
        BadFile,
        OutOfOrder,
    )

    try:
        yield
    except BadFile as bad:
        for problem in bad.problems:
            err.print(problem.text(language()), style="red", highlight=False, markup=False, soft_wrap=True)
        count = len(bad.problems)
        fail(localize(f"{count} 处问题,未保存任何内容", f"{count} problem(s), nothing was stored"))
    except OutOfOrder as error:
        fail(localize(error.zh, error.en))
    except (OSError, ValueError) as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Print why a command failed, and exit with code 1."""
    err.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(code=1)
