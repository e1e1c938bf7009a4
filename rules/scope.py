"""The standing of a person towards a case: the one rule behind every list, every view and every command.

`infra.store.criteria.scope` says the same in SQL; a property test compares the two.
"""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from models.case import Case, Owner
from models.context import Grant, Person
from models.enums import Level, OwnerKind, Role, Source, Stage
from models.errors import NotYours
from models.retired import RetiredCase
from models.wire_names import PUBLIC
from rules.conflicts import in_conflict
from rules.life_cycle import APPEALED_CLOCKS, STAGE_COMMANDS, Who, givers, obstacle
from rules.requests import decides_own, own_requests
from rules.tasks import decision_tasks

#: Roles that see every case in the grid subtree they hold.
TERRITORIAL_ROLES = frozenset(
    {
        Role.GRID_WORKER,
        Role.VOLUNTEER,
        Role.LIAISON,
        Role.DUTY_OFFICER,
        Role.REVIEWER,
        Role.SUPERVISOR,
        Role.KEEPER,
        Role.AUDITOR,
        Role.ADMIN,
    }
)
#: Roles that see the cases in which their department takes or took part.
DEPARTMENT_ROLES = frozenset({Role.HANDLER, Role.DEPARTMENT_HEAD, Role.HELPER})
#: Roles that read retired cases in the archive.
ARCHIVE_ROLES = frozenset({Role.SUPERVISOR, Role.AUDITOR})
#: Roles that can settle a small matter where it was found.
LOW_ROLES = frozenset({Role.VOLUNTEER, Role.GRID_WORKER})
#: Channels by which staff record a report for somebody else; the person who recorded it is not its reporter.
TAKEN_FOR_OTHERS = frozenset({Source.HOTLINE, Source.IMPORT, Source.SPLIT, Source.SENSOR})
#: Officers who may record what a reporter told them, if they did not record the report themselves.
OFFICERS = frozenset({Role.DUTY_OFFICER, Role.REVIEWER, Role.SUPERVISOR})
#: Roles that may report; `reporting_root` says where.
REPORTING_ROLES = frozenset(
    {Role.REPORTER, Role.GRID_WORKER, Role.VOLUNTEER, Role.LIAISON, Role.DUTY_OFFICER, Role.SUPERVISOR}
)

#: What only the claimant of a claimed case does, for the host.
OF_CLAIMANT = frozenset(
    {"release", "transfer", "return", "complete", "abort", "request_extension", "request_suspension"}
)
#: What only the assigned reviewer does, once somebody was assigned.
OF_REVIEWER = frozenset({"pass_review", "fail_review"})

_TERRITORIAL_STANDING = {
    Role.GRID_WORKER: Who.GRID_WORKER,
    Role.VOLUNTEER: Who.INVOLVED,
    Role.LIAISON: Who.INVOLVED,
    Role.DUTY_OFFICER: Who.DUTY_OFFICER,
    Role.REVIEWER: Who.REVIEWER,
    Role.SUPERVISOR: Who.SUPERVISOR,
    Role.KEEPER: Who.KEEPER,
    Role.AUDITOR: Who.READER,
    Role.ADMIN: Who.READER,
}


def in_force(person: Person, day: date) -> tuple[Grant, ...]:
    """The roles that `person` holds on `day`; none when they have left."""
    return tuple(g for g in person.grants if g.on(day)) if person.active else ()


def covers(grant: Grant, grid_path: Iterable[str]) -> bool:
    """Whether the grant's subtree contains the unit at the end of `grid_path`."""
    return grant.grid is None or grant.grid in grid_path


def reporting_root(grant: Grant) -> str | None:
    """The unit in whose subtree the grant's holder may report, if the role may report at all; None: anywhere.

    Grid workers and volunteers may report anywhere in their park (our choice). The case is received where it lies, and
    in that grid they see only the case they reported.
    """
    return grant.path[0] if grant.role in LOW_ROLES and grant.path else grant.grid


