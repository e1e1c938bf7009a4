"""What the page of an enterprise shows besides what all matters have: its colour, its cases, its rounds."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from models.errors import BadFilter
from models.matters.enterprise import Enterprise
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.enterprises.colour import read_at, read_colour
from services.plans.duties import list_duties
from services.plans.filter import DutyFilter
from services.wording.matters.enterprise import COLOUR_MEANINGS
from web.reader import Reader
from web.views.case.time_left import left_text, light_of, unit_text
from web.views.park.plates import plate_of

#: How many cases and rounds the page of an enterprise shows; their lists have all.
_SHOWN = 10
#: What a field of the correction is once it was emptied.
_EMPTY: dict[str, Any] = {
    "industry": "",
    "headcount": None,
    "shifts": [],
    "calendar": None,
    "workshops": [],
    "location": None,
}


async def page_contents(connection: AsyncConnection, reader: Reader, enterprise: Enterprise) -> dict[str, Any]:
    """Return the colour as it is now, the latest cases and the latest rounds."""
    cases = await list_cases(
        connection, reader.person, CaseFilter(enterprise=enterprise.code, limit=_SHOWN, sort="-reported_at"),
        reader.now, reader.language,
    )  # fmt: skip
    rounds = await list_duties(
        connection, reader.person,
        DutyFilter(enterprise=enterprise.code, sort="-due_at", limit=_SHOWN, until=reader.day),
        reader.now, reader.language,
    )  # fmt: skip
    return {
        **await colour_contents(connection, reader, enterprise.code),
        "cases": cases,
        "rounds": rounds,
        "plate": lambda colour: plate_of(colour, reader),
        "meanings": words(COLOUR_MEANINGS, reader),
        "left_text": left_text,
        "light_of": light_of,
        "unit_text": unit_text,
    }


async def colour_contents(connection: AsyncConnection, reader: Reader, code: str, at: str = "") -> dict[str, Any]:
    """Return the colour as of the day `at`; where that cannot be answered, as it is now, with the reason."""
    fault = ""
    try:
        colour = await read_colour(connection, reader.person, code, reader.now, reader.language, read_at(at))
    except BadFilter:
        fault = reader.text("该日尚未登记,或尚未到来")
        colour = await read_colour(connection, reader.person, code, reader.now, reader.language)
    return {"colour": colour, "at": at, "at_fault": fault}


def amended(body: dict[str, Any], details: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a correction: what the form began with and was emptied is taken away."""
    emptied = {name: empty for name, empty in _EMPTY.items() if name not in body and details.get(name)}
    return {**body, **emptied, "department": body.get("department")}


def words(labels: Mapping[str, tuple[str, str]], reader: Reader) -> dict[str, str]:
    """Return the labels in the reader's language."""
    return {code: both[1] if reader.language == "en" else both[0] for code, both in labels.items()}
