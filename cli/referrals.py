"""`gridloop referral-desks`: desks of lawyers and others, their slots, a sitting day as a calendar file."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.fields import parse_moment
from cli.formatting import format_local
from cli.http import Api, As, AsJson, DataDir, Password, build_path
from cli.labels import localize
from cli.matters import matter_app, print_matter
from cli.output import language, out, print_json, print_table
from models.ids import new_id
from models.matters.base import MatterKind
from services.wording.matters.referral_desk import BOOKING_STATES

app = matter_app(MatterKind.REFERRAL_DESK, help="Referral desks and their slots · 专业坐诊台")


@app.command("slots")
def slots(
    code: str,
    first: Annotated[str | None, typer.Option("--from", help="A day: 2026-03-02; today by default")] = None,
    last: Annotated[str | None, typer.Option("--to", help="A day; two weeks later by default")] = None,
    free: Annotated[bool, typer.Option("--free", help="Only those that can be booked")] = False,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """The slots of a desk, free and booked · 时段."""
    params = {name: value for name, value in (("from", first), ("to", last)) if value}
    found = Api(data_dir, as_, password).call("GET", build_path("referral-desks", code, "slots"), params=params)
    if as_json:
        return print_json(found)
    shown = [one for one in found["items"] if not free or (one["free"] and not one["passed"])]
    return print_table(
        (localize("时间", "Slot"), localize("状态", "State"), localize("案件", "Case"), "#"),
        [(format_local(one["at"]), *_booking(one)) for one in shown],
    )


def _booking(slot: dict[str, Any]) -> tuple[str, str, str]:
    booking = slot["booking"]
    if booking is None:
        state = localize("已过", "passed") if slot["passed"] else localize("空闲", "free")
        return state, "", ""
    return BOOKING_STATES[booking["state"]][language() == "en"], escape(booking["case_no"]), str(booking["number"])


@app.command("book")
def book(
    code: str,
    at: Annotated[str, typer.Argument(help="When the slot begins: “2026-03-04 9:30”")],
    case_no: str,
    note: Annotated[str, typer.Option()] = "",
    command_id: Annotated[str | None, typer.Option(help="A UUID of your own: sending again is safe")] = None,
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
    as_json: AsJson = False,
) -> None:
    """Book a slot for a case · 预约."""
    api = Api(data_dir, as_, password)
    body = {"at": parse_moment(at), "case_no": case_no, "note": note}
    headers = {"Idempotency-Key": command_id or str(new_id())}
    path = build_path("referral-desks", code, "commands", "book")
    view = api.call("POST", path, json=body, headers=headers)
    return print_json(view) if as_json else print_matter(MatterKind.REFERRAL_DESK, view)


@app.command("ics")
def ics(
    code: str,
    day: str,
    file: Annotated[Path, typer.Argument(help="Where to write it")],
    as_: As = "duty",
    password: Password = None,
    data_dir: DataDir = Path(".gridloop"),
) -> None:
    """Write the bookings of a sitting day as a calendar file · 日历文件."""
    path = build_path("referral-desks", code, "sittings.ics")
    file.write_bytes(Api(data_dir, as_, password).download(f"{path}?day={day}"))
    out.print(str(file), highlight=False)
