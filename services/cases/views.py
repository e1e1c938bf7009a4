"""Views of cases for people: names in place of ids, the reporter behind an alias."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from infra.store.sealed_answers import NOTHING_OPENED, Opened
from models.answers import has_contact
from models.base import STORED
from models.case import Case, Clock, UrgeOrder
from models.commands import ExternalReference, Location
from models.context import Person
from models.enums import Role
from models.facts import Actor, Explanation, Fact, Urged
from models.personal_numbers import mask_numbers, mask_prose
from models.policy.calendar import Calendar
from models.policy.document import Policy
from models.views import (
    ActorView,
    AppealView,
    CaseItem,
    CaseView,
    ClockView,
    CoHandlerView,
    EnterpriseView,
    FactView,
    GridView,
    ReporterView,
    RequestView,
    TaskView,
    UrgeView,
    with_hours,
)
from rules.deadlines.clocks import elapsed, remaining, terms_of
from rules.deadlines.lights import headline_clock, light
from rules.masking import reads_numbers
from rules.requests import pending_requests, takes_supervisor
from rules.scope import allowed_commands
from rules.tasks import open_tasks
from services.cases.answers import answer_views, fact_answers, open_views, unread_views
from services.cases.names import Names
from services.cases.proof import proof_code
from services.cases.reporter_alias import display_name, is_hidden, masked_owner, reporter_alias, reporter_name
from services.cases.reporter_contact import KEYS_AWAY
from services.cases.told import only_reported, open_fields
from services.runtime.shown_numbers import show
from services.wording.vocabulary import URGE_CAUSES, label_of


def case_item(case: Case, names: Names, now: datetime) -> CaseItem:
    """Return the case as one item of a list."""
    return CaseItem(
        case_no=case.case_no,
        title=mask_numbers(case.title),
        category=case.category,
        category_name=names.category(case.category),
        severity=case.severity,
        source=case.source,
        grid=case.grid,
        grid_name=names.units.get(case.grid, case.grid),
        enterprise=enterprise_view(case.enterprise, names),
        stage=case.stage,
        outcome=case.outcome,
        light=light(case, now),
        **clock_fields(_open_clocks(case), names.policy, now),
        owner=names.owner(case.owner) if case.owner else None,
        level=case.level,
        round=case.round,
        revision=case.seq,
        reported_at=case.reported_at,
        updated_at=case.updated_at,
        closed_at=case.closed_at,
    )


def enterprise_view(code: str | None, names: Names) -> EnterpriseView | None:
    """The enterprise with its name; None for none."""
    return None if code is None else EnterpriseView(code=code, name=names.enterprises.get(code, code))


def _open_clocks(case: Case) -> list[Clock]:
    """Return the clock of the stage and that of the whole case, as far as they run; none of a closed case."""
    return [] if case.clock is None else [case.clock, *([case.whole] if case.whole is not None else [])]


def clock_fields(clocks: Sequence[Clock], policy: Policy, now: datetime) -> dict[str, Any]:
    """Return an item's fields about its deadline, the earlier of the stage's and the whole case's: when it is due, what
    is left in which unit, if any is overdue.
    """
    if not clocks:
        return {"due_at": None, "left": None, "unit": None, "overdue": False}
    clock = headline_clock(clocks)
    overdue = any(_is_overdue(one, now) for one in clocks)
    return {
        "due_at": clock.due_at,
        "left": remaining(clock, _calendar(clock, policy), now),
        "unit": terms_of(clock).unit,
        "overdue": overdue,
    }


def case_view(
    row: Any,
    names: Names,
    person: Person,
    day: date,
    now: datetime,
    phone: str | None = None,
    present: Case | None = None,
    opened: Opened = NOTHING_OPENED,
) -> CaseView:
    """Return the case of a row of `cases` for `person`; `phone` is the reporter's number as far as they are shown it.

    `present`: the case as it is today, where the row is of the past: who does not need numbers today does not read them
    in the past either. `opened`: what its personal answers hold. Numbers of people in the text are whole only for those
    who need them (`rules.masking`).
    """
    case = Case.model_validate(row.state, context=STORED)
    item = case_item(case, names, now)
    whole = reads_numbers(person, case, day) and (present is None or reads_numbers(person, present, day))
    if whole:
        show(case.title, row.description, row.external_number)
    return CaseView(
        **item.model_dump(exclude={"grid", "grid_name", "title"}),
        title=case.title if whole else item.title,
        report_id=case.report_id,
        proof=proof_code(case.report_id, case.seq, row.last_hash),
        description=row.description if whole else mask_numbers(row.description),
        grid=_grid_view(case, names),
        location=None if row.lat is None else Location(lat=row.lat, lon=row.lon),
        provisional=any(c.plan is not None and c.plan.provisional for c in (case.clock, case.whole) if c is not None),
        condition=case.condition,
        policy_version=case.policy_version,
        acknowledged_until=case.acknowledged_until,
        consultation_at=case.consultation_at,
        clocks=tuple(
            _clock(c, names.policy, now) for c in (*case.past_clocks, case.clock, case.whole) if c is not None
        ),
        tasks=_task_views(case, names),
        host=case.host,
        suggested_host=case.suggested_host,
        co_handlers=_co_handler_views(case, names),
        claimed_by=names.people.get(str(case.claimed_by)) if case.claimed_by else None,
        suspended_until=case.suspended_until,
        requests=tuple(
            RequestView(
                kind=kind,
                by=display_name(r.by, case, names),
                at=r.at,
                until=r.until,
                department=r.department,
                decide_by=r.decide_by,
                granted_by=Role.SUPERVISOR if takes_supervisor(case, kind) else None,
            )
            for kind, r in pending_requests(case).items()
        ),
        appeals=tuple(
            AppealView(
                department=a.department,
                name=names.department(a.department),
                round=a.round,
                by=display_name(a.by, case, names),
                at=a.at,
                upheld=a.upheld,
            )
            for a in case.appeals
        ),
        reviewer=names.people.get(str(case.reviewer)) if case.reviewer else None,
        merged_cases=case.absorbed,
        urges=tuple(urge_view(u, case, names) for u in case.urges),
        attachments=case.attachments,
        reporter=ReporterView(
            alias=reporter_alias(case.report_id),
            anonymous=row.anonymous,
            contact_kept=has_contact(case.reporter_ref),
            phone=None if phone == KEYS_AWAY else phone,
            keys_away=phone == KEYS_AWAY,
        ),
        rating=case.rating,
        merged_into=case.merged_into,
        external=None
        if row.external_number is None
        else ExternalReference(
            system=row.external_system, number=row.external_number if whole else mask_numbers(row.external_number)
        ),
        matter=case.matter,
        answers=answer_views(case, names.language, whole=whole, opened=opened),
        unanswered=open_views(case.unanswered, names.language),
        not_understood=unread_views(case.unread, names.language, whole=whole, opened=opened),
        occurred_at=case.occurred_at,
        received_at=case.received_at,
        archived_at=case.archived_at,
        allowed_commands=allowed_commands(person, case, day),
    )


def fact_views(
    facts: Sequence[Fact], case: Case, names: Names, person: Person, day: date, opened: Opened = NOTHING_OPENED
) -> tuple[FactView, ...]:
    """Return the timeline for `person`: each fact with its actor named, unless that is the reporter.

    Who only reported the case reads what is written for them: the answer and the reasons, no results and notes. Numbers
    of people in the text are whole only for those who need them (`rules.masking`).
    """
    whole = reads_numbers(person, case, day)
    reader = person if only_reported(person, case, day) else None
    return tuple(
        FactView(
            seq=fact.seq,
            at=fact.at,
            kind=fact.body.kind,
            command=fact.command,
            actor=_actor(fact.actor, case, names),
            body=_prose(fact, _body(fact, reader, names.language), whole=whole, opened=opened),
            why=_reasons(fact) if reader is None else (),
        )
        for fact in facts
    )


def _prose(fact: Fact, body: dict[str, Any], *, whole: bool, opened: Opened) -> dict[str, Any]:
    """Return the content with its numbers of people masked, or shown."""
    body = fact_answers(body, fact.body, whole=whole, opened=opened)
    if whole:
        show(body)
        return body
    masked: dict[str, Any] = mask_prose(body)
    return masked


def _body(fact: Fact, reporter: Person | None, language: str) -> dict[str, Any]:
    """Return the content of the fact, or what of it the `reporter` may read.

    An order that the system gave has its cause as its note, in the reader's language.
    """
    body = with_hours(fact.body.model_dump(mode="json", exclude={"kind", "reporter_ref", "content_hash"}))
    if isinstance(fact.body, Urged) and fact.body.cause is not None:
        body["note"] = label_of(URGE_CAUSES, fact.body.cause, language)
    return body if reporter is None else open_fields(fact, body, reporter)


def files_of(facts: Iterable[FactView]) -> tuple[str, ...]:
    """Return the files that these facts name, each once."""
    names = ("attachments", "evidence", "released_photos")
    return tuple(dict.fromkeys(hash_ for fact in facts for name in names for hash_ in fact.body.get(name) or ()))


def _reasons(fact: Fact) -> tuple[Explanation, ...]:
    found = (getattr(fact.body, name, None) for name in ("owner_why", "host_why", "severity_why"))
    return tuple(why for why in found if why is not None)


def _actor(actor: Actor, case: Case, names: Names) -> ActorView:
    if actor.person is None:
        return ActorView(kind="system", id=None, name="Gridloop")
    if is_hidden(actor.person, case):
        return ActorView(kind="reporter", id=None, name=reporter_name(case, names))
    return ActorView(kind="person", id=actor.person, name=names.people.get(str(actor.person), "?"))


def _grid_view(case: Case, names: Names) -> GridView:
    return GridView(
        code=case.grid,
        name=names.units.get(case.grid, case.grid),
        level=len(case.grid_path),
        path=case.grid_path,
        path_names=tuple(names.units.get(code, code) for code in case.grid_path),
    )


def _task_views(case: Case, names: Names) -> tuple[TaskView, ...]:
    return tuple(
        TaskView(kind=task.kind, assignee=names.owner(masked_owner(task.assignee, case)), due_at=task.due_at)
        for task in open_tasks(case)
    )


def _co_handler_views(case: Case, names: Names) -> tuple[CoHandlerView, ...]:
    return tuple(
        CoHandlerView(
            department=handler.department, name=names.department(handler.department), reported_at=handler.reported_at
        )
        for handler in case.co_handlers
    )


def urge_view(urge: UrgeOrder, case: Case, names: Names) -> UrgeView:
    """Return the urge order, with the name of who gave it."""
    by = "Gridloop" if urge.by is None else display_name(urge.by, case, names)
    return UrgeView(**{**urge.model_dump(exclude={"rungs", "last_step"}), "by": by})


def _is_overdue(clock: Clock, now: datetime) -> bool:
    return clock.overdue_at is not None or (clock.due_at is not None and clock.due_at <= now)


def _calendar(clock: Clock, policy: Policy) -> Calendar:
    return policy.calendar(terms_of(clock).calendar) or policy.calendars[0]


#: The fields of a clock that are shown as they are.
SHOWN_OF_A_CLOCK = (
    "stage", "round", "limit", "extended", "source", "intervals", "due_at", "light", "overdue_at", "ended_at",
)  # fmt: skip


def _clock(clock: Clock, policy: Policy, now: datetime) -> ClockView:
    terms, plan = terms_of(clock), clock.plan
    calendar = _calendar(clock, policy)
    return ClockView(
        **{name: getattr(clock, name) for name in SHOWN_OF_A_CLOCK},
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
