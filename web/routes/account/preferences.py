"""What a reader sets for this browser: language, large type, keys, the role to act as."""

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
    """Changes what is given, and goes back to the page the reader was at."""
    wanted = visitor.preferences
    if lang in ("zh", "en"):
        wanted = replace(wanted, language=lang)
    if large is not None:
        wanted = replace(wanted, large=large)
    if keys is not None:
        wanted = replace(wanted, keys=keys)
    if role is not None:
        wanted = replace(wanted, role="" if role == "all" else role)
    answer = go_to(request, safe_path(back, "/"))
    wanted.keep(answer)
    return answer
