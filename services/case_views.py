"""Cases as people see them: names in place of ids, the reporter behind an alias."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from infra.store.raw import all_rows
from models.calendar import Calendar
from models.case import Case, Clock, Owner, Request, UrgeOrder
from models.commands import Location
from models.context import Person
from models.facts import Actor, Explanation, Fact
from models.names import PUBLIC
from models.policy import Policy
from models.views import (
    ActorView,
    CaseItem,
    CaseView,
    ClockView,
    CoHandlerView,
    FactView,
    GridView,
    NamedOwner,
    ReporterView,
    RequestView,
    TaskView,
    UrgeView,
)
from models.words import OwnerKind, Source
from rules.clocks import elapsed, left, terms_of
from rules.lights import light
from rules.scope import allowed_commands
from rules.tasks import open_tasks

#: Reports that staff make in their own role.
STAFF_SOURCES = frozenset({Source.GRID_WORKER, Source.HOTLINE, Source.IMPORT})
#: What a list and a view read of a row of `cases`.
COLUMNS = "state, description, lat, lon, anonymous"


@dataclass(frozen=True)
class Names:
    """Names by id, for the cases at hand, in the reader's language."""

    units: dict[str, str]
    departments: dict[str, str]
    people: dict[str, str]
    policy: Policy
    language: str

    def owner(self, owner: Owner) -> NamedOwner:
        """The owner with a name; an id nobody knows any more stands for itself."""
        return self.named(owner.kind, owner.id)

    def named(self, kind: OwnerKind, id_: str) -> NamedOwner:
        """The same of an owner known by kind and id."""
        book = {
            OwnerKind.UNIT: self.units,
            OwnerKind.DEPARTMENT: self.departments,
            OwnerKind.PERSON: self.people,
        }[kind]
        return NamedOwner(kind=kind, id=id_, name=book.get(id_, id_))

    def with_more(self, other: "Names") -> "Names":
        """These and the other's, in the same language."""
        return replace(self, units=self.units | other.units, people=self.people | other.people)

    def category(self, code: str) -> str:
        """The category's name."""
        found = self.policy.category(code)
        if found is None:
            return code
        return found.name_en if self.language.startswith("en") else found.name_zh


_NAMES = """
SELECT 'unit' AS kind, code AS id, name FROM grid_units WHERE code = ANY (%(units)s::text[])
UNION ALL SELECT 'person', id::text, name FROM people WHERE id = ANY (%(people)s::uuid[])
UNION ALL SELECT 'department', id, CASE WHEN %(english)s THEN name_en ELSE name_zh END FROM departments
"""


async def read_names(
    connection: AsyncConnection, cases: Iterable[Case], language: str, people: Iterable[UUID] = ()
) -> Names:
    """The names that the views of `cases` need, and those of `people` besides."""
    units: set[str] = set()
    persons = {str(person) for person in people}
    for case in cases:
        units.update(case.grid_path)
        persons.update(_people_in(case))
        if case.owner is not None and case.owner.kind is OwnerKind.UNIT:
            units.add(case.owner.id)
    return await name_ids(connection, units, persons, language)


async def name_ids(connection: AsyncConnection, units: Iterable[str], people: Iterable[str], language: str) -> Names:
    """The names of these units and people, of every department, and the policy that names categories."""
    asked = {"units": list(units), "people": list(people), "english": language.startswith("en")}
    found = await all_rows(connection, _NAMES, asked)
    named: dict[str, dict[str, str]] = {"unit": {}, "person": {}, "department": {}}
    for kind, id_, name in found:
        named[kind][id_] = name
    return Names(
        units=named["unit"],
        departments=named["department"],
        people=named["person"],
        policy=await policy_version(connection, await newest_version(connection)),
        language=language,
    )


def _people_in(case: Case) -> set[str]:
    """Everybody whom the view of a case may name."""
    named = {case.claimed_by, case.reported_by, case.void_proposed_by, *(urge.by for urge in case.urges)}
    named |= {request.by for _, request in _requests(case)}
    found = {str(person) for person in named if person is not None}
    return found | {o.id for o in (case.owner, case.desk) if o is not None and o.kind is OwnerKind.PERSON}


