"""`board`, `overdue`, `bulletin`: the supervisor's figures, through the HTTP API, under that person's rights."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.markup import escape
from rich.table import Table

from cli.cases import local
from cli.http import Api, As, AsJson, DataDir, Password, console, fail, path_of
from cli.labels import LIGHTS, STAGES, say, word

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Bulletins · 通报: daily, weekly, monthly, quarterly."
)

_Grid = Annotated[str | None, typer.Option(help="A grid code: its whole subtree")]
_SPAN = TypeAdapter(timedelta)
#: What `board` shows of a unit besides the lights: the field, and its heading in both languages.
_COLUMNS = (
    ("overdue", "超期", "overdue"), ("due_today", "今日到期", "due today"), ("suspended", "挂账", "suspended"),
    ("consultation", "会商", "consult"), ("urged", "督办", "urged"), ("reported_today", "今日上报", "reported"),
    ("closed_today", "今日结案", "closed"),
)  # fmt: skip


def board(
    grid: Annotated[str | None, typer.Option(help="A grid code: its children are the rows")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Open cases by unit and light, and today's · 看板."""
    asked = {} if grid is None else {"grid": grid}
    shown = Api(data_dir, as_, password).call("GET", "/supervision/board", params=asked)
    if as_json:
        console.print_json(json.dumps(shown))
        return
    _print_board(shown)


def overdue(
    grid: _Grid = None,
    category: Annotated[str | None, typer.Option(help="A category code or its beginning")] = None,
    department: Annotated[str | None, typer.Option()] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Cases whose deadline has passed, the longest first · 超期."""
    wanted = {"grid": grid, "category": category, "department": department, "limit": limit, "cursor": cursor}
    asked = {name: value for name, value in wanted.items() if value is not None}
    page = Api(data_dir, as_, password).call("GET", "/supervision/overdue", params=asked)
    if as_json:
        console.print_json(json.dumps(page))
        return
    table = _table(
        say("案件", "Case"), say("标题", "Title"), say("环节", "Stage"), say("超期", "Late by"), say("责任", "Owner"),
        say("主办", "Host"), say("升级", "Step"), say("督办", "Urged"),
    )  # fmt: skip
    for item in page["items"]:
        waiting = sum(urge["answered_at"] is None for urge in item["urges"])
        table.add_row(
            item["case_no"], escape(item["title"]), word(STAGES, item["stage"]), _late(item["late_by"]),
            escape(item["owner"]["name"]) if item["owner"] else "—", escape(item["host_name"] or "—"),
            str(item["ladder_step"]), f"{len(item['urges'])}" + (f" ({waiting})" if waiting else ""),
        )  # fmt: skip
    console.print(table, highlight=False)
    console.print(say(f"共 {page['total']} 件", f"{page['total']} cases in all"))
    if page["next_cursor"]:
        console.print(say("下一页", "next page") + f": --cursor {page['next_cursor']}", highlight=False)


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="board, visits, consultation or commendation")] = None,
    grid: Annotated[str | None, typer.Option(help="A grid code: this very unit")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """The bulletins stored, the latest first · 通报列表."""
    wanted = {"kind": kind, "grid": grid, "limit": limit}
    asked = {name: value for name, value in wanted.items() if value is not None}
    page = Api(data_dir, as_, password).call("GET", "/supervision/bulletins", params=asked)
    if as_json:
        console.print_json(json.dumps(page))
        return
    _print_bulletins(page["items"])


@app.command("show")
def show(
    id_: Annotated[str, typer.Argument(metavar="ID")],
    export: Annotated[Path | None, typer.Option(help="Write it to this .xlsx file")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """One bulletin · 查看通报."""
    api = Api(data_dir, as_, password)
    found = api.call("GET", path_of("supervision", "bulletins", id_))
    if export is not None:
        _save(api, id_, export)
    if as_json:
        console.print_json(json.dumps(found))
        return
    _print_bulletins([found])
    _print_content(found["kind"], found["content"])


@app.command("make")
def make(
    kind: Annotated[str, typer.Argument(help="board, visits, consultation or commendation")],
    period: Annotated[str | None, typer.Option(help="Any day of it, YYYY-MM-DD; else the last one over")] = None,
    grid: Annotated[str | None, typer.Option(help="A grid code; else all units that you supervise")] = None,
    export: Annotated[Path | None, typer.Option(help="Write it to this .xlsx file; for one unit")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Make a bulletin now, or make it again · 制作通报."""
    api = Api(data_dir, as_, password)
    wanted = {"kind": kind, "period": period, "grid": grid}
    made = api.call(
        "POST", "/supervision/bulletins", json={name: value for name, value in wanted.items() if value is not None}
    )
    if isinstance(made, dict):  # 202
        console.print(say("正在制作,稍后见", "being made; see") + " gridloop bulletin list")
        return
    if export is not None:
        if len(made) != 1:
            fail(say("导出请用 --grid 指定一个网格", "to export, name one unit with --grid"))
        _save(api, made[0]["id"], export)
    if as_json:
        console.print_json(json.dumps(made))
        return
    _print_bulletins(made)


# --- showing ----------------------------------------------------------------------------------------------------------


def _save(api: Api, id_: str, file: Path) -> None:
    content = api.download(path_of("supervision", "bulletins", id_, "export.xlsx"))
    try:
        file.write_bytes(content)
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    console.print(say(f"已写入 {file}", f"written to {file}"), highlight=False)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 1))
    for place, column in enumerate(columns):
        table.add_column(column, no_wrap=place == 0, overflow="fold")
    return table