def may_report(grant: Grant, grid_path: Iterable[str]) -> bool:
    """Whether the grant allows a report about the unit at the end of `grid_path`."""
    root = reporting_root(grant)
    return grant.role in REPORTING_ROLES and (root is None or root in grid_path)


def standing(person: Person, case: Case, day: date) -> frozenset[Who]:
    """Every standing of `person` towards `case` on `day`; empty when the person may not even see it.

    Whoever has an interest in the case has none, but that of a reporter in a report of their own.
    """
    found: set[Who] = set()
    if not person.active:
        return frozenset()
    found |= _reporter_standing(person, case)
    if in_conflict(person, case, day):
        return frozenset(found) if Who.OWN_REPORTER in found else frozenset()
    found |= _personal_standing(person, case, day) | _granted_standing(person, case, day)
    if person.speaks_for is not None and person.speaks_for in case.departments:
        found |= _involved(person.speaks_for, case)
    if _sits_at_desk(person, case, day):
        found |= {Who.OWNER, Who.OWNING_UNIT}
    if _works_at_owning_grid(person, case, day):
        found |= {Who.OWNER, Who.GRID_WORKER}
        if Role.GRID_WORKER in {grant.role for grant in in_force(person, day)}:
            found.add(Who.OWNING_UNIT)
    return frozenset(found)


def _granted_standing(person: Person, case: Case, day: date) -> set[Who]:
    """Standing by the roles of a place and by those of a department."""
    found: set[Who] = set()
    for grant in in_force(person, day):
        if not covers(grant, case.grid_path):
            continue
        if grant.role in TERRITORIAL_ROLES:
            found.add(_TERRITORIAL_STANDING[grant.role])
            if grant.role in OFFICERS and person.id != case.reported_by:
                found.add(Who.SECOND_OFFICER)
        elif grant.role in DEPARTMENT_ROLES and grant.department in case.departments:
            found |= _department_standing(grant, case)
    return found


def speaks_by_code(case: Case) -> bool:
    """Whether whoever has the progress code of the case speaks for its reporter: of a report by somebody without an
    account, or in their name. A report of staff's own has them as its reporter, and its code only shows it."""
    return case.reporter_ref is not None or case.reported_by == PUBLIC


def _reporter_standing(person: Person, case: Case) -> set[Who]:
    """Standing as reporter. Whoever recorded a report for somebody else may follow it, but does not speak for them."""
    by_code = person.id == PUBLIC and case.reporter_ref is not None
    if by_code or (case.reported_by == person.id and case.source not in TAKEN_FOR_OTHERS):
        return {Who.REPORTER, Who.OWN_REPORTER}
    return {Who.REPORTER} if case.reported_by == person.id else set()


def _personal_standing(person: Person, case: Case, day: date) -> set[Who]:
    """Standing by name: as owner, or as fallback owner with a decision that no unit has anybody for."""
    decides = any(task.assignee == _person_owner(person.id) for task in decision_tasks(case))
    return _owner_standing(person, case, day) | ({Who.DUTY_OFFICER, Who.SUPERVISOR} if decides else set())


def _owner_standing(person: Person, case: Case, day: date) -> set[Who]:
    """Standing as owner by name: claimant who still holds the role, assigned reviewer, or fallback owner.

    Where no unit has the role, the fallback owner does what the desk would do.
    """
    owner = case.owner
    if owner is not None and case.claimed_by is not None and owner == _person_owner(case.claimed_by):
        return {Who.OWNER} if person.acts_for(case.claimed_by, day) and holds_claim(person, case, day) else set()
    if owner is not None and owner.kind is OwnerKind.PERSON and case.reviewer is not None:
        return {Who.OWNER, Who.REVIEWER} if person.acts_for(case.reviewer, day) else set()
    if owner == _person_owner(person.id):
        return {Who.OWNER, Who.OWNING_UNIT, Who.DUTY_OFFICER, Who.SUPERVISOR, Who.REVIEWER}
    return set()


def _person_owner(person: UUID) -> Owner:
    return Owner(kind=OwnerKind.PERSON, id=str(person))


