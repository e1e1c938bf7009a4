"""What the decision of a mailbox rests on, read in the transaction that records it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day, read_person
from infra.store.criteria.matters import without_conflict_of_case
from infra.store.criteria.scope import visible
from infra.store.policies import newest_version, policy_version
from models.base import STORED
from models.context import Person
from models.mailbox import Arrival, Item, ItemDetail, MailSettings, MessageForm, Sent, Storm
from models.policy.document import Policy
from models.policy.notifications import NotificationPolicy
from models.quiet_hours import QuietHours
from models.tables import CASES, MAIL_ITEMS, MATTERS
from rules.mailbox.box import SENT_KEPT, Box

#: How many items are looked at at once; the rest follows at the next look.
MOST = 20_000

_LOCK = text("""
    INSERT INTO mailboxes (person, storms, decided_at) VALUES (:person, '[]', :now)
    ON CONFLICT (person) DO UPDATE SET decided_at = excluded.decided_at RETURNING storms
""")
#: Whether there is still something to do or know; `rules.mailbox.intake.stands` says the same of a case.
_STANDING = """
    CASE WHEN i.origin_kind <> 'case' THEN m.id IS NOT NULL AND m.ended_at IS NULL
        WHEN i.detail ->> 'task' IS NOT NULL THEN EXISTS (SELECT 1 FROM tasks t
            WHERE t.report_id = i.origin_id AND t.key = i.detail ->> 'task'
                AND t.assignee_kind || ':' || t.assignee_id = i.detail ->> 'assignee')
        WHEN i.detail ->> 'stands' IS NOT NULL THEN c.closed_at IS NULL AND i.detail ->> 'stands' = concat_ws(':',
            c.stage, c.round, coalesce(c.host, ''), coalesce(c.state ->> 'claimed_by', ''),
            coalesce(c.state ->> 'acknowledged_by', ''))
        ELSE true END
"""
_ITEMS = f"""
    SELECT i.origin_kind, i.origin_id, i.seq, i.at, i.ground, i.place, i.detail, i.read_at IS NOT NULL AS read,
        i.message, {_STANDING} AS standing
    FROM mail_items i LEFT JOIN cases c ON i.origin_kind = 'case' AND c.report_id = i.origin_id
        LEFT JOIN matters m ON i.origin_kind <> 'case' AND m.id = i.origin_id
    WHERE i.person = :person AND
"""  # noqa: S608 only names of our own code are put in, values are parameters
_WAITING = text(f"{_ITEMS} i.state IN ('new', 'waiting') ORDER BY i.at, i.origin_id, i.seq LIMIT {MOST}")
_OF_MESSAGES = text(f"{_ITEMS} i.message = ANY (:messages) ORDER BY i.at, i.origin_id, i.seq")
_ARRIVALS = text("SELECT at, place, ground FROM mail_items WHERE person = :person AND at > :since ORDER BY at")
_SENT = text("""
    SELECT m.id, m.at, m.channels[1] AS channel, m.form, m.urgent, m.opening,
        EXISTS (SELECT 1 FROM mail_messages r WHERE r.repeats = m.id AND r.person = m.person) AS seconded
    FROM mail_messages m WHERE m.person = :person AND m.at > :since AND cardinality(m.channels) > 0 ORDER BY m.at
""")
_CHANNELS = text("""
    SELECT a.channel, c.kind FROM mail_addresses a JOIN channels c ON c.id = a.channel AND c.enabled
    WHERE a.person = :person AND a.verified_at IS NOT NULL AND NOT a.off AND (c.kind <> 'push'
        OR EXISTS (SELECT 1 FROM push_subscriptions p WHERE p.person = a.person))
    ORDER BY a.rank, a.id
""")
_SETTINGS = text("""
    SELECT (SELECT content FROM mail_settings WHERE person = :person) AS mail,
        (SELECT nullif(content -> 'quiet', 'null') FROM person_settings WHERE person = :person) AS quiet
