"""Absences, deputies and shifts (值班与请假): each draft is checked field by field, then stored or refused whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import read_person
from infra.store.organisation import read_absences, read_shifts
from infra.store.policies import NoPolicy, newest_version, policy_version
from models.base import Code, Frozen, Instant, Note, WrittenInstant
from models.context import Person
from models.enums import Role
from models.errors import InputError
from models.ids import derived_id

#: Roles that have shifts: those that staff a unit's desk.
DUTY_ROLES = frozenset(
    {Role.DUTY_OFFICER, Role.REVIEWER, Role.SUPERVISOR, Role.GRID_WORKER, Role.VOLUNTEER, Role.LIAISON}
)


class AbsenceDraft(Frozen):
    """An absence to record, both days inclusive; `deputy` acts with the person's roles meanwhile. People by user
    name.
    """

    person: Code
    since: date
    until: date
    deputy: Code | None = None
    reason: Note


class ShiftDraft(Frozen):
    """A shift to record, from `starts_at` up to, not including, `ends_at`."""

    unit: Code
    role: Role
    person: Code
    starts_at: WrittenInstant
    ends_at: WrittenInstant


@dataclass(frozen=True)
class RosterFault:
    """A fault in one field of a draft."""

    field: str
    zh: str
    en: str


class AbsenceView(Frozen):
    """An absence as people read it; `deputy` None: nobody stands in."""

    person: str
    deputy: str | None
    since: date
    until: date
    reason: str


class ShiftView(Frozen):
    """A shift as people read it."""

    unit: str
    role: Role
    person: str
    starts_at: Instant
    ends_at: Instant


class Roster(Frozen):
    """Current and coming absences and shifts, by time."""

    absences: tuple[AbsenceView, ...]
    shifts: tuple[ShiftView, ...]


# --- absences -------------------------------------------------------------------------------------------------------

_UPSERT_ABSENCE = text("""
    INSERT INTO absences AS a (id, person, deputy, since, until, reason)
    VALUES (:id, :person, :deputy, :since, :until, :reason)
    ON CONFLICT (id) DO UPDATE SET deputy = excluded.deputy, until = excluded.until, reason = excluded.reason
    WHERE (a.deputy, a.until, a.reason) IS DISTINCT FROM (excluded.deputy, excluded.until, excluded.reason)
    RETURNING 1
""")
_OVERLAPPING_ABSENCE = text("""
    SELECT since, until FROM absences
    WHERE person = :person AND since <= :until AND until >= :since AND id <> :id ORDER BY since LIMIT 1
""")


async def absence_faults(connection: AsyncConnection, draft: AbsenceDraft) -> list[RosterFault]:
    """Return every fault of `draft`, field by field. The same absence again does not overlap itself."""
    faults: list[RosterFault] = []
    person = await _find_active(connection, draft.person, "person", faults)
    if draft.deputy is not None:
        await _find_active(connection, draft.deputy, "deputy", faults)
    if draft.deputy == draft.person:
        faults.append(RosterFault("deputy", "代理人不能是请假人本人", "nobody stands in for themselves"))
    if draft.until < draft.since:
        faults.append(
            RosterFault(
                "until", f"截止 {draft.until} 早于起始 {draft.since}", f"ends {draft.until}, before {draft.since}"
            )
        )
    elif person is not None:
        values = {
            "person": person.id,
            "since": draft.since,
            "until": draft.until,
            "id": _absence_id(person.id, draft.since),
        }
        if (overlapping := (await connection.execute(_OVERLAPPING_ABSENCE, values)).first()) is not None:
            days = f"{overlapping.since} – {overlapping.until}"
            faults.append(RosterFault("since", f"与已有请假重叠:{days}", f"overlaps the absence {days}"))
    return faults


async def put_absence(connection: AsyncConnection, draft: AbsenceDraft, now: datetime) -> bool:
    """Store an absence in the caller's transaction; return whether anything changed.

    Raises InputError pointing at the field that is wrong; an absence that is over is refused too.
    """
    _raise_first(await absence_faults(connection, draft))
    if draft.until < (await _today(connection, now)):
        _raise_first([RosterFault("until", f"{draft.until} 已过", f"{draft.until} has passed")])
    return await store_absence(connection, draft)


async def store_absence(connection: AsyncConnection, draft: AbsenceDraft) -> bool:
    """Store an absence that has been checked; return whether anything changed."""
    person = await _id_of(connection, draft.person)
    values = {
        **draft.model_dump(),
        "id": _absence_id(person, draft.since),
        "person": person,
        "deputy": await _id_of(connection, draft.deputy) if draft.deputy else None,
    }
    return (await connection.execute(_UPSERT_ABSENCE, values)).first() is not None


async def cancel_absence(connection: AsyncConnection, username: str, day: date, now: datetime) -> None:
    """Cancel the absence that `day` lies in: one that has begun ends yesterday, so that the past stays readable.

    Raises InputError when there is none.
    """
    faults: list[RosterFault] = []
    person = await _find_active(connection, username, "person", faults)
    _raise_first(faults)
    assert person is not None
    where = "person = :person AND :day BETWEEN since AND until"
    values = {"person": person.id, "day": day, "today": await _today(connection, now)}
    if await connection.scalar(text(f"SELECT 1 FROM absences WHERE {where}"), values) is None:  # noqa: S608 only names of our own code are put in, values are parameters
        _raise_first([RosterFault("since", f"{username} 在 {day} 没有请假", f"{username} is not away on {day}")])
    await connection.execute(
        text(f"UPDATE absences SET until = :today - 1 WHERE {where} AND since < :today AND until >= :today"),  # noqa: S608 only names of our own code are put in, values are parameters
        values,
    )
    await connection.execute(text(f"DELETE FROM absences WHERE {where} AND since >= :today"), values)  # noqa: S608 only names of our own code are put in, values are parameters


# --- shifts ---------------------------------------------------------------------------------------------------------

_UPSERT_SHIFT = text("""
    INSERT INTO shifts AS s (id, unit, role, person, starts_at, ends_at)
    VALUES (:id, :unit, :role, :person, :starts_at, :ends_at)
    ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at WHERE s.ends_at <> excluded.ends_at
    RETURNING 1
