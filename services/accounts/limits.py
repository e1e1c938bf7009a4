"""Limits of how much a client may do within a time, counted in PostgreSQL for all processes together.

Using a limit is one statement that counts and compares at once, so that requests that come together count like those
that come one after the other. A window begins with the first use and ends after its time; then it counts anew.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import transaction
from models.errors import TooManyAttempts

_USE = text("""
INSERT INTO rate_limits AS r (name, client, began_at, used) VALUES (:name, :client, :now, 1)
ON CONFLICT (name, client) DO UPDATE SET
  began_at = CASE WHEN r.began_at <= :passed THEN excluded.began_at ELSE r.began_at END,
  used = CASE WHEN r.began_at <= :passed THEN 1 ELSE r.used + 1 END
WHERE r.began_at <= :passed OR r.used < :most
RETURNING used
""")
_BEGAN = text("SELECT began_at FROM rate_limits WHERE name = :name AND client = :client")
_GIVE_BACK = text("UPDATE rate_limits SET used = used - 1 WHERE name = :name AND client = :client AND used > 0")
_SWEEP = text("DELETE FROM rate_limits WHERE began_at < :before")
#: The longest window of all limits; what began before that is over.
LONGEST_WINDOW = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """At most `most` uses by one client within `window`."""

    name: str
    most: int
    window: timedelta = timedelta(hours=1)

    async def use(self, engine: AsyncEngine, client: str, now: datetime) -> None:
        """Count one use. Raises TooManyAttempts with the seconds to wait; then nothing is counted."""
        key = {"name": self.name, "client": client[:200]}
        async with transaction(engine) as connection:
            values = {**key, "now": now, "passed": now - self.window, "most": self.most}
            if await connection.scalar(_USE, values) is not None:
                return
            began: datetime = await connection.scalar(_BEGAN, key) or now
        wait = (began + self.window - now).total_seconds()
        raise TooManyAttempts(seconds=max(1, math.ceil(wait)))

    async def give_back(self, engine: AsyncEngine, client: str) -> None:
        """Take back one use, where only failures are to count and this one succeeded."""
        async with transaction(engine) as connection:
            await connection.execute(_GIVE_BACK, {"name": self.name, "client": client[:200]})


#: Per address: reports without an account, whether they are taken or refused; files for them; wrong progress codes.
PUBLIC_REPORTS = Limit("public_reports", 10)
PUBLIC_FILES = Limit("public_files", 60)
WRONG_CODES = Limit("wrong_codes", 10)
#: Per address: what is read over Open311 without a key, and whole tables. Clients poll every few minutes.
OPEN311_READS = Limit("open311_reads", 3_600)
OPEN311_TABLES = Limit("open311_tables", 12)
#: Per address: wrong keys of Open311.
OPEN311_WRONG_KEYS = Limit("open311_wrong_keys", 120)
#: Per person: calls of the codec server. A page of Temporal's interface makes some dozens.
CODEC_CALLS = Limit("codec", 3000)
#: Per person: suggestions for words that are being typed. Whoever asks more often is trying out what was learnt.
SUGGESTION_CALLS = Limit("suggestions", 600)


def uploads_limit(most: int) -> Limit:
    """The limit of files that one person uploads within an hour (`GRIDLOOP_UPLOADS_PER_HOUR`)."""
    return Limit("uploads", most)


def open311_limit(most: int) -> Limit:
    """The limit of reports and updates that one key of Open311 sends within an hour; each key has its own."""
    return Limit("open311_key", most)


async def sweep_limits(engine: AsyncEngine, now: datetime) -> None:
    """Delete what clients used of limits whose window has passed."""
    async with transaction(engine) as connection:
        await connection.execute(_SWEEP, {"before": now - LONGEST_WINDOW})
