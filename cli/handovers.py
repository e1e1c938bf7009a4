"""`gridloop handovers`: cases in the hands of outside systems that need somebody; settling them; the receivers."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path, read_body
from cli.labels import localize
from cli.output import Column, out, print_json, print_table
from models.handovers import Settlement

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Hand-overs to outside systems · 移交对账.")


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--every", help="All that are not over, not only those to settle")] = False,
    grid: Annotated[str | None, typer.Option("--grid", help="Only of cases in this unit")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Hand-overs that are unanswered, uncertain or refused, the oldest first · 需处理的移交."""
    wanted = {"every": every, **({"grid": grid} if grid else {})}
    found = Api(data_dir, as_, password).call("GET", "/handovers", params=wanted)
    if as_json:
        print_json(found)
        return
    print_table(
        (
            Column(localize("编号", "Id"), no_wrap=True), Column(localize("案件", "Case"), no_wrap=True),
            *localize("接收方 状态 问题 移交 应答复 原因", "Receiver Status Trouble Since Due Why").split(),
        ),
        [
            (
                one["id"], one["case_no"], escape(one["receiver_name"]), one["status"],
                one["trouble"] or "—", format_local(one["created_at"]),
                format_local(one["due_at"]) if one["due_at"] else "—", escape(one["failure"] or ""),
            )
            for one in found["items"]
        ],
    )  # fmt: skip
    out.print(localize(f"共 {found['total']} 件", f"{found['total']} in all"))


@app.command()
def settle(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The id of the hand-over")],
    decision: Annotated[Settlement, typer.Argument(help="What to do about it")],
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
) -> None:
    """Send it again, take it as received, or take it back · 处理一件移交."""
    Api(data_dir, as_, password).call("POST", build_path("handovers", id_, "settle", decision.value))
    out.print(localize("已处理", "settled"))


@app.command()
def receivers(
    as_: As = "admin", password: Password = None, data_dir: DataDir = Path(".gridloop"), as_json: AsJson = False
) -> None:
    """The outside systems of departments · 部门外部系统."""
    found = Api(data_dir, as_, password).call("GET", "/admin/receivers")
    if as_json:
        print_json(found)
        return
    print_table(
        localize("编码 名称 部门 种类 启用", "Code Name Department Kind Enabled").split(),
        [
            (
                one["code"], escape(one["receiver"]["name"]), one["department_name"], one["receiver"]["kind"],
                "✓" if one["receiver"]["enabled"] else "—",
            )
            for one in found["items"]
        ],
    )  # fmt: skip


@app.command()
def receiver(
    code: Annotated[str, typer.Argument(help="Its code")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its settings in JSON")],
    as_: As = "admin",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
) -> None:
    """Make or change an outside system; the secret of a new one is shown this once · 设置外部系统."""
    body = read_body(file)
    given = Api(data_dir, as_, password).call("PUT", build_path("admin", "receivers", code), json=body)
    out.print(localize("已保存", "saved"))
    if given["secret"]:
        out.print(given["secret"])
