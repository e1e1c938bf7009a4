"""What a message says: numbers, categories, what is to be done and until when; no title, no name, nobody's data.

Whoever opens the link signs in, and sees there what they may see. By a channel that reaches one person, the link of one
case leads to the act that is due of them, and so does one beside each line of a short digest; a group gets the plain
address.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Settings
from infra.store.cases import read_case
from infra.store.context import local_day, read_person
from infra.store.mail.addresses import open_routes
from infra.store.mail.read import read_choices
from infra.store.mail.write import StoredMessage
from infra.store.one_time_links import LINK_PATH
from infra.store.policies import newest_version, policy_version
from models.base import STORED
from models.mailbox import ItemDetail, MessageForm
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from models.policy.document import Policy
from models.sends import ActLink, Message, Send, Urgency
from rules.mailbox.acts import due_act
from services.mailboxes.act_links import make_person_link
from services.wording.mailboxes import DEFAULT_LANGUAGE, message_text, what_label
from services.wording.matters.registry import fact_sentence, kind_label
from services.wording.vocabulary import COMMANDS, SEVERITIES, label_of

#: How many items a message names at most; of more it says how many there are.
MOST_LINES = 100
#: Up to how many items a digest has a link for each; of more, the list is the shorter way (our choice).
MOST_ACTS = 10
_ITEMS = text("""
    SELECT i.origin_id, i.seq, i.origin_kind, i.detail FROM mail_items i
    JOIN jsonb_to_recordset(CAST(:named AS jsonb)) AS n(origin uuid, seq int, rank int)
        ON i.origin_id = n.origin AND i.seq = n.seq
    WHERE i.person = :person ORDER BY n.rank
