"""Check one proof code (存证码) against the facts in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import snapshot_connection
from models.base import Frozen, Instant
from models.jobs.history import HistoryFinding
from rules.history.chain import Link
from rules.history.check import HashedFact, SignedHead, check_facts
from rules.history.proof import Proof
from services.history.records import read_history
from services.history.verify import origin_missing

_NUMBER = text("SELECT case_no FROM cases WHERE report_id = :id UNION ALL SELECT code FROM matters WHERE id = :id")


class ProofCheck(Frozen):
    """What became of a proof code: the case or matter, the moment of its fact, and what is wrong up to that fact."""

    number: str | None
    seq: int
    at: Instant | None
    findings: tuple[HistoryFinding, ...]


async def check_proof(engine: AsyncEngine, proof: Proof) -> ProofCheck:
    """Check the facts up to that of the code. Raises what a database raises that is away."""
    async with snapshot_connection(engine) as connection:
        number = await connection.scalar(_NUMBER, {"id": proof.origin})
        history = await read_history(connection, proof.origin)
    return judge(number, history.facts, history.hashes, proof)


def judge(number: str | None, found: Sequence[HashedFact], hashes: Mapping[int, bytes], proof: Proof) -> ProofCheck:
    """Return what facts, wherever they were read, say of a proof code."""
    if not found:
        return ProofCheck(
            number=number, seq=proof.seq, at=None, findings=(origin_missing(number or str(proof.origin)),)
        )
    head = SignedHead(Link(proof.seq, proof.hash), ("存证码", "the proof code"))
    facts = [fact for fact in found if fact.record["seq"] <= proof.seq]
    wrong = tuple(check_facts(number or str(proof.origin), facts, hashes, [head]))
    moments = [fact.record["at"] for fact in facts if fact.record["seq"] == proof.seq]
    at = datetime.fromisoformat(moments[0].replace("Z", "+00:00")) if moments else None
    return ProofCheck(number=number, seq=proof.seq, at=at, findings=wrong)
