"""`report`, `show`, `list`, `act`, `inbox`: a person's work, through the HTTP API, under that person's rights."""

import json
import os
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from cli.forecast import print_forecast
from cli.http import Api, As, AsJson, DataDir, Password, console, fail, path_of
from cli.labels import FACTS, LIGHTS, STAGES, say, word
from models.commands import HUMAN_COMMAND_MODELS
from models.ids import new_id


def _zone() -> ZoneInfo:
    """Where the cases are. Ends with exit code 1 for a name that no zone has."""
    name = os.environ.get("GRIDLOOP_ZONE", "Asia/Shanghai")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        fail(say(f"GRIDLOOP_ZONE:没有时区“{name}”", f"GRIDLOOP_ZONE: there is no time zone “{name}”"))


ZONE = _zone()
_SPOKEN = ("note", "reason", "result", "question", "title")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def report(
    category: Annotated[str, typer.Option(help="Category code, for example 0103 · 小类")],
    title: Annotated[str, typer.Option(help="What it is, in a line · 标题")],
    grid: Annotated[str | None, typer.Option(help="Grid code · 网格编码")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude, WGS 84")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude, WGS 84")] = None,
    description: Annotated[str, typer.Option(help="The particulars · 描述")] = "",
    severity: Annotated[str | None, typer.Option(help="ordinary, pressing, urgent or major")] = None,
    photo: Annotated[list[Path] | None, typer.Option(help="A photo or PDF; may be repeated · 附件")] = None,
    occurred_at: Annotated[str | None, typer.Option(help="When it happened: ISO 8601, or -2h, -1d")] = None,
    reporter_name: Annotated[str | None, typer.Option(help="Of the person who told you; kept apart")] = None,
    reporter_phone: Annotated[str | None, typer.Option(help="Kept apart, shown to nobody")] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous")] = False,
    report_id: Annotated[str | None, typer.Option(help="A UUID of your own: sending again is safe")] = None,
    as_: As = "grid01",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Report an issue · 上报."""
    location = _location(lat, lon)
    api = Api(data_dir, as_, password)
    body: dict[str, Any] = {
        "report_id": report_id or str(new_id()),
        "category": category,
        "title": title,
        "description": description,
        "attachments": [api.upload(file) for file in photo or []],
    }
    optional = {"grid": grid, "severity": severity, "occurred_at": _moment(occurred_at) if occurred_at else None}
    body |= {name: value for name, value in optional.items() if value is not None}
    if location is not None:
        body["location"] = location
    if reporter_name or reporter_phone or anonymous:
        body["reporter"] = {"name": reporter_name, "phone": reporter_phone, "anonymous": anonymous}
    _answer(api.call("POST", "/cases", json=body), as_json)


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
    view = api.call("GET", path_of("cases", case_no))
    if forecast:
        ahead = api.call("GET", path_of("cases", case_no, "forecast"))
        if as_json:
            console.print_json(json.dumps(ahead))
        else:
            _print_case(view)
            print_forecast(ahead, local)
        return
    facts = api.call("GET", path_of("cases", case_no, "facts"))
    if as_json:
        console.print_json(json.dumps({"case": view, "facts": facts}))
        return
    _print_case(view)
    _print_facts(facts)


def list_(
    stage: Annotated[list[str] | None, typer.Option(help="receive, dispatch, handle, review, closed")] = None,
    light: Annotated[str | None, typer.Option(help="green, yellow, red or grey")] = None,
    overdue: Annotated[bool | None, typer.Option("--overdue/--not-overdue")] = None,
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
    category: Annotated[str | None, typer.Option(help="A category code or its beginning")] = None,
    department: Annotated[str | None, typer.Option()] = None,
    q: Annotated[str | None, typer.Option("--search", help="Words in title or description")] = None,
    sort: Annotated[str, typer.Option(help="reported_at, due_at, updated_at; with - descending")] = "-reported_at",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended")] = None,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """The cases you may see · 案件列表."""
    wanted = {
        "stage": stage, "light": light, "overdue": overdue, "grid": grid, "category": category,
        "department": department, "q": q, "sort": sort, "limit": limit, "cursor": cursor,
    }  # fmt: skip
    page = Api(data_dir, as_, password).call(
        "GET", "/cases", params={name: value for name, value in wanted.items() if value is not None}
    )
    if as_json:
        console.print_json(json.dumps(page))
        return
    _print_list(page["items"])
    console.print(say(f"共 {page['total']} 件", f"{page['total']} cases in all"))
    if page["next_cursor"]:
        console.print(say("下一页", "next page") + f": --cursor {page['next_cursor']}", highlight=False)


def act(
    case_no: str,
    command: Annotated[str, typer.Argument(help="accept, dispatch, claim, complete, pass_review, …")],
    fields: Annotated[
        list[str] | None,
        typer.Argument(
            help="name=value: lists by commas or as JSON; times ISO or +4h, +2d; evidence=@photo.jpg uploads"
        ),
    ] = None,
    revision: Annotated[int | None, typer.Option(help="Only if the case still is at this revision")] = None,
    command_id: Annotated[str | None, typer.Option(help="A UUID of your own: sending again is safe")] = None,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Give a command to a case · 办理."""
    model = HUMAN_COMMAND_MODELS.get(command)
    if model is None:
        fail(say(f"没有命令 {command};可用:", f"no command {command}; there are: ") + ", ".join(HUMAN_COMMAND_MODELS))
    api = Api(data_dir, as_, password)
    body = {}
    for field in fields or []:
        name, equals, value = field.partition("=")
        if not equals:
            fail(say(f"“{field}”应为 名称=值", f"“{field}” should be name=value"))
        body[name] = _value(api, model.model_fields.get(name), name, value)
    headers = {"Idempotency-Key": command_id or str(new_id())}
    if revision is not None:
        headers["If-Match"] = f'"{revision}"'
    _answer(api.call("POST", path_of("cases", case_no, "commands", command), json=body, headers=headers), as_json)


