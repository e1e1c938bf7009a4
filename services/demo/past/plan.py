"""The plan of the past: which report came when, what was to become of it, and who was quick or slow.

It follows from a seed, the moment of the start and the park alone.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import yaml
from pydantic import TypeAdapter

from models.base import Frozen
from models.enums import Level, Source
from models.ids import derived_id
from rules.deadlines.working_time import Timetable
from rules.organisation.grid_tree import code_length
from services.demo.town import DemoReport
from services.files.shipped import DEPLOY

PAST = DEPLOY / "demo" / "past.yaml"
#: How far back the past begins, and how long ago the storm was; on a day of rest it was the workday before.
DAYS, STORM_DAYS_AGO = 60, 17
#: The share of the reports that the storm brought.
_STORM_SHARE = 0.07
#: How many reports a day of rest brings, against a workday.
_REST = 0.45
#: Reports by the hour of the day, from 0 o'clock.
_HOURS = (1, 1, 0, 0, 0, 1, 3, 6, 9, 12, 11, 8, 5, 6, 9, 11, 10, 8, 6, 6, 7, 7, 5, 2)
_STORM_HOURS = (2, 2, 3, 5, 7, 9, 12, 12, 11, 9, 8, 7, 5, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1)

_TO_HANDLING = ("accept", "dispatch", "claim")
_END = ("complete", "pass_review")
#: What became of a report, each with its weight: the steps that people took.
COURSES: dict[str, tuple[int, tuple[str, ...]]] = {
    "plain": (46, (*_TO_HANDLING, *_END)),
    "rated": (34, (*_TO_HANDLING, *_END, "rate")),
    "told": (16, (*_TO_HANDLING, "report_progress", *_END, "rate")),
    "shared": (7, ("accept", "dispatch:shared", "claim", "report_progress:co_handler", *_END)),
    "asked": (3, ("request_info", "supply_info", *_TO_HANDLING, *_END)),
    "verified": (5, ("request_verification", "report_verification", *_TO_HANDLING, *_END)),
    "returned": (7, (*_TO_HANDLING, "return", "grant_return", "dispatch:elsewhere", "claim", *_END)),
    "redispatched": (3, ("accept", "dispatch", "redispatch", "claim", *_END)),
    "extended": (12, (*_TO_HANDLING, "request_extension", "grant_extension", *_END)),
    "suspended": (3, (*_TO_HANDLING, "request_suspension", "grant_suspension")),
    "urged": (9, (*_TO_HANDLING, "urge", "answer_urge", *_END)),
    "reworked": (8, (*_TO_HANDLING, "complete", "fail_review", "complete", "pass_review", "rate")),
    "reopened": (5, (*_TO_HANDLING, *_END, "request_reopen", "grant_reopen", "dispatch", "claim", *_END)),
    "rejected": (6, ("reject",)),
    "voided": (2, ("void", "void")),
    "settled": (9, ("self_close", "pass_review")),
    "merged": (6, ("merge",)),
}


@dataclass(frozen=True)
class Pace:
    """How a department works: the usual share of the limit that handling takes, and how much that varies."""

    share: float
    spread: float = 0.5


#: A slow department, some good ones; the rest work at the usual pace.
PACES = {
    "fire": Pace(0.3, 0.3), "safety": Pace(0.42, 0.4), "urban": Pace(0.72, 0.55), "property": Pace(0.85, 0.5),
    "environment": Pace(0.6, 0.55), "utilities": Pace(0.5, 0.5),
}  # fmt: skip
USUAL_PACE = Pace(0.5, 0.5)


#: Categories of work: safety, labour, environment. How many of their cases away from plants are about an enterprise.
OF_WORK = frozenset({"01", "02", "03"})
_ABOUT_ENTERPRISES = 0.5


class PastReport(DemoReport):
    """One report of the file, with how often it comes."""

    weight: int = 1


class PastFile(Frozen):
    """The file: places to name, reports of every day, and reports of the storm."""

    places: tuple[str, ...]
    reports: tuple[PastReport, ...]
    storm: tuple[PastReport, ...]


@dataclass(frozen=True)
class PastCase:
    """One planned case. `same_as`: the earlier report that it tells of again, into whose case it is merged."""

    number: int
    at: datetime
    report: DemoReport
    grid: str
    source: Source
    steps: tuple[str, ...]
    storm: bool = False
    same_as: int | None = None
    enterprise: str | None = None

    @property
    def report_id(self) -> UUID:
        """The id of the report, the same whenever the park is loaded."""
        return past_id(self.number)

    @property
    def lead_id(self) -> UUID:
        """The id of the earlier report that it tells of again."""
        assert self.same_as is not None
        return past_id(self.same_as)


def past_id(number: int) -> UUID:
    """Return the report id of the past case of that number."""
    return derived_id("demo-past", number)


def read_past_file() -> PastFile:
    """Read the file of the past."""
    return TypeAdapter(PastFile).validate_python(yaml.safe_load(PAST.read_text()))


def make_plan(count: int, grids: Sequence[str], days: Timetable, now: datetime, seed: int = 20261129) -> list[PastCase]:
    """Return `count` cases of the last sixty days, the earliest first. `grids`: micro-grids of the park; a few of them
    have most of the reports."""
    rng = random.Random(seed)
    file = read_past_file()
    busy = sorted(rng.sample(list(grids), min(len(grids), 150)))
    shares = [1 / (place + 3) for place in range(len(busy))]
    rng.shuffle(shares)
    storm_day = storm_of(days, now)
    storms = round(count * _STORM_SHARE)
    arrivals = [(at, False) for at in _arrivals(count - storms, days, now, rng)]
    arrivals += [(_moment(storm_day, _STORM_HOURS, days.zone, rng), True) for _ in range(storms)]
    cases: list[PastCase] = []
    for number, (at, storm) in enumerate(sorted(arrivals)):
        report = _pick(file.storm if storm else file.reports, rng)
        course = _course(rng)
        lead = _lead(cases, at, rng) if course == "merged" else None
        if lead is not None:
            report = lead.report.model_copy(update={"description": "与前面反映的是同一处,现在仍未解决。"})
        else:
            report = report.model_copy(update={"title": report.title.replace("{place}", rng.choice(file.places))})
            course = "plain" if course == "merged" else course
        grid = lead.grid if lead is not None else rng.choices(busy, shares)[0]
        source = rng.choices((Source.GRID_WORKER, Source.HOTLINE, Source.RESIDENT), (55, 30, 15))[0]
        steps = COURSES[course][1]
        cases.append(PastCase(number, at, report, grid, source, steps, storm, None if lead is None else lead.number))
    return cases


def name_enterprises(plan: Sequence[PastCase], by_unit: Mapping[str, str]) -> list[PastCase]:
    """Return the plan with the enterprises that some of its cases are about: of the same unit, else of the community.

    `by_unit`: the credit code of the enterprise in a micro-grid. Who tells of a case again names the same one.
    """
    length = code_length(Level.COMMUNITY)
    of_community: dict[str, list[str]] = {}
    for unit, plant in sorted(by_unit.items()):
        of_community.setdefault(unit[:length], []).append(plant)
    named: list[PastCase] = []
    for case in plan:
        rng = random.Random(f"enterprise {case.number}")
        near = of_community.get(case.grid[:length], [])
        code: str | None = by_unit.get(case.grid)
        if code is None and near and case.report.category[:2] in OF_WORK and rng.random() < _ABOUT_ENTERPRISES:
            code = rng.choice(near)
        if case.same_as is not None:
            code = named[case.same_as].enterprise
        named.append(replace(case, enterprise=code))
    return named


def storm_of(days: Timetable, now: datetime) -> date:
    """Return the day of the storm."""
    day = now.astimezone(days.zone).date() - timedelta(days=STORM_DAYS_AGO)
    while not days.is_workday(day):
        day -= timedelta(days=1)
    return day


def _arrivals(count: int, days: Timetable, now: datetime, rng: random.Random) -> list[datetime]:
    """Return when reports came: more on workdays, and a little more every week."""
    today = now.astimezone(days.zone).date()
    dates = [today - timedelta(days=ago) for ago in range(DAYS, -1, -1)]
    weights = [(1 if days.is_workday(day) else _REST) * (1 + place / DAYS / 3) for place, day in enumerate(dates)]
    found: list[datetime] = []
    while len(found) < count:
        at = _moment(rng.choices(dates, weights)[0], _HOURS, days.zone, rng)
        if at < now - timedelta(minutes=5):
            found.append(at)
    return found


def _moment(day: date, hours: Sequence[int], zone: ZoneInfo, rng: random.Random) -> datetime:
    hour = rng.choices(range(24), hours)[0]
    return datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), zone)


def _pick(reports: Sequence[PastReport], rng: random.Random) -> DemoReport:
    return rng.choices(reports, [report.weight for report in reports])[0]


def _course(rng: random.Random) -> str:
    weights: Mapping[str, int] = {name: weight for name, (weight, _) in COURSES.items()}
    return rng.choices(list(weights), list(weights.values()))[0]


def _lead(cases: Sequence[PastCase], at: datetime, rng: random.Random) -> PastCase | None:
    """Return a report of the last hours, which one more person could have made."""
    recent = [c for c in cases if c.same_as is None and timedelta(minutes=20) < at - c.at < timedelta(hours=10)]
    return rng.choice(recent) if recent else None
