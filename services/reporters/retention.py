"""Retention (PIPL §19): reporters whose cases closed long enough ago are erased, unless under legal hold."""

from collections import Counter
from datetime import datetime

import structlog
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.keys.access import keys_of
from infra.store.policies import NoPolicy, newest_version, policy_version
from infra.store.reporters import erase_reporters
from models.base import Frozen, Instant
from models.ids import new_id

log = structlog.get_logger(__name__)

_BATCH = 500
#: Reporters all of whose cases are archived, and closed for longer than the months of their categories. `held`: one of
#: these cases is under legal hold.
_DUE = text("""
    SELECT r.id, bool_or(coalesce((c.state ->> 'data_held')::bool, false)) AS held, min(c.category) AS category
    FROM reporters r JOIN cases c ON c.reporter_ref = r.id
    WHERE r.erased_at IS NULL
    GROUP BY r.id
    HAVING bool_and(c.archived_at IS NOT NULL AND c.closed_at
        + make_interval(months => coalesce((CAST(:months AS jsonb) ->> c.category)::int, :usual)) <= :now)
    ORDER BY r.id
""")


class RetentionRun(Frozen):
    """A run: how many reporters were erased, by category, and how many a legal hold kept. `dry`: nothing was erased."""

    at: Instant
    erased: int
    held: int
    categories: dict[str, int]
    dry: bool = False


async def retain(engine: AsyncEngine, now: datetime, *, dry: bool = False) -> RetentionRun | None:
    """Erase what is due by the newest policy (`reporter_months`), and store the counts; None without a policy.

    `dry` only counts. It can be stopped and repeated: each batch is one transaction.
    """
    async with engine.connect() as connection:
        try:
            policy = await policy_version(connection, await newest_version(connection))
        except NoPolicy:
            return None
        months = {one.code: one.reporter_months for one in policy.categories if one.reporter_months is not None}
        values = {"months": to_json(months).decode(), "usual": policy.reporter_months, "now": now}
        due = (await connection.execute(_DUE, values)).all()
    free = [row for row in due if not row.held]
    if not dry:
        for start in range(0, len(free), _BATCH):
            ids = [row.id for row in free[start : start + _BATCH]]
            async with transaction(engine) as connection:
                await erase_reporters(connection, ids, now)
                await keys_of(connection).vault.erase(*ids)
    run = RetentionRun(
        at=now, erased=len(free), held=len(due) - len(free), categories=Counter(row.category for row in free), dry=dry
    )
    if not dry:
        async with transaction(engine) as connection:
            await _store(connection, run)
        log.info("retention of reporters", erased=run.erased, held=run.held)
    return run


async def _store(connection: AsyncConnection, run: RetentionRun) -> None:
    await connection.execute(
        text(
            "INSERT INTO retention_runs (id, at, erased, held, categories)"
            " VALUES (:id, :at, :erased, :held, CAST(:categories AS jsonb))"
        ),
        {"id": new_id(), "at": run.at, "erased": run.erased, "held": run.held,
         "categories": to_json(run.categories).decode()},
    )  # fmt: skip


async def latest_runs(connection: AsyncConnection, limit: int = 30) -> tuple[RetentionRun, ...]:
    """Return the latest runs, the newest first."""
    rows = await connection.execute(
        text("SELECT at, erased, held, categories FROM retention_runs ORDER BY at DESC LIMIT :most"), {"most": limit}
    )
    return tuple(RetentionRun.model_validate(dict(row._mapping)) for row in rows)