def holds_claim(person: Person, case: Case, day: date) -> bool:
    """Whether the person holds a role of the host department at the case's place."""
    return any(
        grant.role in DEPARTMENT_ROLES and grant.department == case.host and covers(grant, case.grid_path)
        for grant in in_force(person, day)
    )


def _involved(department: str, case: Case) -> set[Who]:
    """Standing of an outside body that acts for the department: it does its part, and decides nothing about others."""
    found = {Who.INVOLVED}
    if department == case.host:
        found.add(Who.HOST)
    if any(c.department == department for c in case.co_handlers):
        found.add(Who.CO_HANDLER)
    return found


def _department_standing(grant: Grant, case: Case) -> set[Who]:
    found = {Who.INVOLVED}
    if grant.department == case.host:
        found.add(Who.HOST_HEAD if grant.role is Role.DEPARTMENT_HEAD else Who.HOST)
    if any(grant.department in hosts for hosts in case.hosts_by_round.values()):
        found.add(Who.PAST_HOST)
    if case.transfer_request is not None and case.transfer_request.department == grant.department:
        found.add(Who.TRANSFER_TARGET)
    if any(c.department == grant.department for c in case.co_handlers):
        found.add(Who.CO_HANDLER)
    if any(s.department == grant.department and s.responded_at is None for s in case.summons):
        found.add(Who.SUMMONED)
    if case.owner is not None and case.owner.kind is OwnerKind.DEPARTMENT:
        found |= {Who.OWNER} if case.owner.id == grant.department else set()
    return found


def _desk_path(case: Case) -> tuple[str, ...]:
    """The path from the park to the unit that owns the case; empty when no unit of the case's own path owns it."""
    owner = case.owner
    if owner is None or owner.kind is not OwnerKind.UNIT or owner.id not in case.grid_path:
        return ()
    return case.grid_path[: case.grid_path.index(owner.id) + 1]


def _works_at_owning_grid(person: Person, case: Case, day: date) -> bool:
    """Whether a grid or micro-grid owns the case, and the person works for it (最小微闭环)."""
    desk = _desk_path(case)
    return len(desk) >= Level.GRID and any(
        grant.role in LOW_ROLES and grant.grid is not None and covers(grant, desk) for grant in in_force(person, day)
    )


def _sits_at_desk(person: Person, case: Case, day: date) -> bool:
    """Whether a desk owns the case, and the person works at that desk or at one above it."""
    desk = _desk_path(case)
    if not desk:
        return False
    roles = {Role.REVIEWER, Role.SUPERVISOR} if case.stage is Stage.REVIEW else {Role.DUTY_OFFICER, Role.SUPERVISOR}
    return any(grant.role in roles and covers(grant, desk) for grant in in_force(person, day))


def acts_for_host(person: Person, case: Case, day: date) -> bool:
    """Whether the person may do the host's part: anybody of the host while nobody has claimed the case.

    Once somebody has, only they, their deputy and their department's head may; and the outside body to which the
    department has given it.
    """
    claimed = case.claimed_by is not None and person.speaks_for is None
    return not claimed or person.acts_for(case.claimed_by, day) or is_head_of(person, case.host, case, day)


def is_head_of(person: Person, department: str | None, case: Case, day: date) -> bool:
    """Whether the person is the head of `department` for the case's place on `day`."""
    return any(
        grant.role is Role.DEPARTMENT_HEAD and grant.department == department and covers(grant, case.grid_path)
        for grant in in_force(person, day)
    )


def departments_of(person: Person, case: Case, day: date) -> frozenset[str]:
    """The departments for which the person may act on the case on `day`."""
    return frozenset(
        grant.department
        for grant in in_force(person, day)
        if grant.department is not None and covers(grant, case.grid_path)
    )


def acts_as_reviewer(person: Person, case: Case, day: date) -> bool:
    """Whether the review is the person's: nobody was assigned, or they or whoever they stand in for."""
    return case.reviewer is None or person.acts_for(case.reviewer, day)


