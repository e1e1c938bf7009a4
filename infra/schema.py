"""Which revision of the tables this code knows, and which one a database has."""

from enum import StrEnum
from functools import lru_cache

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.migrate import SCRIPTS_DIR

#: Remedy for tables that are not as this code needs them.
REMEDY = "gridloop db upgrade"
_VERSION = text("SELECT version_num FROM alembic_version")
#: SQLSTATEs of a statement that finds no such table, or no such column.
MISSING_SQLSTATES = frozenset({"42P01", "42703"})


class Schema(StrEnum):
    """How the tables of a database stand to this code.

    `newer`: an upgrade has begun with the tables, as it must; this code goes on working beside newer processes.
    """

    OK = "ok"
    OLDER = "older"
    NEWER = "newer"
    MISSING = "missing"

    @property
    def serves(self) -> bool:
        """Whether this code can work on such tables."""
        return self in (Schema.OK, Schema.NEWER)


#: What this process saw last.
_last_seen: Schema | None = None


@lru_cache(maxsize=1)
def known_revisions() -> tuple[str, ...]:
    """Return the revisions that this code has, the oldest first; their files are named by them."""
    return tuple(sorted(file.name.partition("_")[0] for file in (SCRIPTS_DIR / "versions").glob("[0-9]*_*.py")))


async def read_revision(connection: AsyncConnection) -> str | None:
    """Return the revision of a database; None without tables of ours. Ends the caller's transaction in that case."""
    try:
        found = await connection.scalar(_VERSION)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in MISSING_SQLSTATES:
            raise
        await connection.rollback()
        return None
    return None if found is None else str(found)


def compare(revision: str | None) -> Schema:
    """Return how a revision stands to this code."""
    known = known_revisions()
    if revision is None:
        return Schema.MISSING
    if revision == known[-1]:
        return Schema.OK
    return Schema.OLDER if revision in known else Schema.NEWER


async def read_schema(connection: AsyncConnection) -> Schema:
    """Return how the tables of a database stand to this code."""
    global _last_seen
    _last_seen = compare(await read_revision(connection))
    return _last_seen


def is_behind(error: BaseException) -> bool:
    """Return whether a statement failed because the tables, as this process saw them last, do not serve it."""
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    return sqlstate in MISSING_SQLSTATES and _last_seen is not None and not _last_seen.serves
