"""Exports of all facts that others can verify without our database.

A folder: `facts.jsonl` (a fact a line, with its hash), `heads.txt`, `manifest.json` (signed), and `anchors/`; and
`retired.txt` where cases were retired: their last hashes, whose facts lie in the archive.
`docs/trust.md` states the format.
"""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import rfc8785
from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import snapshot_connection
from infra.files import write_private
from infra.settings import Settings
from infra.signing import load_signing_key
from models.base import Frozen, Instant
from rules.history.check import HashedFact
from services.history.anchors import read_made
from services.history.heads import digest_of, read_heads, read_retired_heads, root_of, write_heads
from services.history.records import stream_history

FACTS, HEADS, MANIFEST, ANCHORS = "facts.jsonl", "heads.txt", "manifest.json", "anchors"
RETIRED = "retired.txt"
#: Called with the number of cases and matters written, and of all.
Progress = Callable[[int, int], None]

_COUNT = text("SELECT (SELECT count(*) FROM cases) + (SELECT count(*) FROM matters)")


class AnchorEntry(Frozen):
    """An anchor that had been made: its number, its day, and the SHA-256 of its file."""

    number: int
    day: date
    digest: str


class Manifest(Frozen):
    """What an export holds, signed: the SHA-256 of its heads, the Merkle root over them, the anchors made so far.

    `retired`: the SHA-256 of the heads of retired cases; None, and not signed, where there are none.
    """

    v: Literal[1] = 1
    made_at: Instant
    origins: int
    facts: int
    heads: str
    root: str
    retired: str | None = None
    anchors: tuple[AnchorEntry, ...]
    key: str
    signature: str

    def signed_part(self) -> bytes:
        """Return what the signature covers: canonical JSON of all other fields."""
        without = {"signature"} if self.retired is not None else {"signature", "retired"}
        return rfc8785.dumps(to_jsonable_python(self.model_dump(exclude=without)))


class ExportExists(Exception):
    """There is something at the place of the export already."""


async def export_history(
    engine: AsyncEngine, settings: Settings, target: Path, progress: Progress = lambda done, total: None
) -> Manifest:
    """Write all facts, as they are in one snapshot, to the new folder `target`, or to a ZIP file of that name.

    Raises ExportExists, OSError when it can't be written, and what a database raises that is away. Nothing half-written
    stays.
    """
    if target.exists():
        raise ExportExists(str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as place:
        folder = Path(place) / "export"
        folder.mkdir(mode=0o700)
        manifest = await _write(engine, settings, folder, progress)
        if target.suffix == ".zip":
            packed = shutil.make_archive(str(Path(place) / "packed"), "zip", folder)
            Path(packed).chmod(0o600)
            Path(packed).rename(target)
        else:
            folder.rename(target)
    return manifest


async def _write(engine: AsyncEngine, settings: Settings, folder: Path, progress: Progress) -> Manifest:
    written = facts = 0
    async with snapshot_connection(engine) as connection:
        heads, retired = await read_heads(connection), await read_retired_heads(connection)
        numbers = {origin: head.number for origin, head in heads.items()}
        total = int(await connection.scalar(_COUNT) or 0)
        made = await read_made(connection)
        with (folder / FACTS).open("wb") as file:
            async for one in stream_history(connection):
                for fact in one.facts:
                    file.write(to_json(_line(fact, numbers.get(one.id, str(one.id)))) + b"\n")
                written, facts = written + 1, facts + len(one.facts)
                progress(written, total)
    content = write_heads(heads)
    write_private(folder / HEADS, content)
    if retired:
        write_private(folder / RETIRED, write_heads(retired))
    (folder / ANCHORS).mkdir(mode=0o700)
    if settings.anchors_dir.exists():
        shutil.copytree(settings.anchors_dir, folder / ANCHORS, dirs_exist_ok=True)
    key = load_signing_key(settings.anchor_key)
    manifest = Manifest(
        made_at=datetime.now(UTC), origins=written, facts=facts, heads=digest_of(content), root=root_of(heads),
        retired=digest_of(write_heads(retired)) if retired else None,
        anchors=tuple(AnchorEntry(number=number, day=day, digest=digest) for number, day, digest in made),
        key=key.public, signature="",
    )  # fmt: skip
    manifest = manifest.model_copy(update={"signature": key.sign(manifest.signed_part())})
    write_private(folder / MANIFEST, to_json(manifest, indent=1))
    return manifest


def _line(fact: HashedFact, number: str) -> dict[str, Any]:
    return {"number": number, **fact.record, "hash": None if fact.hash is None else fact.hash.hex()}
