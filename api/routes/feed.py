"""The statistics feed for the next level up: figures by day and of the present, in JSON and CSV, for machines."""

import hashlib
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from api.parameters import KNOWN_PARAMETERS
from api.routes.supervision import Reader
from doors.etags import has_tag
from doors.problems import PROBLEMS
from doors.strict_json import StrictRoute
from infra.database import snapshot_connection
from models.jobs.export import ExportFormat
from services.exports.formats import MEDIA_TYPES
from services.feed.answers import read_answers
from services.feed.days import read_days
from services.feed.now import read_now
from services.feed.table import answers_csv, days_csv, now_csv
from services.feed.views import Answers, AnswersFilter, Days, DaysFilter, Document, NowFilter, Present
from services.figures.glossary import definitions
from services.figures.viewpoint import read_viewpoint
from services.figures.views import Definitions
from services.runtime.shown_numbers import send_as_made

router = APIRouter(
    route_class=StrictRoute,
    prefix="/api/v1/feed",
    tags=["feed"],
    responses={**PROBLEMS, 304: {"description": "Nothing has changed since the answer with that ETag"}},
    dependencies=[KNOWN_PARAMETERS],
)
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


async def _days(reader: Reader, filters: DaysFilter) -> Days:
    async with snapshot_connection(reader.resources.engine) as connection:
        viewpoint = await read_viewpoint(connection, reader.caller, reader.now, reader.language)
        return await read_days(connection, viewpoint, filters)


async def _now(reader: Reader, filters: NowFilter) -> Present:
    async with snapshot_connection(reader.resources.engine) as connection:
        viewpoint = await read_viewpoint(connection, reader.caller, reader.now, reader.language)
        return await read_now(connection, viewpoint, filters)


async def _answers(reader: Reader, filters: AnswersFilter) -> Answers:
    async with snapshot_connection(reader.resources.engine) as connection:
        viewpoint = await read_viewpoint(connection, reader.caller, reader.now, reader.language)
        return await read_answers(connection, viewpoint, filters)


@router.get("/days", response_model=Days)
async def show_days(filters: Annotated[DaysFilter, Query()], reader: Reader, request: Request) -> Response:
    """Figures of whole days that have ended, by place or category, with the rates of assessment.

    Begin with `since`, go on with `next_cursor` (also the header `Link`); after the last day the cursor waits for the
    next. A correction changes the day that it is about: ask again for the last weeks, with `If-None-Match`.
    """
    days = await _days(reader, filters)
    return _answer(request, days, days.model_dump_json().encode(), "application/json", _next(request, filters, days))


@router.get("/days.csv", response_class=Response, responses=_CSV)
async def show_days_csv(filters: Annotated[DaysFilter, Query()], reader: Reader, request: Request) -> Response:
    """The same as CSV; the header `Link` leads to the next page."""
    days = await _days(reader, filters)
    return _answer(request, days, days_csv(days), MEDIA_TYPES[ExportFormat.CSV], _next(request, filters, days))


@router.get("/now", response_model=Present)
async def show_now(filters: Annotated[NowFilter, Query()], reader: Reader, request: Request) -> Response:
    """Open cases at this moment, by place, stage and light."""
    present = await _now(reader, filters)
    return _answer(request, present, present.model_dump_json().encode(), "application/json")


@router.get("/now.csv", response_class=Response, responses=_CSV)
async def show_now_csv(filters: Annotated[NowFilter, Query()], reader: Reader, request: Request) -> Response:
    """The same as CSV."""
    present = await _now(reader, filters)
    return _answer(request, present, now_csv(present), MEDIA_TYPES[ExportFormat.CSV])


@router.get("/answers", response_model=Answers)
async def show_answers(filters: Annotated[AnswersFilter, Query()], reader: Reader, request: Request) -> Response:
    """Reported cases by what they answered to the questions of their category, in a whole month that has ended."""
    answers = await _answers(reader, filters)
    return _answer(request, answers, answers.model_dump_json().encode(), "application/json")


@router.get("/answers.csv", response_class=Response, responses=_CSV)
async def show_answers_csv(filters: Annotated[AnswersFilter, Query()], reader: Reader, request: Request) -> Response:
    """The same as CSV; a row for each choice."""
    answers = await _answers(reader, filters)
    return _answer(request, answers, answers_csv(answers), MEDIA_TYPES[ExportFormat.CSV])


@router.get("/definitions")
async def define(reader: Reader) -> Definitions:
    """The definition of each figure and rate, with the source of its formula."""
    return definitions(reader.language)


def _next(request: Request, filters: DaysFilter, days: Days) -> str:
    query = urlencode({"by": filters.by, "days": filters.days, "cursor": days.next_cursor})
    return f'<{request.url.path}?{query}>; rel="next"'


def _answer(request: Request, document: Document, content: bytes, media_type: str, link: str | None = None) -> Response:
    """Return the document, or 304 where the caller has these numbers already: `as_of` alone is no change."""
    epoch = datetime.fromtimestamp(0, document.as_of.tzinfo)
    told = document.model_copy(update={"as_of": epoch}).model_dump_json()
    tag = f'W/"{hashlib.sha256(f"{media_type}{told}".encode()).hexdigest()[:32]}"'
    send_as_made()  # counts and codes beside each other may look like somebody's number, and nothing here is one
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if link is not None:
        headers["Link"] = link
    if has_tag(request.headers.get("If-None-Match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)
