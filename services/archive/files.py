"""Rows of stored files that facts name and the database does not know: made again from the files themselves."""

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.attachments.files import path_of
from services.attachments.media_types import HEAD, accepted_kind

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


async def register_files(connection: AsyncConnection, directory: Path) -> tuple[int, list[str]]:
    """Add the rows in the caller's transaction; return how many, and the hashes of files that are gone or damaged."""
    found = (await connection.execute(_UNKNOWN)).all()
    rows, gone = await asyncio.to_thread(_describe_all, found, directory)
    for row in rows:
        await connection.execute(_INSERT, row)
    return len(rows), gone


def _describe_all(found: Iterable[Any], directory: Path) -> tuple[list[dict[str, Any]], list[str]]:
    rows, gone = [], []
    for one in found:
        described = _describe(path_of(directory, one.sha256), one.sha256)
        if described is None:
            gone.append(str(one.sha256))
        else:
            by = [] if one.actor is None else [one.actor]
            rows.append({"sha256": one.sha256, "by": by, "at": one.at, **described})
    return rows, gone


def _describe(path: Path, sha256: str) -> dict[str, Any] | None:
    """Return type, bytes and pixels of a file; None when it is not there or not the one of that hash."""
    try:
        with path.open("rb") as file:
            kind = accepted_kind(file.read(HEAD))
            file.seek(0)
            whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
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
