"""One command to many selected cases, from a form of a page; the outcome is shown for each case."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from doors.dependencies import Services
from models.errors import InputError
from models.ids import new_id
from services.commands.bulk import MAX_CASES, Outcome, send_many
from services.commands.send import read_command
from web.pages import page_or_part
from web.reader import Reader
from web.views.refusals import refusal_text


async def give_to_selected(
    request: Request, services: Services, reader: Reader, form: FormData, name: str, body: Mapping[str, Any] | None,
    back: str, *, cases: str = "case",
) -> Response:  # fmt: skip
    """Give the command to the selected cases of the form. `body` None: the page has no such command. `back`: the list.
    `cases`: the control that names the cases.

    Raises InputError without the id of the batch, by which the same form sent again counts once.
    """
    case_nos = [str(value) for value in form.getlist(cases)][:MAX_CASES]
    batch = _batch_id(form.get("batch"))
    fault = ""
    outcomes: tuple[Outcome, ...] = ()
    if not case_nos:
        fault = reader.text("请先勾选案件。")
    elif body is None:
        fault = reader.text("没有这个操作。")
    else:
        try:
            command = read_command(name, dict(body))
        except ValidationError:
            fault = reader.text("请把要填的内容填写完整。")
        else:
            outcomes = await send_many(
                services.resources, reader.person, case_nos, command, batch=batch, now=reader.now
            )
    context: dict[str, Any] = {
        "fault": fault,
        "command": name,
        "done": [o for o in outcomes if o.refusal is None],
        "failed": [(o.case_no, refusal_text(o.refusal, reader)) for o in outcomes if o.refusal is not None],
        "batch": new_id(),
        "back": back,
    }
    return page_or_part(request, reader, "desk/bulk.html", "desk/bulk_part.html", 422 if fault else 200, **context)


def _batch_id(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise InputError(why_zh="缺少批次编号", why_en="the batch has no id", pointer="/batch") from error
