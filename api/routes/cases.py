"""Routes for cases: report, list, show, timeline, forecast, adoption, progress code."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from api.headers import IdempotencyKey
from api.parameters import KNOWN_PARAMETERS, AsOf
from doors.dependencies import ResourcesDep
from doors.language import Language
from doors.problems import PROBLEMS
from doors.security import Caller, Now
from doors.strict_json import StrictRoute
from infra.archive import open_archive
from infra.case_client import is_started
from infra.database import snapshot_connection, transaction
from infra.store.context import local_day
from models.base import STORED, Frozen
from models.case import Case
from models.errors import CaseRetired, IdMissing, InputError, NoSuchPage, NotYours
from models.views import CasePage, CaseView, FactView
from rules.life_cycle import Who
from rules.scope import standing
from services.archive.retired_case import timeline
from services.cases import lists, queries
from services.cases.answer_counts import AnswerCounts, count_answers
from services.cases.duplicates import DuplicateQuery, Duplicates, find_duplicates
from services.cases.filter import CaseFilter
from services.cases.forecast import Forecast, get_forecast
from services.cases.past import get_past_case
from services.cases.reporter_contact import phone_of
from services.policies.preview import Adoption, preview_adoption
from services.public.progress_code import issue_code
from services.reports.report_input import ReportInput
from services.reports.submit import refresh_reference, submit
from services.suggestions.suggest import TypedWords
from services.suggestions.uses import count_reported

router = APIRouter(
    route_class=StrictRoute, prefix="/api/v1", tags=["cases"], responses=PROBLEMS, dependencies=[KNOWN_PARAMETERS]
)


class Pending(Frozen):
    """202: durably accepted, and recorded as soon as the store is back. Poll `href`."""

    status: str = "accepted"
    report_id: UUID | None = None
    command_id: UUID | None = None
    case_no: str | None = None
    href: str


class RetiredReport(Frozen):
    """200: this report came before, and its case was retired since."""

    status: str = "retired"
    report_id: UUID
    case_no: str


class ReportBody(ReportInput):
    """A report. `report_id` may come as the header Idempotency-Key instead.

    `suggestion`: the `id` of the suggestions that were shown while it was typed, so that it is counted whether they
    were right. An id that is unknown, or of a model that is gone, is ignored; the case never gets it.
    """

    report_id: UUID | None = None  # type: ignore[assignment]
    suggestion: UUID | None = None


def pending_response(answer: Pending) -> JSONResponse:
    """Return a 202 response with Retry-After."""
    content = answer.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status_code=202, headers={"Retry-After": "5"})


def with_etag(view: CaseView, response: Response) -> CaseView:
    """Set the ETag to the revision of the view, and return the view."""
    response.headers["ETag"] = f'"{view.revision}"'
    return view


@router.post("/cases", status_code=201, responses={200: {"model": CaseView | RetiredReport}, 202: {"model": Pending}})
async def report_case(
    body: ReportBody,
    response: Response,
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    language: Language,
    key: IdempotencyKey = None,
) -> CaseView:
    """Takes a report. 201: a new case. 200: this report came before. 202: durable, not yet recorded."""
    report_id = body.report_id or key
    if report_id is None:
        raise IdMissing(pointer="/report_id")
    if key is not None and key != report_id:
        raise InputError(
            why_zh="report_id 与 Idempotency-Key 不同",
            why_en="report_id and Idempotency-Key differ",
            pointer="/report_id",
        )
    given = body.model_dump(exclude_unset=True, exclude={"suggestion"})
    report = ReportInput.model_validate({**given, "report_id": report_id})
    await refresh_reference(resources, now)
    submitted = await submit(resources, caller, report, now)
    href = f"/api/v1/reports/{report_id}"
    if submitted.receipt is None:
        return pending_response(Pending(report_id=report_id, href=href))  # type: ignore[return-value]
    try:
        async with resources.reading.connect() as connection:
            view = await queries.get_case(connection, caller, submitted.receipt.case_no, now, language)
    except CaseRetired:
        known = RetiredReport(report_id=report_id, case_no=submitted.receipt.case_no)
        return JSONResponse(known.model_dump(mode="json"))  # type: ignore[return-value]
    if body.suggestion is not None:
        words = TypedWords(title=body.title or "", description=body.description)
        await count_reported(resources.engine, resources.settings, body.suggestion, words, body.category, view, now)
    response.status_code = 201 if submitted.created else 200
    response.headers["Location"] = f"/api/v1/cases/{view.case_no}"
    return with_etag(view, response)


@router.get("/reports/{report_id}", responses={202: {"model": Pending}})
async def follow_report(
    report_id: UUID, response: Response, resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> CaseView:
    """The case of a report; 202 while it is accepted and not yet recorded; 404 when no such report was accepted."""
    async with resources.reading.connect() as connection:
        view = await queries.get_report(connection, caller, report_id, now, language)
    if view is not None:
        return with_etag(view, response)
    if await is_started(resources.temporal, report_id):
        return pending_response(Pending(report_id=report_id, href=f"/api/v1/reports/{report_id}"))  # type: ignore[return-value]
    raise NoSuchPage(what=f"report {report_id}")


@router.get("/cases")
async def list_cases(
    filters: Annotated[CaseFilter, Query()], resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> CasePage:
    """The cases the caller may see that fit the filters, a page at a time."""
    async with resources.reading.connect() as connection:
        return await lists.list_cases(connection, caller, filters, now, language)


@router.get("/cases/answers")
async def count_list_answers(
    filters: Annotated[CaseFilter, Query()], resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> AnswerCounts:
    """How many cases of the list chose which answer, by question: choices, and yes or no; none that is personal.

    It takes the filters of the list; `cursor`, `limit` and `sort` change nothing.
    """
    async with resources.reading.connect() as connection:
        return await count_answers(connection, caller, filters, now, language)


@router.get("/cases/duplicates")
async def list_duplicates(
    query: Annotated[DuplicateQuery, Query()], resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> Duplicates:
    """Open cases that may be duplicates, the likeliest first: within 200 m (or in the same grid unit where a place is
    not known), reported within 72 hours, of the same category or group."""
    async with resources.reading.connect() as connection:
        return await find_duplicates(connection, caller, query, now, language)


@router.get("/cases/{case_no}")
async def get_case(
    case_no: str,
    response: Response,
    resources: ResourcesDep,
    caller: Caller,
    now: Now,
    language: Language,
    as_of: AsOf = None,
) -> CaseView:
    """The case as it stands; `ETag` is its revision. With `as_of`, as it stood then, without `ETag` and commands."""
    if as_of is not None:
        async with snapshot_connection(resources.engine) as connection:
            return await get_past_case(connection, caller, case_no, as_of, now, language)
    async with resources.reading.connect() as connection:
        return with_etag(await queries.get_case(connection, caller, case_no, now, language), response)


@router.get("/cases/{case_no}/forecast")
async def forecast_case(
    case_no: str, resources: ResourcesDep, caller: Caller, now: Now, language: Language
) -> Forecast:
    """When the case is due and why, line by line; and what happens to whom and when if nobody acts."""
    async with resources.reading.connect() as connection:
        return await get_forecast(connection, caller, case_no, now, language)


@router.get("/cases/{case_no}/adoption")
async def preview_case_adoption(
    case_no: str, version: Annotated[int, Query(ge=1)], resources: ResourcesDep, caller: Caller, now: Now
) -> Adoption:
    """What adopting that policy version would change for the case. Reading it changes nothing."""
    async with resources.reading.connect() as connection:
        return await preview_adoption(connection, caller, case_no, version, now)


@router.get("/cases/{case_no}/facts")
async def get_facts(
    case_no: str, resources: ResourcesDep, caller: Caller, now: Now, language: Language, archived: bool = False
) -> tuple[FactView, ...]:
    """The timeline: every fact in order. With `archived`, supervisors and auditors also get that of a retired case,
    which is read from the archive."""
    async with resources.reading.connect() as connection:
        if not archived:
            return await queries.get_facts(connection, caller, case_no, now, language)
        return await timeline(connection, open_archive(resources.settings), caller, case_no, now, language)


class ProgressCode(Frozen):
    """查询码: the code by which the reporter follows the case at `href`, without an account.

    `asks_phone`: the page also asks for the last four digits of the reporter's phone number.
    """

    code: str
    href: str
    asks_phone: bool


@router.post("/cases/{case_no}/progress-code")
async def issue_progress_code(case_no: str, resources: ResourcesDep, caller: Caller, now: Now) -> ProgressCode:
    """Issues the code by which the reporter follows the case. Repeated calls return the same code.

    Only for the person who took the report and for the duty officer: with the code one can also give the reporter's
    opinion of the result, which handlers must not do.
    """
    async with transaction(resources.engine) as connection:
        row = await queries.find_case(connection, caller, case_no, now)
        day = await local_day(connection, now)
        if standing(caller, Case.model_validate(row.state, context=STORED), day).isdisjoint(
            {Who.REPORTER, Who.DUTY_OFFICER}
        ):
            raise NotYours(command="progress-code", who=f"{Who.REPORTER} / {Who.DUTY_OFFICER}")
        phone = await phone_of(connection, row.report_id)
        code = await issue_code(connection, resources.settings, row.report_id, phone, now)
    return ProgressCode(code=code, href=f"/p?code={code}", asks_phone=phone is not None)
