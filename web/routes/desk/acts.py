"""Where the link in a message to somebody with an account leads: to the act that is due, or to why it is not."""

from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request, Response

from doors.dependencies import ServicesDep
from models.errors import LinkOfOther
from services.accounts.agents import is_phone
from services.mailboxes.act_links import ActState, open_act_link
from web.pages import go_to, page
from web.reader import SignedIn

router = APIRouter()

#: The acts that the phone app has a form for (`web/ui/field/words/answers.ts`); the others open the page of the case.
PHONE_ACTS = frozenset({
    "claim", "report_verification", "complete", "accept", "pass_review", "supply_info", "grant_transfer", "respond",
    "report_progress", "answer_urge", "acknowledge", "grant_return", "grant_extension", "grant_suspension",
    "grant_reopen", "void",
})  # fmt: skip
_STATUS = {ActState.USED: 200, ActState.PASSED: 410, ActState.EXPIRED: 410, ActState.LOST: 404}


@router.get("/acts/{id}")
async def show_act(id: UUID, request: Request, services: ServicesDep, reader: SignedIn) -> Response:
    """The form of the act, on a phone in the app; else a page that says why the link leads nowhere any more.

    Opening it changes nothing.
    """
    try:
        async with services.engine.connect() as connection:
            view = await open_act_link(connection, reader.person, id, reader.now)
    except LinkOfOther as error:
        return page(reader, "case/act_link.html", error.status, view=None, error=error)
    if view.state is not ActState.DUE or view.case_no is None:
        return page(reader, "case/act_link.html", _STATUS[view.state], view=view, error=None)
    if view.act in PHONE_ACTS and is_phone(request.headers):
        return go_to(request, f"/m/#/task/{quote(view.case_no)}/{view.act}")
    # A phone shows the case and the form below it; scrolled to the form, it would not show of which case it is.
    scrolled = "" if is_phone(request.headers) else "#action"
    return go_to(request, f"/cases/{quote(view.case_no)}?act={view.act}{scrolled}")
