"""The retirement of old cases: they leave the database, and lie in the archive alone."""

from enum import StrEnum

from pydantic import Field

from models.base import Instant, Kept

RETIREMENT_WORKFLOW = "Retirement"
RETIREMENT_ACTIVITY = "retire"


class Obstacle(StrEnum):
    """Why a case that is old enough stays."""

    #: It is under legal hold.
    HELD = "held"
    #: The reporter's data is still kept; retention comes first.
    REPORTER = "reporter"
    #: Somebody looked at its reporter within three years.
    UNMASKED = "unmasked"
    #: An open case or matter names it, or an effect of it waits.
    REFERENCED = "referenced"
    #: The archive has not got all of its facts yet.
    UNARCHIVED = "unarchived"
    #: Its facts do not fit their hashes (`verify` tells more), or the database says that it was retired already.
    DAMAGED = "damaged"
    #: The archive does not give back what was written: it is gone, changed, or not what the database has.
    ALTERED = "altered"


#: What somebody must look into.
FAULTS = frozenset({Obstacle.DAMAGED, Obstacle.ALTERED})


class RetirementRun(Kept):
    """A run. `bundled`: cases written to the archive, to be retired in a week; `retired`: cases that left the database;
    `kept`: those that are old enough and stay, by the reason; `faults`: the numbers of those to look into.

    `dry`: nothing was changed, and `retired` counts what would be. `brought_back`: the one case that came back.
    """

    at: Instant
    bundled: int = 0
    retired: int = 0
    facts: int = 0
    kept: dict[Obstacle, int] = Field(default_factory=dict)
    faults: tuple[str, ...] = ()
    dry: bool = False
    brought_back: str | None = None
