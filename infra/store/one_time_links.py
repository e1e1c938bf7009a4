"""One-time links as they are stored: made, found by their token, taken back.

A token is derived from the id of its link and a secret of the ring, so that a link made twice under one id is one link,
and whoever may hand it out can be shown it again. Only the SHA-256 of the token is stored.
"""

import base64
import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.settings import Settings
from infra.store.driver import run
from infra.token_keys import keyed_hash, known_secrets
from models.one_time_links import Link, LinkEnd

#: Where the page of a link is.
LINK_PATH = "/l/"
#: Bytes of a token: enough that nobody guesses one.
_TOKEN_BYTES = 24
_COLUMNS = tuple(Link.model_fields)
_INSERT = f"""
    INSERT INTO one_time_links (token_hash, {", ".join(_COLUMNS)})
    VALUES (%(token_hash)s, {", ".join(f"%({name})s" for name in _COLUMNS)}) ON CONFLICT (id) DO NOTHING
"""  # noqa: S608 only names of our own code are put in, values are parameters
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM one_time_links"  # noqa: S608 only names of our own code are put in
_BY_TOKEN = text(f"{_SELECT} WHERE token_hash = :hash")
_BY_ID = text(f"{_SELECT} WHERE id = :id")
_OF_CASE = text(f"{_SELECT} WHERE report_id = :report ORDER BY made_at DESC, id")
_TAKE_BACK = """
    UPDATE one_time_links SET revoked_at = %(at)s, revoked_why = %(why)s
    WHERE report_id = %(report)s AND used_at IS NULL AND revoked_at IS NULL
"""


async def make_link(connection: AsyncConnection, settings: Settings, link: Link) -> str:
    """Store the link and return its token. Made again under the same id, it is the same link."""
    token = _token(known_secrets(settings)[0], link.id)
    row = link.model_dump(mode="python") | {"token_hash": hash_token(token)}
    await run(connection, _INSERT, {name: _plain(value) for name, value in row.items()})
    return await token_of(connection, settings, link.id) or token


async def token_of(connection: AsyncConnection, settings: Settings, id_: UUID) -> str | None:
    """Return the token of a stored link, under whichever secret of the ring it was made; None where none made it."""
    stored = await connection.scalar(text("SELECT token_hash FROM one_time_links WHERE id = :id"), {"id": id_})
    candidates = [_token(secret, id_) for secret in known_secrets(settings)]
    return next((token for token in candidates if stored is not None and hash_token(token) == bytes(stored)), None)


async def find_link(connection: AsyncConnection, token: str) -> Link | None:
    """Return the link of a token; None where there is none."""
    row = (await connection.execute(_BY_TOKEN, {"hash": hash_token(token)})).one_or_none()
    return None if row is None else _link(row)


async def find_link_by_id(connection: AsyncConnection, id_: UUID) -> Link | None:
    """Return the link with that id; None where there is none."""
    row = (await connection.execute(_BY_ID, {"id": id_})).one_or_none()
    return None if row is None else _link(row)


async def links_of(connection: AsyncConnection, report_id: UUID) -> tuple[Link, ...]:
    """Return the links of a case, the latest first."""
    return tuple(_link(row) for row in await connection.execute(_OF_CASE, {"report": report_id}))


async def note_used(connection: AsyncConnection, id_: UUID, at: datetime) -> None:
    """Store that an answer by the link was accepted."""
    values = {"id": id_, "at": at}
    await run(connection, "UPDATE one_time_links SET used_at = %(at)s WHERE id = %(id)s AND used_at IS NULL", values)


async def take_back(connection: AsyncConnection, report_id: UUID, ids: Sequence[UUID], at: datetime) -> None:
    """Take back those links of the case that nobody has used."""
    values = {"report": report_id, "ids": list(ids), "at": at, "why": LinkEnd.TAKEN_BACK.value}
    await run(connection, f"{_TAKE_BACK} AND id = ANY (%(ids)s)", values)


async def revoke_moved_on(
    connection: AsyncConnection, report_id: UUID, departments: Collection[str], at: datetime
) -> None:
    """Take back the partners' links of these departments, because the case has left them; in the transaction that
    records it."""
    values = {"report": report_id, "departments": sorted(departments), "at": at, "why": LinkEnd.MOVED_ON.value}
    await run(connection, f"{_TAKE_BACK} AND department = ANY (%(departments)s)", values)


def hash_token(token: str) -> bytes:
    """The SHA-256 of a token."""
    return hashlib.sha256(token.encode()).digest()


def _token(secret: str, id_: UUID) -> str:
    digest = keyed_hash(secret, b"one-time-link", id_.bytes)[:_TOKEN_BYTES]
    return base64.urlsafe_b64encode(digest).decode()


def _link(row: Any) -> Link:
    return Link.model_validate(dict(row._mapping))


def _plain(value: object) -> object:
    return str(value) if hasattr(value, "value") else value
