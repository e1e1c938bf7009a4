"""`gridloop policy`: check, publish and show the policy."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from cli.reference import DEFAULT_DATA_DIR, DataDir, err, language, out, say, telling_problems, with_database
from infra.database import transaction
from models.errors import NoSuchPage
from models.limits import Length
from models.policy import Policy
from models.words import LimitUnit
from rules.standards import openings
from services.people_store import known_departments, known_usernames
from services.policies import current, publish, read_and_check, read_policy

app = typer.Typer(no_args_is_help=True, help="Check, publish and show the policy. 策略。")

#: Units as people say them.
UNITS = {
    LimitUnit.URGENT_HOUR: ("紧急工作时", "h"),
    LimitUnit.WORK_HOUR: ("工作时", "work h"),
    LimitUnit.WORK_DAY_8H: ("工作日(8小时)", "work days (8 h)"),
    LimitUnit.LEGAL_WORK_DAY: ("工作日", "workdays"),
    LimitUnit.NATURAL_DAY: ("自然日", "days"),
}

File = Annotated[Path, typer.Argument(help="Policy: YAML, as under deploy/policies/.")]


@app.command()
def check(file: File) -> None:
    """Checks a policy on its own, without a database. Exit 1 with every problem at its line."""
    with telling_problems():
        policy = read_policy(file)
    count = len(policy.categories)
    out.print(say(f"没有问题:{count} 个小类", f"no problems: {count} categories"))


@app.command("publish")
def publish_file(file: File, data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Publishes a policy as a new version, unless the newest has the same content.

    Open cases keep the version they were received under.
    """
    with telling_problems():
        before, after = with_database(data_dir, lambda engine: _publish(engine, file))
    if before == after:
        out.print(say(f"内容未变,仍为第 {after} 版", f"the content is the same: still version {after}"))
    else:
        out.print(say(f"已发布第 {after} 版", f"published as version {after}"))


async def _publish(engine: AsyncEngine, file: Path) -> tuple[int, int]:
    async with transaction(engine) as connection:
        departments = await known_departments(connection)
        policy = read_and_check(file, departments, await known_usernames(connection, active=True))
        try:
            before, _ = await current(connection)
        except NoSuchPage:
            before = 0
        return before, await publish(connection, policy, datetime.now(UTC))


@app.command()
def show(data_dir: DataDir = DEFAULT_DATA_DIR) -> None:
    """Shows the policy in force: its categories with their conditions and limits, and its routes."""
    try:
        number, policy = with_database(data_dir, _current)
    except NoSuchPage as error:
        err.print(error.message(language()), style="bold red", markup=False)
        raise typer.Exit(code=1) from error
    out.print(say(f"第 {number} 版:{policy.name}", f"version {number}: {policy.name}"))
    table = Table(
        *say(
            "编码 小类 立案条件 程度 受理 派遣 处置 核查 依据",
            "code category condition severity accept dispatch handle review source",
        ).split()
    )
    for category in policy.categories:
        name = say(category.name_zh, category.name_en)
        for condition, limits in openings(policy, category):
            stages = map(_length, (limits.accept, limits.dispatch, limits.handle, limits.review))
            opened = say(condition.name_zh, condition.name_en)
            severities = " ".join(condition.severities) or "*"
            table.add_row(category.code, name, opened, severities, *stages, limits.handle.source)
    out.print(table)
    routes = Table(*say("规则 小类 网格 主办", "rule categories grids host").split())
    for rule in policy.routes:
        routes.add_row(rule.id, " ".join(rule.categories) or "*", " ".join(rule.grids) or "*", rule.host)
    out.print(routes)


def _length(length: Length) -> str:
    """An amount with its unit, as people say it."""
    zh, en = UNITS[length.unit]
    return say(f"{length.amount:g} {zh}", f"{length.amount:g} {en}")


async def _current(engine: AsyncEngine) -> tuple[int, Policy]:
    async with engine.connect() as connection:
        return await current(connection)
