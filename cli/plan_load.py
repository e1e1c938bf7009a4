"""The table of how many duties plans ask of each person and day."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from cli.labels import localize
from cli.output import Column, build_table
from models.english import counted
from services.plans.load import PlanLoad

#: How many rows are printed.
MAX_ROWS = 15


def print_load(console: Console, load: PlanLoad, letter: str = "") -> None:
    """Print those with the fullest days, and the plans that give out nothing."""
    title = localize(
        f"勤务负荷:{load.plans} 个计划,{load.days} 天 {load.duties} 项",
        f"Load of duties: {counted(load.plans, 'plan')}, {counted(load.duties, 'duty')} in {counted(load.days, 'day')}",
    )
    right: dict[str, Any] = {"justify": "right"}
    table = build_table(
        (
            localize("承担者", "Borne by"), Column(localize("合计", "In all"), **right),
            Column(localize("最多一天", "Fullest day"), **right), localize("日期", "On"),
            Column(localize(f"超过 {load.limit} 项的天数", f"Days above {load.limit}"), **right),
        ),
        title=f"{letter} {title}".strip(),
    )  # fmt: skip
    for one in load.bearers[:MAX_ROWS]:
        above = f"! {one.days_above}" if one.days_above else "0"
        table.add_row(escape(one.name), f"{one.total:g}", f"{one.most:g}", str(one.most_on), above)
    console.print(table)
    if len(load.bearers) > MAX_ROWS:
        more = len(load.bearers) - MAX_ROWS
        console.print(localize(f"另有 {more} 位承担者", f"and {more} more"), highlight=False)
    for plan in load.broken:
        console.print(f"! {plan.code} {plan.name}: {plan.reason}", style="yellow", highlight=False, markup=False)
