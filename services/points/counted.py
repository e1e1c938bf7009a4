"""What happened in a period, by whom it is scored: read from the facts of cases and from duties."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models.policy.scores import Scored, Subject
from models.tables import CASES, DUTIES, FACTS, MATTERS
from rules.points import PointFact
from services.points.period import PointPeriod

#: What was counted, by subject id and kind.
Counted = dict[str, dict[Scored, list[PointFact]]]

_KINDS = ("completed", "self_closed", "overdue", "review_failed", "reopened", "rated")
#: The ratings that count as good and as bad.
_WELL, _BADLY = 4, 2
#: Begins the handling that an overdue or a completion belongs to.
_BEGINS = ("dispatched", "review_failed", "reopened")


async def count_cases(
    connection: AsyncConnection, cases: ColumnElement[bool], period: PointPeriod, subject: Subject, level: int
) -> Counted:
    """Return what happened to these cases in the period, by the id of whom it is scored to."""
    found: Counted = defaultdict(lambda: defaultdict(list))
    f = FACTS.c
    query = (
        select(
            f.kind, f.seq, f.at, f.actor, f.body, CASES.c.case_no, CASES.c.grid_path, CASES.c.exempt, CASES.c.host,
            _before(("dispatched", "redispatched", "transferred"), "body").label("hosting"),
            _before(("completed", "self_closed"), "actor").label("handler"),
            _before(("claimed",), "actor").label("claimant"),
            _late().label("late"),
        )
        .join(CASES, CASES.c.report_id == f.report_id)
        .where(f.kind.in_(_KINDS), f.at >= period.since, f.at < period.until, cases)
        .order_by(f.at, CASES.c.case_no, f.seq)
    )  # fmt: skip
    for row in (await connection.execute(query)).all():
        fact = PointFact(at=row.at, case_no=row.case_no, seq=row.seq)
        for scored in _scored(row):
            for id_ in _ids(row, scored, subject, level):
                found[id_][scored].append(fact)
    return found


def _before(kinds: tuple[str, ...], column: str) -> Any:
    """The column of the last fact of those kinds up to this one, in the same case."""
    d = FACTS.alias()
    query = select(d.c[column]).where(d.c.report_id == FACTS.c.report_id, d.c.seq <= FACTS.c.seq, d.c.kind.in_(kinds))
    return query.order_by(d.c.seq.desc()).limit(1).correlate(FACTS).scalar_subquery()


def _late() -> ColumnElement[bool]:
    """Whether the deadline of the handling that ends here had been missed."""
    o, b = FACTS.alias(), FACTS.alias()
    begun = (
        select(func.coalesce(func.max(b.c.seq), 0))
        .where(b.c.report_id == FACTS.c.report_id, b.c.seq < FACTS.c.seq, b.c.kind.in_(_BEGINS))
        .correlate(FACTS)
        .scalar_subquery()
    )
    return (
        select(literal(1))
        .where(
            o.c.report_id == FACTS.c.report_id,
            o.c.kind == "overdue",
            o.c.body["stage"].astext == "handle",
            o.c.seq < FACTS.c.seq,
            o.c.seq > begun,
        )
        .correlate(FACTS)
        .exists()
    )


def _scored(row: Any) -> Iterator[Scored]:
    """What a fact counts as; an exempted overdue counts as nothing."""
    match row.kind:
        case "completed":
            late = row.late and not row.exempt
            yield Scored.HANDLED_LATE if late else Scored.HANDLED_ON_TIME
        case "self_closed":
            yield Scored.SELF_CLOSED
        case "overdue" if not row.exempt and row.body.get("stage") is not None:
            yield Scored.OVERDUE
        case "review_failed":
            yield Scored.FAILED_REVIEW
        case "reopened":
            yield Scored.REOPENED
        case "rated" if row.body.get("score") is not None:
            if row.body["score"] >= _WELL:
                yield Scored.RATED_WELL
            elif row.body["score"] <= _BADLY:
                yield Scored.RATED_BADLY


def _ids(row: Any, scored: Scored, subject: Subject, level: int) -> Iterator[str]:
    """Whom a fact is scored to."""
    if subject is Subject.UNIT:
        path = str(row.grid_path).split(".")
        if len(path) >= level:
            yield path[level - 1]
        return
    handling = row.kind != "overdue" or row.body.get("stage") in ("handle", "review")
    if subject is Subject.DEPARTMENT:
        hosting = row.hosting or {}
        department = hosting.get("host") or hosting.get("to_department") or row.host
        if department is not None and row.kind != "self_closed" and handling:
            yield department
        return
    person = row.actor if row.kind in ("completed", "self_closed") else row.handler
    if row.kind == "overdue":
        person = row.claimant if row.body.get("stage") == "handle" else None
    if person is not None:
        yield str(person)


async def count_duties(
    connection: AsyncConnection, duties: ColumnElement[bool], period: PointPeriod, subject: Subject, level: int
) -> Counted:
    """Return the duties that were due in the period, by the id of whom they are scored to."""
    d = DUTIES.c
    query = (
        select(
            d.status, d.due_at, d.day, d.shift, d.name, d.person, d.done_by, d.department, d.grid_path, MATTERS.c.code,
        )
        .join(MATTERS, MATTERS.c.id == d.plan)
        .where(
            d.due_at >= period.since, d.due_at < period.until, d.status.in_(("done", "late", "missed")), duties,
        )
        .order_by(d.due_at, MATTERS.c.code, d.name)
    )  # fmt: skip
    found: Counted = defaultdict(lambda: defaultdict(list))
    kinds = {"done": Scored.DUTY_DONE, "late": Scored.DUTY_LATE, "missed": Scored.DUTY_MISSED}
    for row in (await connection.execute(query)).all():
        told = " ".join(part for part in (row.code, str(row.day), row.shift, row.name) if part)
        fact = PointFact(at=row.due_at, duty=told)
        for id_ in _duty_ids(row, subject, level):
            found[id_][kinds[row.status]].append(fact)
    return found


def _duty_ids(row: Any, subject: Subject, level: int) -> Iterator[str]:
    if subject is Subject.UNIT:
        path = str(row.grid_path).split(".")
        if len(path) >= level:
            yield path[level - 1]
    elif subject is Subject.DEPARTMENT:
        if row.department is not None:
            yield row.department
    elif (person := row.done_by or row.person) is not None:
        yield str(person)