""")
_UNIT = text("""
    SELECT string_to_array(ltree2text(path), '.') FROM grid_units
    WHERE code = :code AND (retired_on IS NULL OR retired_on > :today)
""")
_OVERLAPPING_SHIFT = text("""
    SELECT unit, starts_at FROM shifts
    WHERE person = :person AND starts_at < :ends_at AND ends_at > :starts_at AND id <> :id ORDER BY starts_at LIMIT 1
""")
_ABSENCE_DURING = text("""
    SELECT since, until FROM absences WHERE person = :person AND since <= :last AND until >= :first LIMIT 1
""")


async def shift_faults(connection: AsyncConnection, draft: ShiftDraft) -> list[RosterFault]:
    """Return every fault of `draft`, field by field. The same shift again does not overlap itself."""
    faults: list[RosterFault] = []
    person = await _find_active(connection, draft.person, "person", faults)
    zone = await _zone(connection)
    first = draft.starts_at.astimezone(zone).date()
    last = (draft.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    path: list[str] | None = await connection.scalar(_UNIT, {"code": draft.unit, "today": first})
    if path is None:
        zh, en = f"没有网格“{draft.unit}”,或已停用", f"there is no grid unit “{draft.unit}”, or it is retired"
        faults.append(RosterFault("unit", zh, en))
    if draft.ends_at <= draft.starts_at:
        faults.append(RosterFault("ends_at", "结束不晚于开始", "ends no later than it starts"))
        return faults
    if draft.role not in DUTY_ROLES:
        duty_roles = ", ".join(sorted(DUTY_ROLES))
        faults.append(
            RosterFault("role", f"角色 {draft.role} 不排班,可选:{duty_roles}", f"no duty role; one of: {duty_roles}")
        )
    elif (
        person is not None and path is not None and not all(_holds(person, draft.role, path, d) for d in (first, last))
    ):
        faults.append(
            RosterFault(
                "role",
                f"{draft.person} 届时不担任 {draft.unit}(或其上级)的 {draft.role}",
                f"{draft.person} is then no {draft.role} of {draft.unit} or of a unit above it",
            )
        )
    if person is not None:
        faults += await _clashes(connection, draft, person, first, last)
    return faults


async def _clashes(
    connection: AsyncConnection, draft: ShiftDraft, person: Person, first: date, last: date
) -> list[RosterFault]:
    """Return the faults of a person who is on another shift or away at that time."""
    faults = []
    values = {**draft.model_dump(), "person": person.id, "id": _shift_id(draft, person.id)}
    if (overlapping := (await connection.execute(_OVERLAPPING_SHIFT, values)).first()) is not None:
        zh, en = f"与 {overlapping.unit} 的班次重叠", f"overlaps a shift in {overlapping.unit}"
        faults.append(RosterFault("starts_at", zh, en))
    away = (await connection.execute(_ABSENCE_DURING, {"person": person.id, "first": first, "last": last})).first()
    if away is not None:
        days = f"{away.since} – {away.until}"
        faults.append(RosterFault("person", f"{draft.person} 请假:{days}", f"{draft.person} is away {days}"))
    return faults


async def put_shift(connection: AsyncConnection, draft: ShiftDraft, now: datetime) -> bool:
    """Store a shift in the caller's transaction; return whether anything changed.

    Raises InputError pointing at the field that is wrong; a shift that is over is refused too.
    """
    _raise_first(await shift_faults(connection, draft))
    if draft.ends_at <= now:
        _raise_first([RosterFault("ends_at", f"{draft.ends_at} 已过", f"{draft.ends_at} has passed")])
    return await store_shift(connection, draft)


async def store_shift(connection: AsyncConnection, draft: ShiftDraft) -> bool:
    """Store a shift that has been checked; return whether anything changed."""
    person = await _id_of(connection, draft.person)
    values = {**draft.model_dump(mode="json"), "id": _shift_id(draft, person), "person": person}
    values |= {"starts_at": draft.starts_at, "ends_at": draft.ends_at}
    return (await connection.execute(_UPSERT_SHIFT, values)).first() is not None


async def cancel_shift(
    connection: AsyncConnection, unit: str, role: Role, username: str, at: datetime, now: datetime
) -> None:
    """Cancel the shift that `at` lies in: one that has begun ends now. Raises InputError when there is none."""
    faults: list[RosterFault] = []
    person = await _find_active(connection, username, "person", faults)
    _raise_first(faults)
    assert person is not None
    where = "unit = :unit AND role = :role AND person = :person AND starts_at <= :at AND ends_at > :at"
    values = {"unit": unit, "role": role.value, "person": person.id, "at": at, "now": now}
    if await connection.scalar(text(f"SELECT 1 FROM shifts WHERE {where}"), values) is None:  # noqa: S608 only names of our own code are put in, values are parameters
        zh, en = f"{username} 此时没有 {unit} 的班次", f"{username} has no such shift in {unit} then"
        _raise_first([RosterFault("starts_at", zh, en)])
    await connection.execute(
        text(f"UPDATE shifts SET ends_at = :now WHERE {where} AND starts_at < :now AND ends_at > :now"),  # noqa: S608 only names of our own code are put in, values are parameters
        values,
    )
    await connection.execute(text(f"DELETE FROM shifts WHERE {where} AND starts_at >= :now"), values)  # noqa: S608 only names of our own code are put in, values are parameters


# --- both -----------------------------------------------------------------------------------------------------------


async def read_roster(connection: AsyncConnection, now: datetime) -> Roster:
    """Return who is or will be away and on duty."""
    names: dict[UUID, str] = {
        row.id: row.username for row in await connection.execute(text("SELECT id, username FROM people"))
    }
    return Roster(
        absences=tuple(
            AbsenceView(
                person=names[a.person],
                deputy=names[a.deputy] if a.deputy else None,
                since=a.since,
                until=a.until,
                reason=a.reason,
            )
            for a in await read_absences(connection, now)
        ),
        shifts=tuple(
            ShiftView(unit=s.unit, role=s.role, person=names[s.person], starts_at=s.starts_at, ends_at=s.ends_at)
            for s in await read_shifts(connection, now)
        ),
    )


async def local_moment(connection: AsyncConnection, moment: datetime) -> datetime:
    """Return `moment`, in the park's zone when it has none."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=await _zone(connection))


