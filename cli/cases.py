"""`report`, `show`, `list`, `act`, `inbox`: commands for a person's own work, through the HTTP API."""

from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.answers import Answer
from cli.case_view import print_case, print_details, print_facts
from cli.exports import Bom, Force, Format, Output, chosen_format, save_export
from cli.fields import parse_moment, read_answers, read_fields
from cli.forecast import print_forecast
from cli.formatting import format_light, format_local, format_owner
from cli.http import Api, As, AsJson, DataDir, Password, build_path, fail
from cli.labels import STAGES, TASKS, label, localize
from cli.output import Column, out, print_json, print_table
from models.commands import HUMAN_COMMAND_MODELS
from models.datum import Datum
from models.english import counted
from models.ids import new_id
from models.reporter_messages import TellBy


def report(
    category: Annotated[str, typer.Option(help="Category code, for example 0103 · 小类")],
    title: Annotated[
        str | None, typer.Option(help="What it is, in a line; else made of the description · 标题")
    ] = None,
    grid: Annotated[str | None, typer.Option(help="Grid code · 网格编码")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude in degrees")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude in degrees")] = None,
    datum: Annotated[Datum, typer.Option(help="What they refer to: GPS wgs84, Gaode and Tencent gcj02")] = Datum.WGS84,
    mismatch_meant: Annotated[
        bool, typer.Option("--mismatch-meant", help="The location lies outside the grid, and that is meant")
    ] = False,
    description: Annotated[str, typer.Option(help="The particulars · 描述")] = "",
    severity: Annotated[str | None, typer.Option(help="ordinary, pressing, urgent or major")] = None,
    enterprise: Annotated[str | None, typer.Option(help="The credit code of the enterprise it is about · 企业")] = None,
    answer: Annotated[
        list[str] | None,
        typer.Option(help="An answer to a question of the category: code=value; repeatable · 填答"),
    ] = None,
    photo: Annotated[list[Path] | None, typer.Option(help="A photo or PDF; may be repeated · 附件")] = None,
    occurred_at: Annotated[str | None, typer.Option(help="When it happened: 2026-03-02 8:30, or -2h, -1d")] = None,
    reporter_name: Annotated[
        str | None, typer.Option(help="Name of the person who reported it to you; stored apart")
    ] = None,
    reporter_phone: Annotated[
        str | None, typer.Option(help="Their phone number; stored apart, shown to nobody")
    ] = None,
    reporter_mail: Annotated[str | None, typer.Option(help="Their e-mail address; stored apart, too")] = None,
    tell_by: Annotated[
        TellBy | None, typer.Option(help="They agreed to be told of acceptance, pauses and the end: sms or mail")
    ] = None,
    tell_in: Annotated[str, typer.Option(help="The language in which they are told: zh or en")] = "zh",
    anonymous: Annotated[bool, typer.Option("--anonymous")] = False,
    report_id: Annotated[str | None, typer.Option(help="A UUID of your own: sending again is safe")] = None,
    as_: As = "grid01",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Report an issue · 上报."""
    location = _build_location(lat, lon, datum)
    api = Api(data_dir, as_, password)
    body: dict[str, Any] = {
        "report_id": report_id or str(new_id()),
        "category": category,
        "description": description,
        "attachments": [api.upload(file) for file in photo or []],
        "mismatch_meant": mismatch_meant,
    }
    optional = {
        "title": title,
        "grid": grid,
        "severity": severity,
        "enterprise": enterprise,
        "occurred_at": parse_moment(occurred_at) if occurred_at else None,
    }
    body |= {name: value for name, value in optional.items() if value is not None}
    if location is not None:
        body["location"] = location
    if answer:
        body["answers"] = read_answers(answer)
    if reporter_name or reporter_phone or reporter_mail or tell_by or anonymous:
        reporter = {"name": reporter_name, "phone": reporter_phone, "anonymous": anonymous}
        body["reporter"] = reporter | {"mail": reporter_mail, "tell_by": tell_by, "language": tell_in}
    _print_answer(api.call("POST", "/cases", json=body), as_json)


def show(
    case_no: str,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    forecast: Annotated[
        bool, typer.Option("--forecast", help="Due when and why, and what happens if nobody acts · 推算")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """A case and its timeline · 查看案件."""
    api = Api(data_dir, as_, password)
    view = api.call("GET", build_path("cases", case_no))
    if forecast:
        ahead = api.call("GET", build_path("cases", case_no, "forecast"))
        if as_json:
            print_json(ahead)
        else:
            print_case(view)
            print_forecast(ahead)
        return
    facts = api.call("GET", build_path("cases", case_no, "facts"))
    if as_json:
        print_json({"case": view, "facts": facts})
        return
    print_case(view)
    print_details(view)
    print_facts(facts)


def list_(
    stage: Annotated[list[str] | None, typer.Option(help="receive, dispatch, handle, review, closed")] = None,
    light: Annotated[str | None, typer.Option(help="green, yellow, red or grey")] = None,
    overdue: Annotated[bool | None, typer.Option("--overdue/--not-overdue")] = None,
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
    category: Annotated[str | None, typer.Option(help="A category code or its beginning")] = None,
    department: Annotated[str | None, typer.Option()] = None,
    enterprise: Annotated[str | None, typer.Option(help="The credit code of the enterprise they are about")] = None,
    answer: Answer = None,
    q: Annotated[str | None, typer.Option("--search", help="Words in title or description")] = None,
    sort: Annotated[str, typer.Option(help="reported_at, due_at, updated_at; with - descending")] = "-reported_at",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    cursor: Annotated[str | None, typer.Option(help="The cursor printed after the previous page")] = None,
    format_: Format = None,
    output: Output = None,
    force: Force = False,
    bom: Bom = False,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """The cases you may see, a page or all in a file · 案件列表、导出."""
    export_format = chosen_format(format_, output, bom=bom)
    filters = {
        "stage": stage, "light": light, "overdue": overdue, "grid": grid, "category": category,
        "department": department, "enterprise": enterprise, "answer": answer, "q": q, "sort": sort,
        "limit": limit, "cursor": cursor,
    }  # fmt: skip
    given = {name: value for name, value in filters.items() if value is not None}
    api = Api(data_dir, as_, password)
    if export_format is not None and output is not None:
        wanted = {name: value for name, value in given.items() if name not in ("limit", "cursor")}
        body = {"kind": "cases", "format": export_format, "bom": bom, "cases": wanted}
        save_export(api, body, output, force=force)
        return
    page = api.call("GET", "/cases", params=given)
    if as_json:
        print_json(page)
        return
    _print_cases(page["items"])
    for one in page["retired"]:
        number, on = one["case_no"], one["retired_on"]
        out.print(localize(f"{number} 已于 {on} 转存档案库", f"{number} was retired on {on}"))
    total = f"{page['total']}{'+' if page['total_is_minimum'] else ''}"
    out.print(localize(f"共 {total} 件", f"{counted(total, 'case')} in all"))
    if page["next_cursor"]:
        out.print(
            localize("下一页", "next page") + f": --cursor {page['next_cursor']}", highlight=False, soft_wrap=True
        )


def act(
    case_no: str,
    command: Annotated[str, typer.Argument(help="accept, dispatch, claim, complete, pass_review, …")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(
            help="name=value: lists by commas or as JSON; times ISO or +4h, +2d; evidence=@photo.jpg uploads"
        ),
    ] = None,
    revision: Annotated[int | None, typer.Option(help="Refuse the command unless the case is at this revision")] = None,
    command_id: Annotated[str | None, typer.Option(help="A UUID of your own: sending again is safe")] = None,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Give a command to a case · 办理."""
    model = HUMAN_COMMAND_MODELS.get(command)
    if model is None:
        known = ", ".join(HUMAN_COMMAND_MODELS)
        fail(localize(f"没有命令 {command};可用:{known}", f"no command {command}; there are: {known}"))
    api = Api(data_dir, as_, password)
    body = read_fields(api, model, fields or [])
    headers = {"Idempotency-Key": command_id or str(new_id())}
    if revision is not None:
        headers["If-Match"] = f'"{revision}"'
    _print_answer(
        api.call("POST", build_path("cases", case_no, "commands", command), json=body, headers=headers), as_json
    )


