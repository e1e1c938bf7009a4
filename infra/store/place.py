"""The place of the workflows: one namespace of one Temporal, named in the database. Nobody of another one writes.

The first worker takes a place that is free. From then on the sessions of workers, of `reconcile --fix` and of `rebuild`
say where their workflows are, and triggers refuse those of another place in the transaction that would record
(migration 0039): also a worker that was frozen or cut off while the place moved.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client

from infra.database import transaction
from infra.store.workers import worker_elsewhere

#: How long a move waits for transactions of the old place that are going on.
_WAIT = "5s"
_LOCK_TIMEOUT_SQLSTATE = "55P03"
#: How long Temporal may take to describe the namespace.
_ANSWER = timedelta(seconds=2)
_HELD = text("SELECT place, namespace, address FROM workflow_place")
_TAKE = text("""
    INSERT INTO workflow_place (id, place, namespace, address, since)
    VALUES (1, :place, :namespace, :address, now()) ON CONFLICT (id) DO NOTHING
""")
_NOTE_ADDRESS = text(
    "UPDATE workflow_place SET namespace = :namespace, address = :address WHERE place = :place"
    " AND (namespace, address) IS DISTINCT FROM (:namespace, :address)"
)
_MOVE = text("""
    INSERT INTO workflow_place AS w (id, place, namespace, address, since)
    VALUES (1, :place, :namespace, :address, now())
    ON CONFLICT (id) DO UPDATE SET place = excluded.place, namespace = excluded.namespace, address = excluded.address,
        since = excluded.since WHERE w.place <> excluded.place RETURNING 1
""")
_SET_TIMEOUT = text("SELECT set_config('lock_timeout', :wait, true)")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('gridloop place'))")
_RELEASE = text("DELETE FROM workflow_place WHERE place = :place")


@dataclass(frozen=True)
class Place:
    """A namespace of Temporal. `id` is its own, made at random when it was made; the rest is for people."""

    id: str
    namespace: str
    address: str

    @property
    def session(self) -> dict[str, str]:
        """The settings of a session that runs workflows there."""
        return {"gridloop.place": self.id}


#: The place of each client, which never changes.
_known: WeakKeyDictionary[Client, Place] = WeakKeyDictionary()


class Elsewhere(Exception):
    """The workflows of the database are in another place."""

    def __init__(self, held: Place) -> None:
        self.held = held
        super().__init__(self.en)

    @property
    def zh(self) -> str:
        """Why and what to do, in Chinese."""
        return (
            f"此数据库的流程在 {self.held.address} 的命名空间 {self.held.namespace} 中,本命名空间不得写入;"
            "请连接那里,或在停止那里的全部工作进程后执行 gridloop setup --move-here"
        )

    @property
    def en(self) -> str:
        """The same in English."""
        return (
            f"the workflows of this database are in the namespace {self.held.namespace} of the Temporal at"
            f" {self.held.address}, and this one must not write to it: connect to that one, or stop all its workers and"
            " run gridloop setup --move-here"
        )


class CannotMove(Exception):
    """The old place is still at work. `zh`, `en`: who, and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


async def here(client: Client) -> Place:
    """Return the place of a client's workflows. Raises RPCError; RuntimeError without a connection."""
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=_ANSWER
    )
    place = Place(described.namespace_info.id, client.namespace, client.service_client.config.target_host)
    _known[client] = place
    return place


async def is_elsewhere(engine: AsyncEngine, client: Client) -> bool:
    """Return whether the workflows of the database are in another place than the client's: nothing that is given to
    the client's Temporal would ever be recorded. Raises as `here` does, and what a database raises that is away.
    """
    async with engine.connect() as connection:
        held = await held_by(connection)
    return held is not None and held.id != (_known.get(client) or await here(client)).id


async def held_by(connection: AsyncConnection) -> Place | None:
    """Return the place in force; None while nobody has taken it."""
    row = (await connection.execute(_HELD)).one_or_none()
    return None if row is None else Place(row.place, row.namespace, row.address)


async def take(engine: AsyncEngine, place: Place) -> None:
    """Take the place if it is free. Raises Elsewhere when the workflows are in another one."""
    values = {"place": place.id, "namespace": place.namespace, "address": place.address}
    async with transaction(engine) as connection:
        await connection.execute(_TAKE, values)
        held = await held_by(connection)
        if held is not None and held != place and held.id == place.id:
            await connection.execute(_NOTE_ADDRESS, values)
    if held is not None and held.id != place.id:
        raise Elsewhere(held)


async def move(engine: AsyncEngine, place: Place) -> bool:
    """Make `place` the one in force; return False when it was already. Nothing that the old one records is cut: a
    transaction that is going on ends first, and what comes after is refused.

    Raises CannotMove while a worker of another place is alive, or one that is frozen holds a transaction.
    """
    alive = await worker_elsewhere(engine, place.id, datetime.now(UTC))
    if alive is not None:
        raise CannotMove(
            f"另一命名空间的工作进程仍在运行:{alive};请先停止它(停止后最多 45 秒即视为已离开)",
            f"a worker of another namespace is alive: {alive}; stop it first (it counts as gone after 45 seconds)",
        )
    values = {"place": place.id, "namespace": place.namespace, "address": place.address}
    try:
        async with transaction(engine) as connection:
            await connection.execute(_SET_TIMEOUT, {"wait": _WAIT})
            await connection.execute(_LOCK)
            return await connection.scalar(_MOVE, values) is not None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_TIMEOUT_SQLSTATE:
            raise
        raise CannotMove(
            "原命名空间的一个进程仍持有未结束的事务;请结束该进程,再执行一次",
            "a process of the old namespace still holds a transaction that has not ended: end that process and try"
            " again",
        ) from error


async def release(engine: AsyncEngine, place: Place) -> None:
    """Free the place when it is `place`, whose Temporal is lost for good."""
    async with transaction(engine) as connection:
        await connection.execute(_LOCK)
        await connection.execute(_RELEASE, {"place": place.id})
