"""`gridloop policy`: check, publish, preview and show the policy."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError

from cli.database import DEFAULT_DATA_DIR, DataDir, with_database
from cli.formatting import ZONE, format_source
from cli.http import Api, PrintJson, build_path
from cli.labels import STAGES, label, localize
from cli.operator import open_resources
from cli.output import Column, err, exit_on_problems, language, out, print_json, print_table
from cli.park import tell_next
from infra.database import Acting
from models.english import counted
from models.errors import DomainError, NoSuchPage
from models.figures import Scoring
from models.policy.document import Policy
from models.policy.limits import Length, Limit
from rules.deadlines.standards import openings
from services.figures.indicators import INDICATORS
from services.files.moments import NoMoment, read_wall_time
from services.policies.files import read_policy
from services.policies.preview import PreviewCounts, preview_all
from services.policies.publish import Published, check_rehearsal, publish_file, roll_out
from services.policies.versions import read_current, read_version
from services.wording.lengths import length_text
from services.wording.refusals import refusal_message

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Check, publish and show the policy. 策略。")

File = Annotated[Path, typer.Argument(help="Policy: YAML, as under deploy/policies/.")]


@app.command()
def check(file: File, as_json: PrintJson = False) -> None:
    """Checks a policy on its own, without a database, and lives a year under it in seconds.

    Exit 1 with every problem at its line.
    """
    with exit_on_problems():
        policy = read_policy(file)
        check_rehearsal(policy, str(file))
    count = len(policy.categories)
    if as_json:
        print_json({"name": policy.name, "categories": count})
        return
    out.print(localize(f"没有问题:{count} 个小类", f"no problems: {counted(count, 'category')}"))


@app.command("publish")
def publish_file_(
    file: File,
    effective: Annotated[
        str | None, typer.Option(help="In force from: 2026-03-02 8:30, the park's time if it names no zone · 生效时间")
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Publishes a policy as a new version, unless the newest has the same content.

    It is rehearsed first: a year in seconds. Open cases keep the version they were accepted under; deadlines that a
    changed calendar moves are recomputed for all of them, with a fact.
    """
    from_ = None if effective is None else _parse_moment(effective)

    def announce_rehearsal() -> None:
        text = localize("演练一年:春节、调休、年末 …", "rehearsing a year: holidays, make-up days, year's end …")
        err.print(text, style="dim")

    with exit_on_problems():
        try:
            published = with_database(
                data_dir,
                lambda engine: publish_file(
                    engine, file, effective_from=from_, rehearsing=announce_rehearsal, acting=Acting("policy publish")
                ),
            )
        except DomainError as error:
            raise ValueError(refusal_message(error, language())) from error
    number = published.version
    if not published.is_new:
        out.print(localize(f"内容未变,仍为第 {number} 版", f"the content is the same: still version {number}"))
        return
    out.print(localize(f"已发布第 {number} 版", f"published as version {number}"))
    if from_ is not None:
        out.print(localize(f"自 {from_:%Y-%m-%d %H:%M %z} 起生效", f"in force from {from_:%Y-%m-%d %H:%M %z}"))
    if asyncio.run(_roll_out(data_dir, published)):
        out.print(
            localize("未结案件的期限按新日历重算中", "deadlines of open cases are being recomputed by its calendars")
        )
    else:
        err.print(
            localize("流程服务未连接:启动后自动重算期限", "Temporal is away: deadlines are recomputed once it is back"),
            style="yellow",
        )
    tell_next(data_dir)


async def _roll_out(data_dir: Path, published: Published) -> bool:
    try:
        async with open_resources(data_dir) as resources:
            await roll_out(
                resources.temporal, resources.settings.case_queue, published.version, published.effective_from
            )
    except (RPCError, RuntimeError, OSError):
        return False
    return True


