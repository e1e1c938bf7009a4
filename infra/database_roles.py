"""The roles in PostgreSQL: one owns the tables and migrates, one runs the system and can only add facts.

The role that runs may read and write rows, except in tables that are only appended to: there it may only read and add.
It owns nothing, can make no table, and is never a superuser.
"""

import psycopg
import structlog
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger(__name__)

#: Tables whose trigger refuses changes.
_APPEND_ONLY = """
    SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE p.proname IN ('facts_stay', 'admin_actions_stay') ORDER BY 1
"""
_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
)
_VERSION_TABLE = "alembic_version"
#: The one way to remove facts: it checks that the case may go, and works with the rights of the owner.
_RETIRE = "SELECT to_regprocedure('retire_cases(uuid[])') IS NOT NULL"
_MAY_RETIRE = "GRANT EXECUTE ON FUNCTION retire_cases(uuid[]) TO {role}"


def grant_runtime(owner_url: str, role: str) -> None:
    """Give `role` the rights of the running system on all tables there are now; to repeat after each migration.

    `owner_url`: a `postgresql://` URL of the role that owns the tables. In one transaction: a running system never
    lacks a right. Raises psycopg.Error.
    """
    name = sql.Identifier(role)
    with psycopg.connect(owner_url) as connection:
        # Two migrating processes would otherwise change the same rows of the catalogue.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('gridloop grants'))")
        for statement in _GRANTS:
            connection.execute(sql.SQL(statement).format(role=name))
        for (table,) in connection.execute(_APPEND_ONLY).fetchall():
            connection.execute(
                sql.SQL("REVOKE UPDATE, DELETE ON {table} FROM {role}").format(table=sql.Identifier(table), role=name)
            )
        if connection.execute(_RETIRE).fetchone() == (True,):
            connection.execute(sql.SQL(_MAY_RETIRE).format(role=name))
        revoke = sql.SQL("REVOKE INSERT, UPDATE, DELETE ON {table} FROM {role}")
        connection.execute(revoke.format(table=sql.Identifier(_VERSION_TABLE), role=name))


async def warn_of_rights(engine: AsyncEngine) -> None:
    """Log a warning when the role of `engine` is a superuser or may change facts: then nothing but the chain tells."""
    query = text(
        "SELECT rolsuper, has_table_privilege('facts', 'UPDATE') AS changes FROM pg_roles WHERE rolname = current_user"
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query)).one()
    if row.rolsuper or row.changes:
        log.warning("the database role may change facts", superuser=row.rolsuper)
