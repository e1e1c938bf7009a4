"""The parts of an own PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from infra.database import reason
from infra.database_url import parse_address, shown_address, user_of
from infra.pooler import TransactionPooler
from infra.schema import Schema
from infra.settings import Settings
from services.setup.faults import SetupFault
from services.setup.report import Item, State, advice, made, mend, ok
from services.setup.tables import grant_rights, read_tables, refuse_pooler, upgrade_tables

#: Major versions of PostgreSQL that are supported.
OLDEST, NEWEST = 15, 18
EXTENSIONS = ("ltree", "pg_trgm")
#: How far the clocks of two machines may be apart (our choice: well below a minute, the smallest limit of a policy).
CLOCKS_APART = timedelta(seconds=2)
#: Workers and processes of the pages that the arithmetic of connections counts with.
WORKERS, WEBS = 2, 2
_MAKE_DATABASE = "createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 gridloop"
_TLS_ONLY = ("服务器只接受加密连接,请设 sslmode=verify-full", "the server takes TLS only: set sslmode=verify-full")
#: What the driver says of TLS, and what mends it.
_OF_TLS = {
    "certificate verify failed": (
        "服务器证书不是由 sslrootcert 所指的机构签发",
        "the authority in sslrootcert did not sign the server's certificate",
    ),
    "does not match host name": (
        "地址中的主机名须是服务器证书所载的名称",
        "write the host in the address as the server names itself in its certificate",
    ),
    "root certificate": ("请核对 sslrootcert 所指的证书文件", "look at the file that sslrootcert names"),
    "SSL required": _TLS_ONLY,
    "no encryption": _TLS_ONLY,
}
_RIGHTS = """
    SELECT has_table_privilege(%(role)s, 'facts', 'INSERT') AND has_table_privilege(%(role)s, 'cases', 'UPDATE')
        AND has_table_privilege(%(role)s, 'workflow_place', 'SELECT')
        AND NOT has_table_privilege(%(role)s, 'facts', 'UPDATE')
