"""Temporal behind the gate: who gets in, what another account of this machine reaches, and what ends with what."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio
from temporalio.client import Client

from infra.embedded.ports import HOST, free_ports
from infra.embedded.supervisor import Supervisor
from infra.embedded.temporal_gate import SERVER_PORT, SERVER_UI_PORT, is_possible
from infra.embedded.temporal_server import NAMESPACE, EmbeddedTemporal
from infra.embedded.temporal_tls import client_context, make_certificates
from infra.embedded.waiting import wait_until
from tests.servers import temporary_directory

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not is_possible(), reason="this system forbids network namespaces"),
]

#: What another account does to connect, given port and text to send. It becomes that account when it has been loaded.
_KNOCK = """
import encodings.idna, os, pwd, socket, ssl, sys
os.setgroups([])
os.setgid(pwd.getpwnam("nobody").pw_gid)
os.setuid(pwd.getpwnam("nobody").pw_uid)
context = ssl._create_unverified_context()
context.set_alpn_protocols(["h2"])
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as raw, context.wrap_socket(raw) as line:
    line.sendall(sys.argv[2].encode())
    print("ANSWERED", line.recv(100))
"""


class Gated:
    """A closed server and its supervisor."""

    def __init__(self, place: Path) -> None:
        port, ui_port = free_ports(2)
        self.server = EmbeddedTemporal(
            directory=place / "temporal", port=port, ui_port=ui_port, closed=True, ui_path="/temporal"
        )
        self.news: list[str] = []
        self.supervisor = Supervisor(place / "logs", self.news.append)

    def gate(self) -> psutil.Process:
        (gate,) = [one for one in psutil.Process().children() if str(self.server.port) in one.cmdline()]
        return gate

    def inner(self) -> psutil.Process:
        (inner,) = self.gate().children()
        return inner

    async def answers(self) -> bool:
        """Whether the server counts its workflows for our client."""
        try:
            await (await self.server.connect()).count_workflows("")
        except RuntimeError:
            return False
        return True


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gated() -> AsyncIterator[Gated]:
    with temporary_directory() as place:
        running = Gated(place)
        running.server.make_certificates()
        try:
            await running.supervisor.start(running.server.child())
            yield running
        finally:
            await running.supervisor.stop()


async def test_our_client_gets_in_and_the_interface_answers(gated: Gated) -> None:
    assert await gated.answers()
    certificates = Path(gated.server.ui_environment["GRIDLOOP_TEMPORAL_UI_CERTIFICATES"])
    async with httpx.AsyncClient(verify=client_context(certificates), trust_env=False) as http:
        answer = await http.get(f"https://{HOST}:{gated.server.ui_port}/temporal/")
    assert answer.status_code == 200


async def test_the_certificates_are_ours_alone(gated: Gated) -> None:
    folder = Path(gated.server.ui_environment["GRIDLOOP_TEMPORAL_UI_CERTIFICATES"])
    assert folder.stat().st_mode & 0o077 == 0
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


async def test_nobody_gets_in_without_the_certificate(gated: Gated, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        await Client.connect(gated.server.address, namespace=NAMESPACE)
    make_certificates(tmp_path)  # those of another installation
    strangers: list[ssl.SSLContext] = [ssl._create_unverified_context(), client_context(tmp_path)]
    strangers[1].check_hostname, strangers[1].verify_mode = False, ssl.CERT_NONE
    for context in strangers:
        for host in (HOST, "evil.example"):
            async with httpx.AsyncClient(verify=context, trust_env=False, timeout=5) as http:
                with pytest.raises(httpx.TransportError):
                    await http.get(f"https://{HOST}:{gated.server.ui_port}/temporal/", headers={"Host": host})
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        with pytest.raises(httpx.TransportError):
            await http.get(f"http://{HOST}:{gated.server.ui_port}/temporal/", headers={"Host": "evil.example"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")
async def test_another_account_of_this_machine_is_refused(gated: Gated) -> None:
    for port in (gated.server.port, gated.server.ui_port):
        request = "GET /temporal/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        knocked = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-I", "-c", _KNOCK, str(port), request],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert "ANSWERED b'HTTP" not in knocked.stdout
        assert knocked.returncode != 0 or "ANSWERED b''" in knocked.stdout, knocked.stdout
        assert "CERTIFICATE_REQUIRED" in knocked.stderr or "ANSWERED b''" in knocked.stdout, knocked.stderr


async def test_the_server_listens_on_nothing_that_this_machine_reaches(gated: Gated) -> None:
    inner = gated.inner()
    assert os.stat(f"/proc/{inner.pid}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino
    listening = Path(f"/proc/{inner.pid}/net/tcp").read_text()
    assert all(f":{port:04X} 00000000:0000 0A" in listening for port in (SERVER_PORT, SERVER_UI_PORT))
    with socket.socket() as probe:
        assert probe.connect_ex((HOST, SERVER_PORT)) != 0


def has_ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("victim", ["gate", "inner"])
async def test_gate_and_server_end_together_and_come_back_together(gated: Gated, victim: str) -> None:
    gate, inner = gated.gate(), gated.inner()
    gated.news.clear()
    (gate if victim == "gate" else inner).send_signal(signal.SIGKILL)
    await wait_until(lambda: has_ended(gate) and has_ended(inner), seconds=10, what="both ended")
    await wait_until(lambda: "temporal is back" in gated.news, seconds=60, what=f"back, {gated.news}")
    assert await gated.answers(), "with the certificates that clients know"


async def test_a_slow_reader_does_not_fill_the_memory(gated: Gated) -> None:
    """A caller that asks much and reads nothing is no longer read itself."""
    context = client_context(Path(gated.server.ui_environment["GRIDLOOP_TEMPORAL_UI_CERTIFICATES"]))
    before = gated.gate().memory_info().rss
    reader, writer = await asyncio.open_connection(HOST, gated.server.ui_port, ssl=context, limit=1024)
    request = b"GET /temporal/api/v1/settings HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1000
    try:
        async with asyncio.timeout(5):
            for _ in range(2000):
                writer.write(request)
                await writer.drain()
    except TimeoutError:
        pass
    finally:
        writer.transport.abort()
    assert reader is not None
    assert gated.gate().memory_info().rss - before < 50_000_000


async def test_what_cannot_be_isolated_is_said(tmp_path: Path) -> None:
    """The form for systems that forbid namespaces: clients connect without certificates."""
    server = EmbeddedTemporal(directory=tmp_path, port=1, ui_port=2)
    assert server.environment == {"TEMPORAL_ADDRESS": f"{HOST}:1", "TEMPORAL_NAMESPACE": NAMESPACE}
    assert server.ui_environment == {"GRIDLOOP_TEMPORAL_UI": f"http://{HOST}:2"}