def _print_board(shown: dict[str, Any]) -> None:
    table = _table(say("网格", "Unit"), say("未结案", "Open"), *(say(*word_[:2]) for word_ in LIGHTS.values()),
                   *(say(zh, en) for _, zh, en in _COLUMNS))  # fmt: skip
    for name, row in [*((row["unit"]["name"], row) for row in shown["rows"]), (say("合计", "Total"), shown["totals"])]:
        lights = (f"[{LIGHTS[light][2]}]{row['lights'][light]['count']}[/]" for light in LIGHTS)
        rest = (str(row[field]["count"]) for field, _, _ in _COLUMNS)
        table.add_row(escape(name), str(row["open"]["count"]), *lights, *rest)
    console.print(table, highlight=False)
    for alarm in shown["alarms"]:
        where, role, times = escape(alarm["unit"]["name"]), alarm["role"], alarm["times"]
        console.print(
            "[yellow]▲[/] "
            + say(f"{where} 无人担任 {role},已 {times} 次", f"{where}: nobody is {role}, {times} times"),
            highlight=False,
        )
    console.print(f"[dim]{local(shown['as_of'])}[/]", highlight=False)


def _print_bulletins(items: list[dict[str, Any]]) -> None:
    table = _table("id", say("通报", "Bulletin"), say("网格", "Unit"), say("期间", "Period"), say("制作", "Made"),
                   say("次数", "Runs"))  # fmt: skip
    for item in items:
        period = " … ".join(dict.fromkeys((item["period_start"], item["period_end"])))
        table.add_row(
            item["id"], item["name"], escape(item["grid"]["name"]), period, local(item["made_at"]), str(item["runs"])
        )
    console.print(table, highlight=False)


def _print_content(kind: str, content: dict[str, Any]) -> None:
    match kind:
        case "board":
            _print_board(content["board"])
        case "visits":
            _print_visits(content["visits"])
        case "consultation":
            for part in content["parts"]:
                console.print(f"[bold]{part['name']}[/] {part['number']['count']}", highlight=False)
                for case in part["cases"]:
                    console.print(f"  {case['case_no']} {escape(case['title'])}", highlight=False)
        case "commendation":
            _print_commendation(content)


def _print_visits(visits: list[dict[str, Any]]) -> None:
    table = _table(say("编码", "Code"), say("走访", "Visit"), say("重大", "Major"), say("超期", "Overdue"),
                   say("反复上报", "Repeated"))  # fmt: skip
    for visit in visits:
        again = ", ".join(f"{r['name']} ×{r['reported']['count']}" for r in visit["repeated"])
        unit, numbers = visit["unit"], (visit["major"]["count"], visit["overdue"]["count"])
        table.add_row(unit["code"], escape(visit["enterprise"] or unit["name"]), *map(str, numbers), escape(again))
    console.print(table, highlight=False)


def _print_commendation(content: dict[str, Any]) -> None:
    for name in ("units", "departments"):
        table = _table(say("名次", "Rank"), say("名称", "Name"), say("得分", "Score"), say("等级", "Grade"))
        for row in content[name]["rows"]:
            score = row["score"] or {"points": "—", "grade": "—"}
            rank = "—" if row["rank"] is None else str(row["rank"])
            table.add_row(rank, escape(row["place"]["name"]), str(score["points"]), score["grade"])
        console.print(table, highlight=False)
    for merit in content["people"]:
        console.print(f"{escape(merit['name'])}  {merit['handled_on_time']['count']}", highlight=False)


def _late(span: str) -> str:
    hours = int(_SPAN.validate_python(span) / timedelta(hours=1))
    return say(f"{hours // 24} 天 {hours % 24} 时", f"{hours // 24} d {hours % 24} h")
