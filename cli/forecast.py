"""A case's forecast, shown: the arithmetic of its deadlines, and what comes when if nobody acts."""

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.labels import FACTS, LIGHTS, ROLES, STAGES, UNITS, say, word

console = Console()


def print_forecast(view: dict[str, Any], local: Callable[[str | None], str]) -> None:
    """Prints a forecast as the API gives it; `local` spells a moment in the place's time."""
    for due in view["due"]:
        stage = word(STAGES, due["stage"]) if due["stage"] else say("全程", "whole case")
        unit = say(*UNITS[due["unit"]])
        provisional = say(" [yellow](暂定)[/]", " [yellow](provisional)[/]") if due["provisional"] else ""
        head = f"[bold]{stage}[/] {say('到期', 'due')} {local(due['due_at'])}{provisional}  "
        console.print(head + f"[dim]{due['amount']:g} {unit} · {escape(due['source'])}[/]", highlight=False)
        for line in due["lines"]:
            console.print(f"    {escape(say(line['zh'], line['en']))}", highlight=False)
        if due["ceiling_at"]:
            ceiling = say("法定上限", "ceiling")
            console.print(f"    [dim]{ceiling} {local(due['ceiling_at'])}[/]", highlight=False)
    console.print("\n[bold]" + say("若无人办理", "If nobody acts") + "[/]")
    table = Table(box=None, padding=(0, 2))
    for column in (say("时间", "When"), say("事项", "What"), say("对象", "To whom"), say("责任", "Owner then")):
        table.add_column(column, overflow="fold")
    for ahead in view["if_nobody_acts"]:
        table.add_row(
            local(ahead["at"]), _what(ahead), escape("; ".join(map(_whom, ahead["reached"]))),
            escape(ahead["owner"]["name"]) if ahead["owner"] else "",
        )  # fmt: skip
    console.print(table, highlight=False)
    console.print(
        "[dim]" + say("人员按目前在岗推算", "people are those who hold the roles now") + "[/]", highlight=False
    )


def _what(ahead: dict[str, Any]) -> str:
    said = word(FACTS, ahead["kind"])
    if ahead["kind"] == "light_changed":
        light = LIGHTS[ahead["light"]]
        return f"{said} [{light[2]}]{say(*light[:2])}[/]"
    if ahead["kind"] == "step_fired":
        step = say(f"第 {ahead['step']} 步", f"step {ahead['step']}")
        urge = say(f"(督办 {ahead['urge']})", f" (urge order {ahead['urge']})") if ahead["urge"] else ""
        meeting = say(",列入会商", ", on the consultation list") if ahead["consultation"] else ""
        return f"{said} {step}{urge}{meeting}"
    return said


def _whom(reached: dict[str, Any]) -> str:
    role = word(ROLES, reached["role"]) + " " if reached["role"] else ""
    people = say("、", ", ").join(reached["people"][:3]) + ("…" if len(reached["people"]) > 3 else "")
    acts = say("接办", "to act") if reached["mode"] == "act" else say("知会", "informed")
    return f"{reached['name']} {role}{people} [{acts}]".strip()
