"""The settings of this browser: language, large type, shortcuts, the role to act in."""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response

from models.enums import Role
from web.pages import go_to, safe_path
from web.reader import AnyVisitor

router = APIRouter()


@router.post("/preferences")
async def set_preferences(
    request: Request,
    visitor: AnyVisitor,
    lang: Annotated[str | None, Form()] = None,
    large: Annotated[bool | None, Form()] = None,
    keys: Annotated[bool | None, Form()] = None,
    role: Annotated[Role | Literal["all"] | None, Form()] = None,
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Change the given settings, and go back to the reader's page."""
    preferences = visitor.preferences
    if lang in ("zh", "en"):
        preferences = replace(preferences, language=lang)
    if large is not None:
        preferences = replace(preferences, large=large)
    if keys is not None:
        preferences = replace(preferences, keys=keys)
    if role is not None:
        preferences = replace(preferences, role="" if role == "all" else role)
    response = go_to(request, safe_path(back, "/"))
    preferences.keep(response)
    return response
