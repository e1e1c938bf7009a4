"""The parts of an own Temporal, a cluster or Temporal Cloud."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    PollWorkflowTaskQueueRequest,
    RegisterNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from infra.settings import Settings
from infra.temporal import RETENTION, connect, ensure_retention
from models.english import counted
from models.ids import new_id
from services.setup.database import clock_item
from services.setup.report import Item, advice, made, mend, ok

#: Seconds within which a new namespace must be known.
_KNOWN_SECONDS = 30.0
#: How long the question for the server's clock waits (a shorter one is refused), and the pause between two looks.
_ASKING, _AGAIN_SECONDS = timedelta(seconds=5), 0.05
_DENIED = frozenset({RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.UNIMPLEMENTED})


async def temporal_items(settings: Settings, *, check: bool) -> AsyncIterator[Item | Client]:
    """Yield each part of Temporal, and last the client once its namespace is there. `check`: only look."""
    address = os.environ.get("TEMPORAL_ADDRESS", "localhost:7233")
    try:
        client = await connect(settings)
    except (RPCError, RuntimeError, ValueError, OSError) as error:
        yield mend(
            "temporal",
            f"Temporal({address})无法连接:{error};请核对 TEMPORAL_ADDRESS 与证书或 TEMPORAL_API_KEY",
            f"Temporal at {address} cannot be reached: {error}; look at TEMPORAL_ADDRESS, and at the certificates or"
            " TEMPORAL_API_KEY",
        )
        return
    cloud = _is_cloud(address)
    namespace = await _namespace(client, check=check or cloud, cloud=cloud)
    yield namespace
    if namespace.state.value == "mend":
        return
    yield await _retention(client, check=check or cloud, cloud=cloud)
    yield await _clock(client)
    yield client


def _is_cloud(address: str) -> bool:
    """Whether the server is Temporal Cloud, where a namespace is made in its console."""
    host = address.rpartition(":")[0]
    return bool(os.environ.get("TEMPORAL_API_KEY")) or host.endswith((".tmprl.cloud", ".api.temporal.io"))


async def _namespace(client: Client, *, check: bool, cloud: bool) -> Item:
    name, days = client.namespace, RETENTION.days
    by_hand = f"temporal operator namespace create -n {name} --retention {days * 24}h"
    remedy_zh = f"请在 Temporal Cloud 控制台建立,保留期 {days} 天" if cloud else f"请执行 gridloop setup 或 {by_hand}"
    remedy_en = (
        f"make it in Temporal Cloud's console, retention {days} days"
        if cloud
        else f"gridloop setup makes it, or {by_hand}"
    )
    try:
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=name))
    except RPCError as error:
        if error.status in _DENIED:
            return mend(
                "namespace",
                f"不允许访问命名空间 {name}:{error.message};请核对证书或 API key",
                f"the namespace {name} is closed to us: {error.message}; look at the certificates or the API key",
            )
        if error.status is not RPCStatusCode.NOT_FOUND:
            return mend("namespace", f"Temporal 无应答:{error.message}", f"Temporal does not answer: {error.message}")
    else:
        return ok("namespace", f"命名空间 {name}", f"namespace {name}")
    if check:
        return mend("namespace", f"没有命名空间 {name};{remedy_zh}", f"there is no namespace {name}: {remedy_en}")
    try:
        await _register(client, name)
    except (RPCError, TimeoutError) as error:
        why = error.message if isinstance(error, RPCError) else "…"
        return mend(
            "namespace", f"无法建立命名空间 {name}:{why};{by_hand}", f"namespace {name} can't be made: {why}; {by_hand}"
        )
    return made("namespace", f"已建命名空间 {name}", f"the namespace {name} is made")


async def _register(client: Client, name: str) -> None:
    """Make the namespace, and wait until every part of the server knows it."""
    span = Duration()
    span.FromTimedelta(RETENTION)
    try:
        await client.workflow_service.register_namespace(
            RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=span)
        )
    except RPCError as error:  # somebody else may have made it at the same moment
        if error.status is not RPCStatusCode.ALREADY_EXISTS:
            raise
    async with asyncio.timeout(_KNOWN_SECONDS):
        while True:
            try:
                async for _ in client.list_workflows("WorkflowType = 'Case'", limit=1):
                    pass
            except RPCError:
                await asyncio.sleep(0.2)
            else:
                return


async def _retention(client: Client, *, check: bool, cloud: bool) -> Item:
    described = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    now = described.config.workflow_execution_retention_ttl.ToTimedelta()
    if now >= RETENTION:
        return ok("retention", f"流程历史保留 {now.days} 天", f"histories are kept for {counted(now.days, 'day')}")
    hours = int(RETENTION.total_seconds() // 3600)
    by_hand = f"temporal operator namespace update --namespace {client.namespace} --retention {hours}h"
    remedy_zh = "请在 Temporal Cloud 控制台调整" if cloud else f"请执行 gridloop setup 或 {by_hand}"
    remedy_en = "change it in Temporal Cloud's console" if cloud else f"gridloop setup raises it, or {by_hand}"
    zh = f"流程历史只保留 {now.days} 天,应为 {RETENTION.days} 天;{remedy_zh}"
    en = f"histories are kept for {counted(now.days, 'day')} only, and {RETENTION.days} are needed: {remedy_en}"
    if check:
        return mend("retention", zh, en)
    try:
        await ensure_retention(client)
    except RPCError as error:
        return mend("retention", f"{zh}({error.message})", f"{en} ({error.message})")
    return made("retention", f"流程历史保留 {RETENTION.days} 天", f"histories are kept for {RETENTION.days} days")


async def _clock(client: Client) -> Item:
    """Ask for work on a queue that nobody uses: the server notes by its own clock when we asked. Nothing is stored."""
    queue = TaskQueue(name=f"gridloop-setup-{new_id().hex}")
    before = datetime.now(UTC)
    asking = asyncio.create_task(
        client.workflow_service.poll_workflow_task_queue(
            PollWorkflowTaskQueueRequest(namespace=client.namespace, task_queue=queue, identity="gridloop setup"),
            timeout=_ASKING,
        )
    )
    try:
        async with asyncio.timeout(_ASKING.total_seconds()):
            while (theirs := await _asked_at(client, queue)) is None:
                await asyncio.sleep(_AGAIN_SECONDS)
    except RPCError as error:
        return advice("clock-temporal", f"无法得知其时钟:{error.message}", f"its clock is not known: {error.message}")
    except TimeoutError:
        return advice("clock-temporal", "Temporal 未告知其时钟", "Temporal did not tell its clock")
    finally:
        asking.cancel()
        with suppress(RPCError, asyncio.CancelledError):
            await asking
    return clock_item("clock-temporal", "Temporal", theirs, before, datetime.now(UTC))


async def _asked_at(client: Client, queue: TaskQueue) -> datetime | None:
    """Return when somebody asked for work on the queue, by the server's clock; None when nobody has."""
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=queue, task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
        )
    )
    return found.pollers[0].last_access_time.ToDatetime(UTC) if found.pollers else None
