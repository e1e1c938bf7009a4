"""Routes for hand-overs: the list to settle, the receivers, and what receivers answer."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, SecretStr, ValidationError

from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import CODE, Frozen
from models.handovers import AnswerReceipt, HandoverAnswer, ReceiverDraft, Settlement
from services.handovers.answers import take_answer
from services.handovers.receivers import (
    GivenSecret,
    ReceiverView,
    change_secret,
    list_receivers,
    put_key,
    set_receiver,
    try_out,
)
from services.handovers.reconciliation import HandoverList, list_handovers, settle

#: What receivers call: no person signs in.
intake = APIRouter(prefix="/api/v1/handovers", tags=["supervision"], responses=PROBLEMS)
router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/handovers",
    tags=["supervision"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)
admin = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/admin/receivers",
    tags=["administration"],
    responses=PROBLEMS,
    dependencies=[KNOWN_PARAMETERS],
)
ReceiverCode = Annotated[str, Path(pattern=CODE)]


class ReceiverList(Frozen):
    """All receivers, by code."""

    items: tuple[ReceiverView, ...]


class FarKey(Frozen):
    """The key that an Open311 endpoint gave us."""

    key: Annotated[SecretStr, Field(min_length=1, max_length=500)]


def _answer_schema() -> dict[str, Any]:
    """The schema of an answer, in one piece: the body is read by the route itself, because it is signed as it came."""
    schema = HandoverAnswer.model_json_schema()
    definitions = schema.pop("$defs")
    schema["properties"]["kind"] = definitions["AnswerKind"]
    schema["properties"]["files"]["items"] = definitions["AnswerFile"]
    return schema


@intake.post(
    "/{id}/answer",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _answer_schema()}},
        }
    },
)
async def answer_handover(
    id: UUID,
    request: Request,
    resources: ResourcesDep,
    now: Now,
    x_gridloop_signature: Annotated[str, Header(max_length=200)] = "",
) -> AnswerReceipt:
    """Takes a receiver's answer, signed with its secret: `t=TIMESTAMP,v1=HMAC-SHA256(TIMESTAMP.BODY)`. Repeating it is
    safe: the same `answer_id` counts once."""
    try:
        return await take_answer(resources, id, x_gridloop_signature, await request.body(), now)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in faults]) from None


@router.get("")
async def list_waiting_handovers(
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    every: Annotated[bool, Query()] = False,
    grid: Annotated[str | None, Query(pattern=CODE)] = None,
) -> HandoverList:
    """Hand-overs that are unanswered, uncertain or refused, the oldest first; with `every`, all that are not over.
    `grid`: only of cases in that unit."""
    async with resources.reading.connect() as connection:
        return await list_handovers(connection, caller, now, all_=every, grid=grid)


@router.post("/{id}/settle/{decision}", status_code=204)
async def settle_handover(id: UUID, decision: Settlement, resources: ResourcesDep, caller: Caller, now: Now) -> None:
    """Decides about a hand-over: send it again, take it as received, or take it back."""
    await settle(resources, caller, id, decision, now)


@admin.get("")
async def list_all_receivers(resources: ResourcesDep, caller: Caller, now: Now, language: Language) -> ReceiverList:
    """The receivers, without their secrets."""
    async with resources.reading.connect() as connection:
        return ReceiverList(items=await list_receivers(connection, caller, now, language))


@admin.put("/{code}")
async def put_receiver(
    code: ReceiverCode, body: ReceiverDraft, resources: ResourcesDep, caller: Caller, now: Now
) -> GivenSecret:
    """Makes or changes a receiver. The secret of a new one is shown this once."""
    return await set_receiver(resources, caller, code, body, now)


@admin.post("/{code}/secret")
async def change_receiver_secret(code: ReceiverCode, resources: ResourcesDep, caller: Caller, now: Now) -> GivenSecret:
    """Gives a receiver another secret, shown this once."""
    return await change_secret(resources, caller, code, now)


@admin.put("/{code}/key", status_code=204)
async def put_receiver_key(code: ReceiverCode, body: FarKey, resources: ResourcesDep, caller: Caller, now: Now) -> None:
    """Keeps the key that an Open311 endpoint gave us; it is never shown again."""
    await put_key(resources, caller, code, body.key.get_secret_value(), now)


@admin.post("/{code}/test", status_code=204)
async def try_receiver(code: ReceiverCode, resources: ResourcesDep, caller: Caller, now: Now) -> None:
    """Sends a receiver a signed test request."""
    await try_out(resources, caller, code, now)
