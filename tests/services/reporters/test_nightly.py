"""What the audit of the night deletes: notices of cases that are archived, once they are old."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from infra.settings import Settings
from infra.store import old_notices
from infra.store.cases import append_facts
from services.reporters.nightly import nightly
from tests.builders import person_id, small_park
from tests.infra.criteria.test_scope import a_life

_NOTICE = text("""
    INSERT INTO notices (report_id, seq, receiver, person, mode, at)
    SELECT report_id, g, 'x' || g, :person, 'urge', now() - make_interval(days => :age)
    FROM cases, generate_series(:first, :first + 2) g
""")
_LEFT = text("""
    SELECT c.archived_at IS NOT NULL AS archived, n.at < now() - interval '300 days' AS old, count(*)
    FROM notices n JOIN cases c USING (report_id) WHERE n.receiver LIKE 'x%' GROUP BY 1, 2 ORDER BY 1, 2
""")


async def test_old_notices_of_archived_cases_go(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await small_park(engine)
    async with transaction(engine) as connection:
        cases = []
        for seed in range(12):
            facts, case = a_life(seed)
            await append_facts(connection, None, facts, case)
            cases.append(case)
        await connection.execute(
            text("UPDATE cases SET archived_at = now() WHERE report_id = :one"), {"one": cases[0].report_id}
        )
        open_cases = await connection.scalar(text("SELECT count(*) FROM cases WHERE archived_at IS NULL"))
        for first, age in ((1_000, 10), (2_000, 400)):
            await connection.execute(_NOTICE, {"person": person_id("duty"), "first": first, "age": age})
    settings = Settings(database_url=SecretStr(database_url), token_secret=SecretStr("0" * 64))
    monkeypatch.setattr(old_notices, "BATCH", 2)
    for _ in range(2):  # a second night finds nothing
        await nightly(settings)(engine, datetime.now(UTC) + timedelta(seconds=1))
        async with engine.connect() as connection:
            left = {(archived, old): count for archived, old, count in await connection.execute(_LEFT)}
        total = len(cases)
        assert left == {
            (False, False): 3 * open_cases, (False, True): 3 * open_cases, (True, False): 3 * (total - open_cases),
        }  # fmt: skip
