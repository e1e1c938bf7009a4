"""`gridloop actions`: what administrators and operators changed."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password
from cli.labels import localize
from cli.output import print_json, print_table


def actions(
    actor: Annotated[str | None, typer.Option(help="Only by this person (user name)")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind: people, grants, policies, …")] = None,
    about: Annotated[str | None, typer.Option(help="Only about this person (user name) or code")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, the newest first")] = 50,
    as_: As = "auditor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """What administrators and operators changed, with before and after · 操作记录."""
    wanted = {"actor": actor, "kind": kind, "about": about, "limit": limit}
    params = {name: value for name, value in wanted.items() if value is not None}
    page = Api(data_dir, as_, password).call("GET", "/admin/actions", params=params)
    if as_json:
        print_json(page)
        return
    print_table(
        localize("时间 操作人 操作 对象 改动", "When Who Action About Changed").split(), map(_row, page["items"])
    )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    before, after = one["before"] or {}, one["after"] or {}
    changed = [
        f"{name}: {before.get(name, '')} → {after.get(name, '')}"
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]
    who = one["actor"] or localize("命令行", "command line")
    about = f"{one['kind']} {one['person'] or one['object']}"
    return format_local(one["at"]), escape(who), one["action"], escape(about), escape("\n".join(changed))