def inbox(
    as_: As = "duty", password: Password = None, data_dir: DataDir = Path(".gridloop"), as_json: AsJson = False
) -> None:
    """Your open tasks, the most urgent first · 待办."""
    items = Api(data_dir, as_, password).call("GET", "/inbox")
    if as_json:
        console.print_json(json.dumps(items))
        return
    _print_list([{**item["case"], "due_at": item["due_at"], "task": item["task"]} for item in items])


# --- reading what was typed -------------------------------------------------------------------------------------------


def _value(api: Api, field: Any, name: str, value: str) -> Any:
    annotation = getattr(field, "annotation", None)
    if name in ("evidence", "attachments"):
        return [api.upload(Path(item[1:])) if item.startswith("@") else item for item in value.split(",") if item]
    if value[:1] in ("[", "{") and annotation is not str:
        return _json(name, value)
    if get_origin(annotation) is tuple:
        return [item.strip() for item in value.split(",") if item.strip()]
    if annotation is not None and "datetime" in str(annotation).lower():
        return _moment(value)
    return value


def _location(lat: float | None, lon: float | None) -> dict[str, float] | None:
    """A place takes both of its numbers; one of them alone would be dropped without a word."""
    if lat is None and lon is None:
        return None
    if lat is None or lon is None or not (isfinite(lat) and isfinite(lon)):
        fail(say("位置须同时给出 --lat 和 --lon(度)", "a place takes both --lat and --lon, in degrees"))
    return {"lat": lat, "lon": lon}


def _json(name: str, value: str) -> Any:
    """What has parts of its own is written as JSON."""
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        fail(say(f"{name} 不是有效的 JSON:{error}", f"{name} is not valid JSON: {error}"))


