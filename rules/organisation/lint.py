"""Org lint: the gaps in an organisation that would leave a case with nobody. Pure, over plain values.

Run before go-live and every night. A fault of many units is one finding, with their number and the first few named.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from models.context import Grant
from models.english import counted
from models.enums import Level, Role
from models.organisation import Gravity, Organisation, OrgFault, OrgFinding, OrgPerson, OrgUnit
from rules.organisation.names import OrgNames, TitleLookup, level_names, role_names, sample
from rules.organisation.roster import roster_findings, zone_of

#: How many of the units or people concerned are named.
SAMPLE = 5
#: Roles held for a unit that somebody must supervise.
SUPERVISED = (Role.GRID_WORKER, Role.VOLUNTEER, Role.DUTY_OFFICER, Role.REVIEWER, Role.SUPERVISOR)

ERROR, WARNING = Gravity.ERROR, Gravity.WARNING


def lint(org: Organisation, within: frozenset[str] | None = None) -> tuple[OrgFinding, ...]:
    """The faults of `org`, errors first.

    `within`: the codes of units whose subtrees are checked (None: all). Roles held above them still count. Faults that
    belong to no unit (departments, routes, the fallback owner) are always reported.
    """
    view = LintView(org, within)
    found = [finding for rule in RULES for finding in rule(view)]
    found += roster_findings(org, view.people_in_view)
    return tuple(sorted(found, key=lambda finding: finding.gravity is not ERROR))


@dataclass(frozen=True)
class HeldRole:
    """A role that an active person holds today."""

    person: OrgPerson
    grant: Grant


class LintView:
    """An organisation with the look-ups that the lint rules share."""

    def __init__(self, org: Organisation, within: frozenset[str] | None) -> None:
        self.org = org
        self._within = within
        self.names = OrgNames(org)
        self.units = [unit for unit in org.units if within is None or not within.isdisjoint(unit.path)]
        self.paths = {unit.code: unit.path for unit in org.units}
        self.held = [
            HeldRole(person, grant)
            for person in org.people
            if person.active
            for grant in person.grants
            if grant.on(org.today)
        ]
        away = {absence.person for absence in org.absences if absence.since <= org.today <= absence.until}
        covered = {
            absence.person
            for absence in org.absences
            if absence.since <= org.today <= absence.until and absence.deputy and absence.deputy not in away
        }
        self._out = away - covered
        self._present: dict[tuple[Role, str | None], set[UUID]] = defaultdict(set)
        for held in self.held:
            if held.person.id not in self._out:
                self._present[held.grant.role, held.grant.grid].add(held.person.id)

    def present(self, role: Role, unit: str | None) -> set[UUID]:
        """Who holds `role` for exactly that unit (None: for all units) and is present today, or has a deputy who is."""
        return self._present.get((role, unit), set())

    def above(self, role: Role, path: Iterable[str]) -> set[UUID]:
        """Who holds `role` for any unit on `path`, or for all units."""
        return set(self.present(role, None)).union(*(self.present(role, code) for code in path))

    def people_in_view(self, person: OrgPerson) -> bool:
        """Whether the person holds, or held, a role in the units checked; everybody when all units are."""
        return self._within is None or any(
            grant.grid in self.paths and not self._within.isdisjoint(self.paths[grant.grid])
            for grant in person.grants
            if grant.grid is not None
        )


# --- units ----------------------------------------------------------------------------------------------------------


def no_superior(view: LintView) -> Iterator[OrgFinding]:
    """People without a supervisor above them; a supervisor at the top level answers to the fallback owner."""
    seen = {unit.code for unit in view.units}
    found: dict[tuple[str, Role], list[str]] = defaultdict(list)
    for held in view.held:
        grant = held.grant
        if grant.role not in SUPERVISED or grant.grid not in seen:
            continue
        path = view.paths[grant.grid]
        if grant.role is Role.SUPERVISOR and len(path) == 1:
            continue
        over = path[:-1] if grant.role is Role.SUPERVISOR else path
        if not view.above(Role.SUPERVISOR, over) - {held.person.id}:
            found[path[0], grant.role].append(held.person.username)
    for (park, role), names in sorted(found.items()):
        at, (role_zh, role_en) = view.names.unit(park), role_names(role)
        yield _finding_of_several(
            OrgFault.NO_SUPERIOR, WARNING, park, names, view.names.person,
            f"{at.zh}有 {len(names)} 名{role_zh}上面没有督查员",
            f"in {at.en}, people without a supervisor: {len(names)}, each a {role_en}",
        )  # fmt: skip


def unit_without_owner(view: LintView) -> Iterator[OrgFinding]:
    """Units without a duty officer at or above them: every case from there goes to the fallback owner."""
    lost = _by_park(unit for unit in view.units if not any(view.present(Role.DUTY_OFFICER, code) for code in unit.path))
    for park, codes in lost:
        at = view.names.unit(park)
        yield _finding_of_several(
            OrgFault.UNIT_WITHOUT_OWNER, ERROR, park, codes, view.names.unit,
            f"{at.zh}有 {len(codes)} 个单位及其上级都没有值班员,案件将落到兜底责任人",
            f"{len(codes)} units of {at.en} have no duty officer at or above: cases go to the fallback owner",
        )  # fmt: skip


def grid_without_worker(view: LintView) -> Iterator[OrgFinding]:
    """Grids without a grid worker."""
    empty = _by_park(u for u in view.units if u.level is Level.GRID and not view.present(Role.GRID_WORKER, u.code))
    for park, codes in empty:
        at = view.names.unit(park)
        yield _finding_of_several(
            OrgFault.GRID_WITHOUT_WORKER, WARNING, park, codes, view.names.unit,
            f"{at.zh}有 {len(codes)} 个网格没有网格员", f"{len(codes)} grids of {at.en} have no grid worker",
        )  # fmt: skip


def micro_grid_without_volunteer(view: LintView) -> Iterator[OrgFinding]:
    """Micro-grids without a volunteer of their own, one finding per grid."""
    found: dict[str, list[str]] = defaultdict(list)
    for unit in view.units:
        if unit.level is Level.MICRO_GRID and not view.present(Role.VOLUNTEER, unit.code):
            found[unit.path[-2] if len(unit.path) > 1 else unit.code].append(unit.code)
    for grid, codes in sorted(found.items()):
        at = view.names.unit(grid)
        yield _finding_of_several(
            OrgFault.MICRO_GRID_WITHOUT_VOLUNTEER, WARNING, grid, codes, view.names.unit,
            f"{at.zh}有 {len(codes)} 个微网格没有志愿者",
            f"{len(codes)} micro-grids of {at.en} have no volunteer",
        )  # fmt: skip


def target_vacant(view: LintView) -> Iterator[OrgFinding]:
    """Units where nobody holds the role that a ladder targets: the step goes to the level above."""
    policy = view.org.policy
    ladders = policy.ladders if policy else ()
    targets = {
        (target.level, target.role): ladder.code
        for ladder in ladders
        for rung in ladder.rungs
        for target in rung.targets
        if target.role is not None and target.level is not None
    }
    for (level, role), ladder in sorted(targets.items()):
        vacant = _by_park(u for u in view.units if u.level is level and not view.present(role, u.code))
        for park, codes in vacant:
            at_top, at = level is Level.PARK, view.names.unit(park)
            (role_zh, role_en), (level_zh, level_en) = role_names(role), level_names(level)
            yield _finding_of_several(
                OrgFault.TARGET_VACANT, ERROR if at_top else WARNING, park, codes, view.names.unit,
                f"升级梯级 {ladder} 要找的{role_zh},在{at.zh}的 {len(codes)} 个{level_zh}无人担任",
                f"ladder {ladder} looks for a {role_en}; units of {at.en} that have none at the level of the"
                f" {level_en}: {len(codes)}",
            )  # fmt: skip


# --- departments and routes -----------------------------------------------------------------------------------------


def department_without_head(view: LintView) -> Iterator[OrgFinding]:
    """Departments without a head."""
    headed = {held.grant.department for held in view.held if held.grant.role is Role.DEPARTMENT_HEAD}
    for department in view.org.departments:
        if department.active and department.id not in headed:
            named = view.names.department(department.id)
            yield _finding(
                OrgFault.DEPARTMENT_WITHOUT_HEAD, WARNING, department.id,
                f"{named.zh}没有负责人", f"{named.en} has no head",
            )  # fmt: skip


def routes(view: LintView) -> Iterator[OrgFinding]:
    """Categories routed to a department that is retired or unknown, or that has no handler."""
    policy = view.org.policy
    if policy is None:
        return
    active = {department.id for department in view.org.departments if department.active}
    handled = {held.grant.department for held in view.held if held.grant.role in (Role.HANDLER, Role.HELPER)}
    hosts: dict[str, set[str]] = defaultdict(set)
    for category in policy.categories:
        for rule in policy.routes:
            if not rule.categories or category.code.startswith(rule.categories):
                hosts[rule.host].add(category.code)
                if not rule.grids:
                    break  # the first rule that fits decides
    for host, codes in sorted(hosts.items()):
        named = view.names.department(host)
        if host not in active:
            yield _finding_of_several(
                OrgFault.ROUTE_TO_RETIRED_DEPARTMENT, ERROR, host, sorted(codes), view.names.category,
                f"{len(codes)} 个小类派往{named.zh},而该部门不存在或已停用",
                f"{named.en}, which is retired or unknown, is the host of {counted(len(codes), 'category')}",
            )  # fmt: skip
        elif host not in handled:
            yield _finding_of_several(
                OrgFault.ROUTE_WITHOUT_HANDLER, ERROR, host, sorted(codes), view.names.category,
                f"{len(codes)} 个小类派往{named.zh},而该部门没有处置人员",
                f"{named.en}, which has no handler, is the host of {counted(len(codes), 'category')}",
            )  # fmt: skip


def fallback_gone(view: LintView) -> Iterator[OrgFinding]:
    """A fallback owner who is unknown or has left: without one nothing can be decided."""
    policy = view.org.policy
    if policy and not any(p.active and p.username == policy.fallback_owner for p in view.org.people):
        who = view.names.person(policy.fallback_owner)
        yield _finding(
            OrgFault.FALLBACK_GONE, ERROR, who.code,
            f"兜底责任人 {who.zh} 不存在或已离岗", f"the fallback owner, {who.en}, is unknown or has left",
        )  # fmt: skip


def alarms(view: LintView) -> Iterator[OrgFinding]:
    """Roles that an escalation found vacant, and that nobody has held since."""
    seen = {unit.code for unit in view.units}
    zone = zone_of(view.org)
    for alarm in view.org.alarms:
        if alarm.unit in seen:
            last: date = alarm.last_at.astimezone(zone).date()
            at, (role_zh, role_en) = view.names.unit(alarm.unit), role_names(alarm.role)
            yield _finding(
                OrgFault.ALARM, ERROR, alarm.unit,
                f"升级曾 {alarm.times} 次在{at.zh}找不到{role_zh}(最近 {last}),至今无人担任",
                f"escalation has looked for a {role_en} in {at.en} {alarm.times} times (last on {last}), and there is"
                " still none",
            )  # fmt: skip


RULES: tuple[Callable[[LintView], Iterable[OrgFinding]], ...] = (
    no_superior,
    department_without_head,
    unit_without_owner,
    grid_without_worker,
    micro_grid_without_volunteer,
    routes,
    target_vacant,
    fallback_gone,
    alarms,
)


def _by_park(units: Iterable[OrgUnit]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        found[unit.path[0]].append(unit.code)
    return sorted(found.items())


def _finding(fault: OrgFault, gravity: Gravity, where: str, zh: str, en: str) -> OrgFinding:
    return OrgFinding(fault=fault, gravity=gravity, where=where, zh=zh, en=en)


def _finding_of_several(
    fault: OrgFault, gravity: Gravity, where: str, names: list[str], titled: TitleLookup, zh: str, en: str
) -> OrgFinding:
    some = sample(map(titled, names[:SAMPLE]))
    return OrgFinding(fault=fault, gravity=gravity, where=where, count=len(names), zh=zh, en=en, **some)
