"""Bring an empty, older or damaged database forward from the archive and from Temporal's histories.

First what facts refer to, from the newest copy; then every case and matter, fact by fact; then what refers to them.
What the database has is kept unless it is damaged. Safe to stop and to repeat: the second time changes nothing.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client

from infra.database import transaction
from infra.keys.access import keys_of
from infra.objects import Objects
from infra.settings import Settings
from infra.store.driver import run
from infra.store.reporters import restore_keys_of_answers, restore_reporter
from infra.store.retired import forget_present
from models.jobs.rebuild import DatabaseRebuilt, RebuildFault
from models.sealed import Sealed
from services.archive import facts as archived_facts
from services.archive.compare import Standing, compare
from services.archive.files import register_files
from services.archive.histories import count_runs, read_histories
from services.archive.lines import CASE, ArchivedFact, is_whole, unpack
from services.archive.readings import restore_readings
from services.archive.reference import Copy, copy_names, newest_copy, note_copies, restore_reference
from services.archive.staging import (
    contradicted,
    count_staged,
    create_staging,
    stage,
    staged_facts,
    staged_origins,
    unstage,
)
from services.archive.stored import read_stored, remove_damaged
from services.archive.write_cases import as_fact, correct_case, extend_case, insert_case, replace_facts
from services.archive.write_matters import as_matter_facts, correct_matter, replace_matter_facts, write_matter
from services.attachments.store import Attachments, attachments_of

log = structlog.get_logger(__name__)

#: Called with the phase (`archive`, `histories`, `facts`, `compare`), the number done and the total.
Progress = Callable[[str, int, int], None]
#: Cases and matters compared at a time.
CHUNK = 100

_COUNTERS = """
    INSERT INTO case_counters AS c (park, day, last)
    SELECT left(case_no, 9), to_date(substr(case_no, 10, 8), 'YYYYMMDD'),
        max(substr(case_no, 18, length(case_no) - 18)::int)
    FROM (SELECT case_no FROM cases UNION ALL SELECT case_no FROM retired_cases) given
    WHERE case_no ~ '^[0-9]{19,}$' GROUP BY 1, 2
    ON CONFLICT (park, day) DO UPDATE SET last = greatest(c.last, excluded.last)
"""
_ARCHIVED = """
    INSERT INTO archived AS a (origin, seq) SELECT origin, max(seq) FROM staged WHERE hash IS NOT NULL GROUP BY origin
    ON CONFLICT (origin) DO UPDATE SET seq = greatest(a.seq, excluded.seq)
