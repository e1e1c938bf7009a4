"""What stops a command of an operator: one sentence in each language, with the remedy."""

from collections.abc import Mapping

from psycopg import Error as DriverError, OperationalError
from sqlalchemy.exc import DBAPIError

from infra.database import is_away, reason
from infra.pooler import TransactionPooler


class SetupFault(Exception):
    """Something that an operator must mend. Nothing was changed."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


#: By SQLSTATE: what the database refused, and what to do.
_REFUSED: Mapping[str, tuple[str, str]] = {
    "42501": (
        "该数据库角色无权建表:请将 GRIDLOOP_DATABASE_OWNER_URL 设为拥有这些表的角色",
        "the role may not do this: set GRIDLOOP_DATABASE_OWNER_URL to the role that owns the tables",
    ),
    "42704": (
        "没有运行系统的角色;请先执行 gridloop setup",
        "there is no role that runs the system yet: run gridloop setup first",
    ),
    "53100": ("数据库所在磁盘已满:请腾出空间后再执行", "the disk of the database is full: make room and run it again"),
    "55P03": (
        "有查询长时间占用数据表:请稍后再执行",
        "queries have held the tables for too long: run it again later",
    ),
    "0A000": (
        "数据库服务器缺少扩展 ltree 或 pg_trgm:请安装 PostgreSQL 的 contrib 包",
        "the server lacks the extensions ltree or pg_trgm: install PostgreSQL's contrib package",
    ),
    "58P01": (
        "数据库服务器缺少扩展 ltree 或 pg_trgm:请安装 PostgreSQL 的 contrib 包",
        "the server lacks the extensions ltree or pg_trgm: install PostgreSQL's contrib package",
    ),
}


def database_fault(error: Exception) -> SetupFault | None:
    """Return the fault that an error of the database means; None for one that only a programmer can mend."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(cause, TransactionPooler):
        return SetupFault(cause.zh, cause.en)
    sqlstate = cause.sqlstate if isinstance(cause, DriverError) else None
    if sqlstate is not None and sqlstate in _REFUSED:
        zh, en = _REFUSED[sqlstate]
        why = reason(cause)
        return SetupFault(f"{zh}({why})", f"{en} ({why})")
    if is_away(error) or isinstance(cause, OperationalError):
        return SetupFault(f"数据库无法连接:{reason(cause)}", f"the database cannot be reached: {reason(cause)}")
    return None
