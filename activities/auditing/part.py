"""What an audit looks at when there are too many cases to look at all of them each time.

Drift has few causes. A step that was recorded may have been missed by its workflow, so whatever went on since the last
audit is looked at; a due moment may have been missed, so whatever is late is looked at; what was found before is looked
at until it is gone. Whatever else could be wrong (a workflow that was ended, a row that was changed by hand) is found
within a round: each audit takes the next slice of all cases.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models.jobs.audit import AuditSummary

#: Up to so many cases are all looked at by every audit; beyond that, an audit takes a slice of at least so many, and a
#: round has at most so many slices (our choice: with an audit every ten minutes a round takes six hours).
WHOLE_UP_TO, SMALLEST_SLICE, SLICES = 20_000, 10_000, 36
#: By how much what is looked at reaches back beyond the start of the last audit: a transaction may have been open.
OVERLAP = timedelta(minutes=5)

_CHANGED = """
    SELECT DISTINCT f.report_id FROM facts f WHERE f.at > :since
    UNION SELECT c.report_id FROM cases c WHERE c.archived_at IS NULL AND c.wake_at < :late
    UNION SELECT unnest(CAST(:subjects AS uuid[]))
"""
_SLICE = """
    SELECT s.report_id FROM (SELECT c.report_id FROM cases c WHERE c.archived_at IS NULL
        AND (CAST(:after AS uuid) IS NULL OR c.report_id > :after) ORDER BY c.report_id LIMIT :size) s
"""
_IDS = text(f"SELECT report_id FROM ({_CHANGED} UNION {_SLICE}) ids ORDER BY report_id")  # noqa: S608 our own parts
_END = text(f"SELECT max(report_id::text)::uuid, count(*) FROM ({_SLICE}) ids")  # noqa: S608 our own parts


@dataclass(frozen=True)
class Part:
    """The part of all cases that one audit looks at.

    `since`: what went on after this moment; `subjects`: the cases about which something was found before; `after`: the
    slice begins after this case, None for the first one; `size`: how many cases it has.
    """

    since: datetime
    subjects: tuple[UUID, ...]
    after: UUID | None
    size: int


def next_part(total: int, last: AuditSummary | None) -> Part | None:
    """Return what the next audit looks at, when there are `total` cases; None: all of them."""
    if total <= WHOLE_UP_TO or last is None:
        return None
    return Part(
        since=last.at - OVERLAP,
        subjects=tuple(finding.report_id for finding in last.findings if finding.report_id is not None),
        after=last.slice_end,
        size=max(SMALLEST_SLICE, -(-total // SLICES)),
    )


async def slice_end(engine: AsyncEngine, part: Part) -> UUID | None:
    """Return the last case of the slice, after which the next one begins; None at the end of a round."""
    async with engine.connect() as connection:
        last, found = (await connection.execute(_END, {"after": part.after, "size": part.size})).one()
    return last if found == part.size else None


async def read_ids(engine: AsyncEngine, part: Part, late: datetime) -> tuple[UUID, ...]:
    """Return the cases of the part. `late`: a step that was due before it should have been recorded."""
    values = {
        "since": part.since, "late": late, "subjects": list(part.subjects), "after": part.after, "size": part.size,
    }  # fmt: skip
    async with engine.connect() as connection:
        return tuple(await connection.scalars(_IDS, values))
