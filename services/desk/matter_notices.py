"""The notices of a person about matters (事项): what was overdue and climbed to them, and what else reached them."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.criteria.matters import matters_within, without_conflict_of_case
from infra.store.criteria.scope import CACHE_SIZE
from models.base import Frozen, Instant
from models.context import Person
from models.enums import EscalationMode
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from models.personal_numbers import mask_numbers
from models.tables import MATTER_FACTS, MATTER_NOTICES, MATTERS
from rules.scope import DEPARTMENT_ROLES, in_force
from services.mailboxes.told import Fate, read_fates
from services.wording.matters.registry import PART_FIELDS, fact_sentence, part_names

#: The kinds that alert in quiet hours too (our choice).
URGENT_KINDS = (MatterKind.EMERGENCY, MatterKind.STATION)


class MatterNotice(Frozen):
    """A fact of a matter that reached the reader or their department; `text` says what it was, `href` is its page."""

    at: Instant
    mode: EscalationMode
    read: bool
    kind: MatterKind
    code: str
    name: str
    text: str
    href: str
    told: Fate | None = None


async def find_matter_notices(
    connection: AsyncConnection, person: Person, day: date, language: str, limit: int, *, unread: bool
) -> tuple[MatterNotice, ...]:
    """Return the person's newest notices about matters."""
    n, f, m = MATTER_NOTICES.c, MATTER_FACTS.c, MATTERS.c
    joined = MATTER_NOTICES.join(MATTERS, m.id == n.matter_id).join(
        MATTER_FACTS, and_(f.matter_id == n.matter_id, f.seq == n.seq)
    )
    mine = and_(_mine(person, day), *([n.read_at.is_(None)] if unread else []))
    query = (
        select(n.matter_id, n.seq, n.at, n.mode, n.read_at, m.kind, m.code, m.name, f.body)
        .add_columns(*(m.state[field].label(field) for field in PART_FIELDS))
        .select_from(joined)
        .where(mine)
    )
    rows = (await connection.execute(query.order_by(n.at.desc()).limit(limit))).all()
    fates = await read_fates(connection, person.id, [(row.matter_id, row.seq) for row in rows], language)
    return tuple(
        _notice(row, language).model_copy(update={"told": fates.get((row.matter_id, row.seq))}) for row in rows
    )


def _notice(row: Any, language: str) -> MatterNotice:
    kind = MatterKind(row.kind)
    return MatterNotice(
        at=row.at,
        mode=row.mode,
        read=row.read_at is not None,
        kind=kind,
        code=row.code,
        name=mask_numbers(row.name),
        text=mask_numbers(fact_sentence(kind, row.body, language, part_names(row._mapping, language))),
        href=f"/park/{PATHS[kind]}/{row.code}",
    )


@lru_cache(maxsize=CACHE_SIZE)
def unread_matter_counts(person: Person, day: date) -> tuple[ScalarSelect[int], ScalarSelect[int]]:
    """Return how many notices about matters the person has not read, and how many of those are urgent: subqueries."""
    joined = MATTER_NOTICES.join(MATTERS, MATTERS.c.id == MATTER_NOTICES.c.matter_id)
    waiting = select(func.count()).select_from(joined).where(_mine(person, day), MATTER_NOTICES.c.read_at.is_(None))
    return waiting.scalar_subquery(), waiting.where(MATTERS.c.kind.in_(URGENT_KINDS)).scalar_subquery()


async def mark_matters_read(
    connection: AsyncConnection, person: Person, day: date, now: datetime, until: datetime
) -> int:
    """Mark as read the notices about matters that came up to `until`, and return how many."""
    n = MATTER_NOTICES.c
    joined = MATTER_NOTICES.join(MATTERS, MATTERS.c.id == n.matter_id)
    keys: Sequence[Any] = (n.matter_id, n.seq, n.receiver)
    found = select(*keys).select_from(joined).where(_mine(person, day), n.read_at.is_(None), n.at <= until).subquery()
    same = and_(n.matter_id == found.c.matter_id, n.seq == found.c.seq, n.receiver == found.c.receiver)
    done = await connection.execute(update(MATTER_NOTICES).values(read_at=now).where(same))
    return int(done.rowcount)


def _mine(person: Person, day: date) -> ColumnElement[bool]:
    """The condition that a notice reached the person, or a department that they belong to at the matter's place."""
    receivers: list[ColumnElement[bool]] = [MATTER_NOTICES.c.person == person.id]
    receivers += [
        and_(MATTER_NOTICES.c.department == grant.department, matters_within(grant.grid))
        for grant in in_force(person, day)
        if grant.role in DEPARTMENT_ROLES and grant.department is not None
    ]
    return and_(or_(*receivers), without_conflict_of_case(person, day))
