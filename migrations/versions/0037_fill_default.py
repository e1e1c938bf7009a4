"""Columns added later take NULL from the recording statements of earlier versions.

These fill a row from a record and so write NULL into every column that their version does not know. A trigger
`fill_default` puts the default of the column in place of it.

Revision ID: 0037
Revises: 0036
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_FUNCTION = """
CREATE FUNCTION fill_default() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    expression text;
    value jsonb;
BEGIN
    SELECT pg_get_expr(d.adbin, d.adrelid) INTO STRICT expression
        FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        WHERE d.adrelid = TG_RELID AND a.attname = TG_ARGV[0];
    EXECUTE 'SELECT to_jsonb(' || expression || ')' INTO value;
    NEW := jsonb_populate_record(NEW, jsonb_build_object(TG_ARGV[0], value));
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    """Adds the function, and its first trigger: for the column of 0036."""
    op.execute(_FUNCTION)
    op.execute(
        "CREATE TRIGGER cases_recused_filled BEFORE INSERT ON cases FOR EACH ROW WHEN (NEW.recused IS NULL)"
        " EXECUTE FUNCTION fill_default('recused')"
    )


def downgrade() -> None:
    """Drops both."""
    op.execute("DROP TRIGGER cases_recused_filled ON cases")
    op.execute("DROP FUNCTION fill_default()")