def inbox(
    as_: As = "duty", password: Password = None, data_dir: DataDir = Path(".gridloop"), as_json: AsJson = False
) -> None:
    """Your open tasks, the most urgent first · 待办."""
    items = Api(data_dir, as_, password).call("GET", "/inbox")
    if as_json:
        print_json(items)
        return
    _print_cases([{**item["case"], "due_at": item["due_at"], "task": item["task"]} for item in items])


# --- parsing arguments ------------------------------------------------------------------------------------------------


def _build_location(lat: float | None, lon: float | None, datum: Datum) -> dict[str, Any] | None:
    """Return the location. Exits with code 1 when only one of the two numbers is given."""
    if lat is None and lon is None:
        return None
    if lat is None or lon is None or not (isfinite(lat) and isfinite(lon)):
        fail(localize("位置须同时给出 --lat 和 --lon(度)", "a place takes both --lat and --lon, in degrees"))
    return {"lat": lat, "lon": lon, "datum": datum}


# --- printing ---------------------------------------------------------------------------------------------------------


def _print_answer(view: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(view)
    elif view.get("status") == "accepted":
        out.print(
            localize("已接收并持久保存,存储恢复后即记录", "durably accepted; recorded as soon as the store is back")
            + f": {view['href']}"
        )
    elif view.get("status") == "retired":
        number = view["case_no"]
        out.print(localize(f"此件已登记为 {number},并已转存档案库", f"this report is case {number}, which was retired"))
    else:
        print_case(view)


def _print_cases(items: list[dict[str, Any]]) -> None:
    with_tasks = any("task" in item for item in items)
    task = [localize("任务", "Task")] if with_tasks else []
    headings = localize("标题 环节 灯 到期 责任", "Title Stage Light Due Owner").split()
    print_table(
        (Column(localize("案件", "Case"), no_wrap=True), *task, *headings),
        (
            (
                item["case_no"],
                *([label(TASKS, item["task"])] if with_tasks else []),
                escape(item["title"]),
                label(STAGES, item["stage"]),
                format_light(item["light"]),
                format_local(item["due_at"]),
                format_owner(item["owner"]),
            )
            for item in items
        ),
        gap=1,
    )
