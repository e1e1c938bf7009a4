"""Search: numbers of people are masked in the words of a case, and kept beside them.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from infra.store.search_words import search_form
from models.personal_numbers import mask_numbers, numbers_in

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_BATCH = 5_000
_TEXT = "concat_ws(' ', title, description, external_number)"
_LONG = "[0-9〇零一二三四五六七八九幺]([^0-9]{0,3}[0-9〇零一二三四五六七八九幺]){10}"


def upgrade() -> None:
    """Masks the words of the cases that hold such numbers."""
    op.add_column("case_words", sa.Column("numbers", ARRAY(sa.Text)))
    op.create_index("case_words_numbers", "case_words", ["numbers"], postgresql_using="gin")
    bind = op.get_bind()
    query = sa.text(f"SELECT report_id, {_TEXT} AS text FROM cases WHERE {_TEXT} ~ :long")
    rows = bind.execute(query, {"long": _LONG}, execution_options={"stream_results": True, "yield_per": _BATCH})
    change = sa.text("UPDATE case_words SET words = :words, numbers = :numbers WHERE report_id = :id")
    for batch in rows.partitions():
        found = [(row, numbers) for row in batch if (numbers := numbers_in(row.text))]
        if found:
            bind.execute(
                change,
                [
                    {"id": row.report_id, "words": search_form(mask_numbers(row.text)), "numbers": sorted(numbers)}
                    for row, numbers in found
                ],
            )


def downgrade() -> None:
    """Brings the whole text back."""
    bind = op.get_bind()
    query = sa.text(f"SELECT report_id, {_TEXT} AS text FROM cases JOIN case_words USING (report_id) WHERE numbers <> '{{}}'")
    for row in bind.execute(query).all():
        words = {"id": row.report_id, "words": search_form(row.text)}
        bind.execute(sa.text("UPDATE case_words SET words = :words WHERE report_id = :id"), words)
    op.drop_index("case_words_numbers", "case_words")
    op.drop_column("case_words", "numbers")
