"""The spine: who and where, policies, cases with their facts and tasks, reporters, attachments.

Revision ID: 0001
Revises: nothing
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import UserDefinedType

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = pg.JSONB(none_as_null=True)
OPEN = sa.text("closed_at IS NULL")


class Ltree(UserDefinedType[str]):
    """The extension's label path."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "ltree"


def must(name: str, type_: Any = sa.String) -> sa.Column[Any]:
    """A column that always has a value."""
    return sa.Column(name, type_, nullable=False)


def may(name: str, type_: Any = sa.String) -> sa.Column[Any]:
    """A column that may be empty."""
    return sa.Column(name, type_, nullable=True)


def upgrade() -> None:
    """Creates everything."""
    # Both are trusted extensions: the owner of the database may create them.
    op.execute("CREATE EXTENSION IF NOT EXISTS ltree")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    create_directory()
    create_policies()
    create_reporters()
    create_attachments()
    create_cases()
    create_facts()
    create_tasks()


def create_directory() -> None:
    op.create_table(
        "departments",
        must("id"),
        must("name_zh"),
        must("name_en"),
        must("active", sa.Boolean),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "grid_units",
        must("code"),
        must("name"),
        must("level", sa.Integer),
        may("parent"),
        must("path", Ltree),
        must("type"),
        may("households", sa.Integer),
        may("enterprise"),
        may("retired_on", sa.Date),
        may("geometry", JSON),
        may("west", sa.Float),
        may("south", sa.Float),
        may("east", sa.Float),
        may("north", sa.Float),
        sa.PrimaryKeyConstraint("code"),
        sa.ForeignKeyConstraint(["parent"], ["grid_units.code"]),
    )
    op.create_index("ix_grid_units_parent", "grid_units", ["parent"])
    op.create_index("grid_units_path", "grid_units", ["path"], postgresql_using="gist")
    op.create_index("grid_units_box", "grid_units", ["west", "east", "south", "north"])
    op.create_table(
        "people",
        must("id", sa.Uuid),
        must("username"),
        must("name"),
        must("active", sa.Boolean),
        may("password_hash"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("username"),
    )
    op.create_table(
        "grants",
        must("id", sa.Uuid),
        must("person", sa.Uuid),
        must("role"),
        may("grid"),
        may("department"),
        must("since", sa.Date),
        may("until", sa.Date),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["person"], ["people.id"]),
        sa.ForeignKeyConstraint(["grid"], ["grid_units.code"]),
        sa.ForeignKeyConstraint(["department"], ["departments.id"]),
    )
    op.create_index("ix_grants_person", "grants", ["person"])
    op.create_index("ix_grants_department", "grants", ["department"])
    op.create_index("grants_grid_role", "grants", ["grid", "role"])


def create_policies() -> None:
    op.create_table(
        "policies",
        must("version", sa.Integer),
        must("published_at", MOMENT),
        must("digest"),
        must("content", JSON),
        sa.PrimaryKeyConstraint("version"),
    )


def create_reporters() -> None:
    op.create_table(
        "reporters",
        must("id", sa.Uuid),
        may("name"),
        may("phone"),
        must("anonymous", sa.Boolean),
        must("created_at", MOMENT),
        sa.PrimaryKeyConstraint("id"),
    )


def create_attachments() -> None:
    op.create_table(
        "attachments",
        must("sha256"),
        must("media_type"),
        must("size", sa.Integer),
        may("width", sa.Integer),
        may("height", sa.Integer),
        must("uploaded_by", pg.ARRAY(sa.Uuid)),
        must("uploaded_at", MOMENT),
        sa.PrimaryKeyConstraint("sha256"),
    )


