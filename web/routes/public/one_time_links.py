"""The page of a one-time link: no account, no cookie, no script. Opening it answers nothing; only its form does."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from doors.client import client_address
from doors.dependencies import Services, ServicesDep
from doors.head import is_head
from doors.stored_files import StoredFileResponse
from doors.uploads import form_with_files
from models.errors import DomainError, InputError, LinkExpired, LinkPassed, LinkUsed, NoSuchPage, TooManyAttempts
from models.one_time_links import LinkHolder
from models.wire_names import PUBLIC
from services.accounts.limits import WRONG_CODES
from services.attachments.intake import open_attachment
from services.handovers.photos import fetch_photo
from services.one_time_links import LinkAnswer, LinkView, Opened, answer_link, open_link, show_link
from services.public.photo_tokens import make_photo_token
from services.wording.input_faults import fault_text
from web.pages import go_to
from web.reader import Visitor, visitor_of
from web.routes.public.page import public_page
from web.routes.public.photos import MAX_PHOTOS, Photos, kept_photos, public_limits, take_photos
from web.views.refusals import refusal_text

router = APIRouter()

#: The most of each text that is given back of an answer that came too late.
LONGEST = 10_000

LinkVisitor = Annotated[Visitor, Depends(visitor_of)]


@router.get("/l/{token}")
async def show(token: str, request: Request, services: ServicesDep, visitor: LinkVisitor) -> Response:
    """The case and the form of the act, or what it was answered with.

    The link of somebody with an account leads to a page for which they sign in; its address holds no token.
    """
    try:
        opened = await _open(token, request, services, visitor)
        if opened.link.holder is LinkHolder.RECEIVER:
            raise NoSuchPage(what="link")
        if opened.link.holder is LinkHolder.PERSON:
            return _private(go_to(request, f"/acts/{opened.link.id}"))
        return await _page(services, visitor, token, opened)
    except (NoSuchPage, LinkExpired, LinkPassed, TooManyAttempts) as error:
        return _ended(visitor, error)


@router.get("/l/{token}/photo")
async def fetch(token: str, request: Request, services: ServicesDep, visitor: LinkVisitor) -> Response:
    """A photo of a case that was handed over, for the outside system that was told this address."""
    try:
        opened = await _open(token, request, services, visitor)
        found = await fetch_photo(services.engine, opened, visitor.now, used=not is_head(request))
    except (NoSuchPage, LinkExpired, LinkPassed, TooManyAttempts) as error:
        return _ended(visitor, error)
    shown = await open_attachment(services.settings, found)
    headers = {"ETag": f'"{found.sha256}"', "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff"}
    return _private(StoredFileResponse(shown, headers))


@router.post("/l/{token}")
async def answer(token: str, request: Request, services: ServicesDep, visitor: LinkVisitor) -> Response:
    """Give the answer. Posted again it counts once; another answer is told what was answered before."""
    try:
        opened = await _open(token, request, services, visitor)
        account = opened.link.account
        if account is None or opened.link.holder is LinkHolder.RECEIVER:
            raise NoSuchPage(what="link")
        async with services.reading.connect() as connection:
            await show_link(connection, opened, visitor.language)
        async with form_with_files(request, public_limits(services).most, MAX_PHOTOS, limit_files=False) as form:
            return await _take(services, visitor, token, opened, form, client_address(request))
    except (LinkExpired, LinkPassed) as error:
        return _ended(visitor, error, await _written(request, services))
    except (NoSuchPage, TooManyAttempts) as error:
        return _ended(visitor, error)


async def _written(request: Request, services: Services) -> str:
    """What was written into the form of a link that had ended meanwhile: it is given back, not lost."""
    async with form_with_files(request, public_limits(services).most, MAX_PHOTOS, limit_files=False) as form:
        return _texts(form)


def _texts(form: FormData) -> str:
    texts = [value.strip() for name in ("text", "answer") if isinstance(value := form.get(name), str)]
    return "\n".join(text[:LONGEST] for text in texts if text)


async def _take(
    services: Services, visitor: Visitor, token: str, opened: Opened, form: FormData, address: str
) -> Response:
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    photos = kept_photos(services, visitor, form)
    try:
        said = LinkAnswer(text=typed.get("text", ""), answer=typed.get("answer", ""))
        photos = await take_photos(services, visitor, form, address, opened.link.account or PUBLIC)
        if photos.faults:
            faults = {"file": " ".join(photos.faults)}
            return await _page(services, visitor, token, opened, photos.status, typed, faults, photos)
        await answer_link(services.resources, opened, said, photos.stored, visitor.now)
    except ValidationError as error:
        faults = {str(one["loc"][-1]): fault_text(one, visitor.language) for one in error.errors()}
        return await _page(services, visitor, token, opened, 422, typed, faults, photos)
    except LinkUsed as error:
        return await _page(services, visitor, token, opened, 409, typed, {"": refusal_text(error, visitor)})
    except LinkPassed as error:
        return _ended(visitor, error, _texts(form))
    except DomainError as error:
        field = (error.pointer or "").rpartition("/")[2] if isinstance(error, InputError) else ""
        fault = {field if field in ("text", "answer") else "": refusal_text(error, visitor)}
        return await _page(services, visitor, token, opened, error.status, typed, fault, photos)
    reopened = await _find(services, token, visitor)
    return await _page(services, visitor, token, reopened, sent=True)


async def _open(token: str, request: Request, services: Services, visitor: Visitor) -> Opened:
    """Find the link. Unknown ones are counted per address; raises NoSuchPage, LinkExpired and TooManyAttempts."""
    address = client_address(request)
    await WRONG_CODES.use(services.engine, address, visitor.now)
    try:
        opened = await _find(services, token, visitor)
    except LinkExpired:
        await WRONG_CODES.give_back(services.engine, address)
        raise
    await WRONG_CODES.give_back(services.engine, address)
    return opened


async def _find(services: Services, token: str, visitor: Visitor) -> Opened:
    async with services.engine.connect() as connection:
        return await open_link(connection, token, visitor.now)


async def _page(
    services: Services,
    visitor: Visitor,
    token: str,
    opened: Opened,
    status: int = 200,
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    photos: Photos | None = None,
    *,
    sent: bool = False,
) -> Response:
    async with services.engine.connect() as connection:
        view: LinkView = await show_link(connection, opened, visitor.language)
        kept = await photos.tokens(connection, services, visitor) if photos else []
    shown = [make_photo_token(services.settings, sha256, visitor.now) for sha256 in view.photos]
    context: dict[str, Any] = {
        "view": view, "token": token, "typed": typed or {}, "faults": faults or {}, "kept": kept, "shown": shown,
        "photos": MAX_PHOTOS, "megabytes": public_limits(services).most // (1024 * 1024), "sent": sent, "error": None,
    }  # fmt: skip
    return _private(public_page(visitor, "public/link.html", status, **context))


def _ended(visitor: Visitor, error: DomainError, written: str = "") -> Response:
    response = public_page(visitor, "public/link.html", error.status, view=None, error=error, token="", written=written)
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = error.params["seconds"]
    return _private(response)


def _private(response: Response) -> Response:
    """The address is a right: no other site hears of it, and no cache keeps it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
