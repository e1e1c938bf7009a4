"""Readiness: whether PostgreSQL, a policy and Temporal are there. Each check takes at most two seconds."""

import asyncio
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from infra.database import AWAY_ERRORS
from infra.db_timeouts import with_timeout
from infra.store.policies import NoPolicy, newest_version
from models.base import Frozen

CHECK_TIMEOUT = timedelta(seconds=2)


class Condition(StrEnum):
    """The state of a part: it answers; it does not answer; it answers, but what we need in it is missing."""

    OK = "ok"
    AWAY = "away"
    MISSING = "missing"


class Readiness(Frozen):
    """The state of each part. `policy` is `away` when the database is."""

    postgres: Condition
    policy: Condition
    temporal: Condition

    @property
    def failing(self) -> tuple[str, ...]:
        """The names of the parts that are not ok."""
        return tuple(name for name, condition in self if condition is not Condition.OK)


async def check_readiness(engine: AsyncEngine, temporal: Client) -> Readiness:
    """Check all parts at once. A part that is away raises nothing."""
    (postgres, policy), temporal_state = await asyncio.gather(_check_database(engine), _check_temporal(temporal))
    return Readiness(postgres=postgres, policy=policy, temporal=temporal_state)


async def _check_database(engine: AsyncEngine) -> tuple[Condition, Condition]:
    try:
        return Condition.OK, await with_timeout(CHECK_TIMEOUT.total_seconds(), _query_database(engine))
    except (SQLAlchemyError, *AWAY_ERRORS):
        return Condition.AWAY, Condition.AWAY


async def _query_database(engine: AsyncEngine) -> Condition:
    async with engine.connect() as connection:
        await connection.execute(text("select 1"))
        return await _check_policy(connection)


async def _check_policy(connection: AsyncConnection) -> Condition:
    try:
        await newest_version(connection)
    except (NoPolicy, ProgrammingError):  # without tables there is no policy either
        return Condition.MISSING
    return Condition.OK


async def _check_temporal(client: Client) -> Condition:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT.total_seconds()):
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=client.namespace), timeout=CHECK_TIMEOUT
            )
    except (RPCError, RuntimeError, *AWAY_ERRORS):  # RuntimeError: no connection at all
        return Condition.AWAY
    return Condition.OK
