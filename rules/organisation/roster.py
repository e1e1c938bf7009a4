"""Lint of the roster: faults of absences and shifts."""

from collections.abc import Callable, Iterator
from itertools import combinations, pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from models.organisation import Absence, Gravity, Organisation, OrgFault, OrgFinding, OrgPerson, Shift
from rules.organisation.names import OrgNames, Title, role_names


def roster_findings(org: Organisation, in_view: Callable[[OrgPerson], bool]) -> list[OrgFinding]:
    """The faults of the absences and shifts of those people for whom `in_view` is true."""
    return [finding for rule in (_absence_findings, _shift_findings) for finding in rule(_Roster(org, in_view))]


class _Roster:
    def __init__(self, org: Organisation, in_view: Callable[[OrgPerson], bool]) -> None:
        self._people = {person.id: person for person in org.people}
        self._all = org.absences
        self.absences = [a for a in org.absences if in_view(self._people[a.person])]
        self.shifts = [s for s in org.shifts if in_view(self._people[s.person])]
        self.zone = zone_of(org)
        self.names = OrgNames(org)

    def title(self, person: UUID) -> Title:
        return self.names.person(self._people[person].username)

    def works_here(self, person: UUID) -> bool:
        return self._people[person].active

    def away_with(self, absence: Absence) -> Absence | None:
        """An absence of the deputy that overlaps `absence`; None when there is none."""
        return next((a for a in self._all if a.person == absence.deputy and overlap(a, absence)), None)

    def away_in(self, shift: Shift) -> Absence | None:
        """An absence of the shift's person that overlaps it; None when there is none."""
        first, last = (at.astimezone(self.zone).date() for at in (shift.starts_at, shift.ends_at))
        return next((a for a in self._all if a.person == shift.person and a.since <= last and first <= a.until), None)


def zone_of(org: Organisation) -> ZoneInfo:
    """The time zone in which the organisation's days are counted."""
    return ZoneInfo(org.policy.zone if org.policy else "UTC")


def overlap(one: Absence, other: Absence) -> bool:
    """Whether two absences have a day in common."""
    return one.since <= other.until and other.since <= one.until


def _absence_findings(roster: _Roster) -> Iterator[OrgFinding]:
    for absence in roster.absences:
        who, days = roster.title(absence.person), f"{absence.since} – {absence.until}"
        if not roster.works_here(absence.person):
            yield _finding(
                OrgFault.ABSENCE_OF_INACTIVE,
                who.code,
                f"{who.zh} 已离岗,其 {days} 的请假仍在",
                f"{who.en} has left; away {days}",
            )
        if absence.deputy is None:
            continue
        deputy = roster.title(absence.deputy)
        if not roster.works_here(absence.deputy):
            yield _finding(
                OrgFault.ABSENCE_OF_INACTIVE, who.code,
                f"{who.zh} {days} 的代理人 {deputy.zh} 已离岗", f"{deputy.en}, deputy of {who.en} on {days}, has left",
            )  # fmt: skip
        if (away := roster.away_with(absence)) is not None:
            yield _finding(
                OrgFault.DEPUTY_AWAY, who.code,
                f"{who.zh} {days} 的代理人 {deputy.zh} 自己在 {away.since} – {away.until} 请假",
                f"{deputy.en}, deputy of {who.en} on {days}, is away from {away.since} to {away.until}",
            )  # fmt: skip
    for one, other in combinations(roster.absences, 2):
        if one.person == other.person and overlap(one, other):
            who = roster.title(one.person)
            yield _finding(
                OrgFault.ABSENCES_OVERLAP, who.code,
                f"{who.zh} 的请假重叠:{one.since} – {one.until},{other.since} – {other.until}",
                f"two absences of {who.en} overlap: {one.since} – {one.until}, {other.since} – {other.until}",
            )  # fmt: skip


def _shift_findings(roster: _Roster) -> Iterator[OrgFinding]:
    for shift in roster.shifts:
        who, at = roster.title(shift.person), shift.starts_at.astimezone(roster.zone).strftime("%Y-%m-%d %H:%M")
        at_unit, (role_zh, role_en) = roster.names.unit(shift.unit), role_names(shift.role)
        if not roster.works_here(shift.person):
            yield _finding(
                OrgFault.SHIFT_OF_INACTIVE, who.code,
                f"{who.zh} 已离岗,仍排在{at_unit.zh}的{role_zh}班({at})",
                f"{who.en} has left, and is on duty as {role_en} of {at_unit.en} ({at})",
            )  # fmt: skip
        if roster.away_in(shift) is not None:
            yield _finding(
                OrgFault.SHIFT_WHILE_AWAY, who.code,
                f"{who.zh} 请假期间排了{at_unit.zh}的{role_zh}班({at})",
                f"{who.en} is away, and is on duty as {role_en} of {at_unit.en} ({at})",
            )  # fmt: skip
    by_start = sorted(roster.shifts, key=lambda shift: (str(shift.person), shift.starts_at))
    for one, other in pairwise(by_start):
        if one.person == other.person and other.starts_at < one.ends_at:
            who, first, second = roster.title(one.person), roster.names.unit(one.unit), roster.names.unit(other.unit)
            yield _finding(
                OrgFault.SHIFTS_OVERLAP, who.code,
                f"{who.zh} 的班次重叠:{first.zh}与{second.zh}",
                f"two shifts of {who.en} overlap: in {first.en} and {second.en}",
            )  # fmt: skip


def _finding(fault: OrgFault, where: str, zh: str, en: str) -> OrgFinding:
    return OrgFinding(fault=fault, gravity=Gravity.WARNING, where=where, zh=zh, en=en)
