"""Matters (事项): what the park works on beside the single case, their facts and notices; and the outbox of effects.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from models.tables.columns import Ltree

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Adds the four tables."""
    _create_matters()
    _create_facts()
    _create_notices()
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("origin_kind", sa.String, nullable=False),
        sa.Column("origin_id", sa.Uuid, nullable=False),
        sa.Column("effect", JSONB, nullable=False),
        sa.Column("written_at", _MOMENT, nullable=False),
        sa.Column("next_try_at", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("failure", sa.String, nullable=True),
    )
    op.create_index("outbox_next", "outbox", ["next_try_at", "id"])
    op.create_index("outbox_origin", "outbox", ["origin_id", "written_at", "id"])


def _create_matters() -> None:
    op.create_table(
        "matters",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("state", JSONB, nullable=False),
        sa.Column("grid", sa.String, sa.ForeignKey("grid_units.code"), nullable=False),
        sa.Column("grid_path", Ltree, nullable=False),
        sa.Column("department", sa.String, nullable=True),
        sa.Column("departments", ARRAY(sa.Text), nullable=False),
        sa.Column("people", ARRAY(sa.Uuid), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("overdue_at", _MOMENT, nullable=True),
        sa.Column("wake_at", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
    )
    op.create_index("matters_code", "matters", ["kind", "code"], unique=True)
    op.create_index("matters_grid_path", "matters", ["grid_path"], postgresql_using="gist")
    op.create_index("matters_departments", "matters", ["departments"], postgresql_using="gin")
    op.create_index("matters_people", "matters", ["people"], postgresql_using="gin")
    due, overdue = sa.text("ended_at IS NULL AND due_at IS NOT NULL"), sa.text("overdue_at IS NOT NULL")
    op.create_index("matters_due", "matters", ["kind", "due_at"], postgresql_where=due)
    op.create_index("matters_overdue", "matters", ["kind", "overdue_at"], postgresql_where=overdue)
    awake = sa.text("ended_at IS NULL AND wake_at IS NOT NULL")
    op.create_index("matters_wake", "matters", ["wake_at"], postgresql_where=awake)


def _create_facts() -> None:
    op.create_table(
        "matter_facts",
        sa.Column("matter_id", sa.Uuid, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("actor", sa.Uuid, nullable=True),
        sa.Column("command_id", sa.Uuid, nullable=False),
        sa.Column("command", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("matter_id", "seq"),
        sa.ForeignKeyConstraint(["matter_id"], ["matters.id"], deferrable=True, initially="DEFERRED"),
    )
    op.create_index("matter_facts_command", "matter_facts", ["matter_id", "command_id"])
    op.create_index("matter_facts_at", "matter_facts", ["kind", "at", "matter_id"])
    op.execute("""
        CREATE TRIGGER matter_facts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON matter_facts
        FOR EACH STATEMENT EXECUTE FUNCTION facts_stay()
    """)


def _create_notices() -> None:
    op.create_table(
        "matter_notices",
        sa.Column("matter_id", sa.Uuid, sa.ForeignKey("matters.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("receiver", sa.String, nullable=False),
        sa.Column("person", sa.Uuid, sa.ForeignKey("people.id"), nullable=True),
        sa.Column("department", sa.String, sa.ForeignKey("departments.id"), nullable=True),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("read_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("matter_id", "seq", "receiver"),
    )
    person, department = sa.text("person IS NOT NULL"), sa.text("department IS NOT NULL")
    op.create_index("matter_notices_person", "matter_notices", ["person", "at"], postgresql_where=person)
    op.create_index("matter_notices_department", "matter_notices", ["department", "at"], postgresql_where=department)


def downgrade() -> None:
    """Drops them, with what they hold."""
    for table in ("outbox", "matter_notices", "matter_facts", "matters"):
        op.drop_table(table)
