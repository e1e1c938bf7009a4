"""Readiness: whether PostgreSQL, its tables, a policy, Temporal and the store of attachments are there.

Each check takes at most two seconds.
"""

import asyncio
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from infra.database import AWAY_ERRORS
from infra.db_timeouts import with_timeout
from infra.schema import Schema, read_schema
from infra.settings import Settings
from infra.store.place import Place, held_by, here
from infra.store.policies import NoPolicy, newest_version
from models.base import Frozen
from models.errors import AttachmentsAway, AttachmentsRefused
from services.attachments.store import attachments_of

CHECK_TIMEOUT = timedelta(seconds=2)
#: Parts whose state is told, and without which a process is ready all the same.
TOLD_ALONE = frozenset({"attachments"})
#: The errors of a Temporal that can't be asked. RuntimeError: no connection at all.
_TEMPORAL_ERRORS = (RPCError, RuntimeError, *AWAY_ERRORS)


class Condition(StrEnum):
    """The state of a part.

    `away`: it does not answer; `missing`: it answers, but what we need in it is not there; `refused`: it lets us not
    in; `older`, `newer`: the tables, compared with this program; `elsewhere`: the workflows of the database are in
    another namespace. A part that is `newer` serves: an upgrade begins with the tables.
    """

    OK = "ok"
    AWAY = "away"
    MISSING = "missing"
    REFUSED = "refused"
    OLDER = "older"
    NEWER = "newer"
    ELSEWHERE = "elsewhere"


class Readiness(Frozen):
    """The state of each part. What is in the database is `away` when the database is; `place` when one of both is.

    Without `attachments` all goes on but files: a process stays ready, since another one would lack them too.
    """

    postgres: Condition
    schema_: Annotated[Condition, Field(serialization_alias="schema")]
    policy: Condition
    temporal: Condition
    place: Condition
    attachments: Condition

    @property
    def failing(self) -> tuple[str, ...]:
        """The names of the parts that do not serve, and that nothing works without."""
        serving = (Condition.OK, Condition.NEWER)
        return tuple(
            name.rstrip("_") for name, condition in self if condition not in serving and name not in TOLD_ALONE
        )


async def check_readiness(engine: AsyncEngine, temporal: Client, settings: Settings) -> Readiness:
    """Check all parts at once. A part that is away raises nothing."""
    (tables, policy, held), (condition, ours), attachments = await asyncio.gather(
        _check_database(engine), _check_temporal(temporal), check_attachments(settings)
    )
    place = Condition.OK
    if Condition.AWAY in (tables, condition) or ours is None:
        place = Condition.AWAY
    elif held is not None and held.id != ours.id:
        place = Condition.ELSEWHERE
    return Readiness(
        postgres=Condition.AWAY if tables is Condition.AWAY else Condition.OK,
        schema_=tables, policy=policy, temporal=condition, place=place,
        attachments=attachments,
    )  # fmt: skip


async def check_attachments(settings: Settings) -> Condition:
    """Return the state of the store of attachments; `missing`: it refuses our keys, or has no such bucket."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT.total_seconds()):
            await attachments_of(settings).check()
    except (AttachmentsAway, TimeoutError):
        return Condition.AWAY
    except AttachmentsRefused:
        return Condition.MISSING
    return Condition.OK


async def _check_database(engine: AsyncEngine) -> tuple[Condition, Condition, Place | None]:
    """Return the states of the tables and the policy, and where the workflows are."""
    try:
        return await with_timeout(CHECK_TIMEOUT.total_seconds(), _query_database(engine))
    except (SQLAlchemyError, *AWAY_ERRORS):
        return Condition.AWAY, Condition.AWAY, None


async def _query_database(engine: AsyncEngine) -> tuple[Condition, Condition, Place | None]:
    async with engine.connect() as connection:
        schema = await read_schema(connection)
        tables = Condition(schema.value)
        if schema is Schema.MISSING:
            return tables, Condition.MISSING, None
        if not schema.serves:
            return tables, await _check_policy(connection), None
        return tables, await _check_policy(connection), await held_by(connection)


async def _check_policy(connection: AsyncConnection) -> Condition:
    try:
        await newest_version(connection)
    except NoPolicy:
        return Condition.MISSING
    return Condition.OK


async def _check_temporal(client: Client) -> tuple[Condition, Place | None]:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT.total_seconds()):
            place = await here(client)
    except RPCError as error:
        match error.status:
            case RPCStatusCode.NOT_FOUND:
                return Condition.MISSING, None
            case RPCStatusCode.PERMISSION_DENIED | RPCStatusCode.UNAUTHENTICATED:
                return Condition.REFUSED, None
        return Condition.AWAY, None
    except _TEMPORAL_ERRORS:
        return Condition.AWAY, None
    return Condition.OK, place
