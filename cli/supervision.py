"""`board`, `overdue`, `bulletin`: the supervisor's figures, through the HTTP API."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.markup import escape

from cli.exports import Bom, Force, Format, Output, chosen_format, save_export
from cli.formatting import format_local, format_owner
from cli.http import Api, As, AsJson, DataDir, Password, build_path, fail
from cli.labels import LIGHTS, STAGES, label, localize
from cli.moments import normalize_day
from cli.output import Column, out, print_json, print_table
from models.english import counted

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Bulletins · 通报: daily, weekly, monthly, quarterly."
)

_Grid = Annotated[str | None, typer.Option(help="A grid code: its whole subtree")]
_SPAN = TypeAdapter(timedelta)
#: Columns of `board` after the lights: the field, and its heading in both languages.
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
    params = {} if grid is None else {"grid": grid}
    board = Api(data_dir, as_, password).call("GET", "/supervision/board", params=params)
    if as_json:
        print_json(board)
        return
    _print_board(board)


def work(
    grid: _Grid = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """The park's own work in figures: duties, colours, stations, undertakings · 园区工作."""
    params = {} if grid is None else {"grid": grid}
    found = Api(data_dir, as_, password).call("GET", "/supervision/work", params=params)
    if as_json:
        print_json(found)
        return
    for section in found["sections"]:
        figures = (
            f"[bold red]! {one['name']} {one['value']}[/]" if one["worrying"] and one["value"]
            else f"{one['name']} {one['value']}"
            for one in section["figures"]
        )  # fmt: skip
        out.print(f"[bold]{section['name']}[/]  " + " · ".join(figures), highlight=False)