def _moment(value: str) -> str:
    """A time as the API takes it: ISO 8601 (the park's local time when it names no zone), or ± minutes, hours, days."""
    if value[:1] in "+-" and value[-1:] in _UNITS and value[1:-1].isdecimal():
        try:
            span = timedelta(**{_UNITS[value[-1]]: int(value[1:-1])})
            return (datetime.now(UTC) + (span if value[0] == "+" else -span)).isoformat()
        except OverflowError:
            fail(say(f"“{value}”超出了日历", f"“{value}” is beyond any calendar"))
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        fail(say(f"“{value}”不是时间", f"“{value}” is no time"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).isoformat()


# --- showing ----------------------------------------------------------------------------------------------------------


def _answer(view: dict[str, Any], as_json: bool) -> None:
    if as_json:
        console.print_json(json.dumps(view))
    elif view.get("status") == "accepted":
        console.print(
            say("已接收并持久保存,存储恢复后即记录", "durably accepted; recorded as soon as the store is back")
            + f": {view['href']}"
        )
    else:
        _print_case(view)


def _print_case(view: dict[str, Any]) -> None:
    light = LIGHTS[view["light"]]
    owner = view["owner"]
    rows = [
        (
            say("环节", "Stage"),
            f"{word(STAGES, view['stage'])} · " + say(f"第 {view['round']} 轮", f"round {view['round']}"),
        ),
        (say("时限", "Due"), f"[{light[2]}]{say(*light[:2])}[/] {local(view['due_at'])}"),
        (say("责任", "Owner"), escape(owner["name"]) if owner else "—"),
        (say("小类", "Category"), f"{view['category']} {escape(view['category_name'])}"),
        (say("网格", "Grid"), " › ".join(map(escape, view["grid"]["path_names"])) + f" ({view['grid']['code']})"),
        (say("上报", "Reported"), local(view["reported_at"])),
        (say("版本", "Revision"), str(view["revision"])),
        (say("您可以", "You may"), ", ".join(view["allowed_commands"]) or "—"),
    ]
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(f"[dim]{name}[/]", value)
    title = f"[bold]{view['case_no']}[/]  {escape(view['title'])}"
    console.print(Panel(table, title=title, title_align="left"), highlight=False)


def _print_facts(facts: list[dict[str, Any]]) -> None:
    table = Table(box=None, padding=(0, 2))
    for column in ("#", say("时间", "When"), say("事实", "Fact"), say("由", "By"), ""):
        table.add_column(column, style=None if column else "dim", overflow="fold")
    for fact in facts:
        said = next(
            (fact["body"][k] for k in ("note", "reason", "result", "question", "title") if fact["body"].get(k)), ""
        )
        table.add_row(
            str(fact["seq"]), local(fact["at"]), word(FACTS, fact["kind"]), escape(fact["actor"]["name"]), escape(said)
        )
    console.print(table, highlight=False)


def _print_list(items: list[dict[str, Any]]) -> None:
    table = Table(box=None, padding=(0, 1))
    with_tasks = any("task" in item for item in items)
    for column in (say("案件", "Case"), *([say("任务", "Task")] if with_tasks else []), say("标题", "Title"),
                   say("环节", "Stage"), say("灯", "Light"), say("到期", "Due"), say("责任", "Owner")):  # fmt: skip
        table.add_column(column, no_wrap=column in ("案件", "Case"), overflow="fold")
    for item in items:
        light = LIGHTS[item["light"]]
        table.add_row(
            item["case_no"],
            *([item["task"]] if with_tasks else []),
            escape(item["title"]),
            word(STAGES, item["stage"]),
            f"[{light[2]}]{say(*light[:2])}[/]",
            local(item["due_at"]),
            escape(item["owner"]["name"]) if item["owner"] else "—",
        )
    console.print(table, highlight=False)


def local(moment: str | None) -> str:
    """The moment where the cases are, not where the terminal is."""
    return "—" if moment is None else f"{datetime.fromisoformat(moment).astimezone(ZONE):%Y-%m-%d %H:%M}"
