"""The whole site for browser tests: the tiny park, PostgreSQL, Temporal, a worker and the pages, on its own port.

It runs in a separate thread with its own event loop, because Playwright's synchronous API occupies the test's thread.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from sqlalchemy import text

from api.server import server_config
from infra.database import transaction
from infra.embedded.ports import free_ports
from services.accounts.sessions import Origin, SessionKind
from services.accounts.sign_in import sign_in_trusted
from tests.api.harness import ApiHarness, open_harness
from tests.builders import person_id, session_id
from tests.servers import Servers
from web.app import create_app, run_hub

T = TypeVar("T")


class Site:
    """A running site. `harness` speaks with its API from within; `run` has its coroutines carried out."""

    def __init__(self, harness: ApiHarness, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self.harness = harness
        self.url = f"http://127.0.0.1:{port}"
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the site's event loop, and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def token(self, username: str) -> str:
        """The token of a new session of somebody."""
        harness, origin = self.harness, Origin(SessionKind.BROWSER, "", "tests")
        opening = sign_in_trusted(
            harness.engine, harness.settings, person_id(username), username, origin, datetime.now(UTC)
        )
        return self.run(opening).access_token

    def revive_session(self, username: str) -> None:
        """Open the fixed session of somebody again, by which all tests of this process act for them."""

        async def revive() -> None:
            async with transaction(self.harness.engine) as connection:
                await connection.execute(
                    text("UPDATE sessions SET ended_at = NULL WHERE id = :id"), {"id": session_id(username)}
                )

        self.run(revive())

    def clear_limits(self) -> None:
        """Forget what every client has used of every limit."""

        async def clear() -> None:
            async with transaction(self.harness.engine) as connection:
                await connection.execute(text("DELETE FROM rate_limits"))

        self.run(clear())

    def report(self, username: str = "worker", **fields: Any) -> str:
        """Make a report. Return the number of the new case."""
        return str(self.run(self.harness.report(username, **fields))["case_no"])

    def do(self, username: str, case_no: str, command: str, **body: Any) -> Any:
        """Give a command that must be accepted."""
        return self.run(self.harness.do(username, case_no, command, **body))

    def at_handling(self, **fields: Any) -> str:
        """A new case that has been dispatched to its host department."""
        case_no = self.report(**fields)
        self.do("duty", case_no, "accept")
        host = self.run(self.harness.get("duty", f"/cases/{case_no}"))["suggested_host"]
        self.do("duty", case_no, "dispatch", host=host)
        return case_no


@contextmanager
def running_site(servers: Servers, data_dir: Path) -> Iterator[Site]:
    """A site with its own database."""
    ready: threading.Event = threading.Event()
    found: dict[str, Any] = {}

    async def serve() -> None:
        stop = asyncio.Event()
        found["stop"] = stop
        async with open_harness(servers, data_dir, create_app) as harness, run_hub(harness.app):
            (port,) = free_ports(1)
            config = server_config(harness.app, harness.settings.model_copy(update={"web_port": port}))
            config.lifespan, config.timeout_graceful_shutdown = "off", 1
            server = uvicorn.Server(config)
            found["site"] = Site(harness, port, asyncio.get_running_loop())
            serving = asyncio.create_task(server.serve())
            while not server.started and not serving.done():
                await asyncio.sleep(0.02)
            ready.set()
            await stop.wait()
            server.should_exit = True
            await serving

    def main() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            found["error"] = error
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    ready.wait(60)
    if "site" not in found:
        raise RuntimeError("the site did not start") from found.get("error")
    site: Site = found["site"]
    try:
        yield site
    finally:
        site._loop.call_soon_threadsafe(found["stop"].set)
        thread.join(30)
