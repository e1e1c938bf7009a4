"""`gridloop notices`: what ladders have told you."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cli.cases import local
from cli.http import Api, As, AsJson, DataDir, Password, console
from cli.labels import STAGES, say, word


def notices(
    unread: Annotated[bool, typer.Option("--unread", help="Only what you have not read")] = False,
    mark: Annotated[bool, typer.Option("--mark-read", help="Mark everything as read")] = False,
    as_: As = "supervisor",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """What ladders have told you, the newest first · 通知."""
    api = Api(data_dir, as_, password)
    found = api.call("GET", "/notices", params={"unread": unread})
    if mark:
        api.call("POST", "/notices/read", json={})
    if as_json:
        console.print_json(json.dumps(found))
        return
    table = Table(box=None, padding=(0, 2))
    for column in (say("时间", "When"), "", say("案件", "Case"), say("标题", "Title"), say("环节", "Stage"),
                   say("事由", "Why")):  # fmt: skip
        table.add_column(column, no_wrap=column in ("案件", "Case"), overflow="fold")
    for item in found["items"]:
        case = item["case"]
        mode = say("接办", "to act") if item["mode"] == "act" else say("知会", "informed")
        why = say(f"第 {item['step']} 步", f"step {item['step']}")
        why += say(f" · 督办 {item['urge']}", f" · urge order {item['urge']}") if item["urge"] else ""
        why += say(" · 列入会商", " · consultation list") if item["consultation"] else ""
        dot = "" if item["read"] else "● "
        table.add_row(
            local(item["at"]), dot + mode, case["case_no"], escape(case["title"]), word(STAGES, case["stage"]), why
        )
    console.print(table, highlight=False)
    console.print(say(f"未读 {found['unread']}", f"{found['unread']} unread"))