def _requests(case: Case) -> list[tuple[str, Request]]:
    asked = {
        "info": case.info_request,
        "return": case.return_request,
        "extension": case.extension_request,
        "suspension": case.suspension_request,
        "reopen": case.reopen_request,
        "appeal": case.appeal,
    }
    return [(kind, request) for kind, request in asked.items() if request is not None]


def case_item(case: Case, names: Names, now: datetime) -> CaseItem:
    """The case as one line of a list."""
    return CaseItem(
        case_no=case.case_no,
        title=case.title,
        category=case.category,
        category_name=names.category(case.category),
        severity=case.severity,
        source=case.source,
        grid=case.grid,
        grid_name=names.units.get(case.grid, case.grid),
        stage=case.stage,
        outcome=case.outcome,
        light=light(case, now),
        **clock_figures(case.clock, names.policy, now),
        owner=names.owner(case.owner) if case.owner else None,
        level=case.level,
        round=case.round,
        revision=case.seq,
        reported_at=case.reported_at,
        updated_at=case.updated_at,
        closed_at=case.closed_at,
    )


def clock_figures(clock: Clock | None, policy: Policy, now: datetime) -> dict[str, Any]:
    """What a line says of the clock of the stage: when it is due, what is left in which unit, whether it is late."""
    if clock is None:
        return {"due_at": None, "left": None, "unit": None, "overdue": False}
    late = clock.overdue_at is not None or (clock.due_at is not None and clock.due_at <= now)
    remaining = left(clock, _calendar(clock, policy), now)
    return {"due_at": clock.due_at, "left": remaining, "unit": terms_of(clock).unit, "overdue": late}


def case_view(
    row: Row[Any], names: Names, person: Person, day: date, now: datetime, phone: str | None = None
) -> CaseView:
    """The case as it stands, for `person`; `phone` is what they are shown of the reporter's number."""
    case = Case.model_validate(row.state)
    item = case_item(case, names, now)
    return CaseView(
        **item.model_dump(exclude={"grid", "grid_name"}),
        report_id=case.report_id,
        description=row.description,
        grid=GridView(
            code=case.grid,
            name=item.grid_name,
            level=_level(case),
            path=case.grid_path,
            path_names=tuple(names.units.get(code, code) for code in case.grid_path),
        ),
        location=None if row.lat is None else Location(lat=row.lat, lon=row.lon),
        provisional=any(c.plan is not None and c.plan.provisional for c in (case.clock, case.whole) if c is not None),
        condition=case.condition,
        policy_version=case.policy_version,
        acknowledged_until=case.acknowledged_until,
        consultation_at=case.consultation_at,
        clocks=tuple(
            _clock(c, names.policy, now) for c in (*case.past_clocks, case.clock, case.whole) if c is not None
        ),
        tasks=tuple(
            TaskView(kind=t.kind, assignee=names.owner(masked_owner(t.assignee, case)), due_at=t.due_at)
            for t in open_tasks(case)
        ),
        host=case.host,
        suggested_host=case.suggested_host,
        co_handlers=tuple(
            CoHandlerView(
                department=c.department,
                name=names.departments.get(c.department, c.department),
                reported_at=c.reported_at,
            )
            for c in case.co_handlers
        ),
        claimed_by=names.people.get(str(case.claimed_by)) if case.claimed_by else None,
        suspended_until=case.suspended_until,
        requests=tuple(
            RequestView(kind=kind, by=who(r.by, case, names), at=r.at, until=r.until) for kind, r in _requests(case)
        ),
        urges=tuple(urge_view(u, case, names) for u in case.urges),
        attachments=case.attachments,
        reporter=ReporterView(
            alias=alias(case.report_id),
            anonymous=row.anonymous,
            contact_kept=case.reporter_ref is not None,
            phone=phone,
        ),
        rating=case.rating,
        merged_into=case.merged_into,
        occurred_at=case.occurred_at,
        received_at=case.received_at,
        archived_at=case.archived_at,
        allowed_commands=allowed_commands(person, case, day),
    )


