"""Printing a case's forecast: the arithmetic of its deadlines, and what happens when if nobody acts."""

from typing import Any

from rich.markup import escape

from cli.formatting import format_light, format_local, format_source
from cli.labels import REQUESTS, ROLES, STAGES, label, label_fact, localize
from cli.output import language, out, print_table
from services.wording.lengths import length_text


def print_forecast(view: dict[str, Any]) -> None:
    """Print a forecast as the API returns it."""
    for due in view["due"]:
        stage = label(STAGES, due["stage"]) if due["stage"] else localize("全程", "whole case")
        provisional = localize(" [yellow](暂定)[/]", " [yellow](provisional)[/]") if due["provisional"] else ""
        head = f"[bold]{stage}[/] {localize('到期', 'due')} {format_local(due['due_at'])}{provisional}  "
        source = escape(format_source(due["source"]))
        out.print(head + f"[dim]{length_text(due['amount'], due['unit'], language())} · {source}[/]", highlight=False)
        for line in due["lines"]:
            out.print(f"    {escape(localize(line['zh'], line['en']))}", highlight=False)
        if due["ceiling_at"]:
            ceiling = localize("法定上限", "ceiling")
            out.print(f"    [dim]{ceiling} {format_local(due['ceiling_at'])}[/]", highlight=False)
    out.print("\n[bold]" + localize("若无人办理", "If nobody acts") + "[/]")
    print_table(
        [
            localize("时间", "When"),
            localize("事项", "What"),
            localize("对象", "To whom"),
            localize("责任", "Owner then"),
        ],
        (
            (
                format_local(event["at"]),
                _describe_event(event),
                escape("; ".join(map(_describe_recipient, event["reached"]))),
                escape(event["owner"]["name"]) if event["owner"] else "",
            )
            for event in view["if_nobody_acts"]
        ),
    )
    out.print(
        "[dim]" + localize("人员按目前在岗推算", "people are those who hold the roles now") + "[/]", highlight=False
    )


def _describe_event(event: dict[str, Any]) -> str:
    name = label_fact(event["kind"], by_system=True)
    if event["kind"] == "light_changed":
        return f"{name} {format_light(event['light'])}"
    if event["kind"] == "step_fired":
        step = localize(f"第 {event['step']} 步", f"step {event['step']}")
        meeting = localize(",列入会商", ", on the consultation list") if event["consultation"] else ""
        return f"{name} {step}{_ladder(event)}{meeting}"
    return name


def _ladder(event: dict[str, Any]) -> str:
    """Return whose ladder a step belongs to, unless it is that of the stage."""
    if event["urge"]:
        return localize(f"(督办 {event['urge']})", f" (urge order {event['urge']})")
    if event["request"]:
        kind = label(REQUESTS, event["request"])
        return localize(f"({kind}待裁定)", f" (undecided: {kind})")
    return localize("(全程)", " (whole case)") if event["whole"] else ""


def _describe_recipient(recipient: dict[str, Any]) -> str:
    role = label(ROLES, recipient["role"]) + " " if recipient["role"] else ""
    people = localize("、", ", ").join(recipient["people"][:3]) + ("…" if len(recipient["people"]) > 3 else "")
    mode = localize("接办", "to act") if recipient["mode"] == "act" else localize("知会", "informed")
    return f"{recipient['name']} {role}{people} [{mode}]".strip()
