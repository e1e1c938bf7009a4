"""Measure the search by words over very many cases, in a database filled by SQL."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.settings import Settings
from models.context import Grant, Person
from models.enums import Role
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.measure.supervision import PARK, at_percentile, benchmark_database, fill_cases

#: Words that are in one case of 20, of 100, of 10,000, of 100,000 and in none; and several of them.
QUERIES = ("井盖", "积水", "氨气", "鼗", "没有", "井盖 积水", "井盖破损")
#: Stands for the end of a case number.
_NUMBER_END = "…0000"
_COMMON = "占用消防通道车间气味垃圾堆放噪声扰民工资拖欠道路破损路灯不亮污水外溢电线裸露设备老化"

#: A case's words are eight pieces of the common ones and, by their share, those of the queries.
_FILL_WORDS = f"""
INSERT INTO case_words (report_id, case_no, words)
    SELECT report_id, case_no, concat_ws(' ',
        (SELECT string_agg(substr('{_COMMON}', 1 + ((n * k * 7919) % 36)::int, 6), '') FROM generate_series(1, 8) k),
        CASE WHEN n % 20 = 0 THEN '井盖破损' END, CASE WHEN n % 100 = 0 THEN '积水' END,
        CASE WHEN n % 10000 = 0 THEN '氨气' END, CASE WHEN n % 100000 = 0 THEN '鼗' END)
    FROM (SELECT report_id, case_no, row_number() OVER (ORDER BY report_id) AS n FROM cases) numbered
"""  # noqa: S608 only names of our own code are put in, values are parameters


@dataclass(frozen=True)
class QuerySpeed:
    """The sorted times, in milliseconds, of the first page of a search with its count, and how many cases it found."""

    query: str
    found: int
    waits: tuple[float, ...]

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return at_percentile(self.waits, 0.95)


@asynccontextmanager
async def search_database(settings: Settings, cases: int) -> AsyncIterator[AsyncEngine]:
    """A database with that many cases, a tenth of them open; dropped at the end."""
    async with benchmark_database(settings) as engine:
        await fill_cases(engine, 0, cases - cases // 10, cases // 10)
        async with engine.begin() as connection:
            await connection.execute(text("DROP INDEX case_words_pairs"))
            await connection.execute(text(_FILL_WORDS))
            await connection.execute(
                text("CREATE INDEX case_words_pairs ON case_words USING gin (search_pairs(words))")
            )
        async with engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
                text("VACUUM ANALYZE case_words")
            )
        yield engine


async def measure_search(engine: AsyncEngine, rounds: int) -> list[QuerySpeed]:
    """Measure each query as a supervisor of the whole park sends it; the first, cold call is left out."""
    grant = Grant(role=Role.SUPERVISOR, grid=PARK, department=None, since=date(2024, 1, 1))
    person = Person(id=UUID(int=1), username="bench", grants=(grant,))
    speeds = []
    async with engine.connect() as connection:
        for query in (*QUERIES, _NUMBER_END):
            words = query if query is not _NUMBER_END else await _a_number_end(connection)
            waits, total = [], 0
            for _ in range(rounds + 1):
                begun = time.perf_counter()
                page = await list_cases(connection, person, CaseFilter(q=words), datetime.now(UTC), "zh")
                waits.append((time.perf_counter() - begun) * 1000)
                total = page.total
            speeds.append(QuerySpeed(query, total, tuple(sorted(waits[1:]))))
    return speeds


async def _a_number_end(connection: AsyncConnection) -> str:
    number: str = await connection.scalar(text("SELECT case_no FROM case_words WHERE length(case_no) > 4 LIMIT 1"))
    return number[-4:]
