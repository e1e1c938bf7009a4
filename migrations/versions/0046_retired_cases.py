"""Old cases leave the database: what stays of each, and the one function that may remove their facts.

Revision ID: 0046
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from migrations.online import create_index

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_TEXTS = ARRAY(sa.Text)

#: Facts stay, as before, but for the function below: it alone, as the owner of the tables, sets `gridloop.retiring`.
_FACTS_STAY = """
CREATE OR REPLACE FUNCTION facts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('gridloop.retiring', true) = 'on'
        AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'facts are appended, never changed: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'A mistake is corrected by a further fact.';
END $$
"""
_AS_BEFORE = """
CREATE OR REPLACE FUNCTION facts_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'facts are appended, never changed: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'A mistake is corrected by a further fact.';
END $$
"""
#: It removes the rows of cases of which `retired_cases` has the same last hash, and of no other: closed for two years,
#: archived for half a year, without legal hold, whatever the settings of the caller say.
_RETIRE = """
CREATE FUNCTION retire_cases(ids uuid[]) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    wrong uuid;
    part record;
    gone int;
BEGIN
    SELECT i.id INTO wrong FROM unnest(ids) AS i(id)
        LEFT JOIN cases c ON c.report_id = i.id
        LEFT JOIN retired_cases r ON r.report_id = i.id
        LEFT JOIN fact_hashes h ON h.origin = i.id AND h.seq = c.seq
    WHERE (c.closed_at < now() - interval '2 years' AND c.archived_at < now() - interval '180 days'
        AND NOT coalesce((c.state ->> 'data_held')::bool, false)
        AND r.case_no = c.case_no AND r.seq = c.seq AND r.head = h.hash
        AND (SELECT max(f.seq) FROM facts f WHERE f.report_id = i.id) = c.seq) IS NOT TRUE LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the case of report % may not be retired', wrong USING ERRCODE = 'GL003';
    END IF;
    PERFORM set_config('gridloop.retiring', 'on', true);
    DELETE FROM fact_hashes WHERE origin = ANY (ids);
    DELETE FROM archived WHERE origin = ANY (ids);
    DELETE FROM progress_codes WHERE report_id = ANY (ids);
    DELETE FROM mail_items WHERE origin_id = ANY (ids);
    DELETE FROM open311_media WHERE report_id = ANY (ids);
    -- Facts, tasks, notices and all other tables whose rows belong to a case, also of later revisions.
    FOR part IN SELECT k.conrelid::regclass AS name, a.attname AS report FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f' AND k.confrelid = 'cases'::regclass
    LOOP EXECUTE format('DELETE FROM %s WHERE %I = ANY ($1)', part.name, part.report) USING ids; END LOOP;
    DELETE FROM cases WHERE report_id = ANY (ids);
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('gridloop.retiring', '', true);
    RETURN gone;
END $$
"""
#: A report that is sent again opens no second case, whichever door it comes through, and no number is given twice.
_NOT_AGAIN = """
CREATE FUNCTION keep_retired() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known record;
BEGIN
    SELECT case_no, retired_at INTO known FROM retired_cases
        WHERE report_id = NEW.report_id OR case_no = NEW.case_no LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'case % was retired', known.case_no
            USING ERRCODE = 'GL002', DETAIL = known.case_no || ' ' || known.retired_at::date;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Adds tables, columns and functions."""
    op.create_table(
        "retired_cases",
        sa.Column("report_id", sa.Uuid, nullable=False),
        sa.Column("case_no", sa.String, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("object", sa.String, nullable=False),
        sa.Column("grid", sa.String, nullable=False),
        sa.Column("grid_path", _TEXTS, nullable=False),
        sa.Column("category", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("host", sa.String),
        sa.Column("departments", _TEXTS, nullable=False),
        sa.Column("enterprise", sa.String),
        sa.Column("recused", ARRAY(sa.Uuid), nullable=False),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("reported_by", sa.Uuid, nullable=False),
        sa.Column("content_hash", sa.String, nullable=False),
        sa.Column("external_system", sa.String),
        sa.Column("external_number", sa.String),
        sa.Column("files", _TEXTS, nullable=False),
        sa.Column("reported_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=False),
        sa.Column("retired_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
        sa.UniqueConstraint("case_no"),
    )
    op.create_table(
        "retirement_runs",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("counts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("archived", sa.Column("bundle", sa.String))
    op.add_column("archived", sa.Column("bundled_at", _MOMENT))
    op.execute(_FACTS_STAY)
    op.execute(_RETIRE)
    op.execute("REVOKE EXECUTE ON FUNCTION retire_cases(uuid[]) FROM PUBLIC")
    op.execute(_NOT_AGAIN)
    op.execute("CREATE TRIGGER cases_keep_retired BEFORE INSERT ON cases FOR EACH ROW EXECUTE FUNCTION keep_retired()")
    op.execute("""
        CREATE TRIGGER retired_cases_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON retired_cases
        FOR EACH STATEMENT EXECUTE FUNCTION facts_stay()
    """)
    create_index("retired_cases_files", "retired_cases", "USING gin (files) WHERE files <> '{}'::text[]")


def downgrade() -> None:
    """Drops them. Bring retired cases back before."""
    op.execute("DROP TRIGGER cases_keep_retired ON cases")
    op.execute("DROP FUNCTION keep_retired()")
    op.execute("DROP FUNCTION retire_cases(uuid[])")
    op.execute(_AS_BEFORE)
    op.drop_column("archived", "bundled_at")
    op.drop_column("archived", "bundle")
    op.drop_table("retirement_runs")
    op.drop_table("retired_cases")
