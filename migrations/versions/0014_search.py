"""Search: the words of a case in one form, found by pairs of characters; case numbers found by their end.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from infra.store.search_words import search_form

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: Every pair of neighbouring characters of every word, and the last character of each word alone: a word of two
#: characters is one pair, one character is found as the beginning of pairs.
_PAIRS = r"""
    CREATE FUNCTION search_pairs(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
        SELECT coalesce(array_to_tsvector(array_agg(DISTINCT rtrim(char || next))), ''::tsvector)
        FROM (SELECT char, coalesce(lead(char) OVER (ORDER BY place), '') AS next
              FROM unnest(string_to_array(words, NULL)) WITH ORDINALITY AS chars (char, place)) pairs
        WHERE char <> ' '
    $$
"""
_BATCH = 5_000


def upgrade() -> None:
    """Adds the words of every case, and their indexes; drops the index that found three characters at least."""
    op.execute(_PAIRS)
    words = op.create_table(
        "case_words",
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("cases.report_id", ondelete="CASCADE"), primary_key=True),
        sa.Column("case_no", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    bind = op.get_bind()
    query = sa.text("SELECT report_id, case_no, title, description, external_number FROM cases")
    rows = bind.execute(query, execution_options={"stream_results": True, "yield_per": _BATCH})
    for batch in rows.partitions():
        given = [
            {
                "report_id": row.report_id,
                "case_no": row.case_no,
                "words": search_form(f"{row.title} {row.description} {row.external_number or ''}"),
            }
            for row in batch
        ]
        bind.execute(words.insert(), given)
    op.create_index("case_words_pairs", "case_words", [sa.text("search_pairs(words)")], postgresql_using="gin")
    op.create_index("case_words_number_end", "case_words", [sa.text("reverse(case_no) text_pattern_ops")])
    op.create_index("case_words_number", "case_words", [sa.text("case_no text_pattern_ops")])
    op.drop_index("cases_search", "cases")


def downgrade() -> None:
    """Brings back the index of three characters."""
    op.create_index(
        "cases_search", "cases", [sa.text("(title || ' ' || description) gin_trgm_ops")], postgresql_using="gin"
    )
    op.drop_table("case_words")
    op.execute("DROP FUNCTION search_pairs(text)")
