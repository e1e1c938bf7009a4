"""Declared interests (利害关系) of people, in the caller's transaction: who steps aside from which cases, until when.

Whoever has an interest in the enterprise that a case is about, in a department that takes part in it, or in a unit that
it lies in, neither sees nor touches it (`rules.conflicts`).
"""

from datetime import date, timedelta
from typing import Self
from uuid import UUID

from pydantic import model_validator
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version, policy_version
from models.base import Code, Frozen, Note, fault
from models.enums import InterestKind
from models.errors import InputError, NoSuchPage, NotRecusable
from models.ids import derived_id


class InterestDraft(Frozen):
    """An interest to declare, both days inclusive; `until` None: until further notice."""

    kind: InterestKind
    target: Code
    since: date
    until: date | None = None
    reason: Note

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise fault(f"截止 {self.until} 早于起始 {self.since}", f"ends {self.until}, before {self.since}")
        return self


class InterestView(Frozen):
    """A declared interest. `name`: the enterprise, department or unit in words, in Chinese."""

    id: UUID
    kind: InterestKind
    target: str
    name: str
    since: date
    until: date | None
    reason: str


_READ = text("""
    SELECT i.id, i.kind, i.target, i.since, i.until, i.reason, coalesce(m.name, d.name_zh, u.name, i.target) AS name
    FROM interests i
    LEFT JOIN matters m ON i.kind = 'enterprise' AND m.kind = 'enterprise' AND m.code = i.target
    LEFT JOIN departments d ON i.kind = 'department' AND d.id = i.target
    LEFT JOIN grid_units u ON i.kind = 'unit' AND u.code = i.target
    WHERE i.person = :person ORDER BY i.until DESC NULLS FIRST, i.since, i.id
""")
_KNOWN = {
    InterestKind.ENTERPRISE: text("SELECT 1 FROM matters WHERE kind = 'enterprise' AND code = :code"),
    InterestKind.DEPARTMENT: text("SELECT 1 FROM departments WHERE id = :code"),
    InterestKind.UNIT: text("SELECT 1 FROM grid_units WHERE code = :code"),
}
_PUT = text("""
    INSERT INTO interests AS i (id, person, kind, target, since, until, reason)
    VALUES (:id, :person, :kind, :target, :since, :until, :reason)
    ON CONFLICT (id) DO UPDATE SET until = excluded.until, reason = excluded.reason
    WHERE (i.until, i.reason) IS DISTINCT FROM (excluded.until, excluded.reason)
    RETURNING 1
""")


async def list_interests(connection: AsyncConnection, username: str) -> tuple[InterestView, ...]:
    """Return what is declared of a person, past and future included, the newest end first. Raises NoSuchPage."""
    rows = await connection.execute(_READ, {"person": await _id_of(connection, username)})
    return tuple(InterestView.model_validate(dict(row._mapping)) for row in rows)


async def put_interest(connection: AsyncConnection, username: str, draft: InterestDraft) -> bool:
    """Declare an interest; the same from the same day on is changed. Return whether anything changed.

    Raises NoSuchPage; InputError for an unknown target; NotRecusable for the fallback owner, after whom nobody would be
    left.
    """
    person = await _id_of(connection, username)
    if await connection.scalar(_KNOWN[draft.kind], {"code": draft.target}) is None:
        zh, en = f"没有“{draft.target}”", f"there is no “{draft.target}”"
        raise InputError(pointer="/target", why_zh=zh, why_en=en)
    if username == (await policy_version(connection, await newest_version(connection))).fallback_owner:
        raise NotRecusable(pointer="/person")
    id_ = derived_id("interest", person, draft.kind, draft.target, draft.since)
    values = {**draft.model_dump(), "kind": draft.kind.value, "id": id_, "person": person}
    return (await connection.execute(_PUT, values)).first() is not None


async def end_interest(connection: AsyncConnection, username: str, id_: UUID, last: date, *, today: date) -> None:
    """End an interest with the day `last`; one that would end before it begins is removed.

    Raises NoSuchPage, and InputError for a day before yesterday: what was hidden then stays explained.
    """
    if last < today - timedelta(days=1):
        zh, en = f"最后一天 {last} 早于昨天", f"the last day, {last}, is before yesterday"
        raise InputError(pointer="/last", why_zh=zh, why_en=en)
    values = {"id": id_, "person": await _id_of(connection, username), "last": last}
    where = "id = :id AND person = :person"
    ended = await connection.execute(
        text(f"UPDATE interests SET until = :last WHERE {where} AND since <= :last RETURNING 1"),  # noqa: S608 only names of our own code are put in, values are parameters
        values,
    )
    if ended.first() is None:
        gone = await connection.execute(text(f"DELETE FROM interests WHERE {where} RETURNING 1"), values)  # noqa: S608 only names of our own code are put in, values are parameters
        if gone.first() is None:
            raise NoSuchPage(what=f"interest {id_}")


async def _id_of(connection: AsyncConnection, username: str) -> UUID:
    found: UUID | None = await connection.scalar(text("SELECT id FROM people WHERE username = :u"), {"u": username})
    if found is None:
        raise NoSuchPage(what=f"person {username}")
    return found
