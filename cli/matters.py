"""The commands that every kind of matter (事项) has: `list`, `show`, `new`, `act`. A kind adds its own to its group."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.fields import read_fields
from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path, fail
from cli.labels import localize
from cli.output import Column, language, out, print_json, print_table
from models.ids import new_id
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from rules.matters.kind import command_models
from rules.matters.registry import RULES
from services.wording.matters.registry import field_label, option_label

Fields = Annotated[
    list[str] | None,
    typer.Argument(help="name=value: lists by commas or as JSON, files as evidence=@photo.jpg"),
]


def matter_app(kind: MatterKind, *, help: str) -> typer.Typer:
    """Return the group of commands of one kind."""
    app = typer.Typer(help=help, no_args_is_help=True)
    path = PATHS[kind]

    @app.command("list", help=localize("列表", "Those you may see"))
    def list_(
        q: Annotated[str | None, typer.Option("--search", help="Words in name or code")] = None,
        status: Annotated[str | None, typer.Option()] = None,
        grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
        overdue: Annotated[bool | None, typer.Option("--overdue/--not-overdue")] = None,
        ended: Annotated[bool, typer.Option("--ended", help="Those that have ended")] = False,
        where: Annotated[list[str] | None, typer.Option(help="A filter of this kind's own, as colour=red")] = None,
        limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
        cursor: Annotated[str | None, typer.Option(help="The cursor printed after the previous page")] = None,
        as_: As = "supervisor",
        password: Password = None,
        data_dir: DataDir = Path(".gridloop"),
        as_json: AsJson = False,
    ) -> None:
        wanted = {
            "q": q, "status": status, "grid": grid, "overdue": overdue, "ended": ended, "limit": limit,
            "cursor": cursor,
        }  # fmt: skip
        params = {name: value for name, value in wanted.items() if value is not None}
        params |= _own_filters(where or [])
        found = Api(data_dir, as_, password).call("GET", f"/{path}", params=params)
        return print_json(found) if as_json else _print_list(found)

    @app.command("show", help=localize("详情与时间轴", "One, with its timeline"))
    def show(
        code: str,
        as_: As = "supervisor",
        password: Password = None,
        data_dir: DataDir = Path(".gridloop"),
        as_json: AsJson = False,
    ) -> None:
        api = Api(data_dir, as_, password)
        view = api.call("GET", build_path(path, code))
        facts = api.call("GET", build_path(path, code, "facts"))
        if as_json:
            print_json({"matter": view, "facts": facts})
        else:
            print_matter(kind, view)
            _print_facts(facts)

    @app.command("new", help=localize("登记", "Begin one"))
    def new(
        fields: Fields = None,
        id_: Annotated[str | None, typer.Option("--id", help="A UUID of your own: sending again is safe")] = None,
        as_: As = "supervisor",
        password: Password = None,
        data_dir: DataDir = Path(".gridloop"),
        as_json: AsJson = False,
    ) -> None:
        api = Api(data_dir, as_, password)
        body = read_fields(api, command_models(RULES[kind])[RULES[kind].creates], fields or [])
        view = api.call("POST", f"/{path}", json=body, headers={"Idempotency-Key": id_ or str(new_id())})
        return print_json(view) if as_json else print_matter(kind, view)

    @app.command("act", help=localize("办理", "Give a command to one"))
    def act(
        code: str,
        command: str,
        fields: Fields = None,
        revision: Annotated[int | None, typer.Option(help="Refuse it unless the matter is at this revision")] = None,
        command_id: Annotated[str | None, typer.Option(help="A UUID of your own: sending again is safe")] = None,
        as_: As = "supervisor",
        password: Password = None,
        data_dir: DataDir = Path(".gridloop"),
        as_json: AsJson = False,
    ) -> None:
        models = {name: model for name, model in command_models(RULES[kind]).items() if name != RULES[kind].creates}
        if command not in models:
            known = ", ".join(models)
            fail(localize(f"没有命令 {command};可用:{known}", f"no command {command}; there are: {known}"))
        api = Api(data_dir, as_, password)
        body = read_fields(api, models[command], fields or [])
        headers = {"Idempotency-Key": command_id or str(new_id())}
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        view = api.call("POST", build_path(path, code, "commands", command), json=body, headers=headers)
        return print_json(view) if as_json else print_matter(kind, view)

    return app


def _own_filters(where: list[str]) -> dict[str, str]:
    """Read `name=value` of each option; the API knows the names."""
    for one in where:
        if "=" not in one:
            fail(localize(f"--where {one}:应写成 名称=值", f"--where {one}: write it as name=value"))
    return dict(one.split("=", 1) for one in where)


def _print_list(found: dict[str, Any]) -> None:
    print_table(
        (
            Column(localize("编号", "Code"), no_wrap=True), localize("名称", "Name"), localize("状态", "Status"),
            localize("网格", "Grid"), localize("期限", "Due"), "",
        ),
        [
            (
                item["code"], escape(item["name"]), item["status_name"], escape(item["grid_name"]),
                format_local(item["due_at"]) if item["due_at"] else "—",
                localize("! 逾期", "! overdue") if item["overdue_at"] else "",
            )
            for item in found["items"]
        ],
    )  # fmt: skip
    out.print(localize(f"共 {found['total']} 条", f"{found['total']} in all"))
    if found["next_cursor"]:
        out.print(
            localize("下一页", "next page") + f": --cursor {found['next_cursor']}", highlight=False, soft_wrap=True
        )


def _print_facts(facts: list[dict[str, Any]]) -> None:
    for fact in facts:
        out.print(f"{format_local(fact['at'])}  {escape(fact['text'])}  [dim]{escape(fact['actor']['name'])}[/]")


def print_matter(kind: MatterKind, view: dict[str, Any]) -> None:
    """Print a matter: its code, name and status, then what it keeps of its own."""
    late = localize(" · ! 逾期", " · ! overdue") if view["overdue_at"] else ""
    out.print(f"[bold]{view['code']}[/] {escape(view['name'])} · {view['status_name']}{late}", highlight=False)
    out.print(escape(" / ".join(view["place"]["path_names"])), highlight=False)
    for name, value in view["details"].items():
        if value not in (None, "", [], {}, False):
            out.print(f"{field_label(kind, name, language())}: {_text(kind, name, value)}", highlight=False)
    out.print(localize("可办理", "You may") + ": " + ", ".join(view["allowed_commands"]), highlight=False)


def _text(kind: MatterKind, name: str, value: Any) -> str:
    if isinstance(value, list):
        return (
            "\n  ".join(["", *(_text(kind, name, one) for one in value)])
            if value and isinstance(value[0], dict)
            else (", ".join(str(one) for one in value))
        )
    if isinstance(value, dict):
        return escape(" · ".join(f"{one}" for key, one in value.items() if one not in (None, "", [], {}, False)))
    return escape(option_label(kind, name, str(value), language()))
