"""The content of a page about one case: the case, its timeline, its forecast, and what the rules allow."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.cases import read_facts
from infra.store.context import local_day, read_system_context
from models.base import STORED, Frozen, Instant
from models.case import Case
from models.context import Context, Person
from models.enums import Level, OwnerKind, RequestKind, Role, Stage
from models.errors import NoSuchCase
from models.facts import EnterpriseLinked, Fact, Received
from models.policy.questions import Door, Question
from models.views import CaseView, FactView, Told
from rules.deadlines.standards import extension_rule, openings, standard_of, suspension_days
from rules.deciders.requests import latest_extension
from rules.levels import current_level
from rules.requests import own_requests
from rules.result_evidence import result_evidence
from services.cases.answers import open_for
from services.cases.forecast import Forecast, get_forecast
from services.cases.names import Names, read_names
from services.cases.queries import find_case
from services.cases.reporter_contact import masked_phone
from services.cases.told import TOLD_KINDS, only_reported, proposed_answer, read_told
from services.cases.told_log import TellView, needs_telling, read_told_log
from services.cases.views import case_view, fact_views, files_of
from services.commands.reviewer_choices import reviewer_choices
from services.commands.transfer_targets import Named
from services.desk.quick_dates import QuickDates, quick_dates
from services.directory.people import unit_names
from services.policies.rule_drift import NewerRule, find_newer_rule


class ExtensionTerms(Frozen):
    """延期: how often it was granted and may be, the latest date one more may reach, and who grants it.

    `latest` None: none can be requested now; `overdue`: because the deadline has passed.
    """

    granted: int
    most: int
    latest: Instant | None
    overdue: bool
    granted_by: Role


class ConditionChoice(Frozen):
    """An opening condition that the case may be accepted under."""

    code: str
    name_zh: str
    name_en: str


class CaseRules(Frozen):
    """What the rules require from whoever acts on the case, and what they may choose from.

    `answer_required`: it is completed only with an answer for the reporter. `own_requests`: what the reader asked for
    and may take back. `stands_at`: the level that an escalation leads up from. `supervisor_reopens`: it was reopened
    before, so only a supervisor decides whether it is again. `most`: how often in a round a return, a transfer, a
    suspension or a question may be asked; `used`: how often each was. `questions`: those of the
    category. `quick`: dates to choose at one click.
    """

    evidence_required: bool
    answer_required: bool
    extension: ExtensionTerms | None
    suspension_days: int
    questions: tuple[Question, ...]
    conditions: tuple[ConditionChoice, ...]
    helpers_missing: tuple[str, ...]
    claimed_by_me: bool
    void_proposed: bool
    returned_before: bool
    own_requests: tuple[RequestKind, ...]
    stands_at: Level
    supervisor_reopens: bool
    used: dict[RequestKind, int]
    most: dict[RequestKind, int]
    quick: QuickDates


class FileView(Frozen):
    """An attachment of the case: its media type and size in bytes; pixels for pictures."""

    sha256: str
    media_type: str
    size: int
    width: int | None
    height: int | None

    @property
    def is_picture(self) -> bool:
        """Whether a page can show it as a picture."""
        return self.media_type.startswith("image/")

    @property
    def is_video(self) -> bool:
        """Whether a page can play it."""
        return self.media_type.startswith("video/")


class CasePageView(Frozen):
    """The content of a case page.

    `names` has the names of departments, units and people by id, as far as the timeline mentions them; `outlines` those
    of the case's grid and of the unit within it (GeoJSON), where they have any; `newer`: how the policy version in
    force differs from the case's own; `releasable`: the photos of the last result, which its review may show to the
    reporter; `reviewers`: who may be assigned to review it; `proposed_answer`: the answer that its completion wrote for
    the reporter; `told`: what they are told; `told_log`: the messages to them, for those who speak with reporters;
    `needs_telling`: those did not reach them.

    Whoever only reported the case gets of facts and files what is meant for them.
    """

    case: CaseView
    facts: tuple[FactView, ...]
    forecast: Forecast | None
    rules: CaseRules
    files: dict[str, FileView]
    names: dict[str, str]
    outlines: tuple[dict[str, Any], ...] = ()
    newer: NewerRule | None = None
    releasable: tuple[FileView, ...] = ()
    reviewers: tuple[Named, ...] = ()
    proposed_answer: str = ""
    told: Told = Told()
    told_log: tuple[TellView, ...] = ()
    needs_telling: bool = False


async def get_case_page(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> CasePageView:
    """Return the page of a case that `person` may see. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state, context=STORED)
    facts = await read_facts(connection, case.report_id)
    names = await read_names(connection, [case], language, _people_in(facts), _enterprises_in(facts))
    day = await local_day(connection, now)
    ctx = await read_system_context(connection, case, now)
    units = await _unit_names(connection, facts)
    reporter = only_reported(person, case, day)
    opened = await open_for(connection, person, case, day, facts)
    shown = fact_views(facts, case, names, person, day, opened)
    if reporter:
        shown = tuple(f for f in shown if f.kind in TOLD_KINDS or f.actor.kind == "reporter" or f.actor.id == person.id)
    files = await read_files(connection, files_of(shown) if reporter else case.attachments)
    phone = await masked_phone(connection, case, person, day, anonymous=row.anonymous)
    view = case_view(row, names, person, day, now, phone, opened=opened)
    return CasePageView(
        case=view.model_copy(update={"attachments": tuple(files), "urges": ()}) if reporter else view,
        facts=shown,
        forecast=await get_forecast(connection, person, case_no, now, language) if case.is_open else None,
        rules=_case_rules(case, ctx, person, names),
        files=files,
        names={**units, **names.units, **names.departments, **names.people, **names.enterprises},
        outlines=await _outlines(connection, case.grid_path),
        newer=await find_newer_rule(connection, case, ctx, now),
        releasable=tuple(files[h] for h in result_evidence(facts) if h in files and files[h].is_picture),
        reviewers=await reviewer_choices(connection, case, day) if "assign_reviewer" in view.allowed_commands else (),
        proposed_answer="" if reporter else proposed_answer(facts),
        told=await read_told(connection, case, facts),
        told_log=(log := await read_told_log(connection, person, case, day)),
        needs_telling=bool(log) and await needs_telling(connection, person, case, day),
    )


