"""Retire old cases: what they have in the database goes, once the archive has been seen to hold all of it.

A run goes through the cases that are old enough, a few at a time. A case that nothing keeps is written into a bundle
of the archive (`bundles.py`); a later run reads the bundle back, compares it with the database fact by fact, and
removes the case. Each batch is one transaction: a run can be stopped and repeated, and two at once share the work.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.archive import open_archive
from infra.database import transaction
from infra.metrics import CASES_KEPT, CASES_RETIRED
from infra.objects import Objects
from infra.settings import Settings
from infra.store.driver import all_rows, run
from infra.store.retired import retire, store_run
from models.jobs.retirement import FAULTS, Obstacle, RetirementRun
from services.archive.bundles import is_provable, read_bundle, write_bundle
from services.archive.lines import ArchivedFact
from services.archive.stored import read_stored

log = structlog.get_logger(__name__)

#: How long ago a case must have been archived (our choice): every backup that is kept has its facts by then.
ARCHIVED_FOR = timedelta(days=180)
#: How long a bundle lies before its cases go (our choice): so long that a backup of the archive has it.
BUNDLED_FOR = timedelta(days=7)
#: How long looks at a reporter are accounted for in the database (PIPL §56: three years).
UNMASKED_FOR = timedelta(days=3 * 365 + 1)
#: Cases of one transaction, and the rest that the database gets between two (our choice).
BATCH, PAUSE = 100, timedelta(seconds=0.5)

_CANDIDATES = """
    SELECT c.report_id, c.case_no, c.seq, c.closed_at, coalesce(a.seq, 0), a.bundle, a.bundled_at,
        coalesce((c.state ->> 'data_held')::bool, false),
        EXISTS (SELECT FROM reporters r WHERE r.id = c.reporter_ref AND r.erased_at IS NULL),
        EXISTS (SELECT FROM facts f WHERE f.report_id = c.report_id AND f.kind = 'reporter_unmasked'
            AND f.at > %(unmasked)s)
        OR EXISTS (SELECT FROM unmask_looks l WHERE l.report_id = c.report_id AND l.at > %(unmasked)s),
        EXISTS (SELECT FROM outbox o WHERE o.origin_id = c.report_id)
        OR EXISTS (SELECT FROM tasks t WHERE t.report_id = c.report_id),
        EXISTS (SELECT FROM retired_cases r WHERE r.report_id = c.report_id OR r.case_no = c.case_no)
    FROM cases c LEFT JOIN archived a ON a.origin = c.report_id
    WHERE c.closed_at < %(closed)s AND c.archived_at < %(archived)s AND (c.closed_at, c.report_id) > (%(at)s, %(id)s)
    ORDER BY c.closed_at, c.report_id LIMIT %(batch)s FOR UPDATE OF c SKIP LOCKED
"""
#: Which of the numbers and ids occur in what is still going on.
_NAMED = """
    SELECT DISTINCT found[1] FROM (
        SELECT state::text AS written FROM matters WHERE ended_at IS NULL
        UNION ALL SELECT state::text FROM cases WHERE archived_at IS NULL
        UNION ALL SELECT effect::text FROM outbox) going_on,
        regexp_matches(going_on.written, '[0-9]{15,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}', 'g') AS found
    WHERE found[1] = ANY (%(names)s)
"""
_NOTE_BUNDLE = "UPDATE archived SET bundle = %(bundle)s, bundled_at = %(now)s WHERE origin = ANY (%(ids)s)"


class _Candidate(NamedTuple):
    id: UUID
    case_no: str
    seq: int
    closed_at: datetime
    archived_seq: int
    bundle: str | None
    bundled_at: datetime | None
    held: bool
    reporter_kept: bool
    unmasked: bool
    unfinished: bool
    known_retired: bool


@dataclass
class _Work:
    archive: Objects
    now: datetime
    years: int
    dry: bool
    counts: Counter[str] = field(default_factory=Counter)
    kept: Counter[Obstacle] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def keep(self, case: _Candidate, why: Obstacle) -> None:
        """Note that a case stays."""
        self.kept[why] += 1
        if why in FAULTS:
            self.faults.append(case.case_no)
            log.error("case not retired", case_no=case.case_no, reason=why, bundle=case.bundle)


async def retire_cases(
    engine: AsyncEngine, archive: Objects, years: int, now: datetime, *, dry: bool = False,
    beat: Callable[[], None] = lambda: None, pause: timedelta = PAUSE,
) -> RetirementRun:  # fmt: skip
    """Retire the cases closed more than `years` years ago, as far as nothing keeps them; with `dry`, only count.

    Raises ObjectsAway, and what a database raises that is away: what was done until then stays.
    """
    work = _Work(archive, now, years, dry)
    after = (datetime.min.replace(tzinfo=now.tzinfo), UUID(int=0))
    while True:
        beat()
        async with transaction(engine) as connection:
            found = await _candidates(connection, work, after)
            if not found:
                break
            await _take(connection, work, found)
        after = (found[-1].closed_at, found[-1].id)
        await asyncio.sleep(pause.total_seconds())
    done = RetirementRun(
        at=now, bundled=work.counts["bundled"], retired=work.counts["retired"], facts=work.counts["facts"],
        kept=dict(work.kept), faults=tuple(work.faults), dry=dry,
    )  # fmt: skip
    if not dry:
        async with transaction(engine) as connection:
            await store_run(connection, done)
        for why in Obstacle:
            CASES_KEPT.labels(why).set(work.kept[why])
        log.info("cases retired", retired=done.retired, facts=done.facts, bundled=done.bundled, kept=dict(done.kept))
    return done


async def retire_due(
    engine: AsyncEngine, settings: Settings, *, beat: Callable[[], None] = lambda: None
) -> RetirementRun | None:
    """Retire what the settings say, now; None where cases stay for ever. Raises what `retire_cases` raises."""
    if settings.case_years is None:
        return None
    return await retire_cases(engine, open_archive(settings), settings.case_years, datetime.now(UTC), beat=beat)


def years_before(now: datetime, years: int) -> datetime:
    """Return the same moment so many years ago; the last of February for a leap day."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


