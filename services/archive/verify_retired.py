"""Verify retired cases in the archive: their facts against their hashes, the record that stayed, and the anchors."""

from collections.abc import Callable, Sequence
from itertools import groupby

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.objects import Objects
from infra.settings import Settings
from infra.store.retired import find_retired_report
from models.jobs.history import HistoryFinding
from rules.history.chain import Link
from rules.history.check import HashedFact, SignedHead, check_facts
from rules.history.proof import Proof
from services.archive.bundles import read_bundle
from services.archive.lines import ArchivedFact
from services.history.anchors import read_made
from services.history.book import read_book
from services.history.proofs import ProofCheck, check_proof, judge
from services.history.verify import origin_missing

_RETIRED = text("SELECT report_id, case_no, seq, head, object FROM retired_cases ORDER BY object, report_id")
_RECORD = ("转存记录", "the record of its retirement")


async def verify_archive(
    engine: AsyncEngine, archive: Objects, settings: Settings, progress: Callable[[int, int], None] = lambda d, t: None
) -> tuple[HistoryFinding, ...]:
    """Return what is wrong with the facts of retired cases: gone, changed, or not those that were retired.

    Raises OSError when the anchors can't be read, ObjectsAway, and what a database raises that is away.
    """
    async with engine.connect() as connection:
        rows = (await connection.execute(_RETIRED)).all()
        book = read_book(settings.anchors_dir, None, await read_made(connection))
    findings: list[HistoryFinding] = []
    done = 0
    for name, cases in groupby(rows, key=lambda row: str(row.object)):
        bundle = await read_bundle(archive, name)
        for case in cases:
            done += 1
            facts = bundle.get(case.report_id)
            if facts is None:
                findings.append(origin_missing(case.case_no))
                continue
            heads = [SignedHead(Link(case.seq, bytes(case.head)), _RECORD), *book.signed.get(case.report_id, [])]
            findings += check_facts(case.case_no, _hashed(facts), _hashes(facts), heads, case.seq)
        progress(done, len(rows))
    return tuple(findings)


async def check_proof_anywhere(engine: AsyncEngine, archive: Objects, proof: Proof) -> ProofCheck:
    """Check the facts up to that of a proof code, in the archive where the case was retired. Raises ObjectsAway, and
    what a database raises that is away.
    """
    async with engine.connect() as connection:
        retired = await find_retired_report(connection, proof.origin)
    if retired is None:
        return await check_proof(engine, proof)
    facts = (await read_bundle(archive, retired.object)).get(retired.report_id, [])
    return judge(retired.case_no, _hashed(facts), _hashes(facts), proof)


def _hashed(facts: Sequence[ArchivedFact]) -> list[HashedFact]:
    return [HashedFact(fact.record, fact.hash) for fact in facts]


def _hashes(facts: Sequence[ArchivedFact]) -> dict[int, bytes]:
    return {fact.seq: fact.hash for fact in facts if fact.hash is not None}
