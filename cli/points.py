"""`gridloop points`: points and stars of people, units and departments, and the arithmetic of one."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import localize
from cli.output import Column, out, print_json, print_table


def points(
    code: Annotated[
        str | None, typer.Argument(help="A user name, unit or department: its points with every fact")
    ] = None,
    subject: Annotated[str, typer.Option(help="person, unit or department")] = "department",
    period: Annotated[str, typer.Option(help="A month, 2026-11, or a quarter, 2026-Q4; else this month")] = "",
    level: Annotated[int, typer.Option(min=2, max=3, help="Units: 2 communities, 3 grids")] = 2,
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Points and stars, each with its facts · 积分星级."""
    api = Api(data_dir, as_, password)
    if code is not None:
        path = build_path("supervision", "points", subject, code)
        found = api.call("GET", path, params={"period": period} if period else {})
        return print_json(found) if as_json else _print_arithmetic(found)
    wanted = {"subject": subject, "period": period or None, "level": level, "grid": grid}
    params = {name: value for name, value in wanted.items() if value is not None}
    found = api.call("GET", "/supervision/points", params=params)
    return print_json(found) if as_json else _print_ranking(found)


def _print_ranking(found: dict[str, Any]) -> None:
    still = "" if found["complete"] else localize(" · 尚未结束", " · still running")
    out.print(f"{found['period']}{still}", highlight=False)
    print_table(
        (
            Column(localize("名次", "Rank"), justify="right"), Column(localize("编号", "Code"), no_wrap=True),
            localize("名称", "Name"), localize("星级", "Stars"), Column(localize("积分", "Points"), justify="right"),
            Column(localize("加分", "Bonus"), justify="right"), Column(localize("扣分", "Deduction"), justify="right"),
        ),
        [
            (
                str(row["rank"]), row["code"], escape(row["name"]), "★" * row["stars"], f"{row['points']:g}",
                f"{row['bonus']:+g}", f"{row['deduction']:g}",
            )
            for row in found["rows"]
        ],
    )  # fmt: skip
    if found["best"]:
        names = ", ".join(escape(row["name"]) for row in found["best"])
        out.print(localize("服务之星", "Stars of service") + f": {names}", highlight=False)


def _print_arithmetic(found: dict[str, Any]) -> None:
    head = f"[bold]{escape(found['name'])}[/] · {found['period']} · {found['points']:g} · {'★' * found['stars']}"
    out.print(head, highlight=False)
    out.print(localize("基础分", "Base") + f" {found['base']:g}", highlight=False)
    for line in found["lines"]:
        held = "" if line["full"] == line["points"] else f" → {line['points']:+g}"
        out.print(
            f"{escape(line['name'])}: {line['each']:+g} × {len(line['facts'])} = {line['full']:+g}{held}",
            highlight=False,
        )
        for fact in line["facts"]:
            what = f"{fact['case_no']} #{fact['seq']}" if fact["case_no"] else escape(fact["duty"])
            out.print(f"  [dim]{format_local(fact['at'])}[/] {what}", highlight=False)
