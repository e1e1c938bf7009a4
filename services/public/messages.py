"""Messages to reporters: what they are told at acceptance, at each pause and at the end, and the link that ends them.

Nothing is told of staff, and no word of inner notes: the texts are those of `services.cases.told`. The address is not
here: a send names the reporter, and reads it when it is sent.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from infra.database import transaction
from infra.keys.sealing import Contact
from infra.settings import Settings
from infra.store.cases import read_case, read_facts, read_report_id
from infra.store.channels import enabled_channels
from infra.store.policies import newest_version, policy_version
from infra.store.reporters import is_stopped, read_contact, stop_messages
from infra.token_keys import keyed_hash, known_secrets
from models.case import Case
from models.enums import Outcome, Stage
from models.errors import WrongCode
from models.facts import Closed, Fact, InfoRequested, SuspensionGranted
from models.matters.effects import TellReporter
from models.reporter_messages import ReporterEvent, TellBy, key_of_message, reporter_address
from models.sends import ChannelKind, Message, Purpose, Route, Send
from services.cases.told import told_to_reporter
from services.public.progress_code import issue_code

KINDS: Mapping[TellBy, ChannelKind] = {TellBy.SMS: ChannelKind.SMS, TellBy.MAIL: ChannelKind.MAIL}
#: How long a message is worth sending (our choice): later, whoever is curious looks by code.
WORTH = timedelta(days=3)
#: The most that a message quotes, in characters; all of it is on the page that the link leads to.
_MOST_QUOTED = 500
#: Bytes of the proof in a link: nobody guesses 96 bits.
_MAC_BYTES = 12
_MOST_ROUTES = 8


async def offered_ways(connection: AsyncConnection, settings: Settings) -> tuple[TellBy, ...]:
    """Return the channels that a reporter may choose: those that are set up, where links to the pages can be made."""
    if settings.public_url is None:
        return ()
    kinds = {kind for _, kind in await enabled_channels(connection)}
    return tuple(way for way, kind in KINDS.items() if kind in kinds)


async def compose_messages(engine: AsyncEngine, settings: Settings, effect: TellReporter) -> list[Send]:
    """Return the messages that an effect stands for: one to the case's reporter, at an end also to those whose reports
    were merged into it. None to whoever did not choose to be told, was erased, or wants no more.

    Raises KeysAway.
    """
    if settings.public_url is None:
        return []
    async with transaction(engine) as connection:
        channels = await enabled_channels(connection)
        case = await read_case(connection, effect.report_id)
        facts = (await read_facts(connection, effect.report_id))[: effect.seq]
        if not channels or case is None or not facts:
            return []
        policy = await policy_version(connection, await newest_version(connection))
        lines = _lines(effect.event, case, facts, ZoneInfo(policy.zone))
        told = [case, *(await _merged(connection, case) if effect.event is ReporterEvent.CLOSED else ())]
        found = [await _message_to(connection, settings, one, effect, facts[-1], lines, channels, case) for one in told]
    return [send for send in found if send is not None]


async def _merged(connection: AsyncConnection, case: Case) -> list[Case]:
    """Return the cases that are merged into the case."""
    found: list[Case] = []
    for case_no in case.absorbed:
        report_id = await read_report_id(connection, case_no)
        member = None if report_id is None else await read_case(connection, report_id)
        if member is not None and member.outcome is Outcome.MERGED:
            found.append(member)
    return found


async def _message_to(
    connection: AsyncConnection,
    settings: Settings,
    case: Case,
    effect: TellReporter,
    fact: Fact,
    lines: Sequence[str],
    channels: Sequence[tuple[str, ChannelKind]],
    of: Case,
) -> Send | None:
    """Return the message to the reporter of `case` about a fact of the case `of`, which may be its lead."""
    if not lines or case.reporter_ref is None:
        return None
    contact = await read_contact(connection, case.reporter_ref)
    if contact is None or contact.tell_by is None or await is_stopped(connection, case.reporter_ref):
        return None
    routes = [id_ for id_, kind in channels if kind is KINDS[contact.tell_by]][:_MOST_ROUTES]
    if not routes:
        return None
    code = await issue_code(connection, settings, case.report_id, contact.phone, fact.at)
    url = settings.public_url
    last = f"不再接收此类消息:{url}/p/stop/{stop_token(settings, case.report_id)}"
    seq = str(fact.seq) if of is case else f"{of.case_no}.{fact.seq}"
    return Send(
        key=key_of_message(case.report_id, effect.event, seq),
        message=Message(
            title=f"您反映的事项(尾号 {case.case_no[-6:]})",
            lines=(*lines, f"查询码:{code}", *_tail_hint(contact), last),
            link=f"{url}/p?code={code}",
        ),
        routes=tuple(Route(channel=id_, address=reporter_address(case.reporter_ref)) for id_ in routes),
        purpose=Purpose.REPORTER,
        about=case.case_no,
        not_after=fact.at + WORTH,
    )


def _tail_hint(contact: Contact) -> tuple[str, ...]:
    return () if contact.phone is None else ("打开链接后请填手机号后四位。",)


def _lines(event: ReporterEvent, case: Case, facts: Sequence[Fact], zone: ZoneInfo) -> tuple[str, ...]:
    """Return what the last of these facts means to the reporter; nothing where it was their own doing."""
    body = facts[-1].body
    match event, body:
        case ReporterEvent.ACCEPTED, _:
            return ("已受理,正在安排办理。",)
        case ReporterEvent.ASKED, InfoRequested():
            until = _moment(body.answer_by, zone)
            return (f"办理需要您补充情况:{_quoted(body.question)}", f"请在 {until} 前打开链接答复。")
        case ReporterEvent.SUSPENDED, SuspensionGranted():
            return (f"因客观原因暂停办理,最迟 {_moment(body.until, zone)} 恢复。",)
        case ReporterEvent.CLOSED, Closed():
            return _end(body, case.model_copy(update={"stage": Stage.CLOSED}), facts)
    return ()


def _end(body: Closed, case: Case, facts: Sequence[Fact]) -> tuple[str, ...]:
    told = told_to_reporter(case, facts)
    first = {
        Outcome.SOLVED: "已办结。", Outcome.ABORTED: "已终止办理。", Outcome.REJECTED: "不予受理。",
        Outcome.MERGED: "已与同一事项合并办理,结果会一并告知您。", Outcome.VOIDED: "已结束办理。",
    }.get(body.outcome)  # fmt: skip
    if first is None:  # the reporter withdrew it
        return ()
    more = (
        ("答复:", told.answer), ("原因:", told.reason), ("请向以下单位反映:", told.right_channel),
    )  # fmt: skip
    return (first, *(f"{name}{_quoted(text)}" for name, text in more if text))


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
