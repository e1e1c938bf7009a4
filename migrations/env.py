"""Alembic's environment. The database URL comes from `infra.migrate`, or from GRIDLOOP_DATABASE_URL."""

import os
from typing import Any

from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection

from infra.database_url import connect_parameters
from models.tables import metadata
from models.tables.columns import Ltree

#: Advisory lock held while migrating, so that processes starting together migrate once ("gridloop" as a number).
LOCK = 0x6772_6964_6C6F_6F70


def connect_arguments() -> dict[str, Any]:
    """Return what connects to the database to migrate. Raises KeyError when none is set, ValueError."""
    address = context.config.attributes.get("url") or os.environ["GRIDLOOP_DATABASE_URL"]
    return connect_parameters(str(address))


#: How long a statement of a revision waits for a lock (our choice). Whoever comes after it waits as well, so a revision
#: that meets a long transaction gives up, and `infra.migrate` tries it again.
LOCK_TIMEOUT = "3s"


def migrate(connection: Connection) -> None:
    """Run the revisions, each in a transaction of its own, so that no lock is held longer than its revision takes."""
    # For autogenerate: PostgreSQL's ltree is our column type.
    connection.dialect.ischema_names["ltree"] = Ltree  # type: ignore[attr-defined]
    context.configure(
        connection=connection, target_metadata=metadata, compare_server_default=True, transaction_per_migration=True
    )
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
    connection.execute(text("SELECT set_config('lock_timeout', :timeout, false)"), {"timeout": LOCK_TIMEOUT})
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("offline mode is not supported: the revisions read the database")
engine = create_engine("postgresql+psycopg://", connect_args=connect_arguments(), poolclass=pool.NullPool)
with engine.connect() as open_connection:
    migrate(open_connection)
