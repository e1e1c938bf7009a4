"""What the command line writes to, and how it tells what is wrong with a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from cli.labels import english, say
from services.files.reference_files import BadFile

out = Console()
err = Console(stderr=True)


def language() -> str:
    """`zh` or `en`, whichever the reader speaks."""
    return "en" if english() else "zh"


@contextmanager
def telling_problems() -> Iterator[None]:
    """Prints what is wrong with a file, line by line, and exits 1. Nothing was stored."""
    try:
        yield
    except BadFile as bad:
        for problem in bad.problems:
            err.print(problem.text(language()), style="red", highlight=False, markup=False, soft_wrap=True)
        count = len(bad.problems)
        fail(say(f"{count} 处问题,未保存任何内容", f"{count} problem(s), nothing was stored"))
    except (OSError, ValueError) as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """Says why, and exits 1."""
    err.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(code=1)
