"""The tiny park, served: `python -m tests.cli.served DATA_DIR` answers on a free port until its input closes.

Its first line of output is the environment of an operator's commands, as JSON.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import uvicorn

from infra.embedded.ports import free_ports
from infra.logging import set_up_logging
from tests.api.harness import ApiHarness, open_harness
from tests.servers import VARIABLE, from_json


async def serve(data_dir: Path) -> None:
    """Open the harness and serve until standard input closes."""
    async with open_harness(from_json(os.environ[VARIABLE]), data_dir) as harness:
        set_up_logging(harness.settings)
        port = free_ports(1)[0]
        config = uvicorn.Config(harness.app, host="127.0.0.1", port=port, lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        answering = asyncio.create_task(server.serve())
        while not server.started and not answering.done():
            await asyncio.sleep(0.01)
        print(json.dumps(environment(harness, port)), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await answering


def environment(harness: ApiHarness, port: int) -> dict[str, str]:
    """The environment of an operator's command for the system."""
    return {
        "GRIDLOOP_WEB_URL": f"http://127.0.0.1:{port}",
        "GRIDLOOP_DATA_DIR": str(harness.settings.data_dir),
        "GRIDLOOP_DATABASE_URL": harness.settings.database_url.get_secret_value(),
        "GRIDLOOP_TOKEN_SECRET": harness.settings.token_secret.get_secret_value(),
        "GRIDLOOP_CASE_QUEUE": harness.settings.case_queue,
        "TEMPORAL_ADDRESS": harness.temporal.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": harness.temporal.namespace,
    }


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
