"""Cases that were closed and archived years ago, as they lie in a database."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.commands import Reject, WakeUp
from models.facts import Fact, Received
from rules.case_number import case_number
from rules.evolve import fold
from services.archive.write_cases import insert_case
from tests.builders import PARK
from tests.rules.world import START, Life

_ARCHIVED = text("INSERT INTO archived (origin, seq) VALUES (:origin, :seq)")
_COUNTER = text("""
    INSERT INTO case_counters (park, day, last) VALUES (:park, :day, 1)
    ON CONFLICT (park, day) DO UPDATE SET last = case_counters.last + 1 RETURNING last
""")


def an_old_life(case_no: str, closed_at: datetime, **report: Any) -> tuple[Fact, ...]:
    """The facts of a case that was received and rejected at about `closed_at`, and archived a month later."""
    life = Life(**report)
    life.now += timedelta(minutes=5)
    life.do("duty", Reject(reason="不属本平台受理", right_channel="12345"))
    life.now += timedelta(days=31)
    life.do(None, WakeUp(moment=life.now))
    assert life.kinds()[-1] == "archived"
    first, *rest = life.facts
    assert isinstance(first.body, Received)
    first = first.model_copy(update={"body": first.body.model_copy(update={"case_no": case_no})})
    shift = closed_at - START
    return tuple(fact.model_copy(update={"at": fact.at + shift}) for fact in (first, *rest))


async def put_old_cases(
    engine: AsyncEngine, reports: Sequence[dict[str, Any]], *, years: float = 3, archived: bool = True
) -> list[str]:
    """Store an old case for each of the reports, as it was recorded and archived then; return their numbers."""
    closed_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=365.25 * years)
    numbers = []
    async with transaction(engine) as connection:
        for place, report in enumerate(reports):
            day = closed_at.date()
            last = await connection.scalar(_COUNTER, {"park": PARK, "day": day})
            number = case_number(PARK, day, last)
            facts = an_old_life(number, closed_at + timedelta(minutes=place), **report)
            await insert_case(connection, facts)
            case = fold(facts)
            assert case is not None
            if archived:
                await connection.execute(_ARCHIVED, {"origin": case.report_id, "seq": case.seq})
            numbers.append(number)
    return numbers