async def _candidates(connection: AsyncConnection, work: _Work, after: tuple[datetime, UUID]) -> list[_Candidate]:
    values = {
        "closed": years_before(work.now, work.years), "archived": work.now - ARCHIVED_FOR,
        "unmasked": work.now - UNMASKED_FOR, "at": after[0], "id": after[1], "batch": BATCH,
    }  # fmt: skip
    return [_Candidate(*row) for row in await all_rows(connection, _CANDIDATES, values)]


async def _take(connection: AsyncConnection, work: _Work, found: Sequence[_Candidate]) -> None:
    """Do what one batch is ready for, in the caller's transaction, which holds the rows of its cases."""
    names = [name for case in found for name in (case.case_no, str(case.id))]
    named = {row[0] for row in await all_rows(connection, _NAMED, {"names": names})}
    stored = await read_stored(connection, [case.id for case in found])
    ready = []
    for case in found:
        why = _obstacle(case, stored.get(case.id, []), named)
        if why is None:
            ready.append(case)
        else:
            work.keep(case, why)
    new = [case for case in ready if case.bundle is None]
    if new and not work.dry:
        bundle = await write_bundle(work.archive, {case.id: stored[case.id] for case in new}, work.now)
        await _note(connection, new, bundle, work.now)
    work.counts["bundled"] += len(new)
    for name, cases in _bundles(work, ready):
        await _retire(connection, work, name, cases, stored)


def _obstacle(case: _Candidate, facts: Sequence[ArchivedFact], named: set[str]) -> Obstacle | None:
    reasons = {
        Obstacle.HELD: case.held,
        Obstacle.REPORTER: case.reporter_kept,
        Obstacle.UNMASKED: case.unmasked,
        Obstacle.REFERENCED: case.unfinished or case.case_no in named or str(case.id) in named,
        Obstacle.UNARCHIVED: case.archived_seq < case.seq,
        Obstacle.DAMAGED: case.known_retired or not is_provable(facts, case.seq),
    }
    return next((why for why, holds in reasons.items() if holds), None)


def _bundles(work: _Work, ready: Sequence[_Candidate]) -> Iterator[tuple[str, list[_Candidate]]]:
    """Yield the bundles that lie long enough, each with its cases."""
    due = [
        (case.bundle, case)
        for case in ready
        if case.bundle is not None and case.bundled_at is not None and case.bundled_at <= work.now - BUNDLED_FOR
    ]
    for name, pairs in groupby(sorted(due, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
        yield name, [case for _, case in pairs]


async def _retire(
    connection: AsyncConnection, work: _Work, name: str, cases: Sequence[_Candidate], stored: dict[UUID, Any]
) -> None:
    """Remove the cases of one bundle, as far as it holds exactly what the database has."""
    read = await read_bundle(work.archive, name)
    whole = [case for case in cases if read.get(case.id) == stored[case.id]]
    for case in cases:
        if case not in whole:
            work.keep(case, Obstacle.ALTERED)
    altered = [case for case in cases if case not in whole]
    if altered and not work.dry:  # a new one is written by the next run
        await _note(connection, altered, None, None)
    if whole and not work.dry:
        await retire(connection, [case.id for case in whole], name, work.now)
        CASES_RETIRED.inc(len(whole))
    work.counts["retired"] += len(whole)
    work.counts["facts"] += sum(case.seq for case in whole)


async def _note(
    connection: AsyncConnection, cases: Sequence[_Candidate], bundle: str | None, now: datetime | None
) -> None:
    await run(connection, _NOTE_BUNDLE, {"bundle": bundle, "now": now, "ids": [case.id for case in cases]})
