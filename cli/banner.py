"""What `up` prints when everything runs: where to go, and with which demo account."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

ACCOUNTS_FILE = "demo-accounts.json"
#: How many accounts are shown, every set of roles among them; the file has them all.
MAX_ACCOUNTS = 14


def print_banner(console: Console, data_dir: Path, environment: Mapping[str, str]) -> None:
    """The addresses, the demo accounts, and at last the line that says: ready."""
    web = environment["GRIDLOOP_WEB_URL"]
    console.print()
    for label, value in (
        ("网页与接口 Web, API", web),
        ("接口文档 API documentation", f"{web}/openapi.json"),
        ("流程界面 Temporal UI", environment["GRIDLOOP_TEMPORAL_UI_URL"]),
        ("流程服务 Temporal", environment["TEMPORAL_ADDRESS"]),
        ("数据库 PostgreSQL", environment["GRIDLOOP_DATABASE_URL"].rpartition("@")[2]),
        ("数据目录 Data", str(data_dir)),
    ):
        line = Text.assemble("  ", (label, "bold"))
        line.pad_right(max(1, 32 - line.cell_len))
        console.print(line, Text(value), soft_wrap=True)
    print_accounts(console, data_dir / ACCOUNTS_FILE)
    console.print()
    console.print("[bold green]Gridloop is ready / Gridloop 已就绪[/]  (Ctrl-C: 停止 stop)", soft_wrap=True)


def print_accounts(console: Console, path: Path) -> None:
    """Some of the demo accounts, as different from each other as there are."""
    try:
        accounts: list[dict[str, Any]] = json.loads(path.read_text())
    except FileNotFoundError:
        return
    table = Table("用户名 user", "密码 password", "角色 roles", title="演示账号 Demo accounts", title_justify="left")
    for account in choose_accounts(accounts):
        roles = ", ".join(describe_role(role) for role in account["roles"])
        table.add_row(escape(account["username"]), escape(account["password"]), escape(roles))
    console.print()
    console.print(table)
    if len(accounts) > MAX_ACCOUNTS:
        console.print(f"  {len(accounts)} in all: {escape(str(path))}", soft_wrap=True)


def choose_accounts(accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first account of every set of roles, then others, in their order, up to `SHOWN`."""
    seen: set[frozenset[str]] = set()
    first: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for account in accounts:
        roles = frozenset(str(role["role"]) for role in account["roles"])
        (others if roles in seen else first).append(account)
        seen.add(roles)
    chosen = (first + others)[:MAX_ACCOUNTS]
    return [account for account in accounts if account in chosen]


def describe_role(role: Mapping[str, Any]) -> str:
    """`supervisor of 310115 for water`: a role with what it is held for."""
    return " ".join(
        [
            str(role["role"]),
            *([f"@ {role['grid']}"] if role.get("grid") else []),
            *([f"· {role['department']}"] if role.get("department") else []),
        ]
    )
