"""`gridloop setup`: an own PostgreSQL and an own Temporal, looked at and made ready."""

import asyncio
from typing import Annotated

import typer

from cli.database import DEFAULT_DATA_DIR, DataDir
from cli.http import PrintJson
from cli.labels import localize
from cli.operator import read_settings
from cli.output import err, out, print_json, print_table
from services.setup.report import Item, State
from services.setup.run import run_setup

_STATES: dict[State, tuple[str, str]] = {
    State.OK: ("✓ 正常", "✓ ok"),
    State.MADE: ("✓ 已完成", "✓ made"),
    State.ADVICE: ("· 建议", "· advice"),
    State.MEND: ("✗ 待处理", "✗ mend"),
}
_PARTS: dict[str, tuple[str, str]] = {
    "database": ("数据库", "database"),
    "pooler": ("连接池", "pooler"),
    "text": ("字符集", "text"),
    "extensions": ("扩展", "extensions"),
    "clock-postgres": ("时钟", "clock"),
    "clock-temporal": ("时钟", "clock"),
    "connections": ("连接数", "connections"),
    "tables": ("数据表", "tables"),
    "roles": ("角色", "roles"),
    "keys": ("主密钥", "master keys"),
    "attachments": ("附件", "attachments"),
    "vault": ("密钥库", "vault"),
    "anchors": ("存证", "anchors"),
    "archive": ("档案", "archive"),
    "temporal": ("Temporal", "Temporal"),
    "namespace": ("命名空间", "namespace"),
    "retention": ("历史保留", "retention"),
    "place": ("流程所在", "place"),
}


def setup(
    check: Annotated[bool, typer.Option("--check", help="Only look; change nothing.")] = False,
    move_here: Annotated[
        bool,
        typer.Option(
            "--move-here",
            help="Let this namespace have the workflows of the database, once all workers of the old one have stopped.",
        ),
    ] = False,
    as_json: PrintJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Look at PostgreSQL and Temporal and make what is missing. Safe to repeat. 部署检查与准备。

    Exit 0 when nothing is left to mend, 1 when something is: each with its remedy.
    """
    settings = read_settings(data_dir)
    report = asyncio.run(run_setup(settings, check=check, move_here=move_here))
    if as_json:
        print_json({"fine": report.fine, **report.model_dump(mode="json")})
    else:
        print_table(localize("项目 状态 说明", "part state what").split(), (_row(item) for item in report.items))
        left = sum(item.state is State.MEND for item in report.items)
        if left:
            err.print(localize(f"✗ {left} 项待处理", f"✗ to mend: {left}"), style="bold red", highlight=False)
        else:
            out.print(localize("✓ 已就绪", "✓ ready"), style="green")
    raise typer.Exit(0 if report.fine else 1)


def _row(item: Item) -> tuple[str, str, str]:
    return localize(*_PARTS[item.part]), localize(*_STATES[item.state]), localize(item.zh, item.en)
