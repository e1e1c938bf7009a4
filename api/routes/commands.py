"""Routes for commands on one case or on many, and for the inbox.

Each command has a route of its own, so that OpenAPI describes its body and errors point into it.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import Field

from api.headers import IdempotencyKey, IfMatch, revision_in
from api.parameters import KNOWN_PARAMETERS
from api.routes.cases import Pending, pending_response, with_etag
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS, problem_document
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.base import Code, Frozen
from models.commands import HUMAN_COMMAND_MODELS
from models.errors import UnknownCommand
from models.ids import new_id
from models.views import CaseView, InboxItem
from services.cases import queries
from services.commands.bulk import MAX_CASES, Outcome, send_many
from services.commands.send import send
from services.desk.inbox import read_inbox

router = APIRouter(route_class=StrictRoute, prefix="/api/v1", responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS])


class BulkOutcome(Frozen):
    """The outcome of a bulk command for one case: its new revision, or the problem."""

    case_no: str
    ok: bool
    pending: bool = False
    revision: int | None = None
    problem: dict[str, Any] | None = None


class BulkAnswer(Frozen):
    """An outcome for each case, in the order they were given."""

    done: int
    failed: int
    outcomes: tuple[BulkOutcome, ...]


def _command_route(model: type[Frozen]) -> Callable[..., Awaitable[CaseView]]:
    async def give_command(
        case_no: str,
        command: Any,
        response: Response,
        resources: ResourcesDep,
        caller: Caller,
        now: Now,
        language: Language,
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> CaseView:
        command_id = key or new_id()
        sent = await send(
            resources, caller, case_no, command, command_id=command_id, if_revision=revision_in(if_match), now=now
        )
        if sent.receipt is None:
            href = f"/api/v1/cases/{case_no}"
            return pending_response(Pending(command_id=command_id, case_no=case_no, href=href))  # type: ignore[return-value]
        async with resources.reading.connect() as connection:
            # A command may move the case out of the caller's scope. The response still shows its result.
            view = await queries.get_case_acted_on(connection, caller, case_no, now, language)
        return with_etag(view, response)

    optional = not any(field.is_required() for field in model.model_fields.values())
    body = Body(default_factory=model) if optional else Body()
    give_command.__annotations__["command"] = Annotated[model, body]
    give_command.__doc__ = model.__doc__
    return give_command


def _bulk_route(model: type[Frozen]) -> Callable[..., Awaitable[BulkAnswer]]:
    async def give_many(
        cases: Annotated[list[Code], Field(min_length=1, max_length=MAX_CASES)],
        command: Any,
        resources: ResourcesDep,
        caller: Caller,
        now: Now,
        language: Language,
        key: IdempotencyKey = None,
    ) -> BulkAnswer:
        results = await send_many(resources, caller, cases, command, batch=key or new_id(), now=now)
        outcomes = tuple(_bulk_outcome(outcome, language) for outcome in results)
        done = sum(outcome.ok for outcome in outcomes)
        return BulkAnswer(done=done, failed=len(outcomes) - done, outcomes=outcomes)

    give_many.__annotations__["cases"] = Annotated[list[Code], Body(min_length=1, max_length=MAX_CASES)]
    optional = not any(field.is_required() for field in model.model_fields.values())
    body = Body(default_factory=model) if optional else Body()
    give_many.__annotations__["command"] = Annotated[model, body]
    give_many.__doc__ = f"Many cases, an outcome each. {model.__doc__ or ''}"
    return give_many


def _bulk_outcome(outcome: Outcome, language: str) -> BulkOutcome:
    if outcome.refusal is not None:
        return BulkOutcome(case_no=outcome.case_no, ok=False, problem=problem_document(outcome.refusal, language))
    receipt = outcome.sent.receipt if outcome.sent else None
    revision = receipt.revision if receipt else None
    return BulkOutcome(case_no=outcome.case_no, ok=True, pending=receipt is None, revision=revision)


#: A reporter is looked at, held and erased one by one, each with a reason of its own.
ONE_BY_ONE = frozenset({"unmask", "hold_data", "release_data", "erase_reporter"})

for _kind, _model in HUMAN_COMMAND_MODELS.items():
    router.add_api_route(
        f"/cases/{{case_no}}/commands/{_kind}",
        _command_route(_model),
        methods=["POST"],
        response_model=CaseView,
        responses={202: {"model": Pending}},
        tags=["commands"],
        name=_kind,
        operation_id=f"command_{_kind}",
    )
    if _kind in ONE_BY_ONE:
        continue
    router.add_api_route(
        f"/bulk/{_kind}",
        _bulk_route(_model),
        methods=["POST"],
        response_model=BulkAnswer,
        tags=["bulk"],
        name=f"bulk {_kind}",
        operation_id=f"bulk_{_kind}",
    )


@router.post("/cases/{case_no}/commands/{command}", include_in_schema=False)
@router.post("/bulk/{command}", include_in_schema=False)
async def unknown_command(command: str, caller: Caller) -> None:
    """Refuses a command that does not exist."""
    raise UnknownCommand(command=command)


@router.get("/inbox", tags=["cases"])
async def my_tasks(resources: ResourcesDep, caller: Caller, now: Now, language: Language) -> tuple[InboxItem, ...]:
    """The caller's open tasks, the most urgent first."""
    async with resources.reading.connect() as connection:
        return await read_inbox(connection, caller, now, language)