""")


async def read_box(connection: AsyncConnection, id_: UUID, now: datetime) -> Box | None:
    """Lock the mailbox of a person until the transaction ends, and return it; None when there is no such person.

    Raises NoPolicy while none is published.
    """
    person = await read_person(connection, id_)
    if person is None:
        return None
    storms = await connection.scalar(_LOCK, {"person": id_, "now": now})
    policy = await policy_version(connection, await newest_version(connection))
    rules = policy.notifications
    settings, quiet = await read_choices(connection, id_, policy)
    channels = (await connection.execute(_CHANNELS, {"person": id_})).all()
    sent = (await connection.execute(_SENT, {"person": id_, "since": now - SENT_KEPT})).all()
    rows = (await connection.execute(_WAITING, {"person": id_})).all()
    told_rows = (
        await connection.execute(_OF_MESSAGES, {"person": id_, "messages": [one.id for one in sent]})
    ).all()  # fmt: skip
    hidden = await _hidden(connection, person, now)
    told = [(row.message, _item(row, hidden)) for row in told_rows]
    calendar = policy.calendar()
    assert calendar is not None, "a policy has at least one calendar"
    return Box(
        items=tuple(_item(row, hidden) for row in rows),
        channels=tuple(dict.fromkeys(row.channel for row in channels)),
        kinds={row.channel: row.kind for row in channels},
        policy=rules,
        calendar=calendar,
        zone=ZoneInfo(settings.zone or policy.zone),
        settings=settings,
        quiet=quiet,
        told=_told_by_opening(sent, told),
        arrivals=await _arrivals(connection, id_, rules, now),
        sent=tuple(_sent(row, told) for row in sent),
        storms=tuple(Storm.model_validate(storm, context=STORED) for storm in storms),
    )


async def read_choices(
    connection: AsyncConnection, person: UUID, policy: Policy
) -> tuple[MailSettings, QuietHours | None]:
    """Return what a person chose, and their quiet hours: the policy's for somebody who has chosen nothing."""
    row = (await connection.execute(_SETTINGS, {"person": person})).one()
    settings = MailSettings.model_validate(row.mail or {}, context=STORED)
    if row.quiet is not None:
        return settings, QuietHours.model_validate(row.quiet, context=STORED)
    return settings, policy.notifications.quiet if row.mail is None else None


async def _arrivals(
    connection: AsyncConnection, person: UUID, rules: NotificationPolicy, now: datetime
) -> tuple[Arrival, ...]:
    """What came lately, as far back as a storm is told by."""
    since = now - timedelta(minutes=rules.storm.window_minutes + rules.storm.lasts_minutes)
    rows = await connection.execute(_ARRIVALS, {"person": person, "since": since})
    return tuple(Arrival(at=row.at, place=row.place, urgent=row.ground in rules.minimum) for row in rows)


async def _hidden(connection: AsyncConnection, person: Person, now: datetime) -> set[UUID]:
    """The cases and matters among the person's items that they may not see any more."""
    day = await local_day(connection, now)
    mine = select(MAIL_ITEMS.c.origin_id).where(MAIL_ITEMS.c.person == person.id, MAIL_ITEMS.c.at > now - SENT_KEPT * 7)
    cases = select(CASES.c.report_id).where(CASES.c.report_id.in_(mine))
    matters = select(MATTERS.c.id).where(MATTERS.c.id.in_(mine))
    hidden: set[UUID] = set()
    for every, seen in (
        (cases, cases.where(visible(person, day))),
        (matters, matters.where(without_conflict_of_case(person, day))),
    ):
        hidden |= {row[0] for row in await connection.execute(every.except_(seen))}
    return hidden


def _item(row: Any, hidden: set[UUID]) -> Item:
    return Item(
        origin_kind=row.origin_kind,
        origin=row.origin_id,
        seq=row.seq,
        at=row.at,
        ground=row.ground,
        place=row.place,
        detail=ItemDetail.model_validate(row.detail, context=STORED),
        standing=bool(row.standing),
        visible=row.origin_id not in hidden,
        read=row.read,
    )


def _told_by_opening(sent: Iterable[Any], told: list[tuple[UUID, Item]]) -> tuple[Item, ...]:
    """The items of the last ordinary message, where it began a digest interval, that still stand."""
    forms = (MessageForm.SINGLE, MessageForm.DIGEST)
    ordinary = [one for one in sent if not one.urgent and one.form in forms]
    if not ordinary or not ordinary[-1].opening:
        return ()
    return tuple(item for id_, item in told if id_ == ordinary[-1].id and item.standing and item.visible)


def _sent(row: Any, told: list[tuple[UUID, Item]]) -> Sent:
    unread = (item.key for id_, item in told if id_ == row.id and item.standing and item.visible and not item.read)
    return Sent(
        id=row.id,
        at=row.at,
        channel=row.channel,
        form=row.form,
        urgent=row.urgent,
        opening=row.opening,
        seconded=row.seconded,
        items=tuple(unread),
    )
