"""How the API and the pages are served: by uvicorn, with these options."""

import math
import signal
import time
from types import FrameType
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI

from api.slow_clients import GuardedProtocol
from doors.draining import Drain
from infra.settings import Settings
from infra.web_address import LOOPBACK_NAMES

log = structlog.get_logger("api.server")


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
        timeout_graceful_shutdown=math.ceil(settings.web_grace.total_seconds()),
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    )


def warn_of_proxies(settings: Settings) -> None:
    """Log a warning when people probably come through a proxy that is not trusted: all count as one client then."""
    if settings.trusted_proxies or (settings.web_host in LOOPBACK_NAMES and settings.public_url is None):
        return
    log.warning(
        "no trusted proxies: behind a proxy all people count as one client, and https is not seen;"
        " set GRIDLOOP_TRUSTED_PROXIES, see docs/operations/proxy.md",
        host=settings.web_host,
        public_url=settings.public_url,
    )


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which drains before it stops.

    SIGTERM begins the draining (`doors.draining.Drain`); the listener closes `seconds` later, and requests in flight
    are then answered. A second SIGTERM, and SIGINT, close it at once.
    """

    def __init__(self, config: uvicorn.Config, drain: Drain, seconds: float) -> None:
        super().__init__(config)
        self._drain, self._seconds = drain, seconds
        self._told_to_stop = False
        self._stops_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal. It may come in the middle of anything, so `on_tick` does the rest."""
        if sig == signal.SIGTERM and not self._told_to_stop and not self.should_exit:
            self._captured_signals.append(sig)
            self._told_to_stop = True
        else:
            self._told_to_stop = True
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Return whether it is time to stop. uvicorn calls this ten times a second."""
        if self._told_to_stop and self._stops_at is None:
            self._stops_at = time.monotonic() + self._seconds
            log.info("draining", seconds=self._seconds)
            self._drain.begin()
        if self._stops_at is not None and time.monotonic() >= self._stops_at:
            self.should_exit = True
        return await super().on_tick(counter)
