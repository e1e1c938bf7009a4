"""`gridloop notices`: the notices that ladder steps have sent you."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password
from cli.labels import STAGES, label, localize
from cli.output import Column, out, print_json, print_table


def notices(
    unread: Annotated[bool, typer.Option("--unread", help="Only what you have not read")] = False,
    mark: Annotated[bool, typer.Option("--mark-read", help="Mark everything as read")] = False,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Your notices, the newest first · 通知."""
    api = Api(data_dir, as_, password)
    page = api.call("GET", "/notices", params={"unread": unread})
    if mark:
        api.call("POST", "/notices/read", json={})
    if as_json:
        print_json(page)
        return
    print_table(
        (
            localize("时间", "When"), "", Column(localize("案件", "Case"), no_wrap=True),
            *localize("标题 环节 事由", "Title Stage Why").split(),
        ),
        map(_notice_row, page["items"]),
    )  # fmt: skip
    if page["matters"]:
        print_table(
            (
                localize("时间", "When"),
                "",
                Column(localize("事项", "Matter"), no_wrap=True),
                *localize("名称 事由", "Name Why").split(),
            ),
            [
                (
                    format_local(one["at"]),
                    "" if one["read"] else "●",
                    one["code"],
                    escape(one["name"]),
                    escape(one["text"]),
                )
                for one in page["matters"]
            ],
        )
    out.print(localize(f"未读 {page['unread']}", f"{page['unread']} unread"))


def _notice_row(notice: dict[str, Any]) -> tuple[str, ...]:
    case = notice["case"]
    mode = localize("接办", "to act") if notice["mode"] == "act" else localize("知会", "informed")
    why = localize(f"第 {notice['step']} 步", f"step {notice['step']}")
    if notice["kind"] == "reporter_unmasked":
        why = localize("揭示上报人", "reporter unmasked")
    why += localize(f" · 督办 {notice['urge']}", f" · urge order {notice['urge']}") if notice["urge"] else ""
    why += localize(" · 列入会商", " · consultation list") if notice["consultation"] else ""
    dot = "" if notice["read"] else "● "
    title, stage = escape(case["title"]), label(STAGES, case["stage"])
    return format_local(notice["at"]), dot + mode, case["case_no"], title, stage, why
