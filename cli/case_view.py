"""Printing a case: how it stands, its clocks, what was asked and urged, the cases merged into it, its timeline."""

from typing import Any

from rich.cells import cell_len
from rich.markup import escape
from rich.panel import Panel

from cli.formatting import format_light, format_local, format_owner
from cli.labels import OUTCOMES, REQUESTS, ROLES, STAGES, URGE_KINDS, label, label_fact, localize
from cli.output import Column, build_table, language, out, print_table
from services.wording.lengths import length_text

#: The signs of a box beside its head, in letters.
_AROUND_HEAD = 6
#: Fields of a fact that hold what somebody wrote; a fact shows the first that is there.
_TEXT_FIELDS = ("note", "reason", "result", "question", "title")


def print_case(view: dict[str, Any]) -> None:
    """Print how a case stands."""
    outcome = f" · {label(OUTCOMES, view['outcome'])}" if view["outcome"] else ""
    rows = [
        (
            localize("环节", "Stage"),
            f"{label(STAGES, view['stage'])} · "
            + localize(f"第 {view['round']} 轮", f"round {view['round']}")
            + outcome,
        ),
        (localize("时限", "Due"), f"{format_light(view['light'])} {format_local(view['due_at'])}"),
        (localize("责任", "Owner"), format_owner(view["owner"])),
        (localize("小类", "Category"), f"{view['category']} {escape(view['category_name'])}"),
        (localize("网格", "Grid"), " › ".join(map(escape, view["grid"]["path_names"])) + f" ({view['grid']['code']})"),
        (localize("上报", "Reported"), format_local(view["reported_at"])),
        *_relations(view),
        (localize("版本", "Revision"), str(view["revision"])),
        (localize("您可以", "You may"), ", ".join(view["allowed_commands"]) or "—"),
    ]
    if not _fits_a_head(view):
        rows.insert(0, (localize("标题", "Title"), escape(view["title"])))
    table = build_table((Column(style="dim"), Column()), rows, gap=2)
    title = f"[bold]{view['case_no']}[/]"
    if _fits_a_head(view):
        title += f"  {escape(view['title'])}"
    out.print(Panel(table, title=title, title_align="left"), highlight=False)


def _fits_a_head(view: dict[str, Any]) -> bool:
    """Return whether number and title fit into the head of the box, which would cut them short."""
    return cell_len(f"{view['case_no']}  {view['title']}") + _AROUND_HEAD <= out.width


