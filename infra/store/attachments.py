"""Whose a stored file is: the one rule for reading it and for naming it in a command.

A file counts for somebody who uploaded it and has not named it yet, and for everybody who may see a case, a duty or a
matter that has it, as long as they may see it. Naming an upload uses it up: from then on what has the file decides.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, exists, literal, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.duties import visible_duties
from infra.store.criteria.matters import visible_matters
from infra.store.criteria.scope import visible
from infra.store.driver import all_rows, first_row, run
from infra.store.retired import find_retired_of_file
from models.context import Person
from models.tables import CASES, DUTIES, MATTER_FACTS, MATTERS
from rules.matters.registry import RULES
from rules.scope import reads_archive

_REGISTER = text("""
WITH file AS (
  INSERT INTO attachments AS a (sha256, media_type, size, width, height, uploaded_by, uploaded_at)
  VALUES (:sha256, :media_type, :size, :width, :height, ARRAY[CAST(:person AS uuid)], :now)
  ON CONFLICT (sha256) DO UPDATE SET uploaded_by =
    CASE WHEN CAST(:person AS uuid) = ANY (a.uploaded_by) THEN a.uploaded_by
         ELSE array_append(a.uploaded_by, CAST(:person AS uuid)) END
  RETURNING sha256)
INSERT INTO pending_uploads AS p (sha256, person, uploaded_at)
SELECT sha256, CAST(:person AS uuid), :now FROM file
ON CONFLICT (sha256, person) DO UPDATE SET uploaded_at = excluded.uploaded_at
RETURNING (xmax = 0)
""")
_EXISTING = "SELECT sha256 FROM attachments WHERE sha256 = ANY (%(hashes)s)"
_OWN = """
    SELECT p.sha256 FROM pending_uploads p JOIN attachments a USING (sha256)
    WHERE p.person = %(person)s AND p.sha256 = ANY (%(hashes)s)
"""
#: The row of a file is kept until the transaction ends: the sweep skips it.
_KEEP = "SELECT sha256 FROM attachments WHERE sha256 = ANY (%(hashes)s) ORDER BY sha256 FOR KEY SHARE"
_USE_UP = "DELETE FROM pending_uploads WHERE person = %(person)s AND sha256 = ANY (%(hashes)s)"

#: What has a file, for the row `a` of the table `attachments`.
_HELD = """(
  EXISTS (SELECT 1 FROM cases c WHERE (c.state -> 'attachments') ? a.sha256::text)
  OR EXISTS (SELECT 1 FROM duties d WHERE d.photos @> ARRAY[a.sha256::text])
  OR EXISTS (SELECT 1 FROM matter_facts f WHERE (f.body -> 'attachments') ? a.sha256::text)
  OR EXISTS (SELECT 1 FROM matter_facts f WHERE (f.body -> 'evidence') ? a.sha256::text)
  OR EXISTS (SELECT 1 FROM retired_cases r WHERE r.files @> ARRAY[a.sha256::text] AND r.files <> '{}'::text[]))
"""
_OVERDUE = """
    a.sha256 IN (SELECT sha256 FROM pending_uploads WHERE uploaded_at < %(before)s ORDER BY uploaded_at {limit})
    AND NOT EXISTS (SELECT 1 FROM pending_uploads p WHERE p.sha256 = a.sha256 AND p.uploaded_at >= %(before)s)
"""
_LOCK_OVERDUE = f"""
    SELECT a.sha256 FROM attachments a WHERE {_OVERDUE.format(limit="LIMIT %(most)s::bigint")}
    ORDER BY a.sha256 FOR UPDATE OF a SKIP LOCKED
"""  # noqa: S608 only names of our own code are put in, values are parameters
_UNHELD = f"SELECT a.sha256 FROM attachments a WHERE a.sha256 = ANY (%(hashes)s) AND NOT {_HELD}"  # noqa: S608 only names of our own code are put in, values are parameters
_COUNT_UNNAMED = f"SELECT count(*) FROM attachments a WHERE {_OVERDUE.format(limit='')} AND NOT {_HELD}"  # noqa: S608 only names of our own code are put in, values are parameters
#: The row that stands for an object without one while it is removed. An upload of the same bytes waits for it.
_CLAIM = """
    INSERT INTO attachments (sha256, media_type, size, uploaded_by, uploaded_at)
    SELECT sha256, 'application/octet-stream', 0, '{}', %(at)s FROM unnest(%(hashes)s::text[]) AS u(sha256)
    ORDER BY sha256 ON CONFLICT DO NOTHING RETURNING sha256
