"""The database connection of commands that work on the database directly."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.labels import localize
from cli.output import fail, language
from infra.database import is_away, open_database, reason
from infra.pooler import TransactionPooler
from infra.runtime import apply_runtime
from infra.settings import settings
from infra.settings_faults import is_missing, setting_faults

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
    except ValidationError as error:
        missing = localize(
            f"未找到运行中的系统:{data_dir} 里没有 runtime.json,也未设置 GRIDLOOP_DATABASE_URL",
            f"no running system found: no runtime.json in {data_dir}, and GRIDLOOP_DATABASE_URL is not set",
        )
        fail_for_settings(error, missing)

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
            fail(tell_away(error))
        raise


def tell_away(error: BaseException) -> str:
    """Return the sentence for a database that is away: why, in the server's own words."""
    if isinstance(cause := getattr(error, "orig", error), TransactionPooler):
        return localize(cause.zh, cause.en)
    why = reason(error)
    return localize(f"数据库无法连接:{why}", f"the database cannot be reached: {why}")


def fail_for_settings(error: ValidationError, missing: str) -> NoReturn:
    """Exit with code 1: say `missing` where no database is named, else what is wrong with which setting."""
    fail(missing if is_missing(error, "database_url") else "; ".join(setting_faults(error, language())))
