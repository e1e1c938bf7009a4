"""`gridloop emergencies`: runs of emergency plans, one's own steps, who was told."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import localize
from cli.matters import matter_app, print_matter
from cli.output import Column, language, out, print_json, print_table
from models.ids import new_id
from models.matters.base import MatterKind

app = matter_app(MatterKind.EMERGENCY, help="Emergency plans as they run · 应急处置")


@app.command("begin")
def begin(
    case_no: str,
    plan: Annotated[str | None, typer.Option(help="A plan of the policy; else the one that fits the case")] = None,
    command_id: Annotated[str | None, typer.Option(help="A UUID of your own: sending again is safe")] = None,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Begin an emergency plan for a case · 启动预案."""
    headers = {"Idempotency-Key": command_id or str(new_id())}
    api = Api(data_dir, as_, password)
    view = api.call("POST", build_path("cases", case_no, "emergencies"), json={"plan": plan}, headers=headers)
    return print_json(view) if as_json else print_matter(MatterKind.EMERGENCY, view)


@app.command("mine")
def mine(
    as_: As = "duty", password: Password = None, data_dir: DataDir = Path(".gridloop"), as_json: AsJson = False
) -> None:
    """The open steps that were given to you · 我的步骤."""
    found = Api(data_dir, as_, password).call("GET", "/emergency-steps")
    if as_json:
        return print_json(found)
    name = "name_en" if language() == "en" else "name_zh"
    headings = (
        localize("处置", "Run"),
        localize("步骤", "Step"),
        "",
        localize("时限", "Due"),
        localize("案件", "Case"),
    )
    rows = [
        (
            one["run"], one["step"], escape(one[name]),
            format_local(one["due_at"]) + (localize(" ! 逾期", " ! overdue") if one["overdue"] else ""), one["case_no"],
        )
        for one in found["items"]
    ]  # fmt: skip
    return print_table([Column(heading, no_wrap=True) for heading in headings], rows)


@app.command("told")
def told(
    code: str,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Who was told when, and when they read it · 谁在何时被告知."""
    found = Api(data_dir, as_, password).call("GET", build_path("emergencies", code, "told"))
    if as_json:
        return print_json(found)
    for one in found:
        read = localize("未读", "unread") if one["read_at"] is None else format_local(one["read_at"])
        about = one["step"] or localize("预案启动", "the plan began")
        out.print(f"{format_local(one['at'])}  {escape(one['person'] or one['department'])}  {about}  {read}")
    return None
