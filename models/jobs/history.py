"""The verification of recorded facts, and the anchors, which keep the hashes of a day outside the database."""

from datetime import date
from enum import StrEnum
from typing import Literal

from models.base import Instant, Kept

ANCHOR_WORKFLOW = "Anchor"
ANCHOR_ACTIVITY = "anchor"
ARCHIVE_WORKFLOW = "Archive"
ARCHIVE_ACTIVITY = "archive"


class Fault(StrEnum):
    """What can be wrong with recorded facts."""

    #: A fact does not have the content that its hash was made of.
    EDITED = "edited"
    #: Facts have changed places.
    REORDERED = "reordered"
    #: A fact is gone.
    MISSING = "missing"
    #: A fact is there that was not recorded: twice the same number, or beyond the end that was signed.
    FORGED = "forged"
    #: A fact without a hash.
    UNHASHED = "unhashed"
    #: Facts and hashes fit together, and differ from what an anchor has signed.
    REWRITTEN = "rewritten"
    #: A whole case or matter is gone.
    ORIGIN_MISSING = "origin_missing"
    #: An anchor is gone, or a day has none.
    ANCHOR_MISSING = "anchor_missing"
    #: An anchor was changed, was signed by another key, or does not follow the one before.
    ANCHOR_FORGED = "anchor_forged"
    #: The manifest of an export was changed, or does not fit its facts.
    MANIFEST_FORGED = "manifest_forged"


class HistoryFinding(Kept):
    """One fault, with the place that it is at.

    `number`: the case number or the code of the matter; `seq`: the fact; `day` and `anchor`: the anchor's.
    """

    fault: Fault
    number: str | None = None
    seq: int | None = None
    anchor: int | None = None
    day: date | None = None
    zh: str
    en: str


class Verification(Kept):
    """What was verified, and the faults in the order in which they were found.

    `origins`: cases and matters; `retired`: cases of which the last hash alone is there; `key`: the public key
    (hexadecimal) that signed, None where nothing was.
    """

    at: Instant
    origins: int
    facts: int
    anchors: int
    key: str | None
    last_day: date | None = None
    retired: int = 0
    findings: tuple[HistoryFinding, ...] = ()
    seconds: float = 0.0


class Anchor(Kept):
    """An anchor: the Merkle root over the last hash of every case and matter, signed, linked to the anchor before.

    `changed`: SHA-256 of the file of hashes that changed since the anchor before; `previous`: SHA-256 of the file of
    the anchor before; `key` and `signature`: Ed25519, hexadecimal. `docs/trust.md` states the format.
    """

    v: Literal[1] = 1
    number: int
    day: date
    zone: str
    made_at: Instant
    heads: int
    root: str
    changed: str
    previous: str | None
    key: str
    signature: str


class ArchiveMade(Kept):
    """What a run of archiving wrote: files, and facts in them."""

    files: int = 0
    facts: int = 0


class AnchorsMade(Kept):
    """The days for which anchors were made, and how many facts got a hash that they lacked."""

    days: tuple[date, ...] = ()
    hashed: int = 0