def fact_views(facts: Sequence[Fact], case: Case, names: Names) -> tuple[FactView, ...]:
    """The timeline: each fact with its actor named, unless that is the reporter."""
    return tuple(
        FactView(
            seq=fact.seq,
            at=fact.at,
            kind=fact.body.kind,
            command=fact.command,
            actor=_actor(fact.actor, case, names),
            body=fact.body.model_dump(mode="json", exclude={"kind", "reporter_ref", "content_hash"}),
            why=_reasons(fact),
        )
        for fact in facts
    )


def alias(report_id: UUID) -> str:
    """What a reporter is called where anybody may read it: the same within a case, unlike between cases."""
    return blake2b(report_id.bytes, digest_size=3, person=b"alias").hexdigest().upper()


def _reasons(fact: Fact) -> tuple[Explanation, ...]:
    found = (getattr(fact.body, name, None) for name in ("owner_why", "host_why"))
    return tuple(why for why in found if why is not None)


def _actor(actor: Actor, case: Case, names: Names) -> ActorView:
    if actor.person is None:
        return ActorView(kind="system", id=None, name="Gridloop")
    if _hides(actor.person, case):
        return ActorView(kind="reporter", id=None, name=_reporter_name(case, names))
    return ActorView(kind="person", id=actor.person, name=names.people.get(str(actor.person), "?"))


def who(person: UUID, case: Case, names: Names) -> str:
    """The person's name; of a reporter the alias."""
    if _hides(person, case):
        return _reporter_name(case, names)
    return names.people.get(str(person), "?")


def masked_owner(owner: Owner, case: Case) -> Owner:
    """A task of the reporter's is assigned to an alias."""
    if owner.kind is OwnerKind.PERSON and owner.id == str(case.reported_by) and _hides(case.reported_by, case):
        return Owner(kind=OwnerKind.PERSON, id=alias(case.report_id))
    return owner


def _hides(person: UUID, case: Case) -> bool:
    """Whether `person` is the reporter and reported for themselves. Staff who report do so by name."""
    return person == PUBLIC or (person == case.reported_by and case.source not in STAFF_SOURCES)


def _reporter_name(case: Case, names: Names) -> str:
    word = "Reporter" if names.language.startswith("en") else "上报人"
    return f"{word} {alias(case.report_id)}"


def _level(case: Case) -> int:
    return len(case.grid_path)


def urge_view(urge: UrgeOrder, case: Case, names: Names) -> UrgeView:
    """The urge order, with who gave it."""
    by = "Gridloop" if urge.by is None else who(urge.by, case, names)
    return UrgeView(**{**urge.model_dump(exclude={"rungs", "last_step"}), "by": by})


def _is_overdue(clock: Clock, now: datetime) -> bool:
    return clock.overdue_at is not None or (clock.due_at is not None and clock.due_at <= now)


def _calendar(clock: Clock, policy: Policy) -> Calendar:
    return policy.calendar(terms_of(clock).calendar) or policy.calendars[0]


def _clock(clock: Clock, policy: Policy, now: datetime) -> ClockView:
    terms, plan = terms_of(clock), clock.plan
    calendar = _calendar(clock, policy)
    return ClockView(
        **clock.model_dump(exclude={"terms", "plan", "last_step"}),
        amount=terms.amount,
        unit=terms.unit,
        elapsed=elapsed(clock, calendar, now),
        running=clock.runs and clock.ended_at is None,
        provisional=plan is not None and plan.provisional,
        yellow_at=plan.yellow_at if plan else None,
        red_at=plan.red_at if plan else None,
        ceiling_at=plan.ceiling_at if plan else None,
        next_step_at=plan.rungs[0] if plan and plan.rungs else None,
    )
