"""The contents of the pages of plans and duties: what a plan says in words, its duties day by day, its form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from models.matters.plan import AsRated, DutyStatus, Every, PerShift, PlanState, PlanTerms, PlanWork
from models.policy.document import Policy
from services.cases.names import read_names_by_id
from services.matters.views import MatterItem
from services.plans.duties import list_duties
from services.plans.filter import DutyFilter
from services.plans.views import DutyItem
from services.plans.wording import rhythm_in_words, terms_in_words, wall
from services.wording.matters.plan import DUTY_STATUSES, WORKS
from services.wording.vocabulary import ROLES, label_of
from web.reader import Reader

#: How many days back and ahead the page of a plan shows.
BACK, AHEAD = 7, 7
#: The sign of each status: never colour alone.
SIGNS: Mapping[str, str] = {"due": "○", "done": "✓", "missed": "✕", "late": "△", "withdrawn": "–"}
#: The roles that may be given duties.
WORKERS = ("grid_worker", "volunteer", "duty_officer", "supervisor", "reviewer")


@dataclass(frozen=True)
class PlaceRow:
    """A place of a plan, and its duties on each day of the calendar."""

    name: str
    days: tuple[tuple[DutyItem, ...], ...]


async def page_contents(connection: AsyncConnection, reader: Reader, plan: PlanState) -> dict[str, Any]:
    """Return what the page of a plan shows besides what all matters have."""
    names = await read_names_by_id(connection, {place.grid for place in plan.terms.places}, set(), reader.language)
    days = [reader.day + timedelta(days=n) for n in range(-BACK, AHEAD + 1)]
    found: list[DutyItem] = []
    cursor = None
    while True:
        wanted = DutyFilter(plan=plan.code, since=days[0], until=days[-1], limit=200, cursor=cursor)
        part = await list_duties(connection, reader.person, wanted, reader.now, reader.language)
        found += part.items
        cursor = part.next_cursor
        if cursor is None:
            break
    return {
        "terms": terms_in_words(plan.terms, names),
        "days": days,
        "rows": _rows(plan.terms, found, days, names.units),
        "signs": SIGNS,
        "duty_words": words(DUTY_STATUSES, reader),
        "today": reader.day,
    }


def _rows(
    terms: PlanTerms, found: Sequence[DutyItem], days: Sequence[date], units: Mapping[str, str]
) -> tuple[PlaceRow, ...]:
    by_place: dict[tuple[str, str], list[DutyItem]] = {}
    for duty in found:
        by_place.setdefault((duty.grid, duty.place), []).append(duty)
    rows = []
    for place in terms.places:
        name = (
            f"{place.name} · {units.get(place.grid, place.grid)}" if place.name else units.get(place.grid, place.grid)
        )
        own = by_place.get((place.grid, place.name), [])
        rows.append(PlaceRow(name, tuple(tuple(duty for duty in own if duty.day == day) for day in days)))
    return tuple(rows)


async def list_contents(connection: AsyncConnection, reader: Reader, items: Sequence[MatterItem]) -> dict[str, Any]:
    """Return what the list of plans shows of each: its work and how often."""
    found = {item.code: PlanTerms.model_validate(item.details["terms"]) for item in items}
    english = reader.language == "en"
    return {
        "works": {code: label_of(WORKS, terms.work, reader.language) for code, terms in found.items()},
        "rhythms": {code: rhythm_in_words(terms.rhythm, english=english) for code, terms in found.items()},
        "places": {code: len(terms.places) for code, terms in found.items()},
    }


def words(labels: Mapping[str, tuple[str, str]], reader: Reader) -> dict[str, str]:
    """The labels in the reader's language."""
    return {code: label_of(labels, code, reader.language) for code in labels}


def form_choices(policy: Policy, reader: Reader) -> dict[str, Any]:
    """What can be chosen in the form of a plan."""
    language = reader.language
    return {
        "works": {work.value: label_of(WORKS, work, language) for work in PlanWork},
        "roles": {role: label_of(ROLES, role, language) for role in WORKERS},
        "calendars": {calendar.name: calendar.label(language) for calendar in policy.calendars},
        "checklists": {checklist.code: checklist.name(language) for checklist in policy.park.checklists},
        "statuses": {status.value: label_of(DUTY_STATUSES, status, language) for status in DutyStatus},
    }


def typed_of(plan: PlanState) -> dict[str, list[str]]:
    """What the form of a plan holds when it is opened to change it."""
    terms, rhythm = plan.terms, plan.terms.rhythm
    typed: dict[str, list[str]] = {
        "name": [plan.name],
        "places": ["\n".join(" | ".join((p.grid, p.name, p.enterprise or "")).rstrip(" |") for p in terms.places)],
        "who": [next(name for name in ("role", "person", "department") if getattr(terms.workers, name) is not None)],
        "role": [terms.workers.role or ""],
        "person": [terms.workers.person or ""],
        "department": [terms.workers.department or ""],
        "rhythm": [rhythm.kind],
        "calendar": [terms.calendar or ""],
        "checklist": [terms.checklist or ""],
        "until": [str(terms.until or "")],
    }
    match rhythm:
        case PerShift():
            typed["shifts"] = ["\n".join(f"{shift.name} {wall(shift.begins)}" for shift in rhythm.shifts)]
            typed["minutes"] = [str(rhythm.minutes)]
        case Every():
            typed |= {"n": [str(rhythm.n)], "unit": [rhythm.unit], "at": [wall(rhythm.at)]}
        case AsRated():
            typed["at"] = [wall(rhythm.at)]
    if terms.plant_days is not None:
        typed["weekdays"] = [str(day) for day in terms.plant_days.weekdays]
        typed["on_holidays"] = ["true"] if terms.plant_days.on_holidays else []
    return typed


def body_of(given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the body of the command that makes a plan from what was typed. Nothing is checked here."""

    def last(name: str) -> str:
        values = given.get(name, [])
        return values[-1].strip() if values else ""

    body: dict[str, Any] = {
        name: value for name in ("name", "grid", "work", "calendar", "checklist", "first_due", "until")
        if (value := last(name))
    }  # fmt: skip
    body["places"] = [_place(line) for line in last("places").splitlines() if line.strip()]
    who = last("who") or "role"
    body["workers"] = {who: last(who)} if last(who) else {}
    body["rhythm"] = _rhythm(last("rhythm"), last)
    if weekdays := [day for day in given.get("weekdays", []) if day]:
        body["plant_days"] = {"weekdays": weekdays, "on_holidays": bool(last("on_holidays"))}
    return body


def _rhythm(kind: str, last: Any) -> dict[str, Any]:
    if kind == "per_shift":
        shifts = [line.strip().rpartition(" ") for line in last("shifts").splitlines() if line.strip()]
        rhythm = {"shifts": [{"name": name.strip(), "begins": begins} for name, _, begins in shifts]}
        return {"kind": kind, **rhythm, **({"minutes": last("minutes")} if last("minutes") else {})}
    parts = ("n", "unit", "at") if kind == "every" else ("at",)
    return {"kind": kind, **{name: last(name) for name in parts if last(name)}}


def _place(line: str) -> dict[str, str]:
    cells = [cell.strip() for cell in line.split("\t" if "\t" in line else "|")]
    names = ("grid", "name", "enterprise")
    place = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
    return place if len(cells) <= len(names) else {**place, f"#{len(names) + 1}": cells[len(names)]}
