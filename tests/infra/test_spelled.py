"""Statements that are kept in the driver's words answer what SQLAlchemy's own way does."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import ARRAY, DateTime, Text, bindparam, func, literal, select
from sqlalchemy.exc import DBAPIError

from infra.database import open_database
from infra.settings import Settings
from infra.store.spelled import ask, spell
from models.words import Role

NOW = bindparam("now", None, type_=DateTime(timezone=True))


def _settings(url: str) -> Settings:
    return Settings(database_url=SecretStr(url), token_secret=SecretStr("0" * 64))


async def test_it_answers_as_sqlalchemy_does(database_url: str) -> None:
    asked = select(
        literal(Role.HANDLER).label("role"),
        literal(UUID(int=7)).label("id"),
        literal("50 % of it").label("share"),
        literal(["a", "b"], ARRAY(Text)).label("letters"),
        literal("b").in_(("a", "b")).label("among"),
        (NOW - timedelta(hours=1)).label("earlier"),
    )
    now = datetime(2026, 11, 26, 8, tzinfo=UTC)
    engine = open_database(_settings(database_url))
    async with engine.connect() as connection:
        spelled = spell(asked)
        (theirs,) = await connection.execute(asked, {"now": now})
        for moment in (now, now + timedelta(days=1)):
            (row,) = await ask(connection, spelled, now=moment)
            assert row.earlier == moment - timedelta(hours=1)
        (row,) = await ask(connection, spelled, now=now)
        assert tuple(row) == tuple(theirs)
        assert row._fields == ("role", "id", "share", "letters", "among", "earlier")
    await engine.dispose()


async def test_it_fails_as_sqlalchemy_does(database_url: str) -> None:
    engine = open_database(_settings(database_url))
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await ask(connection, spell(select((literal(1) / func.length("")).label("nothing"))))
    await engine.dispose()