def overdue(
    grid: _Grid = None,
    category: Annotated[str | None, typer.Option(help="A category code or its beginning")] = None,
    department: Annotated[str | None, typer.Option()] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    cursor: Annotated[str | None, typer.Option(help="The cursor printed after the previous page")] = None,
    format_: Format = None,
    output: Output = None,
    force: Force = False,
    bom: Bom = False,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Cases whose deadline has passed, the longest first, a page or all in a file · 超期、导出."""
    export_format = chosen_format(format_, output, bom=bom)
    api = Api(data_dir, as_, password)
    narrowed = _without_none({"grid": grid, "category": category, "department": department})
    if export_format is not None and output is not None:
        body = {"kind": "overdue", "format": export_format, "bom": bom, "overdue": narrowed}
        save_export(api, body, output, force=force)
        return
    page = api.call("GET", "/supervision/overdue", params=narrowed | _without_none({"limit": limit, "cursor": cursor}))
    if as_json:
        print_json(page)
        return
    headings = (
        localize("案件", "Case"), localize("标题", "Title"), localize("环节", "Stage"), localize("超期", "Late by"),
        localize("责任", "Owner"), localize("主办", "Host"), localize("升级", "Step"), localize("督办", "Urged"),
    )  # fmt: skip
    _print_table(headings, map(_overdue_row, page["items"]))
    out.print(localize(f"共 {page['total']} 件", f"{counted(page['total'], 'case')} in all"))
    if page["next_cursor"]:
        out.print(
            localize("下一页", "next page") + f": --cursor {page['next_cursor']}", highlight=False, soft_wrap=True
        )


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="board, visits, consultation or commendation")] = None,
    grid: Annotated[str | None, typer.Option(help="A grid code: bulletins of this unit only")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 20,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """The bulletins stored, the latest first · 通报列表."""
    filters = _without_none({"kind": kind, "grid": grid, "limit": limit})
    page = Api(data_dir, as_, password).call("GET", "/supervision/bulletins", params=filters)
    if as_json:
        print_json(page)
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
    found = api.call("GET", build_path("supervision", "bulletins", id_))
    if export is not None:
        _save_workbook(api, id_, export)
    if as_json:
        print_json(found)
        return
    _print_bulletins([found])
    _print_content(found["kind"], found["content"])


@app.command("make")
def make(
    kind: Annotated[str, typer.Argument(help="board, visits, consultation or commendation")],
    period: Annotated[
        str | None, typer.Option(help="Any day of the period, YYYY-MM-DD; by default the last period that has ended")
    ] = None,
    grid: Annotated[str | None, typer.Option(help="A grid code; else all units that you supervise")] = None,
    export: Annotated[Path | None, typer.Option(help="Write it to this .xlsx file; for one unit")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Make a bulletin now, or make it again · 制作通报."""
    api = Api(data_dir, as_, password)
    day = None if period is None else normalize_day(period)
    order = _without_none({"kind": kind, "period": day, "grid": grid})
    made = api.call("POST", "/supervision/bulletins", json=order)
    if isinstance(made, dict):  # 202
        out.print(localize("正在制作,稍后见", "being made; see") + " gridloop bulletin list")
        return
    if export is not None:
        if len(made) != 1:
            fail(localize("导出请用 --grid 指定一个网格", "to export, name one unit with --grid"))
        _save_workbook(api, made[0]["id"], export)
    if as_json:
        print_json(made)
        return
    _print_bulletins(made)


# --- printing ---------------------------------------------------------------------------------------------------------


def _save_workbook(api: Api, id_: str, file: Path) -> None:
    content = api.download(build_path("supervision", "bulletins", id_, "export.xlsx"))
    try:
        file.write_bytes(content)
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    out.print(localize(f"已写入 {file}", f"written to {file}"), highlight=False)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table whose first column is not wrapped."""
    print_table((Column(headings[0], no_wrap=True), *headings[1:]), rows, gap=1)


def _overdue_row(item: dict[str, Any]) -> tuple[str, ...]:
    unanswered = sum(urge["answered_at"] is None for urge in item["urges"])
    return (
        item["case_no"],
        escape(item["title"]),
        label(STAGES, item["stage"]),
        _format_duration(item["late_by"]),
        format_owner(item["owner"]),
        escape(item["host_name"] or "—"),
        str(item["ladder_step"]),
        f"{len(item['urges'])}" + (f" ({unanswered})" if unanswered else ""),
    )


def _print_board(board: dict[str, Any]) -> None:
    lights = (localize(*texts[:2]) for texts in LIGHTS.values())
    columns = (localize(zh, en) for _, zh, en in _COLUMNS)
    total = (localize("合计", "Total"), board["totals"])
    _print_table(
        (localize("网格", "Unit"), localize("未结案", "Open"), *lights, *columns),
        (_board_row(name, row) for name, row in [*((row["unit"]["name"], row) for row in board["rows"]), total]),
    )
    for alarm in board["alarms"]:
        where, role, times = escape(alarm["unit"]["name"]), alarm["role"], alarm["times"]
        out.print(
            "[yellow]▲[/] "
            + localize(
                f"{where} 无人担任 {role},已 {times} 次", f"{where}: nobody is {role}, {counted(times, 'time')}"
            ),
            highlight=False,
        )
    out.print(f"[dim]{format_local(board['as_of'])}[/]", highlight=False)


def _board_row(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    lights = (f"[{LIGHTS[light][2]}]{row['lights'][light]['count']}[/]" for light in LIGHTS)
    return escape(name), str(row["open"]["count"]), *lights, *(str(row[field]["count"]) for field, _, _ in _COLUMNS)


def _print_bulletins(items: list[dict[str, Any]]) -> None:
    _print_table(
        ("id", *localize("通报 网格 期间 制作 次数", "Bulletin Unit Period Made Runs").split()),
        (
            (
                item["id"],
                item["name"],
                escape(item["grid"]["name"]),
                " … ".join(dict.fromkeys((item["period_start"], item["period_end"]))),
                format_local(item["made_at"]),
                str(item["runs"]),
            )
            for item in items
        ),
    )


def _print_content(kind: str, content: dict[str, Any]) -> None:
    match kind:
        case "board":
            _print_board(content["board"])
        case "visits":
            _print_visits(content["visits"])
        case "consultation":
            for part in content["parts"]:
                out.print(f"[bold]{part['name']}[/] {part['number']['count']}", highlight=False)
                for case in part["cases"]:
                    out.print(f"  {case['case_no']} {escape(case['title'])}", highlight=False)
        case "commendation":
            _print_commendation(content)


def _print_visits(visits: list[dict[str, Any]]) -> None:
    _print_table(
        localize("编码 走访 重大 超期 反复上报", "Code Visit Major Overdue Repeated").split(), map(_visit_row, visits)
    )


def _visit_row(visit: dict[str, Any]) -> tuple[str, ...]:
    repeated = ", ".join(f"{unit['name']} ×{unit['reported']['count']}" for unit in visit["repeated"])
    unit, numbers = visit["unit"], (visit["major"]["count"], visit["overdue"]["count"])
    return unit["code"], escape(visit["enterprise"] or unit["name"]), *map(str, numbers), escape(repeated)


def _print_commendation(content: dict[str, Any]) -> None:
    for name in ("units", "departments"):
        headings = localize("名次 名称 得分 等级", "Rank Name Score Grade").split()
        _print_table(headings, map(_ranking_row, content[name]["rows"]))
    for merit in content["people"]:
        out.print(f"{escape(merit['name'])}  {merit['handled_on_time']['count']}", highlight=False)
    for ranking in content.get("stars", ()):
        for row in ranking["rows"]:
            out.print(f"{escape(row['name'])}  {'★' * row['stars']} {row['points']:g}", highlight=False)


def _ranking_row(row: dict[str, Any]) -> tuple[str, ...]:
    score = row["score"] or {"points": "—", "grade": "—"}
    rank = "—" if row["rank"] is None else str(row["rank"])
    return rank, escape(row["place"]["name"]), str(score["points"]), score["grade"]


def _format_duration(span: str) -> str:
    hours = int(_SPAN.validate_python(span) / timedelta(hours=1))
    return localize(f"{hours // 24} 天 {hours % 24} 时", f"{hours // 24} d {hours % 24} h")
