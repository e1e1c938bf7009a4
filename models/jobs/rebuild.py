"""What the rebuilding of a lost store did and what it could not do."""

from models.base import Instant, Kept


class RebuildFault(Kept):
    """Something that could not be brought back, as text in both languages."""

    number: str | None = None
    seq: int | None = None
    zh: str
    en: str


class DatabaseRebuilt(Kept):
    """The rebuilding of the database from archive and histories.

    `reference`: rows of the copy that were missing; of cases and matters: how many were new, had facts added, were
    damaged and replaced, had only their row corrected, and were whole. `retired`: cases that stay in the archive;
    `drift`: facts of the sources that the database
    does not hold as they are; 0 when all is well.
    """

    at: Instant
    copy_of: Instant | None
    files: int
    runs: int
    origins: int
    facts: int
    reference: int = 0
    new: int = 0
    extended: int = 0
    replaced: int = 0
    corrected: int = 0
    whole: int = 0
    retired: int = 0
    reporters: int = 0
    files_registered: int = 0
    drift: int = 0
    faults: tuple[RebuildFault, ...] = ()
    seconds: float = 0.0


class WorkflowsRebuilt(Kept):
    """The starting of workflows from the database: how many there should be, run already, and were started."""

    at: Instant
    cases: int
    matters: int
    running: int
    started: int
    faults: tuple[RebuildFault, ...] = ()
    seconds: float = 0.0
