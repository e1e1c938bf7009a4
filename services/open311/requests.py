"""Service requests: public cases in the fields of GeoReport v2, one by one and as lists."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Settings
from infra.store.cases import fact_of
from infra.store.context import filter_pictures
from infra.store.driver import all_rows
from infra.store.policies import newest_version, policy_version
from models.base import STORED
from models.case import Case
from models.enums import Outcome, Stage
from models.errors import NoSuchRequest
from models.facts import Fact
from models.personal_numbers import mask_numbers
from models.text import clean_code
from rules.deadlines.expectation import expected_end
from services.cases.names import Names, read_names
from services.open311.leads import IS_OPEN, UPDATED, read_leads
from services.open311.periods import Period
from services.open311.public_cases import PUBLIC, public_values, shows_place, shows_words
from services.open311.states import OPEN, phrase_of, status_of
from services.public.progress import public_updates, released_photos, shared_facts

#: The most requests of one answer (GeoReport v2), and of one with `extensions`, which reads every fact of each.
MOST, MOST_EXTENDED = 1_000, 100

_SELECT = "SELECT c.report_id, c.state, c.description, c.lat, c.lon FROM cases c WHERE "
_FACTS = text("""
SELECT report_id, seq, at, actor, command_id, command, digest, version, body FROM facts
WHERE report_id = ANY (:reports) ORDER BY report_id, seq
""")


@dataclass(frozen=True)
class Wanted:
    """Which requests are wanted. `numbers` overrides everything but the paging.

    `requested` and `updated`: when they were reported, and when they changed last. `after`: time and report id of the
    last one that is known already.
    """

    numbers: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    statuses: frozenset[str] = frozenset()
    requested: Period | None = None
    updated: Period | None = None
    after: tuple[datetime, UUID] | None = None
    page: int = 1
    page_size: int = MOST


@dataclass(frozen=True)
class PublicCase:
    """A public case with what its answer is made of. `facts` empty: they were not wanted.

    `lead`: of a merged case, the one that it follows; `led`: what has happened there since, as far as it concerns all
    reporters.
    """

    case: Case
    description: str
    lat: float | None
    lon: float | None
    facts: tuple[Fact, ...] = ()
    photos: tuple[str, ...] = field(default=())
    lead: Case | None = None
    led: tuple[Fact, ...] = ()

    @property
    def course(self) -> Case:
        """The case whose progress is shown."""
        return self.lead or self.case


@dataclass(frozen=True)
class Found:
    """Public cases and the names in them."""

    cases: tuple[PublicCase, ...]
    names: Names


async def list_requests(
    connection: AsyncConnection,
    settings: Settings,
    park: str,
    wanted: Wanted,
    now: datetime,
    language: str,
    *,
    extended: bool = False,
) -> Found:
    """Return the public cases that are wanted, the newest first; `extended`: with their facts and photos."""
    condition, values = _condition(wanted)
    values |= await _public(connection, settings, park, now)
    values |= {"limit": wanted.page_size, "skip": (wanted.page - 1) * wanted.page_size}
    order = " ORDER BY c.reported_at DESC, c.report_id DESC LIMIT %(limit)s OFFSET %(skip)s"
    rows = await all_rows(connection, f"{_SELECT}{PUBLIC}{condition}{order}", values)
    return await _found(connection, rows, language, values["private"], extended=extended)


async def read_request(
    connection: AsyncConnection, settings: Settings, park: str, number: str, now: datetime, language: str
) -> Found:
    """Return one public case with its facts and photos. Raises NoSuchRequest for one that is hidden or is not there."""
    values = await _public(connection, settings, park, now) | {"number": clean_code(number)}
    rows = await all_rows(connection, f"{_SELECT}{PUBLIC} AND c.case_no = %(number)s", values)
    if not rows:
        raise NoSuchRequest(number=number[:80])
    return await _found(connection, rows, language, values["private"], extended=True)


async def _public(connection: AsyncConnection, settings: Settings, park: str, now: datetime) -> dict[str, Any]:
    policy = await policy_version(connection, await newest_version(connection))
    return public_values(settings, policy, park, now)


def _condition(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """Return the condition besides `PUBLIC`, and its parameters."""
    if wanted.numbers:
        return " AND c.case_no = ANY (%(numbers)s)", {"numbers": [clean_code(one) for one in wanted.numbers]}
    parts: list[str] = [""]
    values: dict[str, Any] = {}
    if wanted.services:
        parts.append("c.category = ANY (%(services)s)")
        values["services"] = [clean_code(one) for one in wanted.services]
    if len(wanted.statuses) == 1:
        parts.append(f"({IS_OPEN})" if OPEN in wanted.statuses else f"NOT ({IS_OPEN})")
    if wanted.after is not None:
        parts.append("(c.reported_at, c.report_id) < (%(after_at)s, %(after_id)s)")
        values |= {"after_at": wanted.after[0], "after_id": wanted.after[1]}
    periods = (("requested", wanted.requested, "c.reported_at"), ("updated", wanted.updated, f"({UPDATED})"))
    for name, period, column in periods:
        if period is not None:
            parts.append(f"{column} >= %({name}_begin)s AND {column} < %({name}_end)s")
            values |= {f"{name}_begin": period.begin, f"{name}_end": period.end}
    return " AND ".join(parts), values


async def _found(
    connection: AsyncConnection, rows: Sequence[Sequence[Any]], language: str, private: Sequence[str], *, extended: bool
) -> Found:
    cases = [Case.model_validate(row[1], context=STORED) for row in rows]
    leads = await read_leads(connection, cases, private)
    followed = {one.report_id: one for chain in leads.values() for one in chain}
    names = await read_names(connection, [*cases, *followed.values()], language)
    wanted = [*(case.report_id for case in cases), *followed]
    facts = await _facts_of(connection, wanted) if extended else {}
    found = []
    for case, row in zip(cases, rows, strict=True):
        own, chain = facts.get(case.report_id, ()), leads.get(case.report_id, ())
        beyond = sorted((fact for one in chain for fact in facts.get(one.report_id, ())), key=lambda fact: fact.at)
        led = shared_facts(case, beyond)
        photos: tuple[str, ...] = ()
        if case.stage is Stage.CLOSED and shows_place(case) and own:
            photos = await filter_pictures(connection, released_photos(own))
        found.append(PublicCase(case, row[2], row[3], row[4], own, photos, chain[-1] if chain else None, led))
    return Found(tuple(found), names)


async def _facts_of(connection: AsyncConnection, reports: Sequence[UUID]) -> dict[UUID, tuple[Fact, ...]]:
    found: defaultdict[UUID, list[Fact]] = defaultdict(list)
    for row in await connection.execute(_FACTS, {"reports": list(reports)}):
        found[row.report_id].append(fact_of(row))
    return {report: tuple(facts) for report, facts in found.items()}


def moment_text(moment: datetime | None) -> str | None:
    """Return a time as the interface writes it: in UTC, in whole seconds."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def request_fields(one: PublicCase, names: Names, photo_urls: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields of a service request, in the order of the specification."""
    case, course = one.case, one.course
    with_place = shows_place(case)
    return {
        "service_request_id": case.case_no,
        "status": status_of(course),
        "status_notes": phrase_of(case, names.language, one.lead),
        "service_name": names.category(case.category),
        "service_code": case.category,
        "description": mask_numbers(one.description) if shows_words(case) else None,
        "agency_responsible": names.department(course.host) if course.host else None,
        "service_notice": None,
        "requested_datetime": moment_text(case.reported_at),
        "updated_datetime": moment_text(max(one.closed_at or one.updated_at for one in (case, course))),
        "expected_datetime": moment_text(expected_end(course, names.policy)),
        "address": address_of(case, names),
        "address_id": case.grid_path[min(2, len(case.grid_path)) - 1],
        "zipcode": None,
        "lat": one.lat if with_place else None,
        "long": one.lon if with_place else None,
        "media_url": photo_urls[0] if photo_urls else None,
    }


def address_of(case: Case, names: Names) -> str:
    """Return the names of the park, the community and the grid."""
    return " · ".join(names.units.get(code, code) for code in case.grid_path[:3])


def extended_fields(one: PublicCase, names: Names, photo_urls: Sequence[str]) -> dict[str, Any]:
    """Return what `extensions=true` adds: where the case stands, released photos, and what everybody is told."""
    case, course = one.case, one.course
    return {
        "extended_attributes": {
            "channel": case.source.value,
            "stage": course.stage.value,
            "outcome": None if course.outcome is None else course.outcome.value,
            "merged": case.outcome is Outcome.MERGED,
            "round": case.round,
            "photos": list(photo_urls),
        },
        "notes": [
            {"datetime": moment_text(update.at), "description": update.text, "type": "update"}
            for update in (*public_updates(one.led, names), *public_updates(one.facts, names))
        ],
    }
