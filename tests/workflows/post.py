"""The sends of a database of its own, on the server whose clock jumps, for tests of channels."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.sending import SendActivities
from infra.keys.access import keys_of
from infra.keys.boxes import close_box
from infra.outgoing import Outgoing
from infra.store.channels import about_channel
from models.sends import SEND_WORKFLOW, Message, Purpose, Route, Send, SendReceipt, SendRun, send_workflow_id
from workflows.send import SendWorkflow

LOCAL = ("127.0.0.0/8", "::1/128")


class Post:
    """Channels and sends of one database. `activities` may be replaced before a send begins."""

    def __init__(self, engine: AsyncEngine, client: Client, activities: SendActivities, queue: str) -> None:
        self.engine, self.client, self.activities, self.queue = engine, client, activities, queue

    async def channel(
        self, id_: str, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None, *, enabled: bool = True
    ) -> str:
        """Store a channel, or change it."""
        box = await close_box(keys_of(self.engine).ring, about_channel(id_), json.dumps(dict(secrets or {})).encode())
        async with self.engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO channels"
                    " VALUES (:id, :kind, :id, :config, :sealed, :wrapped, :key, :enabled, :at, :at)"
                    " ON CONFLICT (id) DO UPDATE SET config = excluded.config, enabled = excluded.enabled,"
                    " sealed = excluded.sealed, wrapped_key = excluded.wrapped_key, key_id = excluded.key_id"
                ),
                {"id": id_, "kind": config["kind"], "config": json.dumps(dict(config)), "sealed": box.sealed,
                 "wrapped": box.wrapped_key, "key": box.key_id, "enabled": enabled, "at": datetime.now(UTC)},
            )  # fmt: skip
        return id_

    async def send(self, *routes: str | Route, **more: Any) -> SendReceipt:
        """Send a message by these channels and return the receipt."""
        return await self.run(SendRun(send=made(*routes, **more)))

    async def run(self, run: SendRun) -> SendReceipt:
        """Run the workflow of a send to its end."""
        receipt: SendReceipt = await self.client.execute_workflow(
            SEND_WORKFLOW, run, id=send_workflow_id(run.send.key), task_queue=self.queue, result_type=SendReceipt
        )
        return receipt

    async def attempts(self, key: str) -> list[dict[str, Any]]:
        """The delivery log of a send."""
        async with self.engine.connect() as connection:
            found = await connection.execute(
                text("SELECT * FROM send_attempts WHERE send = :key ORDER BY number"), {"key": key}
            )
        return [dict(row._mapping) for row in found]


def made(*routes: str | Route, **more: Any) -> Send:
    """A send with a key of its own."""
    known = [route if isinstance(route, Route) else Route(channel=route) for route in routes]
    message = more.pop("message", None) or Message(title="消防通道被堵", lines=("案件 A1 已超期。",))
    return Send(key=more.pop("key", f"t:{uuid4()}"), message=message, routes=tuple(known), **{
        "purpose": Purpose.NOTICE, **more,
    })  # fmt: skip


@asynccontextmanager
async def running_post(engine: AsyncEngine, environment: WorkflowEnvironment) -> AsyncIterator[Post]:
    """Run the worker of sends on that server until the block ends."""
    activities = SendActivities(engine, Outgoing(LOCAL))
    post = Post(engine, environment.client, activities, f"sends-{uuid4()}")
    async with serving(post, post.queue):
        yield post


def serving(post: Post, queue: str) -> Worker:
    """The worker of sends for a queue, not yet running."""
    activities = post.activities
    return Worker(
        post.client, task_queue=queue, workflows=[SendWorkflow],
        activities=[activities.record_send, activities.attempt_send, activities.finish_send],
    )  # fmt: skip
