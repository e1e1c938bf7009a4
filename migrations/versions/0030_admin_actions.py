"""What administrators and operators change, with before and after, written by the change itself.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

#: Table, its key, columns that are left out, columns of which only a digest is kept.
_TABLES = (
    ("people", "username", "password_hash", ""),
    ("grants", "id", "", ""),
    ("absences", "id", "", ""),
    ("shifts", "id", "", ""),
    ("departments", "id", "", ""),
    ("zones", "code", "", ""),
    ("grid_units", "code", "path", "geometry"),
    ("policies", "version", "", "content"),
    ("policy_drafts", "id", "", "content"),
)
_EVENTS = (
    ("INSERT", "NEW TABLE AS fresh"),
    ("UPDATE", "OLD TABLE AS stale NEW TABLE AS fresh"),
    ("DELETE", "OLD TABLE AS stale"),
)
_SHOWN = """
CREATE FUNCTION admin_action_shown(value jsonb, hidden text[], digested text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT (value - hidden) || coalesce((
    SELECT jsonb_object_agg(name, left(encode(sha256(convert_to(value ->> name, 'UTF8')), 'hex'), 16))
    FROM unnest(digested) AS name WHERE value ->> name IS NOT NULL), '{}')
$$
"""
# A statement of many rows is written down by one statement.
_NOTE = """
CREATE FUNCTION note_admin_action() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  name text := TG_ARGV[0];
  hidden text[] := string_to_array(TG_ARGV[1], ' ');
  digested text[] := string_to_array(TG_ARGV[2], ' ');
  who uuid := nullif(current_setting('gridloop.actor', true), '')::uuid;
  what text := coalesce(nullif(current_setting('gridloop.action', true), ''), 'database');
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO admin_actions (at, actor, action, kind, object, before, after)
    SELECT clock_timestamp(), who, what, TG_TABLE_NAME, v ->> name, NULL, admin_action_shown(v, hidden, digested)
    FROM (SELECT to_jsonb(f) AS v FROM fresh f) AS f;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO admin_actions (at, actor, action, kind, object, before, after)
    SELECT clock_timestamp(), who, what, TG_TABLE_NAME, v ->> name, admin_action_shown(v, hidden, digested), NULL
    FROM (SELECT to_jsonb(s) AS v FROM stale s) AS s;
  ELSE
    INSERT INTO admin_actions (at, actor, action, kind, object, before, after)
    SELECT clock_timestamp(), who, what, TG_TABLE_NAME, o.v ->> name,
      admin_action_shown(o.v, hidden, digested), admin_action_shown(n.v, hidden, digested)
    FROM (SELECT to_jsonb(s) AS v FROM stale s) AS o JOIN (SELECT to_jsonb(f) AS v FROM fresh f) AS n
      ON o.v ->> name = n.v ->> name
    WHERE o.v IS DISTINCT FROM n.v;
  END IF;
  RETURN NULL;
END $$
"""
# Readings touch the row of a station all the time; only another key is written down.
_NOTE_KEY = """
CREATE FUNCTION note_station_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO admin_actions (at, actor, action, kind, object, before, after)
  VALUES (clock_timestamp(), nullif(current_setting('gridloop.actor', true), '')::uuid,
    coalesce(nullif(current_setting('gridloop.action', true), ''), 'database'), 'stations', NEW.code,
    jsonb_build_object('key', OLD.key_digest IS NOT NULL),
    jsonb_build_object('key', NEW.key_digest IS NOT NULL, 'new_key', NEW.key_digest IS NOT NULL));
  RETURN NULL;
END $$
"""
_STAY = """
CREATE FUNCTION admin_actions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'actions of administrators are appended, never changed' USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    """Adds the table and the triggers that write it."""
    op.create_table(
        "admin_actions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Uuid()),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("before", JSONB(none_as_null=True)),
        sa.Column("after", JSONB(none_as_null=True)),
    )
    op.create_index("admin_actions_object", "admin_actions", ["kind", "object", "id"])
    op.create_index("admin_actions_actor", "admin_actions", ["actor", "id"])
    for function in (_SHOWN, _NOTE, _NOTE_KEY, _STAY):
        op.execute(function)
    op.execute(
        "CREATE TRIGGER admin_actions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_actions"
        " FOR EACH STATEMENT EXECUTE FUNCTION admin_actions_stay()"
    )
    for table, key, hidden, digested in _TABLES:
        for event, rows in _EVENTS:
            op.execute(
                f"CREATE TRIGGER {table}_noted_{event.lower()} AFTER {event} ON {table} REFERENCING {rows}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION note_admin_action('{key}', '{hidden}', '{digested}')"
            )
    op.execute(
        "CREATE TRIGGER stations_key_noted AFTER UPDATE OF key_digest ON stations FOR EACH ROW"
        " WHEN (OLD.key_digest IS DISTINCT FROM NEW.key_digest) EXECUTE FUNCTION note_station_key()"
    )


def downgrade() -> None:
    """Drops them."""
    op.execute("DROP TRIGGER stations_key_noted ON stations")
    for table, *_ in _TABLES:
        for event, _rows in _EVENTS:
            op.execute(f"DROP TRIGGER {table}_noted_{event.lower()} ON {table}")
    op.drop_table("admin_actions")
    for function in ("note_station_key()", "note_admin_action()", "admin_actions_stay()"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP FUNCTION admin_action_shown(jsonb, text[], text[])")
