"""Messages to reporters: what they are told at acceptance, at each pause and at the end, and the link that ends them.

Nothing is told of staff, and no word of inner notes: the texts are those of `services.cases.told`. The address is not
here: a send names the reporter, and reads it when it is sent.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.settings import Settings
from infra.store.cases import read_case, read_facts, read_report_id
from infra.store.channels import enabled_channels
from infra.store.policies import newest_version, policy_version
from infra.store.reporters import is_stopped, read_contact, stop_messages
from infra.token_keys import keyed_hash, known_secrets
from models.case import Case
from models.enums import Outcome, Stage
from models.errors import WrongCode
from models.facts import (
    Accepted,
    Closed,
    ExtensionGranted,
    Fact,
    InfoRequested,
    Reopened,
    ReopenRefused,
    SuspensionGranted,
)
from models.matters.effects import TellReporter
from models.reporter_messages import TellBy, key_of_message, reporter_address
from models.sends import ChannelKind, Message, Purpose, Route, Send
from services.cases.told import told_to_reporter
from services.public.progress_code import issue_code
from services.wording import told_reporter as words

KINDS: Mapping[TellBy, ChannelKind] = {TellBy.SMS: ChannelKind.SMS, TellBy.MAIL: ChannelKind.MAIL}
#: How long a message is worth sending (our choice): later, whoever is curious looks by code.
WORTH = timedelta(days=3)
#: The most that a message quotes, in characters; all of it is on the page that the link leads to.
_MOST_QUOTED = 500
#: Bytes of the proof in a link: nobody guesses 96 bits.
_MAC_BYTES = 12
_MOST_ROUTES = 8
#: The ends of a case that are those of the cases merged into it.
_SHARED_ENDS = frozenset(words.ENDS) - {Outcome.MERGED}


async def offered_ways(connection: AsyncConnection, settings: Settings) -> tuple[TellBy, ...]:
    """Return the channels that a reporter may choose: those that are set up, where links to the pages can be made."""
    if settings.public_url is None:
        return ()
    kinds = {kind for _, kind in await enabled_channels(connection)}
    return tuple(way for way, kind in KINDS.items() if kind in kinds)


async def compose_messages(engine: AsyncEngine, settings: Settings, effect: TellReporter) -> list[Send]:
    """Return the messages that an effect stands for: one to the case's reporter, and those to the reporters of cases
    merged into it, for whom it is the same. None to whoever did not choose to be told, was erased, or wants no more.

    Raises KeysAway.
    """
    if settings.public_url is None:
        return []
    async with transaction(engine) as connection:
        case = await read_case(connection, effect.report_id)
        facts = (await read_facts(connection, effect.report_id))[: effect.seq]
        if case is None or not facts:
            return []
        channels = await enabled_channels(connection)
        policy = await policy_version(connection, await newest_version(connection))
        about = _About(effect, case, facts, ZoneInfo(policy.zone), channels)
        told = [case, *await _members_told(connection, case, facts[-1])]
        found = [await _message_to(connection, settings, one, about) for one in told]
    return [send for send in found if send is not None]


@dataclass(frozen=True)
class _About:
    """What is told: the last of the facts of a case. `channels`: id and kind of those in use."""

    effect: TellReporter
    case: Case
    facts: Sequence[Fact]
    zone: ZoneInfo
    channels: Sequence[tuple[str, ChannelKind]]


async def _members_told(connection: AsyncConnection, case: Case, fact: Fact) -> list[Case]:
    """Return the cases merged into the case, also by way of others, to whose reporters the fact is told as well: an end
    but of a merge, of which they know, a pause, an extension, a reopening, and the acceptance of what was not accepted
    when it was merged. Questions and refusals are between the desk and the reporter who asked."""
    body = fact.body
    match body:
        case Closed(outcome=outcome) if outcome in _SHARED_ENDS:
            pass
        case SuspensionGranted() | ExtensionGranted() | Reopened() | Accepted():
            pass
        case _:
            return []
    found = [one for one in await _members(connection, case) if one[1] <= fact.at]
    return [member for member, _, stage in found if not isinstance(body, Accepted) or stage is Stage.RECEIVE]


async def _members(connection: AsyncConnection, case: Case) -> list[tuple[Case, datetime, Stage]]:
    """Return the cases merged into the case, also by way of others, each with when it came to this one, and the stage
    in which it was merged."""
    found: dict[UUID, tuple[Case, datetime, Stage]] = {}
    below: list[tuple[Case, datetime | None]] = [(case, None)]
    while below:
        lead, since = below.pop()
        for case_no in lead.absorbed:
            report_id = await read_report_id(connection, case_no)
            member = None if report_id is None else await read_case(connection, report_id)
            if member is None or member.report_id in found or member.outcome is not Outcome.MERGED:
                continue
            if (point := member.merged_at_stage) is not None and point.lead == lead.report_id:
                came = point.merged_at if since is None else max(point.merged_at, since)
                found[member.report_id] = (member, came, point.stage)
                below.append((member, came))
    return list(found.values())


async def _message_to(connection: AsyncConnection, settings: Settings, case: Case, about: _About) -> Send | None:
    """Return the message to the reporter of `case`, which may be merged into the case that it is about."""
    if case.reporter_ref is None:
        return None
    contact = await read_contact(connection, case.reporter_ref)
    if contact is None or contact.tell_by is None or await is_stopped(connection, case.reporter_ref):
        return None
    english = contact.language == "en"
    lines = _lines(about, english)
    if not lines:
        return None
    fact, url, lang = about.facts[-1], settings.public_url, "lang=en" if english else ""
    code = await issue_code(connection, settings, case.report_id, contact.phone, fact.at)
    stop = f"{url}/p/stop/{stop_token(settings, case.report_id)}{'?' if lang else ''}{lang}"
    seq = str(fact.seq) if case is about.case else f"{about.case.case_no}.{fact.seq}"
    return Send(
        key=key_of_message(case.report_id, about.effect.event, seq),
        message=Message(
            title=words.TITLE[english].format(tail=case.case_no[-6:]),
            lines=lines,
            link=f"{url}/p?{lang}{'&' if lang else ''}code={code}",
            closing=(
                (words.CODE if contact.phone is None else words.CODE_AND_TAIL)[english].format(code=code),
                words.NO_MORE[english].format(link=stop),
            ),
            language="en" if english else "zh",
        ),
        routes=_routes(KINDS[contact.tell_by], about.channels, reporter_address(case.reporter_ref)),
        purpose=Purpose.REPORTER,
        about=case.case_no,
        not_after=fact.at + WORTH,
    )


def _routes(kind: ChannelKind, channels: Sequence[tuple[str, ChannelKind]], address: str) -> tuple[Route, ...]:
    """Return the channels of the kind. Where none is in use, the send fails at once: the log of the case tells so."""
    ids = [id_ for id_, of in channels if of is kind][:_MOST_ROUTES] or [kind.value]
    return tuple(Route(channel=id_, address=address) for id_ in ids)


def _lines(about: _About, english: bool) -> tuple[str, ...]:
    """Return what the fact means to the reporter, the least important last; nothing where it was their own doing."""
    body = about.facts[-1].body
    match body:
        case Accepted():
            return (words.ACCEPTED[english],)
        case Reopened():
            return (words.REOPENED[english],)
        case InfoRequested():
            return (words.ASKED[english].format(until=_moment(body.answer_by, about.zone)), _quoted(body.question))
        case SuspensionGranted():
            return (words.SUSPENDED[english].format(until=_moment(body.until, about.zone)),)
        case ExtensionGranted():
            return (words.EXTENDED[english].format(until=_moment(body.due_at, about.zone)),)
        case ReopenRefused():
            return (words.REOPEN_REFUSED[english], words.REASON[english] + _quoted(body.reason))
        case Closed() if body.outcome in words.ENDS:
            told = told_to_reporter(about.case.model_copy(update={"stage": Stage.CLOSED}), about.facts)
            more = (
                (words.RIGHT_CHANNEL, told.right_channel), (words.ANSWER, told.answer), (words.REASON, told.reason),
            )  # fmt: skip
            return (words.ENDS[body.outcome][english], *(name[english] + _quoted(text) for name, text in more if text))
    return ()


def _quoted(text: str) -> str:
    return text if len(text) <= _MOST_QUOTED else f"{text[: _MOST_QUOTED - 1]}…"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


# --- no more messages -------------------------------------------------------------------------------------------------


def stop_token(settings: Settings, report_id: UUID) -> str:
    """Return the part of a link by which the reporter of a report ends the messages. It tells nothing of them."""
    return _stop_token(known_secrets(settings)[0], report_id)


def _stop_token(secret: str, report_id: UUID) -> str:
    proof = keyed_hash(secret, b"no-more-messages", report_id.bytes)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(report_id.bytes + proof).decode().rstrip("=")


async def stop_by(connection: AsyncConnection, settings: Settings, token: str, now: datetime) -> None:
    """Send no more messages about the report of a link. Safe to repeat. Raises WrongCode for a link that is none."""
    case = await read_case(connection, read_stop_token(settings, token))
    if case is None or case.reporter_ref is None:
        raise WrongCode()
    await stop_messages(connection, case.reporter_ref, now)


def read_stop_token(settings: Settings, token: str) -> UUID:
    """Return the report of a link, made under any secret of the ring. Raises WrongCode."""
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        report_id = UUID(bytes=content[:16])
    except (binascii.Error, ValueError) as error:
        raise WrongCode() from error
    if not any(hmac.compare_digest(_stop_token(secret, report_id), token) for secret in known_secrets(settings)):
        raise WrongCode()
    return report_id
