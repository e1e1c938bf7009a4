"""Look at a reporter: a keeper who has given a reason, for a quarter of an hour, and every look is counted."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import read_facts
from infra.store.context import local_day
from infra.store.criteria.scope import visible
from infra.store.reporters import read_contact
from models.base import STORED, Frozen, Instant
from models.case import Case
from models.context import Person
from models.enums import Role
from models.errors import NotUnmasked, NotYours
from models.facts import ReporterUnmasked
from models.ids import new_id
from models.personal_numbers import PROSE_FIELDS, numbers_in
from models.tables import CASES
from rules.scope import covers, in_force
from services.cases.answers import fact_answers, open_personal
from services.cases.queries import find_case
from services.runtime.shown_numbers import show


class WrittenText(Frozen):
    """A text of the case in which numbers are masked for others: where it stands, and as it was written."""

    seq: int
    kind: str
    field: str
    text: str


class UnmaskedReporter(Frozen):
    """A reporter as the keeper sees them until `until`. `looks` counts this look too. `erased`: nothing is left."""

    case_no: str
    name: str | None
    phone: str | None
    anonymous: bool
    erased: bool
    texts: tuple[WrittenText, ...]
    until: Instant
    looks: int


class Unmasking(Frozen):
    """An unmasking, for the auditor: who, why, until when, and how often they looked."""

    case_no: str
    by: str
    at: Instant
    purpose: str
    reason: str
    until: Instant
    looks: int
    last_look: Instant | None


async def look_at_reporter(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime
) -> UnmaskedReporter:
    """Return the reporter of a case, and count the look. `connection` must commit what is written.

    Raises NoSuchCase; NotYours for whoever is no keeper of the place; NotUnmasked without a reason given in the last
    quarter of an hour; KeysAway.
    """
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state, context=STORED)
    if not is_keeper(person, case, now, await local_day(connection, now)):
        raise NotYours(command="unmask", who="keeper")
    facts = await read_facts(connection, case.report_id)
    given = [f for f in facts if isinstance(f.body, ReporterUnmasked) and f.actor.person == person.id]
    if not given or not isinstance(given[-1].body, ReporterUnmasked) or given[-1].body.until <= now:
        raise NotUnmasked()
    contact = None if case.reporter_ref is None else await read_contact(connection, case.reporter_ref)
    seq, until = given[-1].seq, given[-1].body.until
    await connection.execute(
        text("INSERT INTO unmask_looks (id, report_id, seq, person, at) VALUES (:id, :case, :seq, :person, :at)"),
        {"id": new_id(), "case": case.report_id, "seq": seq, "person": person.id, "at": now},
    )
    looks = await connection.scalar(
        text("SELECT count(*) FROM unmask_looks WHERE report_id = :case AND seq = :seq"),
        {"case": case.report_id, "seq": seq},
    )
    opened = await open_personal(connection, case, facts)
    texts = tuple(
        found
        for fact in facts
        for found in _texts(
            fact.seq, fact_answers(fact.body.model_dump(mode="json"), fact.body, whole=True, opened=opened)
        )
    )
    show(*(one.text for one in texts), "" if contact is None else contact.phone or "")
    return UnmaskedReporter(
        case_no=case.case_no,
        name=None if contact is None else contact.name,
        phone=None if contact is None else contact.phone,
        anonymous=row.anonymous,
        erased=case.reporter_erased,
        texts=texts,
        until=until,
        looks=int(looks or 0),
    )


def is_keeper(person: Person, case: Case, now: datetime, day: Any) -> bool:
    """Whether the person is the keeper of the case's place today."""
    return any(grant.role is Role.KEEPER and covers(grant, case.grid_path) for grant in in_force(person, day))


def _texts(seq: int, body: dict[str, Any], kind: str = "") -> list[WrittenText]:
    """The texts with numbers in what a fact says."""
    kind = kind or str(body.get("kind", ""))
    found: list[WrittenText] = []
    for name, value in body.items():
        if isinstance(value, str) and name in PROSE_FIELDS and numbers_in(value):
            found.append(WrittenText(seq=seq, kind=kind, field=name, text=value))
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                found += _texts(seq, part, kind)
    return found


async def list_unmaskings(
    connection: AsyncConnection, person: Person, now: datetime, case_no: str | None = None, limit: int = 200
) -> tuple[Unmasking, ...]:
    """Return the latest unmaskings in the person's scope, the newest first, with how often each keeper looked.

    For auditors, and for keepers themselves. Raises NotYours for everybody else.
    """
    day = await local_day(connection, now)
    if not {grant.role for grant in in_force(person, day)} & {Role.AUDITOR, Role.KEEPER}:
        raise NotYours(command="unmaskings", who="auditor / keeper")
    seen = select(CASES.c.report_id, CASES.c.case_no).where(visible(person, day))
    if case_no is not None:
        seen = seen.where(CASES.c.case_no == case_no)
    cases = seen.subquery("seen")
    facts = text(
        "SELECT f.report_id, f.at, f.body, p.name, count(l.id) AS looks, max(l.at) AS last_look FROM facts f"
        " JOIN people p ON p.id = f.actor LEFT JOIN unmask_looks l ON l.report_id = f.report_id AND l.seq = f.seq"
        " WHERE f.kind = 'reporter_unmasked' GROUP BY f.report_id, f.seq, f.at, f.body, p.name"
        " ORDER BY f.at DESC LIMIT 2000"
    ).columns(CASES.c.report_id)
    rows = (await connection.execute(facts)).all()
    if not rows:
        return ()
    numbers = {
        id_: no
        for id_, no in await connection.execute(
            select(cases.c.report_id, cases.c.case_no).where(cases.c.report_id.in_({row.report_id for row in rows}))
        )
    }
    return tuple(
        Unmasking(
            case_no=numbers[row.report_id],
            by=row.name,
            at=row.at,
            purpose=row.body["purpose"],
            reason=row.body["reason"],
            until=row.body["until"],
            looks=row.looks,
            last_look=row.last_look,
        )
        for row in rows
        if row.report_id in numbers
    )[:limit]
