"""What the commands for reference data share: the database they work on, and how they tell problems."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.words import english, say
from infra.database import is_away, open_database
from infra.runtime import adopt_runtime
from infra.settings import settings
from services.reference_files import BadFile

T = TypeVar("T")

__all__ = ["DEFAULT_DATA_DIR", "DataDir", "err", "language", "out", "say", "telling_problems", "with_database"]

out = Console()
err = Console(stderr=True)

DataDir = Annotated[
    Path,
    typer.Option(envvar="GRIDLOOP_DATA_DIR", help="Data directory of the running system."),
]
#: Where the running system keeps its data, unless told.
DEFAULT_DATA_DIR = Path(".gridloop")


def language() -> str:
    """`zh` or `en`, whichever the reader speaks."""
    return "en" if english() else "zh"


def with_database(data_dir: Path, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Runs `work` on the database of the system on `data_dir`; exit 1 with the reason when it is away."""
    adopt_runtime(data_dir)
    try:
        configured = settings()
    except ValidationError:
        _fail(
            say(
                f"未找到运行中的系统:{data_dir} 里没有 runtime.json,也未设置 GRIDLOOP_DATABASE_URL",
                f"no running system found: no runtime.json in {data_dir}, and GRIDLOOP_DATABASE_URL is not set",
            )
        )

    async def run() -> T:
        engine = open_database(configured)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except Exception as error:
        if is_away(error):
            _fail(say("数据库无法连接", "the database cannot be reached"))
        raise


@contextmanager
def telling_problems() -> Iterator[None]:
    """Prints what is wrong with a file, line by line, and exits 1. Nothing was stored."""
    try:
        yield
    except BadFile as bad:
        for problem in bad.problems:
            err.print(problem.text(language()), style="red", highlight=False, markup=False, soft_wrap=True)
        count = len(bad.problems)
        _fail(say(f"{count} 处问题,未保存任何内容", f"{count} problem(s), nothing was stored"))
    except (OSError, ValueError) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    err.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(code=1)
