"""An application behind a real socket, with the options of our server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from api.server import server_config
from infra.settings import Settings


@asynccontextmanager
async def served(app: Any, settings: Settings) -> AsyncIterator[int]:
    """Serve `app` on a free port of 127.0.0.1 until the block ends; the port is given."""
    config = server_config(app, settings.model_copy(update={"web_port": 0}))
    config.lifespan = "off"
    config.timeout_keep_alive = 1
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running
