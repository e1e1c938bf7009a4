"""`gridloop duties`: what plans ask for: list, show, report, count."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.fields import read_fields
from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import localize
from cli.output import Column, language, out, print_json, print_table
from models.ids import new_id
from models.matters.plan import ItemOutcome, ReportDuty
from services.wording.matters.plan import ITEM_OUTCOMES
from services.wording.vocabulary import label_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Duties that plans ask for · 勤务")

Fields = Annotated[
    list[str] | None,
    typer.Argument(help='note=…, photos=@photo.jpg, items=\'[{"item": "exits", "outcome": "failed"}]\''),
]


@app.command("list")
def list_(
    mine: Annotated[bool, typer.Option("--mine", help="Those that you are to do · 我的")] = False,
    open_: Annotated[bool, typer.Option("--open", help="That may be done now and are not done · 待办")] = False,
    status: Annotated[list[str] | None, typer.Option(help="due, done, missed, late, withdrawn")] = None,
    work: Annotated[str | None, typer.Option(help="pre_shift, patrol, visit, volunteer_tour")] = None,
    plan: Annotated[str | None, typer.Option(help="The code of a plan")] = None,
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
    enterprise: Annotated[str | None, typer.Option(help="The code of an enterprise")] = None,
    since: Annotated[str | None, typer.Option(help="First day, 2026-03-01")] = None,
    until: Annotated[str | None, typer.Option(help="Last day")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    cursor: Annotated[str | None, typer.Option(help="The cursor printed after the previous page")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """The duties you may see, by deadline · 列表."""
    wanted = {
        "mine": mine or None, "open": open_ or None, "status": status, "work": work, "plan": plan, "grid": grid,
        "enterprise": enterprise, "since": since, "until": until, "limit": limit, "cursor": cursor,
    }  # fmt: skip
    params = {name: value for name, value in wanted.items() if value is not None}
    found = Api(data_dir, as_, password).call("GET", "/duties", params=params)
    print_json(found) if as_json else _print_list(found)


def _print_list(found: dict[str, Any]) -> None:
    print_table(
        (
            Column(localize("编号", "Id"), no_wrap=True), localize("工作", "Work"), localize("地点", "Place"),
            localize("承担者", "Who"), Column(localize("期限", "Due"), no_wrap=True), localize("状态", "Status"),
        ),
        [
            (
                item["id"], f"{item['work_name']} {escape(item['shift'])}".strip(),
                escape(f"{item['place']} {item['grid_name']}".strip()), escape(item["done_by"] or item["who"]),
                format_local(item["due_at"]), ("! " if item["status"] == "missed" else "") + item["status_name"],
            )
            for item in found["items"]
        ],
    )  # fmt: skip
    out.print(localize(f"共 {found['total']} 项", f"{found['total']} in all"))
    if found["next_cursor"]:
        out.print(
            localize("下一页", "next page") + f": --cursor {found['next_cursor']}", highlight=False, soft_wrap=True
        )


@app.command()
def show(
    duty: str,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """One duty with its checklist and what was found · 详情."""
    found = Api(data_dir, as_, password).call("GET", build_path("duties", duty))
    print_json(found) if as_json else _print_one(found)


@app.command()
def report(
    duty: str,
    fields: Fields = None,
    all_ok: Annotated[
        bool, typer.Option("--all-ok", help="Every item of the checklist is in order · 全部合格")
    ] = False,
    id_: Annotated[str | None, typer.Option("--id", help="A UUID of your own: sending again is safe")] = None,
    as_: As = "worker",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Reports a duty as done; what arrives after its deadline is late · 报送."""
    api = Api(data_dir, as_, password)
    body = read_fields(api, ReportDuty, fields or [])
    if all_ok:
        items = api.call("GET", build_path("duties", duty))["items"]
        said = {answer["item"]: answer for answer in body.get("items", [])}
        ok = ItemOutcome.OK.value
        body["items"] = [said.get(item["code"], {"item": item["code"], "outcome": ok}) for item in items]
    headers = {"Idempotency-Key": id_ or str(new_id())}
    found = api.call("POST", build_path("duties", duty, "report"), json=body, headers=headers)
    print_json(found) if as_json else _print_one(found)


def _print_one(found: dict[str, Any]) -> None:
    head = f"{found['work_name']} · {found['place'] or found['grid_name']} · {found['day']} {found['shift']}".strip()
    out.print(f"[bold]{escape(head)}[/] · {found['status_name']}", highlight=False)
    out.print(f"{found['plan']} {escape(found['plan_name'])} · {escape(found['who'])}", highlight=False)
    out.print(localize("期限", "due") + f" {format_local(found['due_at'])}", highlight=False)
    if found["done_at"]:
        done, got = format_local(found["done_at"]), format_local(found["received_at"])
        out.print(
            localize(
                f"{found['done_by']} 完成于 {done}(送达 {got})", f"done by {found['done_by']} at {done}, received {got}"
            ),
            highlight=False,
            markup=False,
        )
    for item in found["items"]:
        outcome = label_of(ITEM_OUTCOMES, item["outcome"], language()) if item["outcome"] else "—"
        more = " ".join(part for part in (item["note"], item["case_no"] or "") if part)
        out.print(f"  {item['code']} {item['text']}: {outcome} {more}".rstrip(), highlight=False, markup=False)
    for need in found["needs"]:
        out.print(
            f"  {localize('诉求', 'need')}: {need['text']} {need['case_no'] or ''}", highlight=False, markup=False
        )
    if found["note"]:
        out.print(found["note"], highlight=False, markup=False)


@app.command()
def figures(
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
    since: Annotated[str | None, typer.Option(help="First day; today unless given")] = None,
    until: Annotated[str | None, typer.Option(help="Last day")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """How many are done, done late, missed and still due · 统计."""
    params = {name: value for name, value in {"grid": grid, "since": since, "until": until}.items() if value}
    found = Api(data_dir, as_, password).call("GET", "/duties/figures", params=params)
    if as_json:
        print_json(found)
        return
    names = ("due", "done", "missed", "late")
    headings = (localize("待办", "due"), localize("按时", "done"), localize("漏办", "missed"), localize("补办", "late"))
    rows = [(escape(row["name"]), *(str(row[name]) for name in names)) for row in found["units"]]
    total = (localize("合计", "in all"), *(str(found["totals"][name]) for name in names))
    print_table(("", *(Column(heading, justify="right") for heading in headings)), [*rows, total])
