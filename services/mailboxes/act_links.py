"""The one-time links of somebody with an account: each leads to one act on one case, from a message sent to them.

Such a link gives no right: its page has them sign in, and the case says whether they may. What it is worth is over once
the act is done, once the case has moved on, or when its time is up.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Settings
from infra.store.cases import read_case, read_facts
from infra.store.context import local_day
from infra.store.criteria.scope import visible
from infra.store.one_time_links import find_link_by_id, make_link
from infra.store.policies import newest_version, policy_version
from models.case import Case
from models.context import Person
from models.enums import Stage
from models.errors import LinkOfOther, NoSuchPage
from models.ids import derived_id
from models.one_time_links import Link, LinkHolder
from models.tables import CASES
from rules.mailbox.acts import dealt_with_by
from rules.scope import may_give


async def make_person_link(
    connection: AsyncConnection,
    settings: Settings,
    case: Case,
    act: str,
    person: UUID,
    now: datetime,
    *,
    message: str,
) -> str:
    """Make the link that leads somebody with an account to an act on the case; return its token.

    `message`: the key of the send that carries it. Made again for the same message, case and act, it is the same link.
    """
    policy = await policy_version(connection, await newest_version(connection))
    link = Link(
        id=derived_id(case.report_id, "link", act, person, case.round, message),
        report_id=case.report_id,
        holder=LinkHolder.PERSON,
        act=act,
        person=person,
        round=case.round,
        made_at=now,
        expires_at=now + timedelta(days=policy.handovers.link_days),
    )
    return await make_link(connection, settings, link)


class ActState(StrEnum):
    """What a link is worth to its person. `lost`: they may not see the case now. `passed`: the case has moved on."""

    DUE = "due"
    USED = "used"
    PASSED = "passed"
    LOST = "lost"
    EXPIRED = "expired"


@dataclass(frozen=True)
class ActLinkView:
    """A link as its person sees it. `case_no`: None where they may not see the case. `used_at`: when they gave
    `used_by`, a command that dealt with it. `stage`: where the case stands."""

    act: str
    state: ActState
    case_no: str | None = None
    stage: Stage | None = None
    used_by: str | None = None
    used_at: datetime | None = None


async def open_act_link(connection: AsyncConnection, person: Person, id_: UUID, now: datetime) -> ActLinkView:
    """Return what the link is worth to `person`; one whose act they have done since it was made is used.

    Raises NoSuchPage where no message to anybody has such a link, and LinkOfOther for the link of somebody else.
    """
    link = await find_link_by_id(connection, id_)
    if link is None or link.holder is not LinkHolder.PERSON:
        raise NoSuchPage(what="link")
    if link.person != person.id:
        raise LinkOfOther()
    day = await local_day(connection, now)
    seen = select(CASES.c.report_id).where(CASES.c.report_id == link.report_id, visible(person, day))
    case = None if await connection.scalar(seen) is None else await read_case(connection, link.report_id)
    if case is None:
        return ActLinkView(link.act, ActState.LOST)
    commands = dealt_with_by(link.act)
    facts = await read_facts(connection, link.report_id)
    done = [
        fact
        for fact in facts
        if fact.at >= link.made_at and fact.actor.person == person.id and fact.command in commands
    ]
    view = ActLinkView(link.act, ActState.DUE, case.case_no, case.stage)
    if done:
        return replace(view, state=ActState.USED, used_by=done[0].command, used_at=done[0].at)
    if now >= link.expires_at:
        return replace(view, state=ActState.EXPIRED)
    due = case.round == link.round and may_give(person, case, link.act, day)
    return view if due else replace(view, state=ActState.PASSED)
