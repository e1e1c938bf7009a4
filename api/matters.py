"""The routes that every kind of matter (事项) has: list, begin, show, timeline, and one route for each command.

A kind's own routes stand beside them in `api/routes/<subject>.py`.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response

from api.headers import IdempotencyKey, IfMatch, revision_in
from api.parameters import KNOWN_PARAMETERS
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from models.errors import UnknownMatterCommand
from models.ids import new_id
from models.matters.base import MatterCommand, MatterKind
from models.matters.messages import MatterReceipt
from rules.matters.kind import command_models
from rules.matters.registry import RULES
from services.matters import queries
from services.matters.filter import FILTERS, MatterFilter
from services.matters.send import act, create
from services.matters.views import MatterFactView, MatterPage, MatterView

#: No matter has more facts.
MOST_SEQ = 2**31 - 1


def matter_router(kind: MatterKind, path: str, *, without: frozenset[str] = frozenset()) -> APIRouter:
    """Return the routes of one kind under `/api/v1/{path}`; those of the commands `without` stand elsewhere."""
    router = APIRouter(
        route_class=StrictRoute,
        prefix=f"/api/v1/{path}",
        tags=[path],
        responses=PROBLEMS,
        dependencies=[KNOWN_PARAMETERS],
    )
    _add_reading(router, kind)
    rules = RULES[kind]
    models = command_models(rules)
    if rules.creates not in without:
        router.add_api_route(
            "",
            _creating_route(kind, models[rules.creates]),
            methods=["POST"],
            status_code=201,
            response_model=MatterView,
            responses={200: {"model": MatterView}},
            name=f"{kind} {rules.creates}",
            operation_id=f"create_{kind}",
        )
    for name, model in models.items():
        if name != rules.creates and name not in without:
            router.add_api_route(
                f"/{{code}}/commands/{name}",
                _command_route(kind, model),
                methods=["POST"],
                response_model=MatterView,
                name=f"{kind} {name}",
                operation_id=f"{kind}_{name}",
            )

    @router.post("/{code}/commands/{command}", include_in_schema=False)
    async def unknown_command(code: str, command: str, caller: Caller) -> None:
        """Refuses a command that does not exist."""
        raise UnknownMatterCommand(command=command)

    return router


def _add_reading(router: APIRouter, kind: MatterKind) -> None:
    async def list_all(
        filters: Any, resources: ResourcesDep, caller: Caller, now: Now, language: Language
    ) -> MatterPage:
        """Those that the caller may see and that fit the filters, a page at a time."""
        async with resources.reading.connect() as connection:
            return await queries.list_matters(connection, caller, kind, filters, now, language)

    list_all.__annotations__["filters"] = Annotated[FILTERS.get(kind, MatterFilter), Query()]
    router.add_api_route("", list_all, methods=["GET"], name=f"{kind} list", operation_id=f"list_{kind}")

    @router.get("/{code}", name=f"{kind} one", operation_id=f"get_{kind}")
    async def get_one(
        code: str, response: Response, resources: ResourcesDep, caller: Caller, now: Now, language: Language
    ) -> MatterView:
        """It as it stands; `ETag` is its revision."""
        async with resources.reading.connect() as connection:
            return _with_etag(await queries.get_matter(connection, caller, kind, code, now, language), response)

    @router.get("/{code}/facts", name=f"{kind} facts", operation_id=f"get_{kind}_facts")
    async def get_facts(
        code: str,
        resources: ResourcesDep,
        caller: Caller,
        now: Now,
        language: Language,
        after: Annotated[int, Query(ge=0, le=MOST_SEQ, description="The number of the last fact known")] = 0,
        limit: Annotated[int, Query(ge=1, le=queries.MOST_FACTS)] = queries.MOST_FACTS,
    ) -> tuple[MatterFactView, ...]:
        """The timeline: the facts after number `after` in order, a thousand at most."""
        async with resources.reading.connect() as connection:
            return await queries.get_matter_facts(
                connection, caller, kind, code, now, language, after=after, limit=limit
            )


def _creating_route(kind: MatterKind, model: type[MatterCommand]) -> Callable[..., Awaitable[MatterView]]:
    async def begin(
        command: Any,
        response: Response,
        resources: ResourcesDep,
        caller: Caller,
        now: Now,
        language: Language,
        key: IdempotencyKey = None,
    ) -> MatterView:
        sent = await create(resources, caller, kind, command, id_=key or new_id())
        view = await _view_acted_on(resources, caller, kind, sent.receipt, sent.command_id, now, language)
        response.status_code = 201 if sent.created else 200
        return _with_etag(view, response)

    begin.__annotations__["command"] = Annotated[model, Body()]
    begin.__doc__ = model.__doc__
    return begin


def _command_route(kind: MatterKind, model: type[MatterCommand]) -> Callable[..., Awaitable[MatterView]]:
    async def give_command(
        code: str,
        command: Any,
        response: Response,
        resources: ResourcesDep,
        caller: Caller,
        now: Now,
        language: Language,
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> MatterView:
        async with resources.reading.connect() as connection:
            _, matter = await queries.find_matter(connection, caller, kind, code, now)
        sent = await act(
            resources,
            caller,
            kind,
            code,
            command,
            command_id=key or new_id(),
            if_revision=revision_in(if_match),
            now=now,
        )
        view = await _view_acted_on(resources, caller, kind, sent.receipt, matter.id, now, language)
        return _with_etag(view, response)

    optional = not any(field.is_required() for field in model.model_fields.values())
    body = Body(default_factory=model) if optional else Body()
    give_command.__annotations__["command"] = Annotated[model, body]
    give_command.__doc__ = model.__doc__
    return give_command


async def _view_acted_on(
    resources: ResourcesDep,
    caller: Caller,
    kind: MatterKind,
    receipt: MatterReceipt,
    id_: UUID,
    now: Now,
    language: Language,
) -> MatterView:
    """Return the matter to a person whose command has just counted, even if that took it out of their sight."""
    async with resources.reading.connect() as connection:
        matter = await queries.find_matter_by_id(connection, kind, id_)
        assert matter is not None, receipt.code
        return await queries.build_matter_view(connection, caller, RULES[kind], matter, now, language)


def _with_etag(view: MatterView, response: Response) -> MatterView:
    response.headers["ETag"] = f'"{view.revision}"'
    return view
