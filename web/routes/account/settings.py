"""The reader's settings (D4): columns, first tab, quiet hours; and the shortcuts for this browser."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from doors.dependencies import ServicesDep
from infra.database import transaction
from models.errors import InputError
from models.quiet_hours import QuietHours
from services.accounts.preferences import COLUMNS, read_settings, save_settings
from services.desk.tabs import tabs_of
from web.pages import go_to, page, safe_path
from web.reader import SignedIn
from web.views.case.taking_back import HOLD_CHOICES, HOLD_SECONDS
from web.views.lists.case_rows import COLUMN_NAMES
from web.views.lists.tabs import NAMES
from web.views.shortcuts import KEY_GROUPS

router = APIRouter()


@router.get("/settings")
async def show_settings(reader: SignedIn, saved: bool = False) -> Response:
    """The form with the current settings."""
    return page(
        reader, "desk/settings.html", settings=reader.settings, all_columns=COLUMNS, column_names=COLUMN_NAMES,
        tabs=[(tab, NAMES[tab]) for tab in tabs_of(reader.person, reader.day)], saved=saved, hold_choices=HOLD_CHOICES,
    )  # fmt: skip


@router.post("/settings")
async def change_settings(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    home: Annotated[str, Form(max_length=40)] = "",
    columns: Annotated[list[str] | None, Form()] = None,
    keys: Annotated[str | None, Form()] = None,
    undo: Annotated[int, Form()] = HOLD_SECONDS,
    quiet: Annotated[str | None, Form()] = None,
    quiet_since: Annotated[str, Form(max_length=8)] = "",
    quiet_until: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Save columns, tab and quiet hours with the account, and shortcuts and undo in this browser."""
    try:
        hours = QuietHours.model_validate({"since": quiet_since, "until": quiet_until}) if quiet == "on" else None
    except ValidationError as error:
        raise InputError(
            why_zh="免打扰时段须有不同的开始和结束时间", why_en="quiet hours begin and end at two different times",
            pointer="/quiet_since",
        ) from error  # fmt: skip
    async with transaction(services.engine) as connection:
        settings = await read_settings(connection, reader.person)
        changed = settings.model_copy(update={"home": home, "columns": _columns(columns), "quiet": hours})
        await save_settings(connection, reader.person, changed, reader.now)
    response = go_to(request, "/settings?saved=true")
    held = undo if undo in HOLD_CHOICES else HOLD_SECONDS
    replace(reader.preferences, keys=keys == "on", undo=held).keep(response)
    return response


@router.post("/settings/columns")
async def change_columns(
    request: Request,
    services: ServicesDep,
    reader: SignedIn,
    columns: Annotated[list[str] | None, Form()] = None,
    back: Annotated[str, Form()] = "/queue",
) -> Response:
    """Save the columns of lists, and go back to the list."""
    async with transaction(services.engine) as connection:
        settings = await read_settings(connection, reader.person)
        changed = settings.model_copy(update={"columns": _columns(columns)})
        await save_settings(connection, reader.person, changed, reader.now)
    return go_to(request, safe_path(back, "/queue"))


@router.get("/keys")
async def show_keys(request: Request, reader: SignedIn) -> Response:
    """The key sheet, as a page or as the content of a dialog."""
    template = "desk/keys_part.html" if request.headers.get("HX-Request") else "desk/keys.html"
    return page(reader, template, key_groups=KEY_GROUPS)


def _columns(changed: list[str] | None) -> tuple[str, ...]:
    return tuple(name for name in COLUMNS if name in (changed or ()))
