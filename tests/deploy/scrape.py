"""What a real system tells Prometheus: the pages and the worker of the site, and the SDK of Temporal beside them."""

import asyncio
import re
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import httpx
from prometheus_client import REGISTRY
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from infra.temporal_metrics import measure_temporal
from tests.servers import Servers
from tests.ui.site import Site

_fails = [True]
#: The series of a metric, by its kind.
_ENDINGS = {"histogram": ("_bucket", "_sum", "_count")}


@activity.defn
async def a_step() -> None:
    """Nothing."""


@workflow.defn
class AFlow:
    """One whose first task fails, and which then does one step."""

    @workflow.run
    async def run(self) -> None:
        """Do the step."""
        if _fails:
            _fails.pop()
            raise RuntimeError("a task of a workflow that fails is tried again")
        await workflow.execute_activity(
            a_step, start_to_close_timeout=timedelta(seconds=10), retry_policy=RetryPolicy(maximum_attempts=1)
        )


async def scrape_sdk(servers: Servers) -> str:
    """What the SDK tells of a client with a worker: tasks, a failed task and a refused call among them."""
    sdk, queue = measure_temporal(), f"scrape-{uuid4().hex}"
    client = await Client.connect(
        servers.temporal_address, namespace=servers.temporal_namespace, runtime=sdk.runtime, tls=False
    )
    runner = UnsandboxedWorkflowRunner()
    async with Worker(client, task_queue=queue, workflows=[AFlow], activities=[a_step], workflow_runner=runner):
        await client.execute_workflow(AFlow.run, id=queue, task_queue=queue)
        with suppress(RPCError):
            await client.get_workflow_handle("there is none").describe()
        return (await sdk.read()).decode()


def told_series(servers: Servers, site: Site) -> dict[str, set[str]]:
    """The series that a running system tells, with the labels of each; those of ours that nothing has counted yet by
    the heads that stand in the scrape."""
    pages = httpx.get(f"{site.url}/metrics", trust_env=False, timeout=30).raise_for_status().text
    found: dict[str, set[str]] = {}
    labels = {metric: set(one._labelnames) for one, names in REGISTRY._collector_to_names.items()
              if hasattr(one, "_labelnames") for metric in names}  # fmt: skip
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", pages, re.MULTILINE):
        for ending in _ENDINGS.get(kind, ("",)):
            found[name + ending] = labels.get(name, set()) | ({"le"} if ending == "_bucket" else set())
    for name, written in re.findall(
        r"^(\w+?)(?:\{([^}]*)\})? ", pages + asyncio.run(scrape_sdk(servers)), re.MULTILINE
    ):
        found.setdefault(name, set()).update(re.findall(r"(\w+)=\"", written))
    return found
