"""积分星级: points and stars of people, units and departments over a month or quarter, each explained by its facts."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import model_validator

from doors.dependencies import ServicesDep
from models.errors import BadFilter, NotYours
from models.policy.scores import Subject
from services.points.read import PointsFilter, explain_points, rank_points
from web.pages import page
from web.reader import Reader, SignedIn
from web.views.page_links import link_builder
from web.views.refusals import refusal_text
from web.views.translation_marks import _

router = APIRouter()

#: What can be scored.
TITLES = {Subject.DEPARTMENT: _("部门"), Subject.UNIT: _("社区和网格"), Subject.PERSON: _("人员")}


class PageFilter(PointsFilter):
    """The filter as a form sends it: what was left blank is not asked for."""

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in given.items() if not (isinstance(value, str) and not value.strip())}


@router.get("/park/points")
async def show_points(services: ServicesDep, reader: SignedIn, wanted: Annotated[PageFilter, Query()]) -> Response:
    """The ranking by points, the best first; who may not read it is shown the own points."""
    found, refused, status = None, "", 200
    async with services.reading.connect() as connection:
        try:
            found = await rank_points(connection, reader.person, wanted, reader.now, reader.language)
        except NotYours as error:  # the page then leads to the own points
            refused = refusal_text(error, reader)
        except BadFilter as error:
            refused, status = refusal_text(error, reader), error.status
            wanted = PageFilter(subject=wanted.subject, level=wanted.level)
    return page(
        reader,
        "park/points.html",
        status,
        found=found,
        refused=refused,
        wanted=wanted,
        titles=TITLES,
        here=link_builder("/park/points", **wanted.model_dump(mode="json", exclude_defaults=True)),
        months=_months(reader),
    )


@router.get("/park/points/{subject}/{code}")
async def show_arithmetic(
    services: ServicesDep, reader: SignedIn, subject: Subject, code: str, period: str = ""
) -> Response:
    """The points of one: base, lines, and every fact behind them."""
    wanted = PointsFilter(subject=subject, period=period[:20])
    async with services.reading.connect() as connection:
        found = await explain_points(connection, reader.person, wanted, code, reader.now, reader.language)
    return page(reader, "park/points_of.html", found=found, titles=TITLES)


def _months(reader: Reader) -> list[str]:
    """The last months and quarters to choose from, the newest first."""
    day = reader.now.astimezone(reader.zone).date()
    months = [(day.year - (day.month <= ago), (day.month - ago - 1) % 12 + 1) for ago in range(6)]
    quarters = list(dict.fromkeys(f"{year}-Q{(month - 1) // 3 + 1}" for year, month in months))
    return [*(f"{year}-{month:02d}" for year, month in months), *quarters]
