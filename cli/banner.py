"""The banner of `up`: addresses and demo accounts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from cli.output import build_table

ACCOUNTS_FILE = "demo-accounts.json"
#: How many accounts are printed, one for each set of roles first. The file has all of them.
MAX_ACCOUNTS = 14


def print_banner(console: Console, data_dir: Path, environment: Mapping[str, str]) -> None:
    """Print the addresses, the demo accounts, and the line that says that everything is ready."""
    web = environment["GRIDLOOP_WEB_URL"]
    closed = environment["GRIDLOOP_TEMPORAL_CLOSED"] == "true"
    guard = "凭证书 by certificate" if closed else "本机其他账号可连接 open to other accounts on this machine"
    console.print()
    for label, value in (
        ("网页与接口 Web, API", web),
        ("接口文档 API documentation", f"{web}/openapi.json"),
        ("流程界面 Temporal UI", f"{web}/temporal"),
        ("流程服务 Temporal", f"{environment['TEMPORAL_ADDRESS']} ({guard})"),
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
    """Print some of the demo accounts, with as many different sets of roles as possible."""
    try:
        accounts: list[dict[str, Any]] = json.loads(path.read_text())
    except FileNotFoundError:
        return
    rows = (
        (account["username"], account["password"], ", ".join(describe_role(role) for role in account["roles"]))
        for account in choose_accounts(accounts)
    )
    table = build_table(
        ("用户名 user", "密码 password", "角色 roles"),
        (map(escape, row) for row in rows),
        title="演示账号 Demo accounts",
        boxed=True,
    )
    console.print()
    console.print(table)
    if len(accounts) > MAX_ACCOUNTS:
        console.print(f"  {len(accounts)} in all: {escape(str(path))}", soft_wrap=True)


def choose_accounts(accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first account of each set of roles, then others, up to `MAX_ACCOUNTS`, in their order."""
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
    """Return a role with its grid and department, for example `handler @ 310115 · water`."""
    return " ".join(
        [
            str(role["role"]),
            *([f"@ {role['grid']}"] if role.get("grid") else []),
            *([f"· {role['department']}"] if role.get("department") else []),
        ]
    )
