"""What the database refuses an operator is told with the remedy; what only a programmer mends is not."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.setup.faults import database_fault


@pytest.mark.parametrize(
    ("sqlstate", "zh", "en"),
    [
        ("42501", "请将 GRIDLOOP_DATABASE_OWNER_URL 设为", "set GRIDLOOP_DATABASE_OWNER_URL to the role that owns"),
        ("42704", "请先执行 gridloop setup", "run gridloop setup first"),
        ("53100", "请腾出空间后再执行", "make room and run it again"),
        ("55P03", "请稍后再执行", "run it again later"),
        ("0A000", "请安装 PostgreSQL 的 contrib 包", "install PostgreSQL's contrib package"),
        ("53300", "数据库无法连接:of the server", "the database cannot be reached: of the server"),
    ],
)
async def test_each_is_told_with_its_remedy(
    engine: AsyncEngine, database_url: str, sqlstate: str, zh: str, en: str
) -> None:
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'of the server' USING ERRCODE = '{sqlstate}'; END $$"
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.Error) as of_driver:
        connection.execute(statement.encode())
    with pytest.raises(DBAPIError) as of_library:
        async with engine.connect() as other:
            await other.execute(text(statement))
    for error in (of_driver.value, of_library.value):
        fault = database_fault(error)
        assert fault is not None
        assert zh in fault.zh
        assert en in fault.en
        assert "of the server" in fault.en, "the server's own sentence"


def test_an_error_of_ours_is_none(database_url: str) -> None:
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.Error) as told:
        connection.execute("SELECT 1 / 0")
    assert database_fault(told.value) is None
