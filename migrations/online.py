"""Steps of revisions that do not stop those who use the tables meanwhile."""

from alembic import op
from sqlalchemy import text


def create_index(name: str, table: str, definition: str, *, unique: bool = False) -> None:
    """Create an index while the table is written to. `definition`: what stands after the table, such as `(due_at)`.

    It runs outside the revision's transaction, so it must be the last step of its revision or one that may stay. What
    an earlier try left unfinished is dropped first.
    """
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        unfinished = text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
        if connection.scalar(unfinished, {"name": name}):
            op.execute(f"DROP INDEX CONCURRENTLY {name}")
        kind = "UNIQUE INDEX" if unique else "INDEX"
        op.execute(f"CREATE {kind} CONCURRENTLY IF NOT EXISTS {name} ON {table} {definition}")


def drop_index(name: str) -> None:
    """Drop an index while its table is used. It runs outside the revision's transaction."""
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
