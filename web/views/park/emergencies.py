"""The page of a run of an emergency plan: its steps, who may settle them, and who was told when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from models.ids import new_id
from models.matters.emergency import Emergency, RunStep, StepState
from rules.matters.emergencies.rules import is_given_to, sits_at_desk
from services.cases.names import read_names_by_id
from services.emergencies.show import who_was_told
from services.wording import vocabulary
from web.reader import Reader
from web.views.translation_marks import _

#: What a step is called by its state, with a sign: never colour alone.
STATES = {
    StepState.OPEN: ("○", _("待确认")),
    StepState.CONFIRMED: ("✓", _("已确认")),
    StepState.NOT_APPLICABLE: ("–", _("不适用")),
}


@dataclass(frozen=True)
class StepLine:
    """A step in words. `late`: not settled in its minutes; `mine`: it was given to the reader; `settles`: they may
    settle it; `id`: of the command that they send."""

    step: RunStep
    name: str
    sign: str
    state: str
    late: bool
    given_to: tuple[str, ...]
    by: str
    mine: bool
    settles: bool
    id: str


@dataclass(frozen=True)
class ToldLine:
    """Somebody who was told, of what, when, and when they read it."""

    at: datetime
    read_at: datetime | None
    who: str
    about: str


async def page_contents(connection: AsyncConnection, reader: Reader, run: Emergency) -> dict[str, Any]:
    """The steps and the notices of the run."""
    told = await who_was_told(connection, run)
    people = {str(p) for step in run.steps for one in step.reached for p in one.people}
    people |= {str(step.by) for step in run.steps if step.by is not None}
    names = await read_names_by_id(connection, set(run.grid_path), people, reader.language)
    english = reader.language == "en"
    titles = {step.code: step.name_en if english else step.name_zh for step in run.steps}

    def given_to(step: RunStep) -> tuple[str, ...]:
        found = []
        for one in step.reached:
            if one.department is not None:
                found.append(names.department(one.department))
            role = vocabulary.label_of(vocabulary.ROLES, one.role, reader.language) if one.role else ""
            found += [f"{names.people.get(str(p), '?')} {role}".strip() for p in one.people]
        return tuple(found)

    at_desk = sits_at_desk(run, reader.person, reader.day)
    lines = tuple(
        StepLine(
            step=step,
            name=titles[step.code],
            sign=STATES[step.state][0],
            state=reader.text(STATES[step.state][1]),
            late=step.missed_at is not None or (step.state is StepState.OPEN and step.due_at < reader.now),
            given_to=given_to(step),
            by="" if step.by is None else names.people.get(str(step.by), "?"),
            mine=is_given_to(run, step, reader.person, reader.day),
            settles=at_desk or is_given_to(run, step, reader.person, reader.day),
            id=str(new_id()),
        )
        for step in run.steps
    )
    shown = tuple(
        ToldLine(
            at=one.at,
            read_at=one.read_at,
            who=one.person or names.department(one.department or ""),
            about=reader.text("预案启动") if one.step is None else titles.get(one.step, one.step),
        )
        for one in told
    )
    plan = run.plan_en if english else run.plan_zh
    return {"run": run, "plan": plan, "steps": lines, "told": shown}