async def _outlines(connection: AsyncConnection, grid_path: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Return the outlines of the two lowest units on the path, the larger first."""
    rows = await connection.execute(
        text("SELECT geometry FROM grid_units WHERE code = ANY (:codes) AND geometry IS NOT NULL ORDER BY level"),
        {"codes": list(grid_path[-2:])},
    )
    return tuple(rows.scalars())


async def read_files(connection: AsyncConnection, hashes: Iterable[str]) -> dict[str, FileView]:
    """Return these attachments by their hashes, as far as they are stored."""
    rows = await connection.execute(
        text("SELECT sha256, media_type, size, width, height FROM attachments WHERE sha256 = ANY (:hashes)"),
        {"hashes": list(hashes)},
    )
    return {row.sha256: FileView.model_validate(dict(row._mapping)) for row in rows}


class Meanwhile(Frozen):
    """The facts that others added to a case since a revision that the reader saw."""

    facts: tuple[FactView, ...]
    revision: int


async def facts_since(
    connection: AsyncConnection, person: Person, case_no: str, seen: int, now: datetime, language: str
) -> Meanwhile:
    """Return the facts after the revision `seen`. Raises NoSuchCase."""
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state, context=STORED)
    facts = [fact for fact in await read_facts(connection, case.report_id) if fact.seq > seen]
    names = await read_names(connection, [case], language, _people_in(facts))
    day = await local_day(connection, now)
    opened = await open_for(connection, person, case, day, facts)
    return Meanwhile(facts=fact_views(facts, case, names, person, day, opened), revision=case.seq)


async def last_actions(
    connection: AsyncConnection, person: Person, case_nos: Iterable[str], now: datetime, language: str
) -> dict[str, FactView | None]:
    """Return the last action of a person on each case; None for a case that `person` may not see (any more)."""
    found: dict[str, FactView | None] = {}
    for case_no in case_nos:
        try:
            since = await facts_since(connection, person, case_no, 0, now, language)
        except NoSuchCase:
            found[case_no] = None
            continue
        found[case_no] = next((fact for fact in reversed(since.facts) if fact.actor.kind != "system"), since.facts[-1])
    return found


def _case_rules(case: Case, ctx: Context, person: Person, names: Names) -> CaseRules:
    standard, category = standard_of(case, ctx), ctx.policy.category(case.category)
    found = openings(ctx.policy, category) if category is not None and category.conditions else ()
    waiting = [c.department for c in case.co_handlers if c.reported_at is None]
    extension = _extension(case, ctx) if case.stage is Stage.HANDLE else None
    return CaseRules(
        evidence_required=category is not None and category.evidence_required,
        answer_required=case.source in ctx.policy.answers_required,
        extension=extension,
        suspension_days=suspension_days(standard, ctx.policy),
        questions=() if category is None else category.asked_at(Door.DESK),
        conditions=tuple(ConditionChoice(code=c.code, name_zh=c.name_zh, name_en=c.name_en) for c, _ in found),
        helpers_missing=tuple(names.department(code) for code in waiting),
        claimed_by_me=case.claimed_by == person.id,
        void_proposed=case.void_request is not None,
        returned_before=case.host in case.returns_settled,
        own_requests=own_requests(case, person.id),
        stands_at=current_level(case),
        supervisor_reopens=case.reopenings > 0,
        used={
            RequestKind.RETURN: len(case.returns_settled),
            RequestKind.TRANSFER: case.transfers,
            RequestKind.SUSPENSION: case.suspensions_granted,
            RequestKind.INFO: case.info_requests,
        },
        most={
            RequestKind.RETURN: ctx.policy.returns,
            RequestKind.TRANSFER: ctx.policy.transfers,
            RequestKind.SUSPENSION: ctx.policy.suspensions,
            RequestKind.INFO: ctx.policy.info_requests,
        },
        quick=quick_dates(case, ctx, extension.latest if extension is not None else None),
    )


def _extension(case: Case, ctx: Context) -> ExtensionTerms:
    rule = extension_rule(standard_of(case, ctx), ctx.policy)
    clock = case.clock
    overdue = clock is not None and (clock.overdue_at is not None or (clock.due_at or ctx.now) < ctx.now)
    possible = clock is not None and clock.due_at is not None and not overdue and case.extensions_granted < rule.times
    return ExtensionTerms(
        granted=case.extensions_granted,
        most=rule.times,
        latest=latest_extension(case, ctx) if possible else None,
        overdue=overdue,
        granted_by=rule.granted_by,
    )


def _people_in(facts: Iterable[Fact]) -> set[UUID]:
    """Return everybody whom the timeline names: who acted, who owned, whom a step reached."""
    found: set[UUID] = set()
    for fact in facts:
        if fact.actor.person is not None:
            found.add(fact.actor.person)
        owner = getattr(fact.body, "owner", None)
        if owner is not None and owner.kind is OwnerKind.PERSON:
            found.add(UUID(owner.id))
        for reached in getattr(fact.body, "reached", ()):
            found.update(reached.people)
        named = (getattr(fact.body, name, None) for name in ("to_person", "person"))
        found.update(person for person in named if person is not None)
    return found


def _enterprises_in(facts: Iterable[Fact]) -> set[str]:
    """Return the codes of the enterprises that the case was or is about."""
    bodies = [fact.body for fact in facts]
    found = {body.enterprise for body in bodies if isinstance(body, Received | EnterpriseLinked)}
    found |= {body.before for body in bodies if isinstance(body, EnterpriseLinked)}
    return {code for code in found if code is not None}


async def _unit_names(connection: AsyncConnection, facts: Iterable[Fact]) -> dict[str, str]:
    codes: set[str] = set()
    for fact in facts:
        codes.update(reached.unit for reached in getattr(fact.body, "reached", ()) if reached.unit)
        codes.update(code for name in ("grid", "to_unit") if (code := getattr(fact.body, name, None)))
        owners = (getattr(fact.body, name, None) for name in ("owner", "unit"))
        codes.update(owner.id for owner in owners if owner is not None and owner.kind is OwnerKind.UNIT)
    return await unit_names(connection, codes)
