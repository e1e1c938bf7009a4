"""Who is told of a change: what may be seen, in as few statements for many pages as for one."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from doors.dependencies import Services
from infra.database import open_database, transaction
from infra.settings import Settings
from infra.store.cases import append_facts
from infra.store.context import local_day
from infra.store.criteria.scope import visible
from models.errors import NotSignedIn, StoreAway
from models.tables import CASES
from services.accounts.sign_in import Claims
from services.runtime.resources import Resources
from tests.builders import person_id, session_id, small_park
from tests.infra.criteria.test_scope import a_life
from tests.rules.world import EVERYBODY
from web.live_readers import LiveReaders

#: How many cases there are: enough that people see different ones.
LIVES = 24


def claims_of(username: str) -> Claims:
    now = datetime.now(UTC)
    return Claims(person_id(username), session_id(username), username, now, now + timedelta(hours=1))


def readers_settings(url: str) -> Settings:
    return Settings(database_url=SecretStr(url), token_secret=SecretStr("0" * 64))


def over(engine: AsyncEngine) -> LiveReaders:
    temporal: Any = None  # a stream asks PostgreSQL alone
    return LiveReaders(Services(Resources(readers_settings("postgresql://unused"), engine, temporal)))


@pytest.fixture
def readers(engine: AsyncEngine) -> LiveReaders:
    return over(engine)


async def test_many_pages_are_told_what_each_may_see_in_two_statements(
    engine: AsyncEngine, readers: LiveReaders
) -> None:
    await small_park(engine)
    lives = [a_life(seed) for seed in range(LIVES)]
    async with transaction(engine) as connection:
        for facts, case in lives:
            await append_facts(connection, None, facts, case)
    numbers = [case.case_no for _, case in lives]
    people = {name: await readers.person(claims_of(name), at_once=True) for name in sorted(EVERYBODY)[:20]}
    lent: Counter[str] = Counter()
    event.listen(engine.sync_engine.pool, "checkout", lambda *_: lent.update(["lent"]))

    async def page(name: str) -> tuple[str, frozenset[str]]:
        return name, await readers.visible(await readers.person(claims_of(name), at_once=True), numbers)

    told = await asyncio.gather(*(page(name) for name in people for _ in range(10)))
    assert lent["lent"] <= 4, "two are needed; the moment within which pages are gathered may end between them"
    async with engine.connect() as connection:
        day = await local_day(connection, datetime.now(UTC))
        for name, seen in set(told):  # the pages of one person, unless they were told different things, once
            rows = await connection.scalars(select(CASES.c.case_no).where(visible(people[name], day)))
            assert seen == set(rows), name
    assert len({seen for _, seen in told}) > 3, "people see different cases"


async def test_an_ended_session_and_an_absent_database_are_told_apart(
    engine: AsyncEngine, readers: LiveReaders
) -> None:
    await small_park(engine)
    duty, worker = claims_of("duty"), claims_of("worker")
    assert (await readers.person(duty, at_once=False)).id == duty.person
    async with transaction(engine) as connection:
        await connection.execute(text("UPDATE sessions SET ended_at = now() WHERE id = :id"), {"id": duty.session})
    with pytest.raises(NotSignedIn):
        await readers.person(duty, at_once=True)
    with pytest.raises(NotSignedIn):  # a token of somebody else's session
        await readers.person(Claims(duty.person, worker.session, "duty", duty.issued_at, duty.expires_at), at_once=True)
    absent = open_database(readers_settings("postgresql://gridloop@127.0.0.1:9/gridloop"))
    with pytest.raises(StoreAway):
        await over(absent).person(worker, at_once=True)
    with pytest.raises(StoreAway):
        await over(absent).visible(await readers.person(worker, at_once=True), ["A-1"])
    await absent.dispose()
