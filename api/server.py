"""How the API and the pages are served: by uvicorn, with these options."""

from typing import Any

import uvicorn
from fastapi import FastAPI

from api.slow_clients import GuardedProtocol
from infra.settings import Settings

#: Seconds that running requests get to finish when the process stops.
GRACE = 10


def server_config(app: FastAPI | Any, settings: Settings) -> uvicorn.Config:
    """Return the configuration of the server.

    X-Forwarded-For and X-Forwarded-Proto count only from the trusted proxies; without these, every header of the kind
    is ignored. The address of the client is the last one in X-Forwarded-For that is not a trusted proxy.
    """
    protocol = type("Protocol", (GuardedProtocol,), {"most_connections": settings.max_connections})
    return uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        host=settings.web_host,
        port=settings.web_port,
        loop="auto",  # uvloop, where there is one
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
