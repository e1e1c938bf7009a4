"""`gridloop enterprises`: the register, its colours as of any day, and a register from a file."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import is_english, localize
from cli.matters import matter_app
from cli.output import out, print_json, print_table
from models.matters.base import MatterKind

app = matter_app(MatterKind.ENTERPRISE, help="Enterprises and their three colours · 企业与三色管理")

#: The bars of a colour, as on the pages.
_BARS = {"green": "▮▯▯", "yellow": "▮▮▯", "red": "▮▮▮"}
_OUTCOMES = {
    "registered": ("已登记", "registered"),
    "known": ("原已登记", "registered before"),
    "would": ("可以登记", "could be registered"),
    "rejected": ("未登记", "not registered"),
}


@app.command("colour", help=localize("某日的颜色及其依据", "The colour as of a day, and what it rests on"))
def colour(
    code: str,
    at: Annotated[str, typer.Option(help="A day (2026-11-08, its end) or a moment; without it now")] = "",
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    found = Api(data_dir, as_, password).call(
        "GET", build_path("enterprises", code, "colour"), params={"at": at} if at else {}
    )
    if as_json:
        return print_json(found)
    return _print_colour(found)


@app.command("colours", help=localize("各颜色的企业数", "How many enterprises have each colour"))
def colours(
    grid: Annotated[str | None, typer.Option(help="A grid code: its whole subtree")] = None,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    found = Api(data_dir, as_, password).call("GET", "/enterprises/counts", params={"grid": grid} if grid else {})
    if as_json:
        return print_json(found)
    for name in ("red", "yellow", "green"):
        out.print(f"{_BARS[name]} {_colour_name(name)} {found['colours'][name]}", highlight=False)
    return out.print(localize(f"共 {found['total']} 家", f"{found['total']} in all"), highlight=False)


@app.command("suggest", help=localize("按文字和位置查找", "Those that a report may be about"))
def suggest(
    words: Annotated[str, typer.Argument(help="Words of the title or description, a name, part of a code")] = "",
    grid: Annotated[str | None, typer.Option(help="The unit of the report")] = None,
    lat: Annotated[float | None, typer.Option()] = None,
    lon: Annotated[float | None, typer.Option()] = None,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    wanted = {"q": words, "grid": grid, "lat": lat, "lon": lon}
    params = {name: value for name, value in wanted.items() if value not in (None, "")}
    found = Api(data_dir, as_, password).call("GET", "/enterprises/suggest", params=params)
    if as_json:
        return print_json(found)
    why = "why_en" if is_english() else "why_zh"
    return print_table(
        (localize("信用代码", "Credit code"), localize("名称", "Name"), localize("颜色", "Colour"), ""),
        [(one["code"], escape(one["name"]), _colour_name(one["colour"]), escape(one[why])) for one in found],
    )


@app.command("import", help=localize("从表格登记", "Register those of a table, CSV or Excel"))
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every line, store nothing · 试运行")] = False,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    api = Api(data_dir, as_, password)
    with file.open("rb") as content:
        params = {"name": file.name, **({"dry_run": "true"} if dry_run else {})}
        found = api.call("POST", "/enterprises/import", params=params, files={"file": (file.name, content)})
    if as_json:
        print_json(found)
    else:
        _print_outcomes(found)
    if found["counts"].get("rejected"):
        raise typer.Exit(1)


def _print_colour(found: dict[str, Any]) -> None:
    out.print(f"[bold]{found['code']}[/] {escape(found['name'])} · {format_local(found['at'])}", highlight=False)
    computed = f"{_BARS[found['colour']]} {found['colour_name']}"
    out.print(localize("按规则评定", "By the rules") + f": {computed} · {found['visits_name']}", highlight=False)
    if by_hand := found["override"]:
        until = format_local(by_hand["until"])
        out.print(
            localize("人工设定", "Set by hand")
            + f": {_BARS[by_hand['colour']]} {by_hand['colour_name']} → {until} · {escape(by_hand['reason'])}",
            highlight=False,
        )
    for line in found["lines"]:
        cases = ", ".join([*line["cases"], *line["rounds"], *(["…"] if line["more_cases"] else [])])
        since = format_local(line["since"])
        held = (
            localize("保持到", "kept until") + f" {format_local(line['held_until'])}" if line["held_until"] else since
        )
        out.print(f"  {_BARS[line['colour']]} {escape(line['name'])} · {held} · {escape(cases)}", highlight=False)
    for change in found["changes"]:
        before, after = _colour_name(change["before"]), _colour_name(change["after"])
        why = localize("人工", "by hand") if change["by_hand"] else localize("按规则", "by the rules")
        reason = f" · {escape(change['reason'])}" if change["reason"] else ""
        out.print(f"  [dim]{format_local(change['at'])}[/] {before} → {after} · {why}{reason}", highlight=False)


def _print_outcomes(found: dict[str, Any]) -> None:
    out.print(escape(found["recognised"]), highlight=False)
    for one in found["outcomes"]:
        if one["outcome"] == "rejected":
            why = escape(one["en"] if is_english() else one["zh"])
            line = localize(f"第 {one['line']} 行", f"line {one['line']}")
            out.print(f"[red]✗[/] {line} {one['code']} {escape(one['name'])}: {why}", highlight=False)
    counts = " · ".join(f"{localize(*_OUTCOMES[name])} {count}" for name, count in found["counts"].items())
    out.print(counts, highlight=False)


def _colour_name(code: str) -> str:
    return {
        "green": localize("绿牌", "green"),
        "yellow": localize("黄牌", "yellow"),
        "red": localize("红牌", "red"),
    }[code]