def open_appeals(person: Person, case: Case, day: date) -> list[tuple[str, int]]:
    """The departments of the person and the rounds in which each was late as host and has not appealed, the latest
    round first."""
    mine = departments_of(person, case, day)
    late = {clock.round for clock in case.all_clocks if clock.was_late and clock.stage in APPEALED_CLOCKS}
    asked = {(appeal.department, appeal.round) for appeal in case.appeals}
    return [
        (department, number)
        for number, hosts in sorted(case.hosts_by_round.items(), reverse=True)
        for department in (hosts or _unrecorded_host(case, number))
        if department in mine and number in late and (department, number) not in asked
    ]


def _unrecorded_host(case: Case, number: int) -> tuple[str, ...]:
    """The host of a case that was dispatched before hosts were recorded per round: its last host."""
    return (case.host,) if number == case.round and case.host is not None else ()


def may_see(person: Person, case: Case, day: date) -> bool:
    """Whether `person` may know that `case` exists."""
    return bool(standing(person, case, day))


def could_see(person: Person, case: RetiredCase, day: date) -> bool:
    """Whether `person` may know that a retired case exists: who reported it, and by the roles of place and department.

    What somebody had by name (a claim, a decision that fell to them) has ended.
    """
    if not person.active:
        return False
    if person.id == case.reported_by:
        return True
    return not in_conflict(person, case, day) and any(
        covers(grant, case.grid_path)
        and (
            grant.role in TERRITORIAL_ROLES or (grant.role in DEPARTMENT_ROLES and grant.department in case.departments)
        )
        for grant in in_force(person, day)
    )


def reads_archive(person: Person, case: RetiredCase, day: date) -> bool:
    """Whether `person` may read a retired case in the archive: supervisors and auditors of the place."""
    return not in_conflict(person, case, day) and any(
        grant.role in ARCHIVE_ROLES and covers(grant, case.grid_path) for grant in in_force(person, day)
    )


def speaks_with_reporter(person: Person, case: Case, day: date) -> bool:
    """Whether the person may contact the reporter.

    Whoever recorded the report, those who ask and call back (受理、回访), and the keeper may; those who handle the case
    may not (D9).
    """
    found = standing(person, case, day)
    return not found.isdisjoint({Who.REPORTER, Who.DUTY_OFFICER, Who.REVIEWER, Who.KEEPER})


def check_standing(person: Person | None, case: Case, command: str, day: date) -> frozenset[Who]:
    """The person's standing, if it allows `command`; `person` None is the system.

    Raises NotYours.
    """
    found = frozenset({Who.SYSTEM}) if person is None else standing(person, case, day)
    who = givers(case, command)
    if found.isdisjoint(who):
        raise NotYours(command=command, who=" / ".join(who))
    return found


def may_give(person: Person, case: Case, command: str, day: date) -> bool:
    """Whether the person can give the command now.

    What every person of their standing may give, less what the decider would refuse them in this state whatever they
    filled in: a decision on their own request, the part of somebody else's claim, `retract` without a request.
    """
    return _may_give(standing(person, case, day), decides_own(case, person.id), person, case, command, day)


def allowed_commands(person: Person, case: Case, day: date) -> tuple[str, ...]:
    """The commands that the person can give now, in the order of the life cycle."""
    found = standing(person, case, day)
    if not found:
        return ()
    own = decides_own(case, person.id)
    return tuple(name for name in STAGE_COMMANDS[case.stage] if _may_give(found, own, person, case, name, day))


def _may_give(found: frozenset[Who], own: frozenset[str], person: Person, case: Case, command: str, day: date) -> bool:
    return (
        not found.isdisjoint(givers(case, command))
        and obstacle(case, command) is None
        and command not in own
        and (command not in OF_CLAIMANT or acts_for_host(person, case, day))
        and (command not in OF_REVIEWER or acts_as_reviewer(person, case, day))
        and (command != "retract" or bool(own_requests(case, person.id)))
        and (command != "appeal" or bool(open_appeals(person, case, day)))
    )
