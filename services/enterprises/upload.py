"""A register of enterprises as a file that somebody sends: read, then entered line by line."""

from asyncio import to_thread
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models.context import Person
from models.errors import InputError
from services.enterprises.register import MOST_LINES, LineOutcome, RegisterOutcome, register_rows
from services.enterprises.tables import read_register
from services.files.tables import UnreadableFile
from services.runtime.resources import Resources

#: The largest file, in bytes (our choice).
MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class Loaded:
    """The outcome of each line, in the order of the file, and how the file was recognised."""

    outcomes: tuple[LineOutcome, ...]
    recognised: tuple[str, str]

    @property
    def counts(self) -> dict[RegisterOutcome, int]:
        """How many lines came out each way."""
        found = Counter(line.outcome for line in self.outcomes)
        return {outcome: found[outcome] for outcome in RegisterOutcome if found[outcome]}


async def load_register(
    resources: Resources, person: Person, path: Path, now: datetime, *, dry_run: bool = False
) -> Loaded:
    """Enter the enterprises of the file. Raises InputError for a file that is no register: then nothing was stored."""
    try:
        table = await to_thread(read_register, path)
    except UnreadableFile as error:
        place_zh, place_en = (f"第 {error.line} 行:", f"line {error.line}: ") if error.line else ("", "")
        raise InputError(
            why_zh=place_zh + error.reason_zh, why_en=place_en + error.reason_en, pointer="/file"
        ) from error
    if len(table.rows) > MOST_LINES:
        raise InputError(
            why_zh=f"最多 {MOST_LINES} 行,实有 {len(table.rows)} 行,请分成几个文件",
            why_en=f"{MOST_LINES} lines at most, there are {len(table.rows)}; send several files",
            pointer="/file",
        )
    outcomes = await register_rows(resources, person, table.rows, now, dry_run=dry_run)
    return Loaded(outcomes, table.recognised)
