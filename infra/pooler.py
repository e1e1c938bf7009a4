"""Connection poolers between us and PostgreSQL: one that keeps a connection for us is fine, one that lends it out anew
for each transaction is refused.

Our statements are prepared once a connection and our sessions have settings. Where a pooler gives each transaction
another server connection (PgBouncer's `pool_mode = transaction` and `statement`), parameters would reach the prepared
text of another statement. Gridloop keeps pools of its own and gains nothing by a second one.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import psycopg

from infra.db_timeouts import with_timeout

Connection = TypeVar("Connection", bound="psycopg.AsyncConnection[Any]")
#: Opens a connection with these parameters.
Connect = Callable[..., Awaitable[Connection]]

#: Who asks, in turns, of two connections: consecutive turns differ in a pool that goes round, changes of turn in one
#: that lends the last used first.
_TURNS = (0, 0, 1, 0, 1, 1, 0)
#: Seconds that an answer may take. A pool that gives a session to each client may have none left for the second.
_ANSWER_SECONDS = 3.0
#: Seconds for which a pooler that keeps sessions is trusted to go on so.
_TRUSTED_SECONDS = 60.0
#: When a pooler at these hosts was last found to keep sessions.
_trusted: dict[str, float] = {}
#: What a pooler says that does not pass session settings on.
UNSUPPORTED = "unsupported startup parameter"
_PID = "SELECT pg_backend_pid()"


class TransactionPooler(psycopg.OperationalError):
    """A pooler lends server connections for one transaction only. Counts as a database that is away."""

    zh = (
        "数据库前的连接池按事务分配连接(如 PgBouncer 的 pool_mode=transaction),会使预编译语句错乱;"
        "请将 GRIDLOOP_DATABASE_URL 改为数据库本身的地址,或把连接池改为 pool_mode=session"
    )
    en = (
        "the pooler before the database lends connections for one transaction only (like PgBouncer's"
        " pool_mode=transaction), which mixes up prepared statements: set GRIDLOOP_DATABASE_URL to the server itself,"
        " or the pooler to pool_mode=session"
    )

    def __init__(self) -> None:
        super().__init__(self.en)


async def connect_to_session(
    connect: "Connect[Connection]", parameters: Mapping[str, Any], session: Mapping[str, str]
) -> "Connection":
    """Open a connection that has the settings `session`, through a pooler too if it keeps sessions.

    Raises TransactionPooler, else psycopg.Error as `connect` does.
    """
    options = " ".join((parameters.get("options", ""), *(f"-c {name}={value}" for name, value in session.items())))
    try:
        connection = await connect(**{**parameters, "options": options.strip()})
    except psycopg.OperationalError as error:
        if UNSUPPORTED not in str(error):
            raise
        connection = await connect(**{name: value for name, value in parameters.items() if name != "options"})
    try:
        if await _ask(connection) != connection.info.backend_pid:  # a pooler makes up a number of its own
            await _refuse_transactions(connect, parameters, connection)
            for name, value in session.items():
                await _ask(connection, "SELECT set_config(%s, %s, false)", (name, value))
    except BaseException:
        await connection.close()
        raise
    return connection


async def refuse_transaction_pooler(parameters: Mapping[str, Any]) -> None:
    """Ask twice over two connections whether they belong to us. Raises TransactionPooler; psycopg.Error when away."""
    plain = {name: value for name, value in parameters.items() if name != "options"}
    async with await psycopg.AsyncConnection.connect(**plain) as connection:
        await _refuse_transactions(psycopg.AsyncConnection.connect, plain, connection)


async def _refuse_transactions(
    connect: "Connect[Any]", parameters: Mapping[str, Any], connection: "psycopg.AsyncConnection[Any]"
) -> None:
    place = f"{parameters.get('host')} {parameters.get('port')} {parameters.get('dbname')} {parameters.get('user')}"
    if time.monotonic() - _trusted.get(place, -_TRUSTED_SECONDS) < _TRUSTED_SECONDS:
        return
    plain = {name: value for name, value in parameters.items() if name != "options"}
    other = await connect(**plain)
    try:
        seen = await with_timeout(_ANSWER_SECONDS, _ask_in_turns((connection, other)))
    except TimeoutError:  # all sessions are given away, so ours are kept
        return
    finally:
        await other.close()
    if len(seen[0]) > 1 or len(seen[1]) > 1 or seen[0] & seen[1]:
        raise TransactionPooler
    _trusted[place] = time.monotonic()


async def _ask_in_turns(both: "tuple[psycopg.AsyncConnection[Any], ...]") -> tuple[set[int], ...]:
    seen: tuple[set[int], ...] = (set(), set())
    for turn in (0, 1, *_TURNS):
        seen[turn].add(await _ask(both[turn]))
    return seen


async def _ask(connection: "psycopg.AsyncConnection[Any]", query: str = _PID, values: tuple[str, ...] = ()) -> Any:
    """Return the first value of a query that leaves no transaction open."""
    before = connection.autocommit
    await connection.set_autocommit(True)
    row = await (await connection.execute(query.encode(), values, prepare=False)).fetchone()
    await connection.set_autocommit(before)
    return None if row is None else row[0]
