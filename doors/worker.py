"""What a worker answers over HTTP: whether it lives, whether it is ready, and its metrics.

It answers on the event loop that runs the workflows: a loop that hangs answers nothing.
"""

import asyncio
import hmac
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import structlog
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from doors.client import is_local
from doors.readiness import CHECK_TIMEOUT, Condition, check_readiness
from infra.database import AWAY_ERRORS
from infra.metrics import render_own_metrics
from infra.pollers import list_pollers
from infra.settings import Settings
from infra.temporal_metrics import measure_temporal

log = structlog.get_logger(__name__)

#: A worker that has not asked for work for so long does not poll: the server keeps an idle poll open for a minute.
SILENT_AFTER = timedelta(minutes=2)
#: What a worker needs not: it starts before the first policy.
_NOT_NEEDED = frozenset({"policy"})


class WorkerDoor:
    """The routes of one worker process, which polls `queues`."""

    def __init__(self, settings: Settings, queues: Sequence[str]) -> None:
        self._settings = settings
        self._queues = queues
        self._sdk = measure_temporal()
        self._stores: tuple[AsyncEngine, Client] | None = None
        self.stopping = False

    @property
    def runtime(self) -> Runtime:
        """The runtime of the SDK that the metrics are of: for the client of this process."""
        return self._sdk.runtime

    def begin(self, engine: AsyncEngine, client: Client) -> None:
        """Say from now on whether the worker is ready. Before, it waits for its stores."""
        self._stores = engine, client

    async def live(self, _: Request) -> Response:
        """Whether the event loop runs."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Whether the worker polls every queue that it serves, and has both stores as it needs them; 503 when not."""
        if self._stores is None:
            return JSONResponse({"status": "not_ready", "parts": {"process": "waiting"}}, 503)
        engine, client = self._stores
        parts: dict[str, str] = {"process": "stopping" if self.stopping else "ok"}
        readiness, polling = await asyncio.gather(
            check_readiness(engine, client, self._settings),
            asyncio.gather(*(_polls(client, queue) for queue in self._queues)),
        )
        parts |= {name.rstrip("_"): condition.value for name, condition in readiness if name not in _NOT_NEEDED}
        parts |= dict(zip(self._queues, polling, strict=True))
        idle = self.stopping or any(one != "ok" for one in polling)
        if idle or set(readiness.failing) - _NOT_NEEDED:
            return JSONResponse({"status": "not_ready", "parts": parts}, 503)
        return JSONResponse({"status": "ready", "parts": parts})

    async def metrics(self, request: Request) -> Response:
        """The metrics of this process and of the SDK in it; with a token in the settings for who sends it, and for this
        machine.
        """
        token = self._settings.metrics_token
        sent = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not (token is None or is_local(request) or _is_same(sent, token.get_secret_value())):
            return JSONResponse({"code": "not_signed_in"}, 401, headers={"WWW-Authenticate": "Bearer"})
        content = render_own_metrics()
        try:
            content += await self._sdk.read()
        except httpx.HTTPError as error:
            log.warning("no metrics of the SDK", error=type(error).__name__)
        return Response(content, headers={"Content-Type": CONTENT_TYPE_LATEST})

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Answer on the address of the settings until the block ends. Raises OSError when it can't be had."""
        host = self._settings.worker_host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, self._settings.worker_port), family=family)
        routes = [Route("/livez", self.live), Route("/readyz", self.ready), Route("/metrics", self.metrics)]
        config = uvicorn.Config(
            Starlette(routes=routes), log_config=None, access_log=False, server_header=False, lifespan="off",
            ws="none", http="h11", limit_concurrency=50, timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await task


async def _polls(client: Client, queue: str) -> str:
    """Return whether this process polls the queue: `ok`, `not_polling`, or `away` for a Temporal that does not say."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT.total_seconds()):
            pollers = await list_pollers(client, queue)
    except (RPCError, RuntimeError, *AWAY_ERRORS):
        return Condition.AWAY.value
    since = datetime.now(UTC) - SILENT_AFTER
    return "ok" if any(one.identity == client.identity and one.seen_at >= since for one in pollers) else "not_polling"


def _is_same(sent: str, secret: str) -> bool:
    return hmac.compare_digest(sent.encode(), secret.encode())


class _Server(uvicorn.Server):
    """uvicorn's server inside a process that minds its signals itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
