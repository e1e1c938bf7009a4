"""Brings a database to a version of our schema, from code: no alembic command line needed."""

from pathlib import Path

from alembic import command
from alembic.config import Config

import migrations

SCRIPTS = Path(migrations.__file__).parent


def _config(url: str) -> Config:
    config = Config()
    # Alembic reads this through configparser, to which % is special.
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Upgrades the database at `url` (a `postgresql://` URL) to `revision`.

    Safe to run from several places at once: they wait for each other. Raises sqlalchemy's errors when the
    database can't be reached or refuses; a step that fails leaves nothing behind.
    """
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Downgrades the database at `url` to `revision` (`base`: everything dropped, the data with it)."""
    command.downgrade(_config(url), revision)
