"""`gridloop clock`: computes a deadline by a calendar of a policy, with its arithmetic. Needs no server."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from cli.labels import localize
from cli.output import exit_on_problems, out
from cli.terminal import escape_json
from models.enums import LimitUnit
from models.policy.calendar import Calendar
from models.policy.limits import Length
from rules.deadlines.explain import ExplainedStep, explain
from rules.deadlines.explain_texts import moment_text
from rules.deadlines.limits import deadline, unpublished_years
from rules.deadlines.working_time import timetable
from services.files.moments import NoMoment, read_wall_time
from services.files.shipped import POLICY
from services.policies.files import read_policy

#: Years of a start (our choice): those that a calendar can cover.
_YEARS = range(1900, 2200)


def clock(
    start: Annotated[
        str,
        typer.Option(help="2026-02-13T16:00, 2026/2/13 16:00; without an offset it is the calendar's time."),
    ],
    limit: Annotated[float, typer.Option(help="The amount of time, in the unit.")],
    unit: Annotated[LimitUnit, typer.Option(metavar="UNIT", help="The unit of the limit: see above.")],
    calendar: Annotated[
        str | None, typer.Option(metavar="NAME", help="A calendar of the policy; by default its first.")
    ] = None,
    policy: Annotated[
        Path,
        typer.Option(
            metavar="FILE", show_default="deploy/policies/demo.yaml", help="Policy whose calendars are used: YAML."
        ),
    ] = POLICY,
    holiday_rule: Annotated[
        bool,
        typer.Option(
            "--holiday-rule/--no-holiday-rule",
            help="Natural days: a last day of rest gives way to the next workday (民法典 §203).",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print due_at, provisional and steps as JSON.")] = False,
) -> None:
    """When a limit is over, and its arithmetic line by line. Needs no server and no database. 计算期限。

    \b
    Units · 单位
    urgent_hour     hours round the clock · 小时(全天计时)
    work_hour       working time only · 工作时
    work_day_8h     eight work hours each, so a deadline may fall at midday · 八小时工作日
    legal_work_day  whole workdays after the day of the start, to the close of the last · 法定工作日
    natural_day     whole days after the day of the start, to the end of the last · 自然日

    \b
    Example · 例
    starter.py clock --start 2026-02-13T16:00 --limit 4 --unit work_hour
    """
    with exit_on_problems():
        loaded = read_policy(policy)
    chosen = loaded.calendar(calendar)
    if chosen is None:
        names = ", ".join(known.name for known in loaded.calendars)
        zh, en = f"没有日历“{calendar}”,只有:{names}", f"there is no calendar “{calendar}”, only {names}"
        raise _bad_option("--calendar", zh, en)
    since, length = _parse_start(start, chosen), _build_length(limit, unit, holiday_rule)
    try:
        due, steps = deadline(length, chosen, since), explain(length, chosen, since)
        missing = unpublished_years(length, chosen, since, due)
    except ValueError as error:
        raise _bad_option("--limit", str(error), str(error)) from error
    due_at = timetable(chosen).local(due)
    if as_json:
        answer = {
            "due_at": due_at.isoformat(),
            "provisional": bool(missing),
            "steps": [_step_as_json(one) for one in steps],
        }
        typer.echo(escape_json(json.dumps(answer, ensure_ascii=False, indent=2)))
    else:
        _print_deadline(due_at, chosen, steps, missing)


def _parse_start(text: str, calendar: Calendar) -> datetime:
    """Parse a moment. Without an offset it is wall time of the calendar."""
    try:
        moment = read_wall_time(text)
    except NoMoment:
        raise _bad_option(
            "--start", f"“{text}”不是时间,例:2026-02-13T16:00", f"“{text}” is not a moment like 2026-02-13T16:00"
        ) from None
    if moment.year not in _YEARS:
        raise _bad_option(
            "--start",
            f"年份应在 {_YEARS.start} 至 {_YEARS.stop - 1} 之间",
            f"the year must be {_YEARS.start} to {_YEARS.stop - 1}",
        )
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    since_midnight = moment - datetime.combine(moment.date(), datetime.min.time())
    return timetable(calendar).at(moment.date(), since_midnight, ends=False)


def _build_length(limit: float, unit: LimitUnit, moves_on: bool) -> Length:
    try:
        return Length(amount=limit, unit=unit, moves_on=moves_on)
    except ValidationError as error:
        reasons = "; ".join(e["msg"].removeprefix("Value error, ") for e in error.errors(include_url=False))
        raise _bad_option("--limit", reasons, reasons) from error


def _bad_option(option: str, zh: str, en: str) -> typer.BadParameter:
    return typer.BadParameter(localize(zh, en), param_hint=option)


def _step_as_json(step: ExplainedStep) -> dict[str, Any]:
    return {
        "zh": step.zh,
        "en": step.en,
        "date": step.date.isoformat() if step.date else None,
        "until": step.until.isoformat() if step.until else None,
        "counted": step.counted,
        "left": step.left,
    }


def _print_deadline(
    due_at: datetime, calendar: Calendar, steps: tuple[ExplainedStep, ...], missing: tuple[int, ...]
) -> None:
    moment = localize(*moment_text(due_at))
    out.print(
        localize(f"期限:{moment}", f"due: {moment}") + f" ({due_at.isoformat()}, {calendar.name})", highlight=False
    )
    if missing:
        years = ", ".join(map(str, missing))
        zh, en = f"暂定:{years} 年的放假安排尚未公布", f"provisional: no arrangement is published for {years}"
        out.print(localize(zh, en), style="yellow", highlight=False)
    for step in steps:
        out.print("  " + localize(step.zh, step.en), highlight=False, markup=False, soft_wrap=True)
