"""Runs the API alone: `python -m api`."""

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from infra.settings import settings

#: Seconds that requests under way get to finish when the process is told to stop.
GRACE = 10


def serve(app: FastAPI) -> None:
    """Serves `app` on `settings.web_host` and `settings.web_port` until told to stop.

    One process: run several behind a balancer to use more processors.
    """
    chosen = settings()
    uvicorn.run(
        app,
        host=chosen.web_host,
        port=chosen.web_port,
        loop="auto",  # uvloop, where there is one
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


if __name__ == "__main__":
    serve(create_app())