def _relations(view: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what ties the case to other cases and people, where there is anything."""
    rows = []
    if view["enterprise"]:
        rows.append(
            (localize("企业", "Enterprise"), f"{escape(view['enterprise']['name'])} ({view['enterprise']['code']})")
        )
    if view["matter"]:
        rows.append((localize("来自", "On behalf of"), f"{escape(view['matter']['name'])} ({view['matter']['code']})"))
    if view["external"]:
        number = f"{escape(view['external']['number'])} ({escape(view['external']['system'])})"
        rows.append((localize("原系统编号", "External number"), number))
    if view["merged_into"]:
        rows.append((localize("并入", "Merged into"), view["merged_into"]))
    if view["merged_cases"]:
        rows.append((localize("并入本案", "Merged cases"), ", ".join(view["merged_cases"])))
    if view["co_handlers"]:
        rows.append((localize("协办", "Co-handlers"), ", ".join(map(_co_handler, view["co_handlers"]))))
    if view["reviewer"]:
        rows.append((localize("核查人", "Reviewer"), escape(view["reviewer"])))
    return rows


def _co_handler(handler: dict[str, Any]) -> str:
    mark = localize("已反馈", "reported") if handler["reported_at"] else localize("待反馈", "awaited")
    return f"{escape(handler['name'])} ({mark})"


def print_details(view: dict[str, Any]) -> None:
    """Print the clocks of every round and of the whole case, the requests, the urge orders and the appeals."""
    _print_answers(view)
    _print_clocks(view["clocks"])
    _print_requests(view["requests"])
    _print_urges(view["urges"])
    _print_appeals(view["appeals"])


def _print_answers(view: dict[str, Any]) -> None:
    """Print the answers to the questions of the category, those that are missing and those not understood."""
    rows = [(one["text"], one["shown"] or f"{len(one['values'])} ×") for one in view["answers"]]
    rows += [(one["text"], localize("(未填)", "(not answered)")) for one in view["unanswered"]]
    rows += [(one["question"], localize(f"(未能识别:{one['why']})", f"(not understood: {one['why']})"))
             for one in view["not_understood"]]  # fmt: skip
    if rows:
        print_table((localize("问项", "Question"), localize("填答", "Answer")), rows)


def _print_clocks(clocks: list[dict[str, Any]]) -> None:
    columns = (
        Column(localize("计时", "Clock"), no_wrap=True),
        localize("轮", "Round"),
        localize("时限", "Limit"),
        Column(localize("灯", "Light"), no_wrap=True),
        Column(localize("到期", "Due"), no_wrap=True),
        Column(localize("结束", "Ended"), no_wrap=True),
    )
    rows = (
        (
            label(STAGES, clock["stage"]) if clock["stage"] else localize("全程", "whole case"),
            str(clock["round"]) if clock["stage"] else "",
            length_text(clock["amount"], clock["unit"], language()),
            format_light(clock["light"]),
            format_local(clock["due_at"]) + _missed(clock),
            format_local(clock["ended_at"]),
        )
        for clock in clocks
    )
    print_table(columns, rows, gap=1)


def _missed(clock: dict[str, Any]) -> str:
    return " " + localize("[red]超期[/]", "[red]overdue[/]") if clock["overdue_at"] else ""


def _print_requests(requests: list[dict[str, Any]]) -> None:
    if not requests:
        return
    out.print("[bold]" + localize("待裁定或答复的申请", "Requests that await a decision or an answer") + "[/]")
    headings = (
        ("事项", "What"), ("由", "By"), ("部门", "Department"), ("时间", "When"), ("至", "Until"),
        ("须裁定于", "Decide by"),
    )  # fmt: skip
    rows = (
        (
            label(REQUESTS, request["kind"]) + _granted_by(request),
            escape(request["by"]),
            escape(request["department"] or "—"),
            format_local(request["at"]),
            format_local(request["until"]),
            format_local(request["decide_by"]),
        )
        for request in requests
    )
    print_table([localize(*heading) for heading in headings], rows)


def _granted_by(request: dict[str, Any]) -> str:
    """Who alone grants the request, where that is not whoever usually decides such requests."""
    role = request.get("granted_by")
    return localize("(由{}批准)", " (granted by a {})").format(label(ROLES, role)) if role else ""


def _print_urges(urges: list[dict[str, Any]]) -> None:
    if not urges:
        return
    out.print("[bold]" + localize("督办", "Urge orders") + "[/]")
    headings = (("#", "#"), ("类型", "Kind"), ("由", "By"), ("须答复于", "Answer by"), ("状态", "State"))
    rows = (
        (
            str(urge["number"]),
            label(URGE_KINDS, urge["kind"]),
            escape(urge["by"]),
            format_local(urge["reply_by"]),
            _urge_state(urge),
        )
        for urge in urges
    )
    print_table([localize(*heading) for heading in headings], rows)


def _urge_state(urge: dict[str, Any]) -> str:
    if urge["answered_at"]:
        return localize("已答复", "answered")
    if urge["ended_at"]:
        return localize("已失效", "ended unanswered")
    return localize("逾期未答复", "[red]overdue[/]") if urge["overdue_at"] else localize("待答复", "awaited")


def _print_appeals(appeals: list[dict[str, Any]]) -> None:
    if not appeals:
        return
    out.print("[bold]" + localize("超时申诉", "Appeals") + "[/]")
    headings = (("部门", "Department"), ("轮", "Round"), ("由", "By"), ("时间", "When"), ("裁定", "Decision"))
    rows = (
        (
            escape(appeal["name"]),
            str(appeal["round"]),
            escape(appeal["by"]),
            format_local(appeal["at"]),
            _decision(appeal["upheld"]),
        )
        for appeal in appeals
    )
    print_table([localize(*heading) for heading in headings], rows)


def _decision(upheld: bool | None) -> str:
    if upheld is None:
        return localize("待裁定", "awaited")
    return localize("成立", "upheld") if upheld else localize("不成立", "not upheld")


def print_facts(facts: list[dict[str, Any]]) -> None:
    """Print the timeline."""
    headings = (localize("时间", "When"), localize("事实", "Fact"), localize("由", "By"))
    print_table(
        ("#", *headings, Column(style="dim")),
        (
            (
                str(fact["seq"]),
                format_local(fact["at"]),
                label_fact(fact["kind"], by_system=fact["actor"]["kind"] == "system"),
                escape(fact["actor"]["name"]),
                escape(_text_of(fact["body"])),
            )
            for fact in facts
        ),
    )


def _text_of(body: dict[str, Any]) -> str:
    """Return what the fact says, with the answer to the reporter beside it."""
    said = next((body[name] for name in _TEXT_FIELDS if body.get(name)), "")
    answer = localize(f"答复:{body['answer']}", f"answer: {body['answer']}") if body.get("answer") else ""
    return " · ".join(part for part in (said, answer) if part)