def create_cases() -> None:
    op.create_table(
        "cases",
        must("report_id", sa.Uuid),
        must("case_no"),
        must("seq", sa.Integer),
        must("state", JSON),
        must("stage"),
        must("round", sa.Integer),
        may("outcome"),
        must("category"),
        must("severity"),
        must("source"),
        must("title"),
        must("description", sa.Text),
        must("grid"),
        must("grid_path", Ltree),
        may("lat", sa.Float),
        may("lon", sa.Float),
        must("level", sa.Integer),
        may("owner_kind"),
        may("owner_id"),
        may("host"),
        must("departments", pg.ARRAY(sa.Text)),
        must("reported_by", sa.Uuid),
        may("reporter_ref", sa.Uuid),
        must("anonymous", sa.Boolean),
        may("external_system"),
        may("external_number"),
        must("content_hash"),
        must("occurred_at", MOMENT),
        must("reported_at", MOMENT),
        must("received_at", MOMENT),
        must("updated_at", MOMENT),
        may("due_at", MOMENT),
        may("yellow_at", MOMENT),
        may("overdue_at", MOMENT),
        may("wake_at", MOMENT),
        may("closed_at", MOMENT),
        may("archived_at", MOMENT),
        sa.PrimaryKeyConstraint("report_id"),
        sa.UniqueConstraint("case_no"),
        sa.ForeignKeyConstraint(["grid"], ["grid_units.code"]),
        sa.ForeignKeyConstraint(["reported_by"], ["people.id"]),
    )
    op.create_index("ix_cases_host", "cases", ["host"])
    op.create_index("ix_cases_reported_by", "cases", ["reported_by"])
    op.create_index("cases_grid_path", "cases", ["grid_path"], postgresql_using="gist")
    op.create_index("cases_departments", "cases", ["departments"], postgresql_using="gin")
    op.create_index(
        "cases_due", "cases", ["due_at"],
        postgresql_where=sa.text("closed_at IS NULL AND due_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index("cases_wake", "cases", ["wake_at"], postgresql_where=sa.text("archived_at IS NULL"))
    op.create_index("cases_open", "cases", ["stage", "reported_at"], postgresql_where=OPEN)
    op.create_index("cases_reported", "cases", ["reported_at", "report_id"])
    op.create_index(
        "cases_external", "cases", ["external_system", "external_number"],
        postgresql_where=sa.text("external_number IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "cases_search", "cases", [sa.text("(title || ' ' || description) gin_trgm_ops")],
        postgresql_using="gin",
    )  # fmt: skip
    op.create_index("cases_attachments", "cases", [sa.text("(state -> 'attachments')")], postgresql_using="gin")
    op.create_table(
        "case_counters",
        must("park"),
        must("day", sa.Date),
        must("last", sa.Integer),
        sa.PrimaryKeyConstraint("park", "day"),
    )


def create_facts() -> None:
    op.create_table(
        "facts",
        must("report_id", sa.Uuid),
        must("seq", sa.Integer),
        must("at", MOMENT),
        must("kind"),
        must("version", sa.Integer),
        may("actor", sa.Uuid),
        must("command_id", sa.Uuid),
        must("command"),
        must("digest"),
        must("body", JSON),
        sa.PrimaryKeyConstraint("report_id", "seq"),
        # Checked at commit, for the facts of a new case are written before its row.
        sa.ForeignKeyConstraint(
            ["report_id"], ["cases.report_id"], deferrable=True, initially="DEFERRED"
        ),
    )  # fmt: skip
    op.create_index("facts_command", "facts", ["report_id", "command_id"])
    op.execute("""
        CREATE FUNCTION facts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'facts are appended, never changed: % on % is refused', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation',
                      HINT = 'A mistake is corrected by a further fact.';
        END $$
    """)
    # For each statement, not for each row: TRUNCATE has none, and an UPDATE of no row is a mistake as well.
    op.execute("""
        CREATE TRIGGER facts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON facts
        FOR EACH STATEMENT EXECUTE FUNCTION facts_stay()
    """)


def create_tasks() -> None:
    op.create_table(
        "tasks",
        must("report_id", sa.Uuid),
        must("key"),
        must("kind"),
        must("assignee_kind"),
        must("assignee_id"),
        may("due_at", MOMENT),
        sa.PrimaryKeyConstraint("report_id", "key"),
        sa.ForeignKeyConstraint(["report_id"], ["cases.report_id"]),
    )
    op.create_index("tasks_assignee", "tasks", ["assignee_kind", "assignee_id", "due_at"])


def downgrade() -> None:
    """Drops everything, the data with it."""
    for table in (
        "tasks", "facts", "case_counters", "cases", "attachments", "reporters", "policies",
        "grants", "people", "grid_units", "departments",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("DROP FUNCTION facts_stay()")
    op.execute("DROP EXTENSION pg_trgm")
    op.execute("DROP EXTENSION ltree")
