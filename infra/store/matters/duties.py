"""The rows of duties, written in the transaction that records the facts of their plan."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.driver import all_rows, run
from infra.store.matters.enterprise import assess_named
from models.matters.base import MatterFact
from models.matters.common import OpeningSettled
from models.matters.plan import (
    DutiesIssued,
    DutiesMissed,
    DutiesWithdrawn,
    DutyDone,
    DutyStatus,
    OpenBatch,
    PlanState,
    ReportDuty,
)
from rules.matters.plan.duties import duty_id
from rules.matters.plan.evolving import evolve, keys_of

_TERMS = (
    "name", "work", "grid", "enterprise", "day", "shift", "opens_at", "due_at", "role", "person", "department",
    "checklist", "policy_version",
)  # fmt: skip
#: A duty that was withdrawn may be given out again; one that stands stays as it is.
_ISSUE = f"""
    INSERT INTO duties AS d (id, plan, batch, place, {", ".join(_TERMS)}, grid_path, status, failed, photos, cases)
    SELECT n.id, n.plan, n.batch, n.place, {", ".join(f"n.{name}" for name in _TERMS)}, u.path, 'due', 0, '{{}}', '{{}}'
    FROM jsonb_populate_recordset(NULL::duties, %(duties)s) n JOIN grid_units u ON u.code = n.grid
    ON CONFLICT (id) DO UPDATE SET status = 'due', grid_path = excluded.grid_path,
        {", ".join(f"{name} = excluded.{name}" for name in _TERMS)}
    WHERE d.status = 'withdrawn'
"""  # noqa: S608 only names of our own code are put in, values are parameters
_WITHDRAW = (
    "UPDATE duties SET status = 'withdrawn' WHERE plan = %(plan)s AND batch = ANY (%(batches)s) AND status = 'due'"
)
_MISS = """
    UPDATE duties SET status = 'missed', missed_at = due_at
    WHERE plan = %(plan)s AND batch = %(batch)s AND place = ANY (%(places)s) AND status = 'due'
"""
_DO = """
    UPDATE duties SET status = %(status)s, done_at = %(done_at)s, received_at = %(received_at)s, done_by = %(done_by)s,
        failed = %(failed)s, said = %(said)s, result = %(result)s, photos = %(photos)s
    WHERE id = %(id)s
"""
_SETTLE = "UPDATE duties SET cases = cases || jsonb_build_object(%(errand)s::text, %(case_no)s::text) WHERE id = %(id)s"
_ENTERPRISE = "SELECT enterprise FROM duties WHERE id = %(id)s"
_RESULT = frozenset({"items", "note", "needs", "photos", "location", "late"})


async def project(
    connection: AsyncConnection, before: PlanState | None, after: PlanState, facts: Sequence[MatterFact]
) -> None:
    """Write the rows of the duties that `facts` are about."""
    plan = before
    for fact in facts:
        plan = evolve(plan, fact)
        await _write(connection, plan, fact)


async def _write(connection: AsyncConnection, plan: PlanState, fact: MatterFact) -> None:
    match fact.body:
        case DutiesIssued() as body:
            rows = [row for batch in body.batches for row in _rows(plan, batch, body.policy_version)]
            if rows:
                await run(connection, _ISSUE, {"duties": to_json(rows).decode()})
        case DutiesWithdrawn(batches=batches):
            await run(connection, _WITHDRAW, {"plan": plan.id, "batches": list(batches)})
        case DutiesMissed(batch=batch, places=places):
            await run(connection, _MISS, {"plan": plan.id, "batch": batch, "places": list(places)})
            await _assess(connection, plan, fact, places)
        case DutyDone() as body:
            await run(connection, _DO, _done(body, fact))
            if body.failed:
                await _assess(connection, plan, fact, (), body.duty)
        case OpeningSettled(errand=errand, case_no=case_no, matter_code=code) if errand.startswith("duty:"):
            duty = errand.split(":")[1]
            await run(connection, _SETTLE, {"id": duty, "errand": errand, "case_no": case_no or code or ""})


async def _assess(
    connection: AsyncConnection, plan: PlanState, fact: MatterFact, places: Sequence[str], duty: UUID | None = None
) -> None:
    """Have the colours of the enterprises assessed anew whose duties were missed, or whose `duty` failed."""
    if duty is not None:
        rows = await all_rows(connection, _ENTERPRISE, {"id": duty})
        codes = {code for (code,) in rows if code is not None}
    else:
        where = dict(zip(plan.keys, plan.terms.places, strict=True))
        codes = {code for key in places if (code := where[key].enterprise) is not None}
    await assess_named(connection, ("plan", plan.id), fact.seq, codes, fact.at)


def _rows(plan: PlanState, batch: OpenBatch, policy_version: int) -> list[dict[str, Any]]:
    where = dict(zip(plan.keys, plan.terms.places, strict=True))
    workers = plan.terms.workers
    return [
        {
            "id": duty_id(plan.id, key, batch.key),
            "plan": plan.id,
            "batch": batch.key,
            "place": key,
            "name": where[key].name,
            "work": plan.terms.work,
            "grid": where[key].grid,
            "enterprise": where[key].enterprise,
            "day": batch.day,
            "shift": batch.shift,
            "opens_at": batch.opens_at,
            "due_at": batch.due_at,
            "role": workers.role,
            "person": plan.people[0] if workers.person is not None and plan.people else None,
            "department": workers.department,
            "checklist": plan.terms.checklist,
            "policy_version": policy_version,
        }
        for key in keys_of(plan.keys, batch)
        if key not in batch.done
    ]


def _done(body: DutyDone, fact: MatterFact) -> dict[str, Any]:
    return {
        "id": body.duty,
        "status": (DutyStatus.LATE if body.late else DutyStatus.DONE).value,
        "done_at": body.done_at,
        "received_at": fact.at,
        "done_by": fact.actor.person,
        "failed": len(body.failed),
        "said": body.said,
        "photos": sorted(photos_of(body)),
        "result": to_json(body.model_dump(mode="json", include=set(_RESULT))).decode(),
    }


def photos_of(said: DutyDone | ReportDuty) -> set[str]:
    """The hashes of all photos of a report: of its items, of needs, and of the place."""
    parts = [said.photos, *(answer.photos for answer in said.items), *(need.photos for need in said.needs)]
    return {photo for photos in parts for photo in photos}
