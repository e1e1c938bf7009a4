"""Org lint over plain values: every hole, told once, as an error only where a case would be left with nobody."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models.context import Grant
from models.enums import Level, Role
from models.ids import derived_id
from models.organisation import (
    Absence,
    Gravity,
    OrgAlarm,
    Organisation,
    OrgDepartment,
    OrgFault,
    OrgFinding,
    OrgPerson,
    OrgUnit,
    Shift,
)
from models.policy.standard import Ladder, Rung, Target
from rules.organisation.lint import SAMPLE, lint
from tests.builders import (
    COMMUNITY,
    ENVIRONMENT as ENVIRONMENT_OFFICE,
    FALLBACK,
    FIRE,
    GRID,
    LABOUR,
    MICRO,
    OTHER_PARK,
    PARK,
    UNITS,
    a_policy,
    unit_path,
)

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
TODAY = date(2026, 3, 2)
FAR = date(2024, 1, 1)


def unit(code: str, *path: str, level: Level) -> OrgUnit:
    return OrgUnit(code=code, name=code, level=level, path=path)


def person(username: str, *grants: Grant, active: bool = True) -> OrgPerson:
    return OrgPerson(id=derived_id(username), username=username, name=username, active=active, grants=grants)


def held(role: Role, grid: str | None = None, department: str | None = None, **more: Any) -> Grant:
    return Grant(role=role, grid=grid, department=department, **{"since": FAR, **more})


#: One park with everybody that it needs.
WHOLE_UNITS = tuple(
    OrgUnit(code=u.code, name=u.name, level=u.level, path=unit_path(u.code)) for u in UNITS if u.code.startswith(PARK)
)
WHOLE_PEOPLE = (
    person("duty", held(Role.DUTY_OFFICER, PARK)),
    person("supervisor", held(Role.SUPERVISOR, PARK)),
    person("worker", held(Role.GRID_WORKER, GRID)),
    *(
        person(f"volunteer{n}", held(Role.VOLUNTEER, u.code))
        for n, u in enumerate(WHOLE_UNITS)
        if u.level is Level.MICRO_GRID
    ),
    *(
        person(f"{code}{role}", held(role, department=code))
        for code in (FIRE, LABOUR, ENVIRONMENT_OFFICE)
        for role in (Role.HANDLER, Role.DEPARTMENT_HEAD)
    ),
    person(FALLBACK, held(Role.DUTY_OFFICER)),
)
WHOLE = Organisation(
    now=NOW,
    today=TODAY,
    units=WHOLE_UNITS,
    people=WHOLE_PEOPLE,
    departments=tuple(
        OrgDepartment(id=code, name_zh=code, name_en=code, active=True) for code in (FIRE, LABOUR, ENVIRONMENT_OFFICE)
    ),
    policy=a_policy(),
)


def without(username: str) -> Organisation:
    """The whole organisation, with somebody gone."""
    return WHOLE.model_copy(
        update={
            "people": tuple(
                p.model_copy(update={"active": False}) if p.username == username else p for p in WHOLE.people
            )
        }
    )


def faults(org: Organisation, within: frozenset[str] | None = None) -> set[OrgFault]:
    return {finding.fault for finding in lint(org, within)}


def only(org: Organisation, fault: OrgFault) -> OrgFinding:
    (finding,) = (finding for finding in lint(org) if finding.fault is fault)
    return finding


def test_an_organisation_with_everybody_has_nothing_wrong() -> None:
    assert lint(WHOLE) == ()


@pytest.mark.parametrize(
    ("username", "fault", "gravity"),
    [
        ("duty", OrgFault.UNIT_WITHOUT_OWNER, Gravity.ERROR),
        ("supervisor", OrgFault.NO_SUPERIOR, Gravity.WARNING),
        ("worker", OrgFault.GRID_WITHOUT_WORKER, Gravity.WARNING),
        ("volunteer3", OrgFault.MICRO_GRID_WITHOUT_VOLUNTEER, Gravity.WARNING),
        (f"{LABOUR}{Role.HANDLER}", OrgFault.ROUTE_WITHOUT_HANDLER, Gravity.ERROR),
        (f"{LABOUR}{Role.DEPARTMENT_HEAD}", OrgFault.DEPARTMENT_WITHOUT_HEAD, Gravity.WARNING),
        (FALLBACK, OrgFault.FALLBACK_GONE, Gravity.ERROR),
    ],
)
def test_whoever_leaves_leaves_the_hole_that_they_filled(username: str, fault: OrgFault, gravity: Gravity) -> None:
    (finding,) = {f.fault: f for f in lint(without(username))}.values()
    assert (finding.fault, finding.gravity) == (fault, gravity)
    assert finding.zh != finding.en


def test_a_role_that_has_run_out_or_not_begun_is_not_held() -> None:
    for grant in (
        held(Role.DUTY_OFFICER, PARK, until=TODAY - timedelta(days=1)),
        held(Role.DUTY_OFFICER, PARK, since=TODAY + timedelta(days=1)),
    ):
        org = WHOLE.model_copy(update={"people": (person("duty", grant), *WHOLE.people[1:])})
        assert OrgFault.UNIT_WITHOUT_OWNER in faults(org)


def test_what_concerns_many_is_told_once_with_the_first_few() -> None:
    """1,837 micro-grids without a volunteer must not drown the rest."""
    micro = tuple(
        unit(f"{GRID}{n:03}", PARK, COMMUNITY, GRID, f"{GRID}{n:03}", level=Level.MICRO_GRID) for n in range(100, 400)
    )
    finding = only(WHOLE.model_copy(update={"units": (*WHOLE.units, *micro)}), OrgFault.MICRO_GRID_WITHOUT_VOLUNTEER)
    assert (finding.where, finding.count, len(finding.sample)) == (GRID, 300, SAMPLE)


def test_units_people_and_categories_are_told_by_name_with_their_code_beside_it() -> None:
    vacant = only(without("volunteer3"), OrgFault.MICRO_GRID_WITHOUT_VOLUNTEER)
    assert (vacant.where, vacant.sample) == (GRID, (MICRO,)), "for programs, codes"
    assert f"第一网格({GRID})有 1 个微网格没有志愿者" == vacant.zh
    assert f"第一网格 ({GRID})" in vacant.en
    assert (vacant.sample_zh, vacant.sample_en) == ((f"第一微网格({MICRO})",), (f"第一微网格 ({MICRO})",))

    alone = {finding.sample: finding for finding in lint(without("supervisor"))}[("worker",)]
    assert alone.zh == f"东区园区({PARK})有 1 名网格员上面没有督查员"
    assert "grid worker" in alone.en

    lost = only(without(f"{LABOUR}{Role.HANDLER}"), OrgFault.ROUTE_WITHOUT_HANDLER)
    assert (lost.sample, lost.sample_zh, lost.sample_en) == (
        ("0201",), ("欠薪纠纷(0201)",), ("Wage dispute (0201)",),
    )  # fmt: skip


def test_a_category_whose_route_leads_to_a_retired_department_is_an_error() -> None:
    departments = tuple(d.model_copy(update={"active": d.id != LABOUR}) for d in WHOLE.departments)
    finding = only(WHOLE.model_copy(update={"departments": departments}), OrgFault.ROUTE_TO_RETIRED_DEPARTMENT)
    assert (finding.where, finding.sample, finding.gravity) == (LABOUR, ("0201",), Gravity.ERROR)


def test_a_ladder_target_that_nobody_holds_is_named_and_an_error_only_at_the_top() -> None:
    def ladder(role: Role, level: Level) -> Organisation:
        rungs = (Rung(fraction=1, targets=(Target(role=role, level=level),)),)
        policy = a_policy(ladders=[Ladder(code="climb", rungs=rungs).model_dump()])
        return WHOLE.model_copy(update={"policy": policy})

    assert faults(ladder(Role.SUPERVISOR, Level.PARK)) == set()
    lower = only(ladder(Role.SUPERVISOR, Level.COMMUNITY), OrgFault.TARGET_VACANT)
    assert (lower.gravity, lower.sample) == (Gravity.WARNING, (COMMUNITY,))
    assert only(ladder(Role.REVIEWER, Level.PARK), OrgFault.TARGET_VACANT).gravity is Gravity.ERROR


def away(username: str, deputy: str | None = None, first: int = 0, last: int = 5) -> Absence:
    days = (TODAY + timedelta(days=first), TODAY + timedelta(days=last))
    return Absence(
        id=derived_id("away", username, deputy, first),
        person=derived_id(username),
        deputy=derived_id(deputy) if deputy else None,
        since=days[0],
        until=days[1],
    )


def on_duty(username: str, first_hour: int, last_hour: int) -> Shift:
    return Shift(
        id=derived_id("shift", username, first_hour),
        unit=PARK,
        role=Role.DUTY_OFFICER,
        person=derived_id(username),
        starts_at=NOW + timedelta(hours=first_hour),
        ends_at=NOW + timedelta(hours=last_hour),
    )


def test_somebody_away_without_a_deputy_leaves_a_hole_and_with_one_does_not() -> None:
    alone = WHOLE.model_copy(update={"absences": (away("duty"),)})
    assert OrgFault.UNIT_WITHOUT_OWNER in faults(alone)
    assert faults(WHOLE.model_copy(update={"absences": (away("duty", "supervisor"),)})) == set()
    assert faults(WHOLE.model_copy(update={"absences": (away("duty", first=2),)})) == set(), "not yet"


def test_faults_of_the_roster_are_found() -> None:
    def with_absences(*found: Absence) -> set[OrgFault]:
        return faults(WHOLE.model_copy(update={"absences": found}))

    assert OrgFault.DEPUTY_AWAY in with_absences(away("duty", "worker"), away("worker", "duty", first=5, last=9))
    assert with_absences(away("worker", "duty", last=2), away("worker", "supervisor", first=2)) == {
        OrgFault.ABSENCES_OVERLAP
    }
    assert with_absences(away("worker", "duty", last=1), away("worker", "duty", first=2)) == set(), "they only touch"

    gone = without("supervisor").model_copy(update={"absences": (away("worker", "supervisor"),)})
    assert OrgFault.ABSENCE_OF_INACTIVE in faults(gone)

    def with_shifts(*found: Shift, absences: tuple[Absence, ...] = ()) -> set[OrgFault]:
        return faults(WHOLE.model_copy(update={"shifts": found, "absences": absences}))

    assert with_shifts(on_duty("duty", 0, 8), on_duty("duty", 8, 16)) == set(), "one begins as the other ends"
    assert with_shifts(on_duty("duty", 0, 8), on_duty("duty", 7, 16)) == {OrgFault.SHIFTS_OVERLAP}
    assert with_shifts(on_duty("duty", 0, 8), absences=(away("duty", "supervisor"),)) == {OrgFault.SHIFT_WHILE_AWAY}
    left = without("worker").model_copy(update={"shifts": (on_duty("worker", 0, 8),)})
    assert OrgFault.SHIFT_OF_INACTIVE in faults(left)


def test_an_open_alarm_is_an_error() -> None:
    alarm = OrgAlarm(unit=GRID, role=Role.SUPERVISOR, last_at=NOW, times=7)
    finding = only(WHOLE.model_copy(update={"alarms": (alarm,)}), OrgFault.ALARM)
    assert (finding.gravity, finding.where) == (Gravity.ERROR, GRID)
    assert "7 times" in finding.en


def test_a_look_confined_to_a_subtree_tells_nothing_of_others_and_still_knows_who_is_above() -> None:
    others = tuple(
        OrgUnit(code=u.code, name=u.name, level=u.level, path=unit_path(u.code))
        for u in UNITS
        if u.code.startswith(OTHER_PARK)
    )
    org = WHOLE.model_copy(
        update={
            "units": (*WHOLE.units, *others),
            "people": (*WHOLE.people, person("left", held(Role.GRID_WORKER, OTHER_PARK), active=False)),
            "absences": (away("left"),),
            "alarms": (OrgAlarm(unit=OTHER_PARK, role=Role.SUPERVISOR, last_at=NOW, times=1),),
        }
    )
    assert {OrgFault.UNIT_WITHOUT_OWNER, OrgFault.ALARM, OrgFault.ABSENCE_OF_INACTIVE} <= faults(org)
    confined = lint(org, frozenset({MICRO}))
    assert confined == (), "its duty officer sits at the park, and the roster of others is none of its business"


def test_errors_come_first() -> None:
    org = WHOLE.model_copy(update={"people": ()})
    gravities = [finding.gravity for finding in lint(org)]
    assert gravities == sorted(gravities, key=lambda gravity: gravity is not Gravity.ERROR)
    assert Gravity.ERROR in gravities
    assert Gravity.WARNING in gravities
