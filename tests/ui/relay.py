"""Servers for single tests: a relay with its own copy of the shell, and a server that can be killed."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.embedded.ports import free_ports
from tests.servers import ROOT, Servers
from tests.ui.site import Site
from web.static import STATIC_DIR

_KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

#: What this server says itself about an answer.
_OWN = ("content-length", "transfer-encoding")


@contextmanager
def relay(site: Site, place: Path, port: int = 0) -> Iterator[tuple[str, Path]]:
    """Serve the site at another address, with a copy of the field app's shell that a test may change.

    `port`: where; 0 for any. Gives the address and the folder of the copy.
    """
    shell = Path(shutil.copytree(STATIC_DIR / "field", place / "field"))
    behind = urlsplit(site.url).netloc

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            path = urlsplit(self.path).path
            with suppress(ConnectionError):  # the client has closed the connection
                if path.startswith("/m/"):
                    self._kept(shell / (path.removeprefix("/m/") or "index.html"))
                else:
                    self._passed_on()

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 (the standard library's names)

        def _kept(self, file: Path) -> None:
            self._answer(200, {"Content-Type": _KINDS.get(file.suffix, "application/json")}, file.read_bytes())

        def _passed_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            with closing(HTTPConnection(behind, timeout=60)) as connection:
                connection.request(self.command, self.path, self.rfile.read(length), dict(self.headers))
                answer = connection.getresponse()
                told = {k: v for k, v in answer.getheaders() if k.lower() not in _OWN}
                self._answer(answer.status, told, answer.read())

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", shell
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class MortalServer:
    """`python -m web` in a separate process, with the site's database and secrets."""

    def __init__(self, servers: Servers, site: Site) -> None:
        (port,) = free_ports(1)
        settings = site.harness.settings
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "GRIDLOOP_DATABASE_URL": settings.database_url.get_secret_value(),
            "GRIDLOOP_TOKEN_SECRET": settings.token_secret.get_secret_value(),
            "GRIDLOOP_CASE_QUEUE": settings.case_queue,
            "GRIDLOOP_DATA_DIR": str(settings.data_dir),
            "GRIDLOOP_WEB_PORT": str(port),
            "TEMPORAL_ADDRESS": servers.temporal_address,
            "TEMPORAL_NAMESPACE": servers.temporal_namespace,
        }
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "web"], cwd=ROOT, env=self._environment, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "running on" in line:
                break
        # From here on its output must not fill the pipe.
        self._reader = threading.Thread(target=self._process.stderr.read, daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """Kill the server, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            if self._reader is not None and self._process.stderr is not None:
                self._reader.join(20)
                self._process.stderr.close()
            self._process = None
