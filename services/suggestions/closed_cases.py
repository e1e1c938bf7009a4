"""The closed cases of a park that a model learns from: their words, and what they came to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.enums import Outcome
from models.tables import CASES
from services.suggestions.features import read_text
from services.suggestions.fit import Example

#: How far back cases count, and how many of the newest are taken at most (our choice).
WINDOW, MOST_CASES = timedelta(days=730), 20_000
#: What an end says about category and host: a report that was refused or taken back says nothing.
_TELLING = (Outcome.SOLVED, Outcome.ABORTED)


@dataclass(frozen=True)
class ClosedCases:
    """The examples in the order in which they were reported, and when the first and the last was closed."""

    examples: Sequence[Example]
    closed_from: datetime
    closed_until: datetime


async def parks(connection: AsyncConnection) -> tuple[str, ...]:
    """Return the codes of the parks: the units that lie in no other."""
    return tuple(await connection.scalars(text("SELECT code FROM grid_units WHERE nlevel(path) = 1 ORDER BY code")))


async def count_closed(connection: AsyncConnection, park: str, now: datetime) -> int:
    """Return how many cases a model of the park could learn from."""
    return await connection.scalar(select(func.count()).select_from(CASES).where(*_telling(park, now))) or 0


async def read_closed(connection: AsyncConnection, park: str, now: datetime) -> ClosedCases | None:
    """Return the cases; None when there is none."""
    c = CASES.c
    columns = (c.title, c.description, c.category, c.severity, c.host, c.grid, c.reported_at, c.closed_at)
    newest = (
        select(*columns, c.state["suggested_host"].astext.label("rule_host"))
        .where(*_telling(park, now))
        .order_by(c.closed_at.desc())
        .limit(MOST_CASES)
        .subquery()
    )
    rows = (await connection.execute(select(newest).order_by(newest.c.reported_at))).all()
    if not rows:
        return None
    names = await category_names(connection)
    examples = [
        Example(
            form=read_text(without_category(row.title, names), row.description).form,
            category=row.category, severity=row.severity, host=row.host, grid=row.grid, rule_host=row.rule_host,
        )
        for row in rows
    ]  # fmt: skip
    return ClosedCases(examples, min(row.closed_at for row in rows), max(row.closed_at for row in rows))


def _telling(park: str, now: datetime) -> list[ColumnElement[bool]]:
    c = CASES.c
    return [
        c.closed_at.is_not(None), c.closed_at >= now - WINDOW, c.outcome.in_(_TELLING),
        func.subpath(c.grid_path, 0, 1) == func.text2ltree(park),
    ]  # fmt: skip


async def category_names(connection: AsyncConnection) -> tuple[str, ...]:
    """Return the names of all categories of the newest policy, the longest first; none without a policy."""
    version = await newest_version(connection)
    policy = await policy_version(connection, version)
    names = {name for one in policy.categories for name in (one.name_zh, one.name_en)}
    return tuple(sorted(names, key=len, reverse=True))


def without_category(title: str, names: Sequence[str]) -> str:
    """Return a title without the name of a category at its beginning: the phone makes titles of it, and a model would
    learn to repeat what the reporter chose."""
    return next((title.removeprefix(name) for name in names if title.startswith(name)), title)