def _raise_first(faults: Iterable[RosterFault]) -> None:
    for fault in faults:
        raise InputError(pointer=f"/{fault.field}", why_zh=fault.zh, why_en=fault.en)


async def _find_active(
    connection: AsyncConnection, username: str, field: str, faults: list[RosterFault]
) -> Person | None:
    id_ = await connection.scalar(text("SELECT id FROM people WHERE username = :u AND active"), {"u": username})
    if id_ is None:
        zh, en = f"没有在岗人员“{username}”", f"there is no active person “{username}”"
        faults.append(RosterFault(field, zh, en))
        return None
    return await read_person(connection, id_)


async def _id_of(connection: AsyncConnection, username: str) -> UUID:
    found = await connection.scalar(text("SELECT id FROM people WHERE username = :u"), {"u": username})
    assert isinstance(found, UUID), username
    return found


def _holds(person: Person, role: Role, path: Iterable[str], day: date) -> bool:
    return any(g.role is role and g.on(day) and (g.grid is None or g.grid in path) for g in person.grants)


def _absence_id(person: UUID, since: date) -> UUID:
    return derived_id("absence", person, since)


def _shift_id(draft: ShiftDraft, person: UUID) -> UUID:
    return derived_id("shift", draft.unit, draft.role, person, draft.starts_at.timestamp())


async def _zone(connection: AsyncConnection) -> ZoneInfo:
    try:
        return ZoneInfo((await policy_version(connection, await newest_version(connection))).zone)
    except NoPolicy:
        return ZoneInfo("Asia/Shanghai")


async def _today(connection: AsyncConnection, now: datetime) -> date:
    return now.astimezone(await _zone(connection)).date()
