"""What the rules may know at a past moment of the demonstration: the organisation, with whoever was on shift.

Nobody's role has changed since, so the organisation of today, read once, is the one of every day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.around_case import read_reviewers
from infra.store.context import read_context, read_person
from infra.store.holders import with_holders
from models.case import Case
from models.commands import Report
from models.context import Claimant, Context, Holder, Person, Reviewer, Unit
from models.enums import Role, Stage
from models.facts import Actor
from models.ids import derived_id
from models.messages import Step
from models.organisation import Shift
from rules.deadlines.working_time import Timetable, timetable
from services.demo.past.plan import PastCase
from services.demo.town import DemoTown

_WORKERS = text("""
    SELECT g.grid, g.person FROM grants g JOIN people p ON p.id = g.person
    WHERE g.role = 'grid_worker' AND p.active AND g.grid = ANY (:grids) ORDER BY g.grid, p.username
""")
#: When the shifts of the park's desk change, in its time; the days of shifts to come.
_DAY, _NIGHT, _DAYS_AHEAD = 8, 20, 7


@dataclass
class PastWorld:
    """The organisation: `bases` by micro-grid, `workers` by grid, `people` by id, and the shifts of the park's desk."""

    town: DemoTown
    bases: Mapping[str, Context]
    reviewers: Mapping[str, tuple[Reviewer, ...]]
    workers: Mapping[str, Person]
    people: Mapping[UUID, Person]
    shifts: Sequence[Shift]
    office: Timetable
    _units: dict[tuple[str, UUID | None], tuple[Unit, ...]] = field(default_factory=dict)

    def on_duty(self, at: datetime) -> Person | None:
        """Return who was on shift at the park's desk."""
        shift = self._shift(at)
        return None if shift is None else self.people[shift.person]

    def context(self, grid: str, at: datetime, person: Person | None, case: Case | None, **more: Any) -> Context:
        """Return what a command of `person` (None: of the system) may know at `at`."""
        return self.bases[grid].model_copy(
            update={
                "now": at,
                "today": at.astimezone(self.office.zone).date(),
                "person": person,
                "units": self._units_at(grid, at),
                "claimant": self._claimant(case),
                "reviewers": self.reviewers[grid],
                **more,
            }
        )

    def _claimant(self, case: Case | None) -> Claimant | None:
        if case is None or case.claimed_by is None or case.stage is not Stage.HANDLE:
            return None
        return Claimant(person=self.people[case.claimed_by])

    def _units_at(self, grid: str, at: datetime) -> tuple[Unit, ...]:
        """Return the units from the grid up to the park; only whoever is on shift at the park's desk is in it."""
        shift = self._shift(at)
        key = (grid, None if shift is None else shift.person)
        if key not in self._units:
            units = self.bases[grid].units
            self._units[key] = units if shift is None else tuple(_with_shift(unit, shift) for unit in units)
        return self._units[key]

    def _shift(self, at: datetime) -> Shift | None:
        return next((shift for shift in self.shifts if shift.starts_at <= at < shift.ends_at), None)


def _with_shift(unit: Unit, shift: Shift) -> Unit:
    if unit.code != shift.unit:
        return unit
    others = tuple(holder for holder in unit.holders if holder.role is not shift.role)
    return unit.model_copy(update={"holders": (*others, Holder(role=shift.role, person=shift.person))})


async def read_past_world(
    connection: AsyncConnection, town: DemoTown, plan: Sequence[PastCase], since: datetime, now: datetime
) -> PastWorld:
    """Read the organisation around the cases of the plan. Raises NoPolicy when no policy was in force at `since`."""
    reporter = next(p for p in town.people if any(grant.role is Role.REPORTER for grant in p.grants))
    bases: dict[str, Context] = {}
    reviewers: dict[str, tuple[Reviewer, ...]] = {}
    for grid in sorted({case.grid for case in plan}):
        context = await read_context(connection, _step_at(grid, reporter, since), None)
        held = await with_holders(connection, context.units, since, context.today)
        bases[grid] = context.model_copy(update={"units": held})
        reviewers[grid] = await read_reviewers(connection, grid, context.today)
    some = next(iter(bases.values()))
    workers = await _read_workers(connection, {unit.code for base in bases.values() for unit in base.units})
    office = timetable(some.calendars[0])
    people = {person.id: person for person in (*town.people, *workers.values())}
    shifts = _make_shifts(some.units[-1].code, town, office, since, now)
    return PastWorld(town, bases, reviewers, workers, people, shifts, office)


def _step_at(grid: str, person: Person, at: datetime) -> Step:
    """Return a report as the recording step would look its context up; only its place and time matter."""
    report = Report(
        report_id=derived_id("demo-past", "place", grid), category="-", title="-", grid=grid, occurred_at=at,
        reported_at=at, content_hash="-",
    )  # fmt: skip
    return Step(
        report_id=report.report_id, known=0, id=report.report_id, at=at, actor=Actor(person=person.id), command=report
    )


async def _read_workers(connection: AsyncConnection, units: Iterable[str]) -> dict[str, Person]:
    """Return the grid worker of each of those units that has one."""
    rows = (await connection.execute(_WORKERS, {"grids": sorted(units)})).all()
    found: dict[str, Person] = {}
    for grid, id_ in rows:
        person = None if grid in found else await read_person(connection, id_)
        if person is not None:
            found[grid] = person
    return found


def _make_shifts(park: str, town: DemoTown, office: Timetable, since: datetime, now: datetime) -> list[Shift]:
    """Return the shifts of the park's desk, day and night in turn, up to a week from now."""
    desk = [p for p in town.people if any(g.role is Role.DUTY_OFFICER and g.grid == park for g in p.grants)]
    desk = [p for p in desk if all(g.role is Role.DUTY_OFFICER for g in p.grants)]
    shifts: list[Shift] = []
    day = since.astimezone(office.zone).date() - timedelta(days=2)  # the first case may be a day earlier
    while desk and day <= now.astimezone(office.zone).date() + timedelta(days=_DAYS_AHEAD):
        for place, (first, hours) in enumerate(((_DAY, _NIGHT - _DAY), (_NIGHT, 24 - _NIGHT + _DAY))):
            starts = datetime(day.year, day.month, day.day, first, tzinfo=office.zone).astimezone(UTC)
            person = desk[(day.toordinal() // 2 + place) % len(desk)]
            shifts.append(
                Shift(
                    id=derived_id("shift", park, Role.DUTY_OFFICER.value, person.id, starts), unit=park,
                    role=Role.DUTY_OFFICER, person=person.id, starts_at=starts,
                    ends_at=starts + timedelta(hours=hours),
                )
            )  # fmt: skip
        day += timedelta(days=1)
    return shifts