"""


async def database_items(settings: Settings, *, check: bool) -> AsyncIterator[Item]:
    """Yield each part of the database. `check`: only look. Without a connection the first item is the last."""
    try:
        await refuse_pooler(settings.as_owner())
        connection = await psycopg.AsyncConnection.connect(settings.owner_database, autocommit=True)
    except SetupFault as fault:
        yield mend("pooler" if fault.en == TransactionPooler.en else "database", *_with_remedy(fault.zh, fault.en))
        return
    except psycopg.OperationalError as error:
        why = reason(error)
        yield mend("database", *_with_remedy(f"数据库无法连接:{why}", f"the database cannot be reached: {why}"))
        return
    async with connection:
        yield await _version(connection, settings)
        yield await _text(connection)
        yield await _extensions(connection)
        yield await _clock(connection)
        yield await _connections(connection, settings)
        role = await _role(connection, settings, check=check)
        if role is not None:
            yield role
        yield await _tables(settings, check=check)
        if role is None or role.state is State.MADE:
            rights = await _rights(connection, settings, check=check)
            if rights is not None:
                yield rights


def _with_remedy(zh: str, en: str) -> tuple[str, str]:
    """Add what mends the usual reasons."""
    for told, (remedy_zh, remedy_en) in _OF_TLS.items():
        if told in en:
            return f"{zh};{remedy_zh}", f"{en}; {remedy_en}"
    if "does not exist" in en and "database" in en:
        return f"{zh};请先建库:{_MAKE_DATABASE}", f"{en}; make it: {_MAKE_DATABASE}"
    if "password authentication failed" in en:
        return (
            f"{zh};请核对地址中的用户与密码,或 GRIDLOOP_DATABASE_PASSWORD_FILE",
            f"{en}; look at user and password of the address, or at GRIDLOOP_DATABASE_PASSWORD_FILE",
        )
    return zh, en


async def _one(connection: "psycopg.AsyncConnection[Any]", query: str, values: Any = None) -> Any:
    row = await (await connection.execute(query.encode(), values)).fetchone()
    return None if row is None else row[0]


async def _version(connection: "psycopg.AsyncConnection[Any]", settings: Settings) -> Item:
    major = connection.info.server_version // 10_000
    where = shown_address(settings.database_url.get_secret_value())
    if major < OLDEST:
        return mend(
            "database",
            f"PostgreSQL {major} 过旧,请升级到 {OLDEST} 至 {NEWEST}",
            f"PostgreSQL {major} is too old: upgrade it to {OLDEST} to {NEWEST}",
        )
    if major > NEWEST:
        return advice(
            "database",
            f"PostgreSQL {major} 尚未验证({OLDEST} 至 {NEWEST} 已验证):{where}",
            f"PostgreSQL {major} was not tried ({OLDEST} to {NEWEST} were): {where}",
        )
    return ok("database", f"PostgreSQL {major}:{where}", f"PostgreSQL {major}: {where}")


async def _text(connection: "psycopg.AsyncConnection[Any]") -> Item:
    """Whether the database knows Chinese characters as letters; otherwise text search finds none of them."""
    encoding = await _one(connection, "SHOW server_encoding")
    ctype = await _one(connection, "SELECT datctype FROM pg_database WHERE datname = current_database()")
    has_extension = await _one(connection, "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
    if encoding == "UTF8" and has_extension:
        knows = await _one(connection, "SELECT cardinality(show_trgm('道路')) > 0")
    else:
        knows = encoding == "UTF8" and ctype not in ("C", "POSIX")
    if not knows:
        return mend(
            "text",
            f"数据库的字符集为 {encoding}/{ctype},无法检索中文;请另建:{_MAKE_DATABASE},再导入数据",
            f"encoding {encoding} and ctype {ctype} find no Chinese text: make the database anew with"
            f" {_MAKE_DATABASE} and restore into it",
        )
    return ok("text", f"{encoding},ctype {ctype},可检索中文", f"{encoding}, ctype {ctype}: Chinese text is found")


async def _extensions(connection: "psycopg.AsyncConnection[Any]") -> Item:
    query = "SELECT array_agg(name::text) FROM pg_available_extensions WHERE name = ANY (%s)"
    available = await _one(connection, query, (list(EXTENSIONS),)) or []
    missing = ", ".join(name for name in EXTENSIONS if name not in available)
    if missing:
        return mend(
            "extensions",
            f"服务器缺少扩展 {missing};请安装 PostgreSQL 的 contrib 包,或在云平台启用",
            f"the server lacks {missing}: install PostgreSQL's contrib package, or enable them at the provider",
        )
    names = ", ".join(EXTENSIONS)
    return ok("extensions", f"{names} 可用", f"{names} are available")


async def _clock(connection: "psycopg.AsyncConnection[Any]") -> Item:
    before = datetime.now(UTC)
    theirs = await _one(connection, "SELECT clock_timestamp()")
    return clock_item("clock-postgres", "PostgreSQL", theirs, before, datetime.now(UTC))


def clock_item(part: str, whose: str, theirs: datetime, before: datetime, after: datetime) -> Item:
    """Compare a moment that a server told between two moments of ours."""
    apart = max(before - theirs, theirs - after, timedelta(0))
    if apart > CLOCKS_APART:
        return mend(
            part,
            f"{whose} 与本机时钟相差 {apart.total_seconds():.1f} 秒,期限会算错;请在两台机器上启用 NTP",
            f"the clocks of {whose} and this machine are {apart.total_seconds():.1f} s apart, and deadlines would be"
            " wrong: run NTP on both",
        )
    return ok(part, f"{whose} 与本机时钟一致", f"the clocks of {whose} and this machine agree")


async def _connections(connection: "psycopg.AsyncConnection[Any]", settings: Settings) -> Item:
    most = int(await _one(connection, "SHOW max_connections"))
    kept = int(await _one(connection, "SHOW superuser_reserved_connections"))
    worker, web = 2 * settings.database_pool + 1, settings.database_pool + 1
    need = WORKERS * worker + WEBS * web
    zh = (
        f"max_connections = {most},可用 {most - kept};每个工作进程最多 {worker} 个连接,每个网页进程 {web} 个:"
        f"{WORKERS}+{WEBS} 个进程共 {need},滚动升级时 {2 * need}"
    )
    en = (
        f"max_connections = {most}, {most - kept} for us; a worker takes up to {worker}, a process of the pages {web}:"
        f" {WORKERS} + {WEBS} of them {need}, during a rollout {2 * need}"
    )
    if most - kept < worker + web:
        return mend("connections", f"{zh};请调大", f"{en}: raise it")
    if most - kept < 2 * need:
        return advice(
            "connections",
            f"{zh};进程更多前请调大,或调小 GRIDLOOP_DATABASE_POOL",
            f"{en}: raise it, or lower GRIDLOOP_DATABASE_POOL, before there are more processes",
        )
    return ok("connections", zh, en)


async def _tables(settings: Settings, *, check: bool) -> Item:
    owner = settings.as_owner()
    before = await read_tables(owner)
    if before.state.serves:
        newer = before.state is Schema.NEWER
        return ok(
            "tables",
            f"数据表版本 {before.revision}" + ("(新于本程序)" if newer else ""),
            f"revision {before.revision} of the tables" + (" (newer than this program)" if newer else ""),
        )
    if check:
        return mend(
            "tables",
            f"数据表版本 {before.revision or '—'},本程序需要 {before.known};请执行 gridloop db upgrade",
            f"revision {before.revision or '—'} of the tables, and this program needs {before.known}:"
            " gridloop db upgrade",
        )
    try:
        await asyncio.to_thread(upgrade_tables, settings)
    except SetupFault as fault:
        return mend("tables", fault.zh, fault.en)
    return made(
        "tables",
        f"数据表版本 {before.revision or '—'} → {before.known}",
        f"revision {before.revision or '—'} → {before.known} of the tables",
    )


async def _role(connection: "psycopg.AsyncConnection[Any]", settings: Settings, *, check: bool) -> Item | None:
    """The role that runs the system, where it is missing or the owner itself; None for one that is there."""
    role, owner = user_of(settings.database), user_of(settings.owner_database)
    if role is None or role == owner:
        return advice(
            "roles",
            "运行与建表用同一角色,已记录的事实可被改动;建议另设运行角色(见 docs/operations/database-roles.md)",
            "one role owns the tables and runs the system, and so may change recorded facts: give the running system a"
            " role of its own (docs/operations/database-roles.md)",
        )
    if await _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)) is None:
        return await _make_role(connection, settings, role, check=check)
    return None


async def _rights(connection: "psycopg.AsyncConnection[Any]", settings: Settings, *, check: bool) -> Item | None:
    """Whether the role that runs the system gets in, and may do what it must and no more; None without tables."""
    role, owner = user_of(settings.database), user_of(settings.owner_database)
    try:
        async with await psycopg.AsyncConnection.connect(settings.database):
            pass
    except psycopg.OperationalError as error:
        why = reason(error)
        return mend("roles", *_with_remedy(f"角色 {role} 无法连接:{why}", f"the role {role} can't connect: {why}"))
    if await _one(connection, "SELECT to_regclass('workflow_place')") is None:
        return None
    if await _one(connection, _RIGHTS, {"role": role}):
        return ok("roles", f"{owner} 建表,{role} 运行", f"{owner} owns the tables, {role} runs the system")
    if check:
        return mend(
            "roles",
            f"角色 {role} 的权限不对;请执行 gridloop setup",
            f"the rights of the role {role} are not as they must be: gridloop setup",
        )
    await asyncio.to_thread(grant_rights, settings)
    return made("roles", f"已为 {role} 授权", f"the role {role} has its rights")


async def _make_role(connection: "psycopg.AsyncConnection[Any]", settings: Settings, role: str, *, check: bool) -> Item:
    by_hand = f"CREATE ROLE {role} LOGIN PASSWORD '…'"
    may = await _one(connection, "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
    password = parse_address(settings.database).get("password")
    if check or not may or not password:
        return mend(
            "roles",
            f"没有角色 {role};请由数据库管理员执行 {by_hand}",
            f"there is no role {role}: a superuser runs {by_hand}",
        )
    statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
    await connection.execute(statement)
    return made("roles", f"已建角色 {role}", f"the role {role} is made")
