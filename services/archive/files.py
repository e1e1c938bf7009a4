"""Rows of stored files that facts name and the database does not know: made again from the files themselves."""

import asyncio
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.errors import AttachmentAltered, AttachmentLost
from services.attachments.media_types import HEAD, accepted_kind
from services.attachments.store import Attachments, hash_of

#: Files named in facts and without a row, with whoever named them first, and when.
_UNKNOWN = text("""
    SELECT DISTINCT ON (named.sha256) named.sha256, f.actor, f.at
    FROM (SELECT actor, at, body FROM facts UNION ALL SELECT actor, at, body FROM matter_facts) f
    CROSS JOIN LATERAL (VALUES (f.body -> 'attachments'), (f.body -> 'evidence'), (f.body -> 'photos')) AS v(list)
    CROSS JOIN LATERAL jsonb_array_elements_text(
        CASE WHEN jsonb_typeof(v.list) = 'array' THEN v.list ELSE '[]'::jsonb END) AS named(sha256)
    WHERE named.sha256 ~ '^[0-9a-f]{64}$' AND NOT EXISTS (SELECT FROM attachments a WHERE a.sha256 = named.sha256)
    ORDER BY named.sha256, f.at
""")
_INSERT = text("""
    INSERT INTO attachments (sha256, media_type, size, width, height, uploaded_by, uploaded_at)
    VALUES (:sha256, :media_type, :size, :width, :height, :by, :at) ON CONFLICT DO NOTHING
""")


async def register_files(connection: AsyncConnection, attachments: Attachments) -> tuple[int, list[str]]:
    """Add the rows in the caller's transaction; return how many, and the hashes of files that are gone or damaged.

    Raises what a store of attachments raises that is away.
    """
    added, gone = 0, list[str]()
    for one in (await connection.execute(_UNKNOWN)).all():
        described = await _find(attachments, one.sha256)
        if described is None:
            gone.append(one.sha256)
            continue
        by = [] if one.actor is None else [one.actor]
        await connection.execute(_INSERT, {"sha256": one.sha256, "by": by, "at": one.at, **described})
        added += 1
    return added, gone


async def _find(attachments: Attachments, sha256: str) -> dict[str, Any] | None:
    try:
        async with attachments.as_file(sha256) as path:
            return await asyncio.to_thread(_describe, path, sha256)
    except (AttachmentAltered, AttachmentLost):
        return None


def _describe(path: Path, sha256: str) -> dict[str, Any] | None:
    """Return type, bytes and pixels of a file; None when it is not there or not the one of that hash."""
    try:
        with path.open("rb") as file:
            kind = accepted_kind(file.read(HEAD))
        whole = hash_of(path) == sha256
    except OSError:
        return None
    if kind is None or not whole:
        return None
    width, height = _pixels(path)
    return {"media_type": kind.value, "size": path.stat().st_size, "width": width, "height": height}


def _pixels(path: Path) -> tuple[int | None, int | None]:
    try:
        with Image.open(path) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError):  # a video or a document
        return None, None
