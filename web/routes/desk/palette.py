"""The search palette (D3): cases by number or words, grid units, people, pages; and choices for form fields."""

from typing import Any

from fastapi import APIRouter, Request, Response

from doors.dependencies import ServicesDep
from models.text import clean_search
from models.views import CaseItem
from services.cases.filter import CaseFilter
from services.cases.lists import list_cases
from services.cases.search import search_words
from services.commands.transfer_targets import colleagues
from services.directory.choices import UnitChoice, suggest_units
from services.directory.people import list_people
from services.directory.views import PersonView
from services.enterprises.suggest import Place, suggest_enterprises
from web.nav import menu
from web.pages import page
from web.reader import SignedIn
from web.views.lists.case_rows import render_marked

router = APIRouter()

MAX_RESULTS = 8


@router.get("/palette")
async def find(request: Request, services: ServicesDep, reader: SignedIn, q: str = "", part: str = "") -> Response:
    """The results for the words; without words, the pages of the menu. `part=results`: only the results."""
    words = _clean_words(q)
    people: tuple[PersonView, ...] = ()
    cases: tuple[CaseItem, ...] = ()
    units: tuple[UnitChoice, ...] = ()
    entries = [e for e in menu(reader) if not words or words.lower() in reader.text(e.title).lower()]
    if words:
        async with services.reading.connect() as connection:
            filters = CaseFilter(q=words, limit=MAX_RESULTS, sort="-updated_at")
            cases = (await list_cases(connection, reader.person, filters, reader.now, reader.language)).items
            units = await suggest_units(connection, reader.person, words, reader.now, 5)
            people = (await list_people(connection, reader.person, reader.now, limit=5, query=words)).items
    scripted = request.headers.get("HX-Request") == "true"
    template = "desk/palette_results.html" if part == "results" else "desk/palette_part.html"
    sought = search_words(words)
    results: dict[str, Any] = {
        "cases": cases, "units": units, "people": people, "pages": entries,
        "marked": lambda text: render_marked(text, sought),
    }  # fmt: skip
    return page(reader, template if scripted else "desk/palette.html", q=words, **results)


def _clean_words(typed: str) -> str:
    return clean_search(typed)[:100]


@router.get("/choices/people")
async def offer_people(
    services: ServicesDep, reader: SignedIn, person: str = "", deputy: str = "", volunteer: str = "", cadre: str = ""
) -> Response:
    """Options for a user name field: people whose user name or name contains the typed text."""
    async with services.reading.connect() as connection:
        people = await list_people(
            connection,
            reader.person,
            reader.now,
            limit=MAX_RESULTS,
            query=_clean_words(person or deputy or volunteer or cadre),
        )
    return page(reader, "desk/options.html", options=[(one.username, one.name) for one in people.items])


@router.get("/choices/grids")
async def offer_units(services: ServicesDep, reader: SignedIn, grid: str = "", unit: str = "") -> Response:
    """Options for a grid unit field."""
    async with services.reading.connect() as connection:
        units = await suggest_units(connection, reader.person, _clean_words(grid or unit), reader.now)
    return page(reader, "desk/options.html", options=[(unit.code, unit.name) for unit in units])


@router.get("/choices/enterprises")
async def offer_enterprises(
    services: ServicesDep, reader: SignedIn, enterprise: str = "", grid: str = "", words: str = ""
) -> Response:
    """Options for the field of the enterprise that a case is about: by what was typed, else by text and place."""
    typed = _clean_words(enterprise) or _clean_words(words)
    async with services.reading.connect() as connection:
        found = await suggest_enterprises(
            connection, reader.person, typed, Place(grid=_clean_words(grid) or None), reader.now, MAX_RESULTS
        )
    english = reader.language == "en"
    options = [(one.code, f"{one.name} · {one.why_en if english else one.why_zh}") for one in found]
    return page(reader, "desk/options.html", options=options)


@router.get("/choices/colleagues")
async def offer_colleagues(services: ServicesDep, reader: SignedIn) -> Response:
    """Options for a transfer: the colleagues to whom the reader may transfer cases, with their open cases."""
    async with services.reading.connect() as connection:
        choices = await colleagues(connection, reader.person, reader.now)
    return page(reader, "desk/colleagues.html", colleagues=choices)
