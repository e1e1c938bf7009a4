"""The rules of a run of an emergency plan.

Each step is confirmed, or declared not applicable with a reason, by those it was given to or by the desk. One that
nobody settles in its minutes climbs a ladder of its own. The run is closed when every step is settled; only a
supervisor ends it before, with a reason, so that the case always has a way out.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from models.commands import Inform
from models.context import Person
from models.enums import EscalationMode, Role
from models.errors import EmergencyRuns, InputError, MatterNotNow, NoSuchCase, NoSuchPlan, NotYours, StepsOpen
from models.facts import Reached, Vacancy
from models.matters.base import Matter, MatterBody, MatterCommand, MatterFact, MatterKind
from models.matters.context import MatterContext
from models.matters.effects import Effect, TellCase
from models.matters.emergency import (
    BODIES,
    COMMANDS,
    BeginEmergency,
    CloseEmergency,
    ConfirmStep,
    Emergency,
    EmergencyAround,
    EmergencyBegun,
    EmergencyClosed,
    EmergencyStopped,
    LeaveOutStep,
    RunStep,
    StepConfirmed,
    StepLeftOut,
    StepMissed,
    StepState,
    StopEmergency,
)
from models.policy.emergency import PlanStep
from rules.matters.climb import end_climb, reach_role, rungs_after, start_climb
from rules.matters.kind import DESK, MatterRules, Part
from rules.scope import DEPARTMENT_ROLES, covers, in_force

_ALL = frozenset(Part) - {Part.READER, Part.STAFF, Part.ADMIN, Part.SYSTEM, Part.AUTHOR}
_DESK_ROLES = (Role.DUTY_OFFICER, Role.SUPERVISOR)


def decide(run: Emergency | None, command: MatterCommand, ctx: MatterContext) -> Sequence[MatterBody]:
    """The facts of a command; raises the DomainError that refuses it."""
    if isinstance(command, BeginEmergency):
        return [_begun(command, ctx)]
    assert run is not None
    match command:
        case ConfirmStep():
            step = _step_to_settle(run, command.step, command.kind, ctx)
            if step.report and not command.note:
                raise InputError(
                    why_zh="报告步骤须在说明中写明报告给了谁",
                    why_en="say in the note to whom it was reported",
                    pointer="/note",
                )
            late = ctx.now > step.due_at
            fields = command.model_dump(include={"step", "note", "attachments"})
            return [StepConfirmed(**fields, **_names(step), late=late)]
        case LeaveOutStep(reason=reason):
            step = _step_to_settle(run, command.step, command.kind, ctx)
            return [StepLeftOut(step=step.code, reason=reason, **_names(step))]
        case CloseEmergency(summary=summary):
            if run.open_steps:
                raise StepsOpen(
                    count=len(run.open_steps),
                    zh="、".join(step.name_zh for step in run.open_steps),
                    en=", ".join(step.name_en for step in run.open_steps),
                )
            return [EmergencyClosed(summary=summary)]
    assert isinstance(command, StopEmergency)
    return [EmergencyStopped(reason=command.reason, open_steps=tuple(step.code for step in run.open_steps))]


def _begun(command: BeginEmergency, ctx: MatterContext) -> EmergencyBegun:
    around = ctx.extra if isinstance(ctx.extra, EmergencyAround) else EmergencyAround()
    plan = ctx.policy.park.emergencies.plan(command.plan)
    if plan is None:
        known = ", ".join(plan.code for plan in ctx.policy.park.emergencies.plans)
        raise NoSuchPlan(plan=command.plan, known=known or "—", pointer="/plan")
    if around.grid is None:
        raise NoSuchCase(case_no=command.case_no, pointer="/case_no")
    if ctx.person is not None and not around.is_open:
        raise InputError(why_zh="案件已结案", why_en="the case is closed", pointer="/case_no")
    if plan.code in around.running:
        raise EmergencyRuns(case_no=command.case_no, plan_zh=plan.name_zh, plan_en=plan.name_en)
    steps: list[RunStep] = []
    vacancies: list[Vacancy] = []
    for planned in plan.steps:
        step, missed = _given(planned, ctx)
        steps.append(step)
        vacancies += missed
    reached = tuple(dict.fromkeys(one for step in steps for one in step.reached))
    assert ctx.number is not None
    return EmergencyBegun(
        code=ctx.number,
        name=command.name,
        grid=command.grid,
        grid_path=ctx.grid_path,
        departments=tuple(dict.fromkeys(one.department for one in reached if one.department is not None)),
        people=tuple(dict.fromkeys(person for one in reached for person in one.people)),
        case_no=command.case_no,
        plan=plan.code,
        plan_zh=plan.name_zh,
        plan_en=plan.name_en,
        by_hand=ctx.person is not None,
        severity=around.severity,
        steps=tuple(steps),
        reached=reached,
        vacancies=tuple(dict.fromkeys(vacancies)),
    )


def _given(planned: PlanStep, ctx: MatterContext) -> tuple[RunStep, tuple[Vacancy, ...]]:
    """The step with those it is given to now: whoever holds the role, and the department."""
    reached: tuple[Reached, ...] = ()
    vacancies: tuple[Vacancy, ...] = ()
    if planned.role is not None:
        reached, vacancies = reach_role(planned.role, planned.level, ctx)
    if planned.department is not None and ctx.department(planned.department) is not None:
        reached = (*reached, Reached(mode=EscalationMode.INFORM, department=planned.department))
    if not reached:  # its department is retired
        reached = (Reached(mode=EscalationMode.INFORM, people=(ctx.fallback,)),)
    fields = planned.model_dump(exclude={"minutes"})
    return RunStep(**fields, due_at=ctx.now + timedelta(minutes=planned.minutes), reached=reached), vacancies


def _names(step: RunStep) -> dict[str, str]:
    return {"name_zh": step.name_zh, "name_en": step.name_en}


def _step_to_settle(run: Emergency, code: str, command: str, ctx: MatterContext) -> RunStep:
    """The open step of that code, which the person of the context may settle."""
    step = run.step(code)
    if step is None:
        known = ", ".join(step.code for step in run.steps)
        raise InputError(
            why_zh=f"没有步骤 {code},有:{known}", why_en=f"no step {code}; there are: {known}", pointer="/step"
        )
    if step.state is not StepState.OPEN:
        raise MatterNotNow(command=command, why_zh=f"“{step.name_zh}”已办结", why_en=f"“{step.name_en}” is settled")
    if not may_settle(run, step, ctx):
        raise NotYours(command=command, who=" / ".join((Part.OWNER, Part.DUTY_OFFICER, Part.SUPERVISOR)))
    return step


def may_settle(run: Emergency, step: RunStep, ctx: MatterContext) -> bool:
    """Whether the person may settle the step: it was given to them, or they sit at the desk."""
    person = ctx.person
    return person is None or is_given_to(run, step, person, ctx.today) or sits_at_desk(run, person, ctx.today)


def is_given_to(run: Emergency, step: RunStep, person: Person, day: date) -> bool:
    """Whether the step was given to the person by name, or to a role or department that they have on `day`."""
    if any(person.acts_for(named, day) for one in step.reached for named in one.people):
        return True
    grants = in_force(person, day)
    if any(
        g.role in DEPARTMENT_ROLES and step.department is not None and g.department == step.department for g in grants
    ):
        return True
    return any(g.role is step.role and g.role not in DEPARTMENT_ROLES and covers(g, run.grid_path) for g in grants)


def sits_at_desk(run: Emergency, person: Person, day: date) -> bool:
    """Whether the person is a duty officer or supervisor of the place: they settle steps for others too."""
    return any(grant.role in _DESK_ROLES and covers(grant, run.grid_path) for grant in in_force(person, day))


def due(run: Emergency, moment: datetime, ctx: MatterContext) -> Sequence[MatterBody]:
    """The steps whose minutes have passed at `moment`."""
    ladder = ctx.policy.park.emergencies.ladder
    return [
        StepMissed(step=s.code, due_at=s.due_at, rungs=rungs_after(s.due_at, ctx, ladder), **_names(s))
        for s in run.open_steps
        if s.missed_at is None and s.due_at <= moment
    ]


def next_wake_up(run: Emergency) -> datetime | None:
    """When the next step is missed."""
    return min((step.due_at for step in run.open_steps if step.missed_at is None), default=None)


def evolve(run: Emergency | None, fact: MatterFact) -> Matter:
    """The run after the fact."""
    body = fact.body
    if isinstance(body, EmergencyBegun):
        return _with_moments(_first(fact, body))
    assert run is not None
    match body:
        case StepConfirmed():
            settled = {"state": StepState.CONFIRMED, "note": body.note, "attachments": body.attachments}
            run = _settled(run, body.step, settled, fact)
        case StepLeftOut():
            run = _settled(run, body.step, {"state": StepState.NOT_APPLICABLE, "note": body.reason}, fact)
        case StepMissed():
            climbs = start_climb(run.climbs, f"step:{body.step}", body.due_at, body.rungs)
            run = _changed(run, body.step, {"missed_at": fact.at}).model_copy(update={"climbs": climbs})
        case EmergencyClosed():
            run = run.model_copy(update={"status": "closed", "summary": body.summary, "ended_at": fact.at})
        case EmergencyStopped():
            run = run.model_copy(
                update={"status": "stopped", "summary": body.reason, "ended_at": fact.at, "climbs": ()}
            )
    return _with_moments(run)


def _first(fact: MatterFact, body: EmergencyBegun) -> Emergency:
    left_out = {"kind", "reached", "vacancies", "severity"}
    return Emergency(
        id=fact.command_id,
        seq=fact.seq,
        status="running",
        created_at=fact.at,
        created_by=fact.actor.person,
        updated_at=fact.at,
        **{name: getattr(body, name) for name in type(body).model_fields if name not in left_out},
    )


def _changed(run: Emergency, code: str, update: dict[str, Any]) -> Emergency:
    steps = tuple(s.model_copy(update=update) if s.code == code else s for s in run.steps)
    return run.model_copy(update={"steps": steps})


def _settled(run: Emergency, code: str, update: dict[str, Any], fact: MatterFact) -> Emergency:
    run = _changed(run, code, {**update, "by": fact.actor.person, "at": fact.at})
    return run.model_copy(update={"climbs": end_climb(run.climbs, f"step:{code}")})


def _with_moments(run: Emergency) -> Emergency:
    """The run with its next deadline, and since when a step is overdue."""
    open_steps = () if run.ended_at is not None else run.open_steps
    late = [step.due_at for step in open_steps if step.missed_at is not None]
    due_at = min((step.due_at for step in open_steps), default=None)
    return run.model_copy(update={"due_at": due_at, "overdue_at": min(late, default=None)})


def effects(before: Emergency | None, fact: MatterFact, after: Emergency) -> Sequence[Effect]:
    """What the case is told: that the run began, missed a step, ended."""
    match fact.body:
        case EmergencyBegun():
            return [_tell(after, "emergency_begun", {})]
        case StepMissed() as body:
            return [_tell(after, "emergency_step_missed", {"step_zh": body.name_zh, "step_en": body.name_en})]
        case EmergencyClosed():
            return [_tell(after, "emergency_closed", {})]
        case EmergencyStopped():
            return [_tell(after, "emergency_stopped", {})]
    return []


def _tell(run: Emergency, what: str, values: dict[str, str]) -> TellCase:
    told = {"plan_zh": run.plan_zh, "plan_en": run.plan_en, **values}
    command = Inform(matter_kind=MatterKind.EMERGENCY, code=run.code, name=run.plan_zh, what=what, values=told)
    return TellCase(case_no=run.case_no, command=command)


def in_charge(run: Emergency, about: str) -> tuple[Reached, ...]:
    """Those whom the step was given to."""
    step = run.step(about.removeprefix("step:"))
    return () if step is None else step.reached


RULES = MatterRules(
    kind=MatterKind.EMERGENCY,
    name_zh="应急处置",
    name_en="emergency run",
    state=Emergency,
    commands=COMMANDS,
    bodies=BODIES,
    creates="begin",
    who={
        "begin": DESK,
        "confirm": _ALL,
        "leave_out": _ALL,
        "close": DESK,
        "stop": frozenset({Part.SUPERVISOR}),
    },
    decide=decide,
    evolve=evolve,
    due=due,
    next_wake_up=next_wake_up,
    effects=effects,
    number_prefix="E",
    ladder=lambda policy: policy.park.emergencies.ladder,
    in_charge=in_charge,
)
