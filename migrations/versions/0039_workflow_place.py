"""Which namespace of which Temporal has the workflows of this database: writers of another one are refused.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

#: A session that runs workflows says where in the setting `gridloop.place`. Each query of a volatile function sees what
#: is committed by then: who waited for a move that was going on sees its result. A move takes the same lock, alone, and
#: so waits for everybody who writes.
_FUNCTION = """
CREATE FUNCTION keep_to_the_place() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ours text := nullif(current_setting('gridloop.place', true), '');
    held record;
BEGIN
    IF ours IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtext('gridloop place'));
    SELECT namespace, address INTO held FROM workflow_place WHERE place <> ours;
    IF FOUND THEN
        RAISE EXCEPTION 'the workflows of this database are in the namespace % of the Temporal at %',
            held.namespace, held.address USING ERRCODE = 'GL001';
    END IF;
    RETURN NULL;
END $$
"""
_GUARDED = {"facts": "INSERT", "matter_facts": "INSERT", "outbox": "INSERT OR UPDATE OR DELETE"}


def upgrade() -> None:
    """Adds the table and the guards."""
    op.create_table(
        "workflow_place",
        sa.Column("id", sa.SmallInteger, sa.CheckConstraint("id = 1"), nullable=False),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("namespace", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(_FUNCTION)
    for table, events in _GUARDED.items():
        op.execute(
            f"CREATE TRIGGER {table}_in_place BEFORE {events} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION keep_to_the_place()"
        )


def downgrade() -> None:
    """Drops them."""
    for table in _GUARDED:
        op.execute(f"DROP TRIGGER {table}_in_place ON {table}")
    op.execute("DROP FUNCTION keep_to_the_place()")
    op.drop_table("workflow_place")
