"""Uploads that wait to be named: whose a file is before a case, a duty or a matter has it.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

#: Of the files stored so far, those that nothing has wait for each of their uploaders.
_FILL = """
INSERT INTO pending_uploads (sha256, person, uploaded_at)
SELECT a.sha256, person, a.uploaded_at FROM attachments a, unnest(a.uploaded_by) AS person
WHERE NOT EXISTS (SELECT 1 FROM cases c WHERE (c.state -> 'attachments') ? a.sha256::text)
  AND NOT EXISTS (SELECT 1 FROM duties d WHERE d.photos @> ARRAY[a.sha256::text])
  AND NOT EXISTS (SELECT 1 FROM matter_facts f WHERE (f.body -> 'attachments') ? a.sha256::text)
  AND NOT EXISTS (SELECT 1 FROM matter_facts f WHERE (f.body -> 'evidence') ? a.sha256::text)
"""


def upgrade() -> None:
    """Adds the table."""
    op.create_table(
        "pending_uploads",
        sa.Column(
            "sha256", sa.String, sa.ForeignKey("attachments.sha256", ondelete="CASCADE"), primary_key=True, nullable=False
        ),
        sa.Column("person", sa.Uuid, primary_key=True, nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("pending_uploads_at", "pending_uploads", ["uploaded_at"])
    op.execute(_FILL)


def downgrade() -> None:
    """Drops it."""
    op.drop_table("pending_uploads")
