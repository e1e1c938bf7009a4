"""Database migrations run from code, without the alembic command line."""

import time
from datetime import timedelta
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

import migrations

log = structlog.get_logger(__name__)

SCRIPTS_DIR = Path(migrations.__file__).parent
#: SQLSTATE of a statement that did not get a lock in time.
LOCK_NOT_AVAILABLE = "55P03"
#: How long an upgrade tries again, and after how many seconds (our choice: longer than any report or export runs).
PATIENCE, RETRY_SECONDS = timedelta(minutes=10), 2.0


def _config(url: str) -> Config:
    config = Config()
    # Alembic reads this through configparser, where % is special.
    config.set_main_option("script_location", str(SCRIPTS_DIR).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head", *, patience: timedelta = PATIENCE) -> None:
    """Upgrade the database at `url` (see `infra.database_url`) to `revision`, also while others work on it.

    Safe to run from several processes at once: they wait for each other. A revision that does not get a lock within
    seconds lets those who work go first and is tried again, for `patience`. Raises SQLAlchemy errors when the database
    cannot be reached or a revision fails. A failed revision is rolled back; those before it stay.
    """
    until = time.monotonic() + patience.total_seconds()
    while True:
        try:
            command.upgrade(_config(url), revision)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE or time.monotonic() > until:
                raise
            log.warning("a revision waits for those who use its table", retry_seconds=RETRY_SECONDS)
            time.sleep(RETRY_SECONDS)
        else:
            return


def downgrade(url: str, revision: str) -> None:
    """Downgrade the database at `url` to `revision` (`base` drops everything, the data included)."""
    command.downgrade(_config(url), revision)
