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
from models.policy import Limit, Policy
from services.people_store import known_departments, known_usernames
from services.policies import current, publish, read_and_check, read_policy

app = typer.Typer(no_args_is_help=True, help="Check, publish and show the policy. 策略。")

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
    """Shows the policy in force: its categories with their limits in hours, and its routes."""
    try:
        number, policy = with_database(data_dir, _current)
    except NoSuchPage as error:
        err.print(error.message(language()), style="bold red", markup=False)
        raise typer.Exit(code=1) from error
    out.print(say(f"第 {number} 版:{policy.name}", f"version {number}: {policy.name}"))
    table = Table(
        *say(
            "编码 小类 程度 受理 派遣 处置 核查 依据", "code category severity accept dispatch handle review source"
        ).split()
    )
    for category in policy.categories:
        limits = category.limits
        stages = (limits.accept, limits.dispatch, limits.handle, limits.review)
        name = say(category.name_zh, category.name_en)
        table.add_row(category.code, name, category.severity, *map(_hours, stages), limits.handle.source)
    out.print(table)
    routes = Table(*say("规则 小类 网格 主办", "rule categories grids host").split())
    for rule in policy.routes:
        routes.add_row(rule.id, " ".join(rule.categories) or "*", " ".join(rule.grids) or "*", rule.host)
    out.print(routes)


def _hours(limit: Limit) -> str:
    return f"{limit.hours:g}"


async def _current(engine: AsyncEngine) -> tuple[int, Policy]:
    async with engine.connect() as connection:
        return await current(connection)
