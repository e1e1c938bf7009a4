"""The roles of the embedded PostgreSQL, made at every start. The superuser is used for nothing else."""

import hashlib
import hmac

import psycopg
from psycopg import sql

#: Owns the database and its tables, and migrates.
OWNER_ROLE = "gridloop_owner"
#: Runs the workers, the API and the pages.
RUNTIME_ROLE = "gridloop_app"

#: Gives what an earlier version made as superuser to the owner. Parts of extensions stay.
_TAKE_OVER = """
    DO $$ DECLARE found record; BEGIN
        FOR found IN SELECT c.oid::regclass AS name FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner <> 'gridloop_owner'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass
                AND d.deptype IN ('e', 'a', 'i'))
        LOOP EXECUTE format('ALTER TABLE %s OWNER TO gridloop_owner', found.name); END LOOP;
        FOR found IN SELECT p.oid::regprocedure AS name FROM pg_proc p
            WHERE p.pronamespace = 'public'::regnamespace AND p.proowner <> 'gridloop_owner'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass
                AND d.deptype = 'e')
        LOOP EXECUTE format('ALTER ROUTINE %s OWNER TO gridloop_owner', found.name); END LOOP;
    END $$
"""


def role_password(password: str, role: str) -> str:
    """Return the password of a role, derived from that of the superuser, which does not follow from it."""
    return hmac.new(password.encode(), role.encode(), hashlib.sha256).hexdigest()


async def ensure_roles(superuser_url: str, password: str, database: str) -> None:
    """Create both roles if they are missing, set their passwords, and give `database` to the owner. Safe to repeat.

    `superuser_url`: a URL of `database` with the superuser's `password`.
    """
    async with await psycopg.AsyncConnection.connect(superuser_url) as connection:
        # Roles belong to the whole server; two that make them at once would change the same row.
        await connection.execute("LOCK TABLE pg_authid IN SHARE ROW EXCLUSIVE MODE")
        for role, rights in ((OWNER_ROLE, "CREATEDB"), (RUNTIME_ROLE, "NOCREATEDB")):
            found = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,))
            if await found.fetchone() is None:
                await connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            await connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS {} PASSWORD {}").format(
                    sql.Identifier(role), sql.SQL(rights), sql.Literal(role_password(password, role))
                )
            )
        owner = sql.Identifier(OWNER_ROLE)
        await connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(database), owner))
        await connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(owner))
        await connection.execute(_TAKE_OVER)
