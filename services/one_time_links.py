"""One-time links (一次性链接): what one shows, and the one answer that it takes.

The link of a partner or of a reporter is itself the right to one act on one case. That of somebody with an account only
leads to the act. The case decides whether an answer counts: its command id is the id of the link, so of two answers
at once one is recorded, and what the case has recorded under it is what a later reader is told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.case_client import act_as_system
from infra.database import transaction
from infra.settings import Settings
from infra.store.cases import read_case, read_facts
from infra.store.context import filter_pictures, local_day, read_person
from infra.store.machine_accounts import ensure_outside_account
from infra.store.one_time_links import find_link, links_of, make_link, note_used, take_back, token_of
from infra.store.policies import newest_version, policy_version
from models.base import Answer, Frozen, Given, Instant, Note, Title
from models.case import Case
from models.commands import HumanCommand, Inform
from models.context import Person
from models.enums import Severity
from models.errors import (
    CommandIdReused,
    DomainError,
    LinkExpired,
    LinkPassed,
    LinkUsed,
    NoActByLink,
    NoSuchPage,
    NotYours,
)
from models.facts import InfoRequested, Received, Urged
from models.ids import derived_id
from models.messages import SystemAct, command_digest
from models.one_time_links import PARTNER_ACTS, Link, LinkHolder
from models.policy.handovers import MOST_LINK_DAYS
from models.wire_names import PUBLIC
from rules.life_cycle import Who
from rules.parties import parties
from rules.scope import check_standing, standing
from services.cases.names import Names, read_names
from services.cases.queries import find_case
from services.commands.send import read_command, send
from services.runtime.resources import Resources
from services.wording.vocabulary import COMMANDS, label_of

#: The longest text that is looked up as a token.
_LONGEST_TOKEN = 100
#: Who may make and take back the links of a case: those who deal with it now, and its desk.
_MAKERS = frozenset({Who.HOST, Who.HOST_HEAD, Who.DUTY_OFFICER, Who.SUPERVISOR, Who.OWNING_UNIT})
_ANSWER = text("SELECT at, digest, body FROM facts WHERE report_id = :report AND command_id = :id ORDER BY seq LIMIT 1")


class LinkRequest(Given):
    """A link to be made for a partner: how they are called, the act, and for how many days it works (None: as the
    policy says)."""

    id: UUID
    named: Title
    act: str
    days: Annotated[int, Field(ge=1, le=MOST_LINK_DAYS)] | None = None


class LinkAnswer(Given):
    """What the page of a link posts. `answer`: with a completion, what the reporter will read."""

    text: Note
    answer: Answer = ""


class LinkLine(Frozen):
    """A link in the list of its case; `path`: its address, where it can still be used."""

    id: UUID
    named: str
    act: str
    department: str | None
    made_at: Instant
    expires_at: Instant
    used_at: Instant | None
    revoked_at: Instant | None
    path: str | None


class LinkView(Frozen):
    """What a link shows: only what its act needs, and nothing of the reporter.

    `used_at` and `said`: when it was answered, and with what (None: accepted, not yet recorded). `place`: from the park
    down; for a reporter no further than the community. `question`: what is asked. `asks_reply`: whether a reply to the
    reporter can be written with it. A reporter is shown neither title nor description: a link can be forwarded.
    """

    id: UUID
    report_id: UUID
    holder: LinkHolder
    act: str
    named: str
    case_no: str
    category: str
    place: str
    title: str = ""
    description: str = ""
    severity: Severity | None = None
    lat: float | None = None
    lon: float | None = None
    due_at: Instant | None = None
    question: str = ""
    department: str = ""
    photos: tuple[str, ...] = ()
    asks_reply: bool = False
    expires_at: Instant
    used_at: Instant | None = None
    said: str | None = None


@dataclass(frozen=True)
class Opened:
    """A link that was found and has not expired, with its case."""

    link: Link
    case: Case


async def open_link(connection: AsyncConnection, token: str, now: datetime) -> Opened:
    """Find the link of a token. Raises NoSuchPage for an unknown one, and LinkExpired.

    The link of somebody with an account is found also when its time is up: its page tells them, once they have signed
    in.
    """
    link = await find_link(connection, token) if len(token) <= _LONGEST_TOKEN and token.isascii() else None
    case = None if link is None else await read_case(connection, link.report_id)
    if link is None or case is None:
        raise NoSuchPage(what="link")
    if now >= link.expires_at and link.holder is not LinkHolder.PERSON:
        raise LinkExpired()
    return Opened(link, case)


async def show_link(connection: AsyncConnection, opened: Opened, language: str) -> LinkView:
    """Return what the link shows: its case and act, or the answer that it was used for. Raises LinkPassed."""
    link, case = opened.link, opened.case
    answered = (await connection.execute(_ANSWER, {"report": link.report_id, "id": link.id})).one_or_none()
    if answered is None and link.used_at is None:
        await _check_not_passed(connection, link, case)
    names = await read_names(connection, [case], language)
    about: dict[str, Any] = {
        "id": link.id, "report_id": link.report_id, "holder": link.holder, "act": link.act, "named": link.named,
        "case_no": case.case_no, "category": names.category(case.category), "expires_at": link.expires_at,
        "used_at": link.used_at if answered is None else answered.at,
        "said": None if answered is None else _said(answered.body),
    }  # fmt: skip
    if link.holder is LinkHolder.PARTNER:
        return LinkView(**about, **await _for_partner(connection, link, case, names))
    place = " · ".join(names.units.get(code, code) for code in case.grid_path[:2])
    facts = await read_facts(connection, link.report_id)
    asked = (fact.body.question for fact in facts if fact.seq == link.turn and isinstance(fact.body, InfoRequested))
    return LinkView(**about, place=place, question=next(asked, ""))


async def _for_partner(connection: AsyncConnection, link: Link, case: Case, names: Names) -> dict[str, Any]:
    row = await connection.execute(
        text("SELECT lat, lon FROM cases WHERE report_id = :report"), {"report": case.report_id}
    )
    lat, lon = row.one()
    first, *bodies = (fact.body for fact in await read_facts(connection, case.report_id))
    assert isinstance(first, Received)
    return {
        "place": " · ".join(names.units.get(code, code) for code in case.grid_path),
        "title": case.title,
        "description": first.description,
        "severity": case.severity,
        "lat": lat,
        "lon": lon,
        "due_at": case.due_at,
        "department": names.department(link.department or ""),
        "photos": await filter_pictures(connection, first.attachments),
        "asks_reply": link.act == "complete",
        "question": next((b.note for b in bodies if isinstance(b, Urged) and b.number == link.turn), ""),
    }


def _said(body: dict[str, Any]) -> str:
    """The words of the answer that is on record."""
    return next((str(body[name]) for name in ("result", "note", "reason", "answer") if body.get(name)), "")


async def _check_not_passed(connection: AsyncConnection, link: Link, case: Case) -> None:
    """Raise LinkPassed once nothing is wanted by the link any more."""
    if link.holder is LinkHolder.PARTNER:
        wanted = case.round == link.round and link.department in parties(case)
        if link.act == "answer_urge":
            wanted = wanted and any(urge.number == link.turn and urge.is_open for urge in case.urges)
    else:
        facts = await read_facts(connection, link.report_id)
        asked = [fact.seq for fact in facts if isinstance(fact.body, InfoRequested)]
        wanted = case.info_request is not None and asked[-1:] == [link.turn]
    if link.revoked_at is not None or not wanted:
        raise LinkPassed()


async def answer_link(
    resources: Resources, opened: Opened, said: LinkAnswer, files: tuple[str, ...], now: datetime
) -> None:
    """Give the one answer of the link, in the name of its account. The same answer sent again counts once.

    `files`: hashes of what its account has uploaded. Raises LinkUsed after another answer, LinkPassed, what
    `services.commands.send.send` raises; the link then stays as it was.
    """
    link, case = opened.link, opened.case
    if link.account is None:
        raise NoActByLink(act=label_of(COMMANDS, link.act, "zh"))
    command = _command(link, said, files)
    async with resources.engine.connect() as connection:
        if not await _is_free(connection, link, command):
            return
        await _check_not_passed(connection, link, case)
        person = await read_person(connection, link.account)
    assert person is not None, "the account stands beside its links"
    try:
        await send(resources, person, case.case_no, command, command_id=link.id, if_revision=None, now=now)
    except CommandIdReused:
        raise LinkUsed() from None
    except DomainError:
        async with resources.engine.connect() as connection:  # another answer may just have been recorded
            if not await _is_free(connection, link, command):
                return
        raise
    async with transaction(resources.engine) as connection:
        await note_used(connection, link.id, now)


async def _is_free(connection: AsyncConnection, link: Link, command: HumanCommand) -> bool:
    """Return whether the link has no answer on record; False where it is this very one. Raises LinkUsed."""
    answered = (await connection.execute(_ANSWER, {"report": link.report_id, "id": link.id})).one_or_none()
    if answered is None:
        return True
    if answered.digest != command_digest(command):
        raise LinkUsed()
    return False


def _command(link: Link, said: LinkAnswer, files: tuple[str, ...]) -> HumanCommand:
    words = f"【{link.named}】{said.text}" if link.named else said.text
    bodies: dict[str, dict[str, Any]] = {
        "complete": {"result": words, "evidence": files, "answer": said.answer},
        "report_progress": {"note": words, "attachments": files},
        "return": {"reason": words},
        "answer_urge": {"note": words, "urge": link.turn or None},
        "supply_info": {"note": said.text, "attachments": files},
    }
    if link.act not in bodies:
        raise NoActByLink(act=label_of(COMMANDS, link.act, "zh"))
    return read_command(link.act, bodies[link.act])


async def make_partner_link(
    resources: Resources, person: Person, case_no: str, request: LinkRequest, now: datetime
) -> str:
    """Make a link for a partner of the department that has the case; return its token. The timeline says so.

    Made again with the same id, it is the same link. Raises NoSuchCase, NotYours, NoActByLink, and what the act itself
    refuses.
    """
    if request.act not in PARTNER_ACTS:
        raise NoActByLink(act=request.act)
    async with transaction(resources.engine) as connection:
        case, day = await _deal_with(connection, person, case_no, now)
        department = _department_of(person, case)
        names = await read_names(connection, [case], "zh")
        account_name = f"外部单位({names.department(department)})"
        account = await ensure_outside_account(connection, "partner", account_name, department)
        speaker = await read_person(connection, account)
        assert speaker is not None
        check_standing(speaker, case, request.act, day)
        urge = min((one.number for one in case.urges if one.is_open), default=0)
        if request.act == "answer_urge" and not urge:
            raise LinkPassed()
        link = Link(
            id=derived_id(case.report_id, "link", request.id),
            report_id=case.report_id,
            holder=LinkHolder.PARTNER,
            act=request.act,
            named=request.named,
            department=department,
            account=account,
            turn=urge if request.act == "answer_urge" else 0,
            round=case.round,
            made_by=person.id,
            made_at=now,
            expires_at=await _end(connection, now, request.days),
        )
        token = await make_link(connection, resources.settings, link)
    told = Inform(
        matter_kind="one_time_link",
        code=str(link.id)[:8],
        name=request.named,
        what="link_made",
        values={"act": request.act, "by": person.username, "until_at": link.expires_at.isoformat()},
    )
    id_ = derived_id(link.id, "made")
    await act_as_system(resources.temporal, case.report_id, SystemAct(id=id_, command=told))
    return token


async def list_links(resources: Resources, person: Person, case_no: str, now: datetime) -> tuple[LinkLine, ...]:
    """Return the partners' links of a case, the latest first, to who may make them. Raises NoSuchCase and NotYours."""
    async with resources.engine.connect() as connection:
        case, _ = await _deal_with(connection, person, case_no, now)
        lines = []
        for link in await links_of(connection, case.report_id):
            if link.holder is not LinkHolder.PARTNER:
                continue
            alive = link.used_at is None and link.revoked_at is None and now < link.expires_at
            token = await token_of(connection, resources.settings, link.id) if alive else None
            shown = link.model_dump(include=set(LinkLine.model_fields))
            lines.append(LinkLine(**shown, path=None if token is None else f"/l/{token}"))
        return tuple(lines)