"""
_DELETE = "DELETE FROM attachments WHERE sha256 = ANY (%(hashes)s)"
_EXPIRE = "DELETE FROM pending_uploads WHERE sha256 = ANY (%(hashes)s) AND uploaded_at < %(before)s"


async def register_upload(connection: AsyncConnection, file: dict[str, Any], person: UUID, now: datetime) -> bool:
    """Record that `person` uploaded the file; return False where their upload of the same bytes waits already.

    Whether others uploaded them is not told. `file`: the columns of the table `attachments`.
    """
    return bool(await connection.scalar(_REGISTER, {**file, "person": person, "now": now}))


async def known_files(
    connection: AsyncConnection, person: Person | None, hashes: Collection[str], day: date
) -> frozenset[str]:
    """Return those of `hashes` that `person` may read and name on `day`; for the system (None), all that are stored."""
    wanted = sorted(set(hashes))
    if not wanted:
        return frozenset()
    if person is None:
        return frozenset(row[0] for row in await all_rows(connection, _EXISTING, {"hashes": wanted}))
    if not person.active:
        return frozenset()
    own = {row[0] for row in await all_rows(connection, _OWN, {"hashes": wanted, "person": person.id})}
    others = [sha256 for sha256 in wanted if sha256 not in own]
    return frozenset(own | {sha256 for sha256 in others if await _is_shown(connection, person, sha256, day)})


async def keep_files(connection: AsyncConnection, hashes: Sequence[str]) -> bool:
    """Keep the files from being swept until the transaction ends. Return False where one has been swept already."""
    kept = await all_rows(connection, _KEEP, {"hashes": sorted(set(hashes))})
    return len(kept) == len(set(hashes))


async def use_up(connection: AsyncConnection, person: UUID | None, hashes: Sequence[str]) -> None:
    """Take the uploads of `person` as named, in the transaction that stores the naming."""
    if person is not None and hashes:
        await run(connection, _USE_UP, {"person": person, "hashes": sorted(set(hashes))})


async def lock_unnamed(
    connection: AsyncConnection, before: datetime, most: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Lock at most `most` files whose every upload is older than `before` and was not named.

    Return the hashes of all that were locked, and of those that nothing else has either.
    """
    looked_at = [row[0] for row in await all_rows(connection, _LOCK_OVERDUE, {"before": before, "most": most})]
    # A statement of its own, so that it sees what was named before the lock was had.
    unnamed = [row[0] for row in await all_rows(connection, _UNHELD, {"hashes": looked_at})] if looked_at else []
    return tuple(looked_at), tuple(unnamed)


async def find_registered(connection: AsyncConnection, hashes: Sequence[str]) -> frozenset[str]:
    """Return those of `hashes` that have a row."""
    if not hashes:
        return frozenset()
    return frozenset(row[0] for row in await all_rows(connection, _EXISTING, {"hashes": list(hashes)}))


async def claim_unregistered(
    connection: AsyncConnection, hashes: Sequence[str], at: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take the place of files without a row, so that nobody uploads or registers them until the transaction ends.

    Return the hashes of all whose place was taken, whose rows the caller deletes again in the same transaction, and of
    those that nothing names.
    """
    claimed = [row[0] for row in await all_rows(connection, _CLAIM, {"hashes": list(hashes), "at": at})]
    # A statement of its own, so that it sees what was named before the place was had.
    unnamed = [row[0] for row in await all_rows(connection, _UNHELD, {"hashes": claimed})] if claimed else []
    return tuple(claimed), tuple(unnamed)


async def delete_files(connection: AsyncConnection, hashes: Sequence[str]) -> None:
    """Delete the rows of files."""
    await run(connection, _DELETE, {"hashes": list(hashes)})


async def expire_uploads(connection: AsyncConnection, hashes: Sequence[str], before: datetime) -> None:
    """End the uploads older than `before` of files that something has: they are not named any more."""
    await run(connection, _EXPIRE, {"hashes": list(hashes), "before": before})


async def count_unnamed(connection: AsyncConnection, before: datetime) -> int:
    """Return how many files the sweep would remove."""
    (found,) = await first_row(connection, _COUNT_UNNAMED, {"before": before})
    return int(found)


async def _is_shown(connection: AsyncConnection, person: Person, sha256: str, day: date) -> bool:
    """Whether a case, a duty or a matter that the person may see has the file, or a retired case that they may read."""
    for rows, of_person in ((_cases, visible(person, day)), (_duties, visible_duties(person, day))):
        if await connection.scalar(select(exists(rows(sha256).where(of_person)))):
            return True
    of_person = or_(*(visible_matters(person, rules, day) for rules in RULES.values()))
    facts = _matter_facts(sha256).join(MATTERS, MATTERS.c.id == MATTER_FACTS.c.matter_id)
    if await connection.scalar(select(exists(facts.where(of_person)))):
        return True
    return any(reads_archive(person, case, day) for case in await find_retired_of_file(connection, sha256))


def _cases(sha256: str) -> Select[Any]:
    # Written exactly like the index on this expression.
    return select(CASES.c.report_id).where(literal_column("(cases.state -> 'attachments')").op("?")(sha256))


def _duties(sha256: str) -> Select[Any]:
    return select(DUTIES.c.id).where(DUTIES.c.photos.bool_op("@>")(literal([sha256], ARRAY(Text))))


def _matter_facts(sha256: str) -> Select[Any]:
    # Written exactly like the indexes on these expressions.
    named: list[ColumnElement[bool]] = [
        literal_column(f"(matter_facts.body -> '{field}')").op("?")(sha256) for field in ("attachments", "evidence")
    ]
    return select(MATTER_FACTS.c.seq).where(and_(or_(*named)))
