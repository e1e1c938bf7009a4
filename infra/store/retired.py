"""Cases that were retired: their rows, and the one statement that removes what they had in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, first_row, run
from models.errors import CaseRetired
from models.ids import new_id
from models.jobs.retirement import RetirementRun
from models.retired import RetiredCase

#: What the trigger of `cases` raises for a case that was retired (migration 0046).
RETIRED_SQLSTATE = "GL002"

_COLUMNS = ", ".join(RetiredCase.model_fields)
_BY_NUMBER = f"SELECT {_COLUMNS} FROM retired_cases WHERE case_no = %(no)s"  # noqa: S608 only names of our own code are put in, values are parameters
_BY_REPORT = f"SELECT {_COLUMNS} FROM retired_cases WHERE report_id = %(report)s"  # noqa: S608 only names of our own code are put in, values are parameters
_BY_FILE = f"SELECT {_COLUMNS} FROM retired_cases WHERE files @> ARRAY[%(file)s::text] AND files <> '{{}}'::text[]"  # noqa: S608 only names of our own code are put in, values are parameters
_ADD = f"""
    INSERT INTO retired_cases ({_COLUMNS})
    SELECT c.report_id, c.case_no, c.seq, h.hash, %(object)s, c.grid,
        string_to_array(ltree2text(c.grid_path), '.'), c.category, c.source, c.outcome, c.host, c.departments,
        c.enterprise, c.recused, c.overdue_at IS NOT NULL OR c.late_stages <> '{{}}', c.reported_by, c.content_hash,
        c.external_system, c.external_number,
        ARRAY(SELECT jsonb_array_elements_text(c.state -> 'attachments')), c.reported_at, c.closed_at, %(now)s
    FROM cases c JOIN fact_hashes h ON h.origin = c.report_id AND h.seq = c.seq WHERE c.report_id = ANY (%(ids)s)
"""  # noqa: S608 only names of our own code are put in, values are parameters
_RETIRE = "SELECT retire_cases(%(ids)s::uuid[])"
_FORGET = "DELETE FROM retired_cases WHERE report_id = %(report)s"
_FORGET_PRESENT = "DELETE FROM retired_cases r USING cases c WHERE c.report_id = r.report_id"
_ALLOW = "SELECT set_config('gridloop.retiring', %(how)s, true)"
_RUN = "INSERT INTO retirement_runs (id, at, counts) VALUES (%(id)s, %(at)s, %(counts)s)"
_RUNS = text("SELECT counts FROM retirement_runs ORDER BY at DESC LIMIT :most")


async def find_retired(connection: AsyncConnection, case_no: str) -> RetiredCase | None:
    """Return the retired case of that number; None when there is none. Applies no scope rule."""
    return _case(await first_row(connection, _BY_NUMBER, {"no": case_no}))


async def find_retired_report(connection: AsyncConnection, report_id: UUID) -> RetiredCase | None:
    """Return the retired case that a report became; None when there is none. Applies no scope rule."""
    return _case(await first_row(connection, _BY_REPORT, {"report": report_id}))


async def find_retired_of_file(connection: AsyncConnection, sha256: str) -> tuple[RetiredCase, ...]:
    """Return the retired cases that have a file. Applies no scope rule."""
    rows = await all_rows(connection, _BY_FILE, {"file": sha256})
    return tuple(case for row in rows if (case := _case(row)) is not None)


async def retire(connection: AsyncConnection, ids: Sequence[UUID], object_name: str, now: datetime) -> int:
    """Remove cases from the database, in the caller's transaction, and keep a row of each; return how many.

    PostgreSQL checks again that each of them may go (`retire_cases`). Raises DBAPIError when one may not.
    """
    await run(connection, _ADD, {"ids": list(ids), "object": object_name, "now": now})
    (gone,) = await first_row(connection, _RETIRE, {"ids": list(ids)})
    return int(gone)


async def forget_retired(connection: AsyncConnection, report_id: UUID) -> None:
    """Remove the row of a retired case that comes back, in the caller's transaction: only the owner of the tables."""
    await first_row(connection, _ALLOW, {"how": "on"})
    await run(connection, _FORGET, {"report": report_id})
    await first_row(connection, _ALLOW, {"how": ""})


def as_retired(error: DBAPIError) -> CaseRetired | None:
    """Return the refusal of a statement that would open a retired case again; None for another error."""
    if getattr(error.orig, "sqlstate", None) != RETIRED_SQLSTATE:
        return None
    number, _, day = str(getattr(getattr(error.orig, "diag", None), "message_detail", "")).partition(" ")
    return CaseRetired(case_no=number, at=day)


async def forget_present(connection: AsyncConnection) -> None:
    """Remove the rows of retired cases that are in the database after all: only the owner of the tables."""
    await first_row(connection, _ALLOW, {"how": "on"})
    await run(connection, _FORGET_PRESENT, {})
    await first_row(connection, _ALLOW, {"how": ""})


async def store_run(connection: AsyncConnection, done: RetirementRun) -> None:
    """Keep what a run did."""
    await run(connection, _RUN, {"id": new_id(), "at": done.at, "counts": to_json(done).decode()})


async def latest_runs(connection: AsyncConnection, most: int = 30) -> tuple[RetirementRun, ...]:
    """Return the latest runs, the newest first."""
    return tuple(RetirementRun.model_validate(counts) for counts in await connection.scalars(_RUNS, {"most": most}))


def _case(row: Any) -> RetiredCase | None:
    return None if row is None else RetiredCase.model_validate(dict(zip(RetiredCase.model_fields, row, strict=True)))
