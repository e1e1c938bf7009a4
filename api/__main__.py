"""Run the API alone: `python -m api`."""

import asyncio
import sys

from fastapi import FastAPI

from api.app import create_app
from api.server import DrainingServer, server_config
from infra.files import keep_private
from infra.process_end import ending_early
from infra.starting import check_database, settings_or_exit

#: The exit status when the server could not start, as of uvicorn's own command.
STARTUP_FAILURE = 3


def serve(app: FastAPI) -> None:
    """Serve `app` on `settings.web_host` and `settings.web_port` until the process is stopped.

    It is one process: run several behind a load balancer to use more processors.
    """
    config = settings_or_exit()
    asyncio.run(check_database(config))
    keep_private(config.data_dir)
    server = DrainingServer(server_config(app, config), app.state.drain, config.drain_seconds)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    if not server.started:
        sys.exit(STARTUP_FAILURE)


if __name__ == "__main__":
    with ending_early():
        serve(create_app())
