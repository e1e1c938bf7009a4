"""Database migrations run from code, without the alembic command line."""

from pathlib import Path

from alembic import command
from alembic.config import Config

import migrations

SCRIPTS_DIR = Path(migrations.__file__).parent


def _config(url: str) -> Config:
    config = Config()
    # Alembic reads this through configparser, where % is special.
    config.set_main_option("script_location", str(SCRIPTS_DIR).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Upgrade the database at `url` (see `infra.database_url`) to `revision`.

    Safe to run from several processes at once: they wait for each other. Raises SQLAlchemy errors when the database
    cannot be reached or a revision fails; a failed revision is rolled back.
    """
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Downgrade the database at `url` to `revision` (`base` drops everything, the data included)."""
    command.downgrade(_config(url), revision)
