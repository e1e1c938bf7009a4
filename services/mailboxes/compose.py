"""What a message says: numbers, categories, what is to be done and until when; no title, no name, nobody's data.

Whoever opens the link signs in, and sees there what they may see.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.mail.addresses import open_routes
from infra.store.mail.write import StoredMessage
from infra.store.policies import newest_version, policy_version
from models.base import STORED
from models.mailbox import ItemDetail, MessageForm
from models.matters.base import MatterKind
from models.matters.paths import PATHS
from models.policy.document import Policy
from models.sends import Message, Send, Urgency
from services.wording.mailboxes import what_label
from services.wording.matters.registry import KINDS, fact_sentence
from services.wording.vocabulary import SEVERITIES, label_of

#: How many items a message names at most; of more it says how many there are.
MOST_LINES = 100
_ITEMS = text("""
    SELECT i.origin_id, i.seq, i.origin_kind, i.detail FROM mail_items i
    JOIN jsonb_to_recordset(CAST(:named AS jsonb)) AS n(origin uuid, seq int, rank int)
        ON i.origin_id = n.origin AND i.seq = n.seq
    WHERE i.person = :person ORDER BY n.rank
""")
_PLACE = text("SELECT name FROM grid_units WHERE code = :code")
_LANGUAGE = "zh"


@dataclass(frozen=True)
class _Line:
    kind: str
    detail: ItemDetail

    @property
    def path(self) -> str:
        """The page of what the line is about."""
        if self.kind == "case":
            return f"/cases/{self.detail.number}"
        return f"/park/{PATHS[MatterKind(self.kind)]}/{self.detail.number}"


def composing(public_url: str | None) -> Callable[[AsyncConnection, StoredMessage, datetime], Awaitable[Send | None]]:
    """Return what makes the send of a message. `public_url`: the address of the pages; without it there is no link."""

    async def compose(connection: AsyncConnection, message: StoredMessage, now: datetime) -> Send | None:
        """Return the send of a message; None when its person has no address in its channels any more."""
        routes = await open_routes(connection, message.person, message.channels)
        if not routes:
            return None
        policy = await policy_version(connection, await newest_version(connection))
        lines = await _read_lines(connection, message)
        place = await connection.scalar(_PLACE, {"code": message.place}) if message.place else None
        return Send(
            key=message.key,
            message=Message(
                title=_title(message, lines, place, policy),
                lines=_texts(message, lines, policy),
                link=None if public_url is None else public_url + _path(message, lines),
                urgency=Urgency.URGENT if message.urgent else Urgency.ORDINARY,
                language=_LANGUAGE,
            ),
            routes=routes,
            about=lines[0].detail.number if message.amount == 1 and lines else None,
        )

    return compose


async def _read_lines(connection: AsyncConnection, message: StoredMessage) -> list[_Line]:
    named: list[dict[str, Any]] = [
        {"origin": str(origin), "seq": seq, "rank": rank} for rank, (origin, seq) in enumerate(message.named)
    ]
    rows = await connection.execute(_ITEMS, {"person": message.person, "named": to_json(named).decode()})
    return [_Line(row.origin_kind, ItemDetail.model_validate(row.detail, context=STORED)) for row in rows]


def _title(message: StoredMessage, lines: Sequence[_Line], place: str | None, policy: Policy) -> str:
    match message.form:
        case MessageForm.SUMMARY:
            title = f"{place or '各处'}短时间内有 {message.amount} 件事项,请到系统查看"
        case MessageForm.SECOND:
            title = f"未读提醒:{message.amount} 件事项待您查看"
        case MessageForm.SINGLE if lines:
            title = _sentence(lines[0], policy)
        case _:
            title = f"{message.amount} 件事项待您查看"
    return ("【紧急】" if message.urgent else "") + title[:180]


def _texts(message: StoredMessage, lines: Sequence[_Line], policy: Policy) -> tuple[str, ...]:
    texts = [_sentence(line, policy) for line in lines[:MOST_LINES]]
    if message.form is MessageForm.SUMMARY:
        return (f"其中最要紧的 {len(texts)} 件:", *texts, "其余事项在系统待办中,不再逐件发送。")
    if len(lines) > MOST_LINES:
        texts.append(f"另有 {len(lines) - MOST_LINES} 件,请到系统查看。")
    return tuple(texts)


def _sentence(line: _Line, policy: Policy) -> str:
    """One line about an item: severity, number, category, what it is, and until when."""
    detail = line.detail
    zone = ZoneInfo(policy.zone)
    due = "" if detail.due_at is None else f",时限 {detail.due_at.astimezone(zone):%m-%d %H:%M}"
    if line.kind != "case":
        kind = MatterKind(line.kind)
        what = fact_sentence(kind, {"kind": detail.what}, _LANGUAGE) if detail.what != "climbed" else "已超期"
        return f"{KINDS[kind][0]} {detail.number}:{what}{due}"
    category = None if detail.category is None else policy.category(detail.category)
    name = detail.category or "" if category is None else category.name_zh
    severe = detail.severity is not None and detail.severity.value in ("urgent", "major")
    mark = f"[{label_of(SEVERITIES, detail.severity or '', _LANGUAGE)}] " if severe else ""
    return f"{mark}{detail.number} {name}:{what_label(detail.what, _LANGUAGE)}{due}"


def _path(message: StoredMessage, lines: Sequence[_Line]) -> str:
    return lines[0].path if message.amount == 1 and lines else "/notices"
