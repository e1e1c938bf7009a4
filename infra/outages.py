"""An outage of the database as two lines in the log: when it began, and when it was over.

Everything that meets the outage meanwhile is counted, and logged at debug level only.
"""

import time

import structlog

log = structlog.get_logger(__name__)

#: A success counts as the end of an outage only so many seconds after the last failure: answers that were under way
#: when it began still come (our choice).
SETTLED_SECONDS = 1.0


class Outage:
    """Whether a store is away, as this process sees it."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._since: float | None = None
        self._last = 0.0
        self._met = 0

    def note_away(self, why: str, **about: object) -> None:
        """Note a failure, met by whatever `about` says."""
        self._last = time.monotonic()
        self._met += 1
        if self._since is None:
            self._since = self._last
            log.warning(f"{self._store} away", reason=why, **about)
        else:
            log.debug(f"{self._store} still away", reason=why, **about)

    def note_answer(self) -> None:
        """Note that the store has answered. Costs nothing while it is not away."""
        if self._since is None or time.monotonic() - self._last < SETTLED_SECONDS:
            return
        log.warning(f"{self._store} back", seconds=round(time.monotonic() - self._since, 1), failures=self._met)
        self._since, self._met = None, 0


#: The database, of this process.
DATABASE = Outage("database")
