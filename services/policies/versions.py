"""Policies in the database, published as versions that never change."""

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import STORED
from models.errors import NoSuchPage
from models.policy.document import Policy


async def publish(
    connection: AsyncConnection, policy: Policy, now: datetime, effective_from: datetime | None = None
) -> int:
    """Publish `policy` in the caller's transaction and return its version: 1, 2, 3 …

    It is in force from `effective_from` on (None: from now). With the same content as the newest version, that version
    is returned and nothing is published.
    """
    # One at a time: two publishers would otherwise take the same number. Readers are not blocked.
    await connection.execute(text("LOCK TABLE policies IN SHARE ROW EXCLUSIVE MODE"))
    newest = (
        await connection.execute(text("SELECT version, digest FROM policies ORDER BY version DESC LIMIT 1"))
    ).first()
    content = _content(policy)
    digest = _digest(content)
    if newest is not None and newest.digest == digest:
        return int(newest.version)
    number = 1 if newest is None else int(newest.version) + 1
    await connection.execute(
        text(
            "INSERT INTO policies (version, published_at, effective_from, digest, content)"
            " VALUES (:version, :now, :effective, :digest, CAST(:content AS jsonb))"
        ),
        {
            "version": number,
            "now": now,
            "effective": effective_from or now,
            "digest": digest,
            "content": content,
        },
    )
    return number


async def find_version(connection: AsyncConnection, policy: Policy) -> int | None:
    """Return the newest version with the content of `policy`, or None when it was never published."""
    query = text("SELECT max(version) FROM policies WHERE digest = :digest")
    found: int | None = await connection.scalar(query, {"digest": _digest(_content(policy))})
    return found


def _content(policy: Policy) -> str:
    return json.dumps(policy.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)


def _digest(content: str) -> str:
    return sha256(content.encode()).hexdigest()


async def read_current(connection: AsyncConnection) -> tuple[int, Policy]:
    """Return the policy in force and its version. Raises NoSuchPage when none has been published."""
    rows = await connection.execute(
        text(
            "SELECT version, content FROM policies WHERE effective_from <= clock_timestamp()"
            " ORDER BY effective_from DESC, version DESC LIMIT 1"
        )
    )
    found = rows.all()
    return _only(found, "policy")


async def read_version(connection: AsyncConnection, number: int) -> Policy:
    """Return the policy published as that version. Raises NoSuchPage when there is none."""
    rows = await connection.execute(
        text("SELECT version, content FROM policies WHERE version = :number"), {"number": number}
    )
    return _only(rows.all(), f"policy {number}")[1]


def _only(rows: Sequence[Any], what: str) -> tuple[int, Policy]:
    if not rows:
        raise NoSuchPage(what=what)
    return int(rows[0].version), Policy.model_validate(rows[0].content, context=STORED)