""")
_PLACE = text("SELECT name FROM grid_units WHERE code = :code")


@dataclass(frozen=True)
class Line:
    origin: UUID
    kind: str
    detail: ItemDetail

    @property
    def path(self) -> str:
        """The page of what the line is about."""
        if self.kind == "case":
            return f"/cases/{self.detail.number}"
        return f"/park/{PATHS[MatterKind(self.kind)]}/{self.detail.number}"


@dataclass(frozen=True)
class Voice:
    """In which language and time zone a person is told, and by which policy."""

    language: Literal["zh", "en"]
    zone: ZoneInfo
    policy: Policy

    def say(self, name: str, **values: object) -> str:
        """A sentence of a message."""
        return message_text(name, self.language, **values)


def composing(settings: Settings) -> Callable[[AsyncConnection, StoredMessage, datetime], Awaitable[Send | None]]:
    """Return what makes the send of a message. Without a public address of the pages, it has no link."""
    public_url = settings.public_url

    async def compose(connection: AsyncConnection, message: StoredMessage, now: datetime) -> Send | None:
        """Return the send of a message, in the caller's transaction, which stores the links to acts.

        None when its person has no address in its channels any more. Repeated, it is the same send with the same links.
        """
        routes = await open_routes(connection, message.person, message.channels)
        if not routes:
            return None
        policy = await policy_version(connection, await newest_version(connection))
        chosen, _ = await read_choices(connection, message.person, policy)
        voice = Voice(chosen.language or DEFAULT_LANGUAGE, ZoneInfo(chosen.zone or policy.zone), policy)
        message, lines = without_repeats(message, await _read_lines(connection, message), voice)
        place = await connection.scalar(_PLACE, {"code": message.place}) if message.place else None
        acts = () if public_url is None else await _acts(connection, settings, message, lines, now, voice.language)
        return Send(
            key=message.key,
            message=Message(
                title=_title(message, lines, place, voice),
                lines=_texts(message, lines, voice),
                link=None if public_url is None else public_url + _path(message, lines),
                own_link=acts[0].address if message.amount == 1 and acts else None,
                act_links=acts if message.amount > 1 else (),
                urgency=Urgency.URGENT if message.urgent else Urgency.ORDINARY,
                language=voice.language,
            ),
            routes=routes,
            about=lines[0].detail.number if message.amount == 1 and lines else None,
        )

    return compose


def without_repeats(message: StoredMessage, lines: list[Line], voice: Voice) -> tuple[StoredMessage, list[Line]]:
    """Return a message of which no line says what another has said, as two steps of one ladder do, and its lines."""
    if message.form is MessageForm.SUMMARY:
        return message, lines
    told: dict[tuple[UUID, str], Line] = {}
    for line in lines:
        told.setdefault((line.origin, _sentence(line, voice)), line)
    repeats = len(lines) - len(told)
    return message.model_copy(update={"amount": message.amount - repeats}), list(told.values())


async def _acts(
    connection: AsyncConnection,
    settings: Settings,
    message: StoredMessage,
    lines: Sequence[Line],
    now: datetime,
    language: str,
) -> tuple[ActLink, ...]:
    """Return the links to what is due of the person on the lines of a message, with the number of each line."""
    if message.form is MessageForm.SUMMARY or not 0 < message.amount <= MOST_ACTS:
        return ()
    person = await read_person(connection, message.person)
    if person is None:
        return ()
    day = await local_day(connection, now)
    links = []
    for number, line in enumerate(lines):
        case = await read_case(connection, line.origin) if line.kind == "case" else None
        act = None if case is None else due_act(case, person, day, line.detail.task)
        if case is None or act is None:
            continue
        token = await make_person_link(connection, settings, case, act, message.person, now, message=message.key)
        label = label_of(COMMANDS, act, language)
        links.append(ActLink(line=number, label=label, address=f"{settings.public_url}{LINK_PATH}{token}"))
    return tuple(links)


async def _read_lines(connection: AsyncConnection, message: StoredMessage) -> list[Line]:
    named: list[dict[str, Any]] = [
        {"origin": str(origin), "seq": seq, "rank": rank} for rank, (origin, seq) in enumerate(message.named)
    ]
    rows = await connection.execute(_ITEMS, {"person": message.person, "named": to_json(named).decode()})
    return [Line(row.origin_id, row.origin_kind, ItemDetail.model_validate(row.detail, context=STORED)) for row in rows]


def _title(message: StoredMessage, lines: Sequence[Line], place: str | None, voice: Voice) -> str:
    one = "_one" if message.amount == 1 else ""
    match message.form:
        case MessageForm.SUMMARY:
            title = voice.say("summary", place=place or voice.say("everywhere"), n=message.amount)
        case MessageForm.SECOND:
            title = voice.say(f"second{one}", n=message.amount)
        case MessageForm.SINGLE if lines:
            title = _sentence(lines[0], voice)
        case _:
            title = voice.say(f"digest{one}", n=message.amount)
    return (voice.say("urgent") if message.urgent else "") + title[:180]


def _texts(message: StoredMessage, lines: Sequence[Line], voice: Voice) -> tuple[str, ...]:
    texts = [_sentence(line, voice) for line in lines[:MOST_LINES]]
    if message.form is MessageForm.SUMMARY:
        return (voice.say("worst", n=len(texts)), *texts, voice.say("rest"))
    if len(lines) > MOST_LINES:
        texts.append(voice.say("more", n=len(lines) - MOST_LINES))
    return tuple(texts)


def _sentence(line: Line, voice: Voice) -> str:
    """One line about an item: severity, number, category, what it is, and until when."""
    detail, language = line.detail, voice.language
    at = None if detail.due_at is None else f"{detail.due_at.astimezone(voice.zone):%m-%d %H:%M}"
    due = "" if at is None else voice.say("due", at=at)
    if line.kind != "case":
        kind = MatterKind(line.kind)
        climbed = detail.what == "climbed"
        what = voice.say("climbed") if climbed else fact_sentence(kind, {"kind": detail.what}, language)
        return voice.say("item", about=f"{kind_label(kind, language)} {detail.number}", what=what) + due
    category = None if detail.category is None else voice.policy.category(detail.category)
    names = (detail.category or "",) * 2 if category is None else (category.name_zh, category.name_en)
    name = names[language == "en"]
    severe = detail.severity is not None and detail.severity.value in ("urgent", "major")
    mark = f"[{label_of(SEVERITIES, detail.severity or '', language)}] " if severe else ""
    return (
        mark + voice.say("item", about=f"{detail.number} {name}".rstrip(), what=what_label(detail.what, language)) + due
    )


def _path(message: StoredMessage, lines: Sequence[Line]) -> str:
    return lines[0].path if message.amount == 1 and lines else "/notices"
