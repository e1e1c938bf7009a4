"""Run the API alone: `python -m api`."""

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from infra.settings import settings

#: Seconds that running requests get to finish when the process stops.
GRACE = 10


def serve(app: FastAPI) -> None:
    """Serve `app` on `settings.web_host` and `settings.web_port` until the process is stopped.

    It is one process: run several behind a load balancer to use more processors.
    """
    config = settings()
    uvicorn.run(
        app,
        host=config.web_host,
        port=config.web_port,
        loop="auto",  # uvloop, where there is one
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


if __name__ == "__main__":
    serve(create_app())
