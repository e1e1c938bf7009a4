"""Finding things fast (D3): cases by number or words, grid units, pages; and what forms choose from."""

from fastapi import APIRouter, Request, Response

from api.state import Opened
from models.views import CaseItem
from services.choices import UnitChoice, units_like
from services.queries import CaseFilter, list_cases
from web.nav import menu
from web.pages import page
from web.reader import SignedIn

router = APIRouter()

MOST = 8


@router.get("/palette")
async def find(request: Request, opened: Opened, reader: SignedIn, q: str = "", part: str = "") -> Response:
    """What the words find. Without words: the pages of the menu. `part` is `results` for the answers only."""
    words = q.replace("\x00", "").strip()[:100]
    cases: tuple[CaseItem, ...] = ()
    units: tuple[UnitChoice, ...] = ()
    entries = [e for e in menu(reader) if not words or words.lower() in reader.text(e.title).lower()]
    if words:
        async with opened.engine.connect() as connection:
            wanted = CaseFilter(q=words, limit=MOST, sort="-updated_at")
            cases = (await list_cases(connection, reader.person, wanted, reader.now, reader.language)).items
            units = await units_like(connection, reader.person, words, reader.now, 5)
    scripted = request.headers.get("HX-Request") == "true"
    template = "desk/palette_results.html" if part == "results" else "desk/palette_part.html"
    return page(reader, template if scripted else "desk/palette.html", q=words, cases=cases, units=units, pages=entries)


@router.get("/choices/grids")
async def offer_units(opened: Opened, reader: SignedIn, grid: str = "") -> Response:
    """Grid units for a field that somebody types into, as options."""
    async with opened.engine.connect() as connection:
        units = await units_like(connection, reader.person, grid[:100], reader.now)
    return page(reader, "desk/options.html", options=[(unit.code, unit.name) for unit in units])
