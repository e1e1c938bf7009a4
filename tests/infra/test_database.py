"""The engine of the recording step: what it answers counts, and no transaction outlives who began it."""

from pydantic import SecretStr
from sqlalchemy import text

from infra.database import open_record
from infra.settings import Settings
from infra.store.raw import first_row, run


async def test_a_statement_counts_at_once_and_a_transaction_left_open_does_not_swallow_the_next(
    database_url: str,
) -> None:
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64), database_pool=1)
    engine = open_record(settings)
    try:
        async with engine.connect() as connection:
            await run(connection, "CREATE TABLE told (number int)", {})
            await run(connection, "BEGIN", {})  # as of somebody who was cut off before the end
            await run(connection, "INSERT INTO told VALUES (1)", {})
        async with engine.connect() as connection:
            await run(connection, "INSERT INTO told VALUES (2)", {})
    finally:
        await engine.dispose()
    other = open_record(settings)
    try:
        async with other.connect() as connection:
            assert await first_row(connection, "SELECT array_agg(number) FROM told", {}) == ([2],)
            assert await connection.scalar(text("SHOW plan_cache_mode")) == "force_generic_plan"
    finally:
        await other.dispose()