@app.command()
def preview(
    policy: Annotated[str, typer.Argument(help="A YAML file, or v3 for a published version.")],
    case_no: Annotated[str | None, typer.Option("--case", help="One case; without it all that are open.")] = None,
    as_: Annotated[str, typer.Option("--as", help="Who looks at the case.")] = "supervisor",
    as_json: PrintJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """What adopting a policy would change, before anybody adopts it: nothing is stored · 预览."""
    with exit_on_problems():
        if case_no is None:
            counts = with_database(data_dir, lambda engine: _preview_all(engine, policy))
            print_json(counts) if as_json else _print_counts(counts)
            return
        if not policy.startswith("v"):
            raise ValueError(
                localize("对单个案件请给已发布的版本,如 v3", "for one case give a published version, like v3")
            )
        path = build_path("cases", case_no, "adoption")
        found = Api(data_dir, as_, None).call("GET", path, params={"version": policy[1:]})
    print_json(found) if as_json else _print_adoption(found)


async def _preview_all(engine: AsyncEngine, policy: str) -> PreviewCounts:
    async with engine.connect() as connection:
        if policy.startswith("v") and policy[1:].isdigit():
            number = int(policy[1:])
            try:
                chosen = await read_version(connection, number)
            except NoSuchPage as error:
                raise ValueError(refusal_message(error, language())) from error
        else:
            number, chosen = 0, read_policy(Path(policy))
        return await preview_all(connection, chosen, number, datetime.now(UTC))


def _print_counts(counts: PreviewCounts) -> None:
    print_table(
        (Column(), Column()),
        (
            (localize(zh, en), str(value))
            for zh, en, value in (
                ("未结案件", "open cases", counts.open),
                ("期限提前", "due earlier", counts.earlier),
                ("期限推后", "due later", counts.later),
                ("立即超期", "overdue at once", counts.overdue_at_once),
                ("不变", "unchanged", counts.unchanged),
                ("新策略无此小类", "category missing there", counts.without_category),
                ("执行中的计划", "active plans", counts.plans),
                ("其中无法下达勤务", "of these, unable to give out duties", counts.plans_broken),
                ("今后 30 天的勤务", "duties of the next 30 days", counts.duties_30_days),
                ("单日勤务过多的人员", "people with too many duties a day", counts.people_overloaded),
            )
        ),
    )


def _print_adoption(found: dict[str, Any]) -> None:
    out.print(
        f"{found['case_no']}: "
        + localize("策略版本", "policy version")
        + f" {found['from_version']} → {found['to_version']}"
    )
    if not found["clocks"]:
        out.print(localize("期限不变", "no deadline changes"))
    for clock in found["clocks"]:
        stage = label(STAGES, clock["stage"]) if clock["stage"] else localize("全程", "whole case")
        old, new = (_format_length(Limit.model_validate(clock[name])) for name in ("limit", "new_limit"))
        out.print(
            f"  {stage}: {old} → {new};  {clock['due_at'] or '—'} → {clock['new_due_at'] or '—'}", highlight=False
        )


def _parse_moment(value: str) -> datetime:
    try:
        moment = read_wall_time(value)
    except NoMoment:
        err.print(localize(f"“{value}”不是时间", f"“{value}” is no time"), style="bold red", markup=False)
        raise typer.Exit(code=2) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


@app.command()
def show(as_json: PrintJson = False, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Shows the policy in force: its categories with their conditions and limits, and its routes."""
    try:
        number, policy = with_database(data_dir, _read_current)
    except NoSuchPage as error:
        err.print(refusal_message(error, language()), style="bold red", markup=False)
        raise typer.Exit(code=1) from error
    if as_json:
        print_json({"version": number, "policy": policy.model_dump(mode="json", exclude_none=True)})
        return
    out.print(localize(f"第 {number} 版:{policy.name}", f"version {number}: {policy.name}"))
    print_table(
        localize(
            "编码 小类 立案条件 程度 受理 派遣 处置 核查 依据",
            "code category condition severity accept dispatch handle review source",
        ).split(),
        _condition_rows(policy),
        boxed=True,
    )
    print_table(
        localize("规则 小类 网格 主办", "rule categories grids host").split(),
        ((rule.id, " ".join(rule.categories) or "*", " ".join(rule.grids) or "*", rule.host) for rule in policy.routes),
        boxed=True,
    )
    _print_scoring(policy)


def _condition_rows(policy: Policy) -> Iterator[tuple[str, ...]]:
    """Yield a row for each opening condition of each category."""
    for category in policy.categories:
        for condition, limits in openings(policy, category):
            stages = map(_format_length, (limits.accept, limits.dispatch, limits.handle, limits.review))
            yield (
                category.code,
                localize(category.name_zh, category.name_en),
                localize(condition.name_zh, condition.name_en),
                " ".join(condition.severities) or "*",
                *stages,
                format_source(limits.handle.source),
            )


def _print_scoring(policy: Policy) -> None:
    """Print the formula by which rankings are scored."""
    scoring = policy.scoring or Scoring()
    terms = []
    for weight in scoring.weights:
        name = INDICATORS[weight.indicator].name(language())
        terms.append(f"{weight.points:g} × {name if weight.wanted else f'(1 - {name})'}")
    out.print(localize("得分", "score") + " = " + " + ".join(terms), highlight=False, markup=False)


def _format_length(length: Length) -> str:
    """Return an amount with its unit in words."""
    return length_text(length.amount, length.unit, language())


async def _read_current(engine: AsyncEngine) -> tuple[int, Policy]:
    async with engine.connect() as connection:
        return await read_current(connection)
