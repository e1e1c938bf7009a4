"""Requests that are handled with another one: each is shown as far as that has come.

A case that was merged follows its lead, and where that was merged too, the lead's. It is not followed into a category
that is not published: then it is shown as closed, a duplicate. Nothing of the other report is shown, neither its number
nor its words.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import STORED
from models.case import Case
from models.enums import Outcome

_LEAD = "(%s.state -> 'merged_at_stage' ->> 'lead')::uuid"
#: What stands last of a case `c` and those that it follows: parameter `private`, the categories not followed into.
_LAST = f"""(WITH RECURSIVE led AS (
        SELECT 0 AS step, c.outcome, c.closed_at, c.updated_at, {_LEAD % "c"} AS lead
        UNION ALL SELECT led.step + 1, n.outcome, n.closed_at, n.updated_at, {_LEAD % "n"}
        FROM led JOIN cases n ON n.report_id = led.lead
        WHERE led.outcome = 'merged' AND NOT n.category = ANY (%(private)s))
    SELECT {{what}} FROM led)"""  # noqa: S608 only our own expressions are put in
#: The condition that the request of a case `c` is open.
IS_OPEN = f"""CASE WHEN c.outcome = 'merged'
    THEN {_LAST.format(what="(array_agg(closed_at IS NULL ORDER BY step DESC))[1]")} ELSE c.closed_at IS NULL END"""
#: When the request of a case `c` changed last.
UPDATED = f"""CASE WHEN c.outcome = 'merged'
    THEN {_LAST.format(what="max(coalesce(closed_at, updated_at))")} ELSE coalesce(c.closed_at, c.updated_at) END"""
#: The cases that public merged cases follow, with whom they are followed by and since when. `public`: of cases `c`.
LED = f"""WITH RECURSIVE led AS (
        SELECT c.report_id AS member, {_LEAD % "c"} AS lead,
            (c.state -> 'merged_at_stage' ->> 'merged_at')::timestamptz AS since
        FROM cases c WHERE c.outcome = 'merged' AND {{public}}
        UNION ALL SELECT led.member, {_LEAD % "n"}, led.since FROM led JOIN cases n ON n.report_id = led.lead
        WHERE n.outcome = 'merged' AND NOT n.category = ANY (%(private)s))"""  # noqa: S608 only our own expressions are put in
_READ = text("SELECT report_id, state FROM cases WHERE report_id = ANY (:ids)")
#: A lead is earlier than its member, so that there is no circle; this is only how far is read at once.
_MOST_STEPS = 20


def lead_of(case: Case) -> UUID | None:
    """Return the case with which a merged case is handled."""
    return case.merged_at_stage.lead if case.outcome is Outcome.MERGED and case.merged_at_stage is not None else None


async def read_leads(
    connection: AsyncConnection, cases: Iterable[Case], private: Collection[str]
) -> dict[UUID, tuple[Case, ...]]:
    """Return for each merged case those that it follows, the last one at the end; nothing for the others."""
    chains: dict[UUID, tuple[Case, ...]] = {}
    ends = {case.report_id: id_ for case in cases if (id_ := lead_of(case)) is not None}
    for _ in range(_MOST_STEPS):
        if not ends:
            break
        rows = await connection.execute(_READ, {"ids": list(set(ends.values()))})
        found = {row.report_id: Case.model_validate(row.state, context=STORED) for row in rows}
        further: dict[UUID, UUID] = {}
        for member, id_ in ends.items():
            lead = found.get(id_)
            if lead is None or lead.category in private:
                continue
            chains[member] = (*chains.get(member, ()), lead)
            if (beyond := lead_of(lead)) is not None:
                further[member] = beyond
        ends = further
    return chains