async def take_back_link(resources: Resources, person: Person, case_no: str, id_: UUID, now: datetime) -> None:
    """Take back a link that was not used; a second time does nothing. Raises NoSuchCase, NotYours and NoSuchPage."""
    async with transaction(resources.engine) as connection:
        case, _ = await _deal_with(connection, person, case_no, now)
        if all(link.id != id_ for link in await links_of(connection, case.report_id)):
            raise NoSuchPage(what=str(id_))
        await take_back(connection, case.report_id, [id_], now)


async def _deal_with(connection: AsyncConnection, person: Person, case_no: str, now: datetime) -> tuple[Case, Any]:
    """Return the case and the day, if the person deals with the case. Raises NoSuchCase and NotYours."""
    row = await find_case(connection, person, case_no, now)
    case = await read_case(connection, row.report_id)
    assert case is not None
    day = await local_day(connection, now)
    if standing(person, case, day).isdisjoint(_MAKERS):
        raise NotYours(command="link", who=" / ".join(sorted(_MAKERS)))
    return case, day


def _department_of(person: Person, case: Case) -> str:
    """Return for which department the link acts: that of the person who makes it, if it has the case; else the host."""
    having = parties(case)
    own = [grant.department for grant in person.grants if grant.department in having]
    if case.host in own or not own:
        if case.host is None or case.host not in having:
            raise LinkPassed()
        return case.host
    return str(own[0])


async def link_days(connection: AsyncConnection) -> int:
    """Return for how many days a link works where nothing else is said."""
    return (await policy_version(connection, await newest_version(connection))).handovers.link_days


async def _end(connection: AsyncConnection, now: datetime, days: int | None) -> datetime:
    return now + timedelta(days=days or await link_days(connection))


async def make_reporter_link(
    connection: AsyncConnection, settings: Settings, case: Case, asked: int, now: datetime, days: int | None = None
) -> str:
    """Make the link by which the reporter answers the question of the fact `asked`; return its token.

    For a reporter without an account whose contact is kept. Made again for the same question, it is the same link.
    """
    link = Link(
        id=derived_id(case.report_id, "link", "supply_info", asked),
        report_id=case.report_id,
        holder=LinkHolder.REPORTER,
        act="supply_info",
        account=PUBLIC,
        turn=asked,
        round=case.round,
        made_at=now,
        expires_at=await _end(connection, now, days),
    )
    return await make_link(connection, settings, link)
