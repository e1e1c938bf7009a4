"""The database connection of commands that work on the database directly."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.labels import localize
from cli.output import fail
from infra.database import is_away, open_database
from infra.runtime import apply_runtime
from infra.settings import settings

T = TypeVar("T")

DataDir = Annotated[
    Path,
    typer.Option(envvar="GRIDLOOP_DATA_DIR", help="Data directory of the running system."),
]
#: Data directory of the running system by default.
DEFAULT_DATA_DIR = Path(".gridloop")


def with_database(data_dir: Path, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    """Run `work` on the database of the system on `data_dir`. Exits with code 1 when the database is away."""
    apply_runtime(data_dir)
    try:
        config = settings()
    except ValidationError:
        fail(
            localize(
                f"未找到运行中的系统:{data_dir} 里没有 runtime.json,也未设置 GRIDLOOP_DATABASE_URL",
                f"no running system found: no runtime.json in {data_dir}, and GRIDLOOP_DATABASE_URL is not set",
            )
        )

    async def run() -> T:
        engine = open_database(config)
        try:
            return await work(engine)
        finally:
            await engine.dispose()

    with exit_when_away():
        return asyncio.run(run())


@contextmanager
def exit_when_away() -> Iterator[None]:
    """Exit with code 1 when the block finds the database away."""
    try:
        yield
    except Exception as error:
        if is_away(error):
            fail(localize("数据库无法连接", "the database cannot be reached"))
        raise
