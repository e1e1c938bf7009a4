"""Forecast of a case: its deadlines with their arithmetic, and what happens to whom and when if nobody acts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import read_system_context
from models.base import STORED, Frozen, Instant
from models.case import Case, Clock
from models.context import Context, Person
from models.enums import EscalationMode, Level, Light, LimitUnit, RequestKind, Role, Stage
from models.errors import NothingToForecast
from models.facts import Fact, LightChanged, Overdue, Reached, RequestLapsed, StepFired, SummonsMissed, Urged
from models.policy.limits import Length
from models.views import NamedOwner
from rules.deadlines.clocks import terms_of
from rules.deadlines.counting import calendar_of
from rules.deadlines.explain_clock import explain_clock
from rules.escalation.forecast import forecast
from services.cases.names import Names, read_names
from services.cases.queries import find_case


class ForecastLine(Frozen):
    """One line of a deadline's arithmetic, in both languages. `counted` and `left` in hours, or whole days."""

    zh: str
    en: str
    counted: float | None
    left: float | None


class DueView(Frozen):
    """A clock's deadline and how it was computed. `stage` None: the whole case. `due_at` None: the clock stands
    still.
    """

    stage: Stage | None
    due_at: Instant | None
    provisional: bool
    light: Light
    amount: float
    unit: LimitUnit
    source: str
    calendar: str
    calendar_zh: str = ""
    calendar_en: str = ""
    ceiling_at: Instant | None
    lines: tuple[ForecastLine, ...]


class ReachedView(Frozen):
    """Whom a step would reach if it fired today."""

    mode: EscalationMode
    role: Role | None
    unit: str | None
    department: str | None
    name: str
    people: tuple[str, ...]


class Ahead(Frozen):
    """Something that will happen if nobody acts. `owner`: the owner from then on, when that changes.

    A step belongs to the ladder of the stage, of the `whole` case, of an order (`urge`) or of a `request`.
    `department`: which will not have answered the call to a meeting.
    """

    at: Instant
    kind: str
    stage: Stage | None = None
    light: Light | None = None
    step: int | None = None
    urge: int | None = None
    whole: bool = False
    request: RequestKind | None = None
    department: str | None = None
    reached: tuple[ReachedView, ...] = ()
    owner: NamedOwner | None = None
    level: Level | None = None
    reply_by: Instant | None = None
    consultation: bool = False


class Forecast(Frozen):
    """The forecast of a case as of a moment."""

    case_no: str
    as_of: Instant
    due: tuple[DueView, ...]
    if_nobody_acts: tuple[Ahead, ...]


async def get_forecast(
    connection: AsyncConnection, person: Person, case_no: str, now: datetime, language: str
) -> Forecast:
    """Return the forecast of a case that `person` may see. Raises NoSuchCase; NothingToForecast once it is closed."""
    row = await find_case(connection, person, case_no, now)
    case = Case.model_validate(row.state, context=STORED)
    if not case.is_open:
        raise NothingToForecast()
    ctx = await read_system_context(connection, case, now)
    facts = tuple(forecast(case, ctx))
    telling = [fact.body for fact in facts if isinstance(fact.body, StepFired | SummonsMissed)]
    people = {person for body in telling for reached in body.reached for person in reached.people}
    names = await read_names(connection, [case], language, people)
    clocks = [clock for clock in (case.clock, case.whole) if clock is not None and clock.ended_at is None]
    return Forecast(
        case_no=case_no,
        as_of=now,
        due=tuple(_due(clock, ctx) for clock in clocks),
        if_nobody_acts=tuple(_ahead(fact, names) for fact in facts),
    )


def _due(clock: Clock, ctx: Context) -> DueView:
    terms: Length = terms_of(clock)
    calendar = calendar_of(terms, ctx)
    return DueView(
        stage=clock.stage,
        due_at=clock.due_at,
        provisional=clock.plan is not None and clock.plan.provisional,
        light=clock.light,
        amount=terms.amount,
        unit=terms.unit,
        source=clock.source,
        calendar=calendar.name,
        calendar_zh=calendar.label("zh"),
        calendar_en=calendar.label("en"),
        ceiling_at=clock.plan.ceiling_at if clock.plan else None,
        lines=tuple(
            ForecastLine(zh=step.zh, en=step.en, counted=step.counted, left=step.left)
            for step in explain_clock(clock, calendar)
        ),
    )


def _ahead(fact: Fact, names: Names) -> Ahead:
    body = fact.body
    common = {"at": fact.at, "kind": body.kind}
    match body:
        case StepFired():
            return Ahead(
                **common,
                stage=body.stage,
                step=body.step,
                urge=body.urge,
                whole=body.whole,
                request=body.request,
                reached=tuple(_reached(reached, names) for reached in body.reached),
                owner=names.owner(body.owner) if body.owner else None,
                level=body.level,
                consultation=body.consultation,
            )
        case Overdue():
            return Ahead(**common, stage=body.stage, whole=body.stage is None)
        case LightChanged():
            return Ahead(**common, stage=body.stage, light=body.light, whole=body.stage is None)
        case SummonsMissed():
            reached = tuple(_reached(one, names) for one in body.reached)
            return Ahead(**common, department=names.department(body.department), reached=reached)
        case RequestLapsed():
            return Ahead(**common, request=body.request)
        case Urged():
            return Ahead(**common, urge=body.number, reply_by=body.reply_by)
    return Ahead(**common, urge=getattr(body, "number", None))


def _reached(reached: Reached, names: Names) -> ReachedView:
    place = names.units.get(reached.unit, reached.unit) if reached.unit else None
    department = names.department(reached.department) if reached.department else None
    return ReachedView(
        **reached.model_dump(exclude={"people"}),
        name=place or department or "",
        people=tuple(_name(person, names) for person in reached.people),
    )


def _name(person: UUID, names: Names) -> str:
    return names.people.get(str(person), "?")
