"""The gate before Temporal's server: only programs that have our client certificate get through.

    python -m infra.embedded.temporal_gate FOLDER PORT UI_PORT COMMAND …

Temporal's development server asks nobody who they are. The gate listens on two ports of the loopback interface with
mutual TLS, moves into a network namespace of its own, which nothing on this machine reaches, and runs COMMAND there.
What comes through the ports is passed on to the server's own ports in the namespace. The gate ends with the server, and
the server with the gate. FOLDER has the certificates (`infra.embedded.temporal_tls`).
"""

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, cast

import uvloop

from infra.embedded.child import with_launcher
from infra.embedded.die_with_parent import set_parent_death_signal
from infra.embedded.temporal_tls import server_context

HOST = "127.0.0.1"
#: The server's own ports, in the namespace.
SERVER_PORT, SERVER_UI_PORT = 7233, 8233
#: `linux/sched.h`, `linux/sockios.h`, `linux/if.h`
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCSIFFLAGS, _IFF_UP_RUNNING = 0x8914, 0x1 | 0x40
#: Bytes that one side may be behind the other before it is no longer read.
_HIGH_WATER = 1 << 20
#: Seconds within which a caller must show its certificate.
_HANDSHAKE_SECONDS = 10.0


def enter_namespace() -> None:
    """Move this process, which has one thread, into a network namespace of its own with a loopback interface.

    Without the right to do so it makes a user namespace first, in which it keeps its own user and group. Raises OSError
    where the system forbids that.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        user, group = os.geteuid(), os.getegid()
        if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no network namespace can be made")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", _IFF_UP_RUNNING))


def is_possible() -> bool:
    """Return whether this system lets us make a network namespace."""
    if not sys.platform.startswith("linux"):
        return False
    command = [sys.executable, "-m", "infra.embedded.temporal_gate", "try"]
    tried = subprocess.run(command, capture_output=True, timeout=60, check=False, cwd=Path(__file__).parents[2])  # noqa: S603 (our own program)
    return tried.returncode == 0


class _Side(asyncio.Protocol):
    """One side of a connection: what it receives is written to the other."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Side | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(_HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        self.other.transport.write(data)  # type: ignore[union-attr]

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()

    def pause_writing(self) -> None:
        self.other.transport.pause_reading()  # type: ignore[union-attr]

    def resume_writing(self) -> None:
        self.other.transport.resume_reading()  # type: ignore[union-attr]


class _Outer(_Side):
    """The side of the caller, whose certificate was found right. It is read when the server has answered the call."""

    def __init__(self, port: int, calls: set[asyncio.Task[None]]) -> None:
        super().__init__()
        self._port, self._calls = port, calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast(asyncio.Transport, transport).pause_reading()
        task = asyncio.get_running_loop().create_task(self._call(cast(asyncio.Transport, transport)))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _call(self, transport: asyncio.Transport) -> None:
        inner = _Side()
        inner.other = self
        try:
            await asyncio.get_running_loop().create_connection(lambda: inner, HOST, self._port)
        except OSError:  # the server is not up yet
            transport.abort()
            return
        if transport.is_closing():
            inner.transport.close()  # type: ignore[union-attr]
            return
        self.other = inner
        transport.resume_reading()


async def serve(folder: Path, listeners: list[socket.socket], command: list[str]) -> int:
    """Run the server and pass connections on until it ends; return its exit status. SIGTERM and SIGINT stop it."""
    loop, context = asyncio.get_running_loop(), server_context(folder)
    calls: set[asyncio.Task[None]] = set()
    process = await asyncio.create_subprocess_exec(*with_launcher(command))

    def stop() -> None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    for listener, port in zip(listeners, (SERVER_PORT, SERVER_UI_PORT), strict=True):
        options: dict[str, Any] = {"ssl": context, "ssl_handshake_timeout": _HANDSHAKE_SECONDS}
        await loop.create_server(partial(_Outer, port, calls), sock=listener, **options)
    return await process.wait()


def listen(port: int) -> socket.socket:
    """Return a socket that listens on a port of the loopback interface."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(128)
    return listener


def main(arguments: list[str]) -> int:
    """Run the gate. Return the exit status of the server; 1 where no namespace can be made."""
    if arguments == ["try"]:
        enter_namespace()
        return 0
    folder, port, ui_port, *command = arguments
    parent = os.getppid()
    listeners = [listen(int(port)), listen(int(ui_port))]
    enter_namespace()
    set_parent_death_signal(parent, signal.SIGKILL)  # a change of rights clears it
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        status = runner.run(serve(Path(folder), listeners, command))
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