"""


class _Work:
    """One rebuilding. `owner`: the engine of the role that owns the tables."""

    def __init__(self, owner: AsyncEngine, progress: Progress) -> None:
        self.owner = owner
        self.progress = progress
        self.counts: Counter[str] = Counter()
        self.faults: list[RebuildFault] = []
        self.reporters: dict[UUID, tuple[Sealed, bool]] = {}
        #: The last archived fact of each case and matter: effects of later ones may not have been carried out.
        self.archived: dict[UUID, int] = {}

    def fail(self, number: str | None, zh: str, en: str, seq: int | None = None) -> None:
        """Note what could not be brought back."""
        self.faults.append(RebuildFault(number=number, seq=seq, zh=zh, en=en))
        log.error("not rebuilt", number=number, seq=seq, reason=en)


async def rebuild_database(
    owner: AsyncEngine,
    archive: Objects,
    client: Client | None,
    settings: Settings,
    progress: Progress = lambda phase, done, total: None,
) -> DatabaseRebuilt:
    """Rebuild the database of `owner`, whose tables are there already, and compare it with its sources.

    `client` None: from the archive alone; else also from the histories of the workflows on its queue. Raises
    ObjectsAway, RPCError, and what a database raises that is away; what was done until then stays, and repeating goes
    on.
    """
    began, now = time.monotonic(), datetime.now(UTC)
    queue, attachments = settings.case_queue, attachments_of(settings)
    work = _Work(owner, progress)
    copy = await newest_copy(archive)
    async with owner.connect() as staging:
        await create_staging(staging)
        files = await _stage_archive(work, archive, staging)
        runs = 0 if client is None else await _stage_histories(work, client, queue, staging)
        origins, facts = await count_staged(staging)
        for origin, seq in await contradicted(staging):
            work.fail(
                str(origin), f"第 {seq} 条事实在档案与流程历史中不一致", f"fact {seq} differs between its sources", seq
            )
        await _restore_copy(work, archive, copy, of_facts=False)
        retired = await _set_retired_aside(work, staging)
        origins -= retired
        await _restore_reporters(work)
        await _write_all(work, staging, origins)
        async with transaction(owner) as connection:
            work.counts["reporters"] += await restore_keys_of_answers(connection, datetime.now(UTC))
        await _restore_copy(work, archive, copy, of_facts=True)
        await _register_files(work, attachments)
        async with transaction(owner) as connection:
            for name in await restore_readings(connection, archive):
                work.fail(None, f"档案文件 {name} 已损坏", f"the archive's file {name} is damaged")
        await staging.execute(text(_COUNTERS))
        await staging.execute(text(_ARCHIVED))
        await note_copies(staging, await copy_names(archive), now)
        await staging.commit()
        drift = await _count_drift(work, staging, origins)
    return DatabaseRebuilt(
        at=now, copy_of=copy.made_at if copy else None, files=files, runs=runs, origins=origins, facts=facts,
        retired=retired, drift=drift, faults=tuple(work.faults),
        seconds=round(time.monotonic() - began, 1), **work.counts,
    )  # fmt: skip


async def _stage_archive(work: _Work, archive: Objects, staging: AsyncConnection) -> int:
    names = [one.name async for one in archive.list(f"{archived_facts.FOLDER}/")]
    for done, name in enumerate(names, start=1):
        content = await archive.get(name)
        if content is None or not is_whole(name, content):
            work.fail(None, f"档案文件 {name} 已损坏", f"the archive's file {name} is damaged")
            continue
        facts = list(unpack(content))
        for start in range(0, len(facts), 2_000):
            await stage(staging, facts[start : start + 2_000])
        for fact in facts:
            work.archived[fact.origin] = max(work.archived.get(fact.origin, 0), fact.seq)
        work.progress("archive", done, len(names))
    await staging.commit()
    return len(names)


async def _stage_histories(work: _Work, client: Client, queue: str, staging: AsyncConnection) -> int:
    total, done = await count_runs(client, queue), 0
    async for found in read_histories(client, queue):
        await stage(staging, found.facts)
        if found.sealed is not None:
            work.reporters[found.sealed.id] = (found.sealed, found.anonymous)
        done += 1
        work.progress("histories", done, max(done, total))
    await staging.commit()
    return done


async def _set_retired_aside(work: _Work, staging: AsyncConnection) -> int:
    """Take the cases that were retired out of what is to be written; return how many. `bring_back` brings one back.

    One that an older backup still has was not retired there: what the copy says of it is dropped.
    """
    async with transaction(work.owner) as connection:
        await forget_present(connection)
        ids = set((await connection.scalars(text("SELECT report_id FROM retired_cases"))).all())
    aside = await unstage(staging, sorted(ids))
    await staging.commit()
    return aside


async def _restore_copy(work: _Work, archive: Objects, copy: Copy | None, *, of_facts: bool) -> None:
    if copy is None:
        return
    async with transaction(work.owner) as connection:
        added, damaged = await restore_reference(connection, archive, copy, of_facts=of_facts)
    work.counts["reference"] += added
    for name in damaged:
        work.fail(
            None, f"档案文件 {name} 已损坏或无法写回", f"the archive's file {name} is damaged, or can't be put back"
        )


async def _restore_reporters(work: _Work) -> None:
    """Bring the reporters back: records from histories and the copy, keys from the vault."""
    vault = keys_of(work.owner).vault
    async with transaction(work.owner) as connection:
        for sealed, anonymous in work.reporters.values():
            now = datetime.now(UTC)
            if await restore_reporter(connection, sealed, vault, anonymous=anonymous, now=now):
                work.counts["reporters"] += 1
        keyless = text("SELECT id FROM reporters WHERE wrapped_key IS NULL AND ciphertext IS NOT NULL")
        for id_ in (await connection.scalars(keyless)).all():
            wrapped = None if await vault.is_erased(id_) else await vault.find(id_)
            if wrapped is not None:
                await run(
                    connection,
                    "UPDATE reporters SET wrapped_key = %(wrapped)s, key_id = %(key)s WHERE id = %(id)s",
                    {"wrapped": wrapped.content, "key": wrapped.key_id, "id": id_},
                )
                work.counts["reporters"] += 1


async def _register_files(work: _Work, attachments: Attachments) -> None:
    async with transaction(work.owner) as connection:
        added, gone = await register_files(connection, attachments)
    work.counts["files_registered"] += added
    for sha256 in gone:
        work.fail(None, f"附件 {sha256} 缺失或已损坏", f"the file {sha256} is gone or damaged")


async def _write_all(work: _Work, staging: AsyncConnection, total: int) -> None:
    after, done = UUID(int=0), 0
    while chunk := await staged_origins(staging, after, CHUNK):
        after = chunk[-1][0]
        ids = [origin for origin, _ in chunk]
        others = await staged_facts(staging, ids)
        async with work.owner.connect() as connection:
            stored = await read_stored(connection, ids)
        for origin, kind_of in chunk:
            await _write(work, kind_of, stored.get(origin, []), others[origin])
            done += 1
            work.progress("facts", done, total)


async def _write(work: _Work, kind_of: str, stored: Sequence[ArchivedFact], other: Sequence[ArchivedFact]) -> None:
    """Write one case or matter, in one transaction of its own."""
    standing = compare(stored, other)
    number = _number(other)
    if standing in (Standing.CONTRADICTION, Standing.GAP):
        zh = "数据库与档案、流程历史不一致" if standing is Standing.CONTRADICTION else "档案与流程历史中缺少事实"
        en = "the database and its sources differ" if standing is Standing.CONTRADICTION else "its sources lack facts"
        return work.fail(number, zh, en)
    try:
        async with transaction(work.owner) as connection:
            if standing is Standing.DAMAGED:
                await remove_damaged(connection, other[0].origin)
                await _replace(connection, kind_of, other)
                changed = True
            else:
                rest = [] if standing is Standing.AHEAD else list(other[len(stored) :])
                changed = await _write_facts(work, connection, kind_of, stored, rest)
    except (IntegrityError, ValidationError, RuntimeError, ValueError) as error:
        return work.fail(number, f"无法写入({type(error).__name__})", f"it can't be written ({_reason(error)})")
    names = {Standing.ABSENT: "new", Standing.BEHIND: "extended", Standing.DAMAGED: "replaced"}
    work.counts[names.get(standing, "corrected" if changed else "whole")] += 1
    return None


async def _write_facts(
    work: _Work,
    connection: AsyncConnection,
    kind_of: str,
    known: Sequence[ArchivedFact],
    rest: Sequence[ArchivedFact],
) -> bool:
    """Write the facts that are missing, or the row alone; return whether anything was written."""
    if kind_of != CASE:
        before, new = as_matter_facts(kind_of, known), as_matter_facts(kind_of, rest)
        if not new:
            return await correct_matter(connection, kind_of, before)
        # What is put back was noted when it was first written.
        await connection.execute(text("ALTER TABLE stations DISABLE TRIGGER USER"))
        await write_matter(connection, kind_of, before, new, work.archived.get(rest[0].origin, 0))
        await connection.execute(text("ALTER TABLE stations ENABLE TRIGGER USER"))
        return True
    facts, missing = [as_fact(fact) for fact in known], [as_fact(fact) for fact in rest]
    if not missing:
        return await correct_case(connection, facts)
    if facts:
        await extend_case(connection, facts, missing)
    else:
        await insert_case(connection, missing)
    return True


async def _replace(connection: AsyncConnection, kind_of: str, facts: Sequence[ArchivedFact]) -> None:
    """Write all facts of a damaged case or matter, whose own were removed. What follows from them was done before."""
    if kind_of == CASE:
        await replace_facts(connection, [as_fact(fact) for fact in facts])
    else:
        await replace_matter_facts(connection, kind_of, as_matter_facts(kind_of, facts))


async def _count_drift(work: _Work, staging: AsyncConnection, total: int) -> int:
    """Count the facts of the sources that the database does not hold as they are."""
    after, done, drift = UUID(int=0), 0, 0
    while chunk := await staged_origins(staging, after, CHUNK):
        after = chunk[-1][0]
        ids = [origin for origin, _ in chunk]
        others = await staged_facts(staging, ids)
        async with work.owner.connect() as connection:
            stored = await read_stored(connection, ids)
        for origin in ids:
            have = {fact.seq: fact.record for fact in stored.get(origin, [])}
            drift += sum(have.get(fact.seq) != fact.record for fact in others[origin])
        done += len(ids)
        work.progress("compare", done, total)
    return drift


def _number(facts: Sequence[ArchivedFact]) -> str:
    """Return the case number or code that the first fact gave; the id where it gave none."""
    body = facts[0].record["body"]
    return str(body.get("case_no") or body.get("code") or facts[0].origin)


def _reason(error: Exception) -> str:
    """Return the reason without the values: an error text goes into logs."""
    if isinstance(error, IntegrityError):
        return str(getattr(getattr(error.orig, "diag", None), "constraint_name", None) or type(error).__name__)
    return type(error).__name__ if isinstance(error, ValidationError) else str(error)
